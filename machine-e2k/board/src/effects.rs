//! Carries out what a device wants done, and what follows from its new state.

use elnic_clock::DeviceId;
use elnic_contract::{Device as _, Effect, GuestEvent, Lines, Reset, VTime};

use crate::devices::{Body, BusSide, Slot};
use crate::log::{Cause, LogItem};
use crate::trace::TraceEvent;
use crate::world::World;

impl World {
    /// Empties the outbox that `device` filled during its call at `now`.
    pub(crate) fn carry_out(&mut self, device: DeviceId, now: VTime) {
        if self.outbox.is_empty() {
            return;
        }
        let mut outbox = std::mem::take(&mut self.outbox);
        for effect in outbox.drain() {
            self.effect(device, now, effect);
        }
        self.outbox = outbox;
    }

    fn effect(&mut self, device: DeviceId, now: VTime, effect: Effect) {
        match effect {
            Effect::Send(frame) => self.frame_out(device, now, frame),
            Effect::Arm(timer, deadline) => {
                self.events.arm(device, timer, deadline);
                if deadline < self.slice_end {
                    self.stop_slice();
                }
            }
            Effect::Cancel(timer) => _ = self.events.cancel(device, timer),
            Effect::Message { address, data } => {
                self.record(&TraceEvent::Message { address, data });
                let name = self.devices.name(device);
                let text = format_args!("message {data:#x} to {address}");
                self.log.say(LogItem::Interrupts, name, now, text);
                self.deliver_message(address, data);
            }
            Effect::Msi(vector) => {
                let text =
                    format_args!("interrupt message {vector} of a device that is no PCI function");
                self.log.say(LogItem::Unimplemented, self.devices.name(device), now, text);
            }
            Effect::Character { line, byte } => {
                let name = self.devices.name(device);
                if let Some(trace) = &mut self.trace {
                    trace.record(now, &TraceEvent::CharacterOut { device: name, line, byte });
                }
                self.serials.put(device, line, byte);
            }
            Effect::Guest(event) => {
                self.record(&TraceEvent::Guest(event));
                if event == GuestEvent::CrashLoaded {
                    // The guest goes on: its crash kernel has the next word.
                    let name = self.devices.name(device);
                    let text = format_args!("the guest loads a crash kernel");
                    return self.log.say(LogItem::GuestErrors, name, now, text);
                }
                // What was said first counts: the guest runs no further.
                self.guest_event.get_or_insert(event);
                self.stop_slice();
            }
            Effect::Pme { .. } => {
                let name = self.devices.name(device);
                self.log.say(
                    LogItem::Interrupts,
                    name,
                    now,
                    format_args!("power management event"),
                );
            }
            Effect::RxFilterChanged => self.notices.rx_filter_changed(device),
            Effect::ImageChanged => {
                let slot = self.devices.get_mut(device);
                if let Some(file) = slot.and_then(|slot| slot.image.as_mut()) {
                    file.changed = true;
                    self.images_changed = true;
                }
            }
        }
    }

    /// What follows from any entry into a device: its interrupt pins and whether it takes frames may have changed.
    pub(crate) fn after_entry(&mut self, device: DeviceId) {
        self.update_lines(device);
        if Some(device) == self.pic {
            self.interrupts_changed();
        }
        self.pump(device);
    }

    pub(crate) fn update_lines(&mut self, device: DeviceId) {
        let Some(slot) = self.devices.get_mut(device) else { return };
        let lines = match &slot.body {
            Body::Function(function) => function.lines(),
            Body::Bridge(_) | Body::Pic(_) => Lines::NONE,
            Body::Block(block) => block.lines(),
        };
        if lines == slot.lines {
            return;
        }
        slot.lines = lines;
        let wiring = slot.wiring;
        let now = self.now();
        for edge in self.wires.drive_pins(device.0, lines, |pin| wiring.input(pin)) {
            let (input, high) = (edge.input.number(), edge.high);
            self.notices.interrupt(input, high);
            if let Some(trace) = &mut self.trace {
                trace.record(now, &TraceEvent::Interrupt { input, high });
            }
            let level = if high { "high" } else { "low" };
            let name = self.devices.name(device);
            self.log.say(LogItem::Interrupts, name, now, format_args!("input {input} {level}"));
            self.drive_input(input, high);
        }
    }

    /// What follows from a write to configuration space: addresses may have moved, the bus behind the bridge may have
    /// been reset.
    pub(crate) fn after_config_write(&mut self, device: DeviceId) {
        let Some(slot) = self.devices.get_mut(device) else { return };
        let (moved, reset_behind) = match &mut slot.body {
            Body::Function(function) => (function.take_map_changed(), false),
            Body::Bridge(bridge) => (bridge.take_map_changed(), bridge.take_secondary_reset()),
            Body::Block(_) | Body::Pic(_) => (false, false),
        };
        if reset_behind {
            let behind =
                |slot: &Slot| slot.wiring.pci().is_some_and(|w| w.side == BusSide::Secondary);
            let all = self.devices.iter().filter(|(_, slot)| behind(slot)).map(|(id, _)| id);
            for function in all.collect::<Vec<_>>() {
                self.reset_device(function, Reset::Warm);
            }
        }
        if moved || reset_behind {
            self.rebuild_maps();
        }
        self.after_entry(device);
    }

    /// Resets one device; its pending deadlines are forgotten.
    pub(crate) fn reset_device(&mut self, device: DeviceId, kind: Reset) {
        self.events.cancel_device(device);
        self.enter(device, Cause::Reset, |body, cx| match body {
            Body::Function(function) => function.reset(cx, kind),
            Body::Bridge(bridge) => bridge.reset(),
            Body::Block(block) => block.reset(cx, kind),
            Body::Pic(pic) => pic.reset(cx, kind),
        });
        self.after_entry(device);
    }
}
