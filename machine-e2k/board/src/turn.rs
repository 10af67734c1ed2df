//! What happens between two slices of the processor: deadlines are served, host input comes in, output goes out.

use elnic_contract::{Device as _, TimerId};
use elnic_netclient::PortKind;

use crate::devices::{Body, Slot};
use crate::log::Cause;
use crate::trace::TraceEvent;
use crate::world::World;

/// Deadlines served in one go before the processor gets its turn, so that devices that wake each other cannot hold it up.
const EVENTS_AT_ONCE: usize = 4096;

impl World {
    /// Serves deadlines that have come, in order.
    pub(crate) fn serve_deadlines(&mut self) {
        let now = self.now();
        for _ in 0..EVENTS_AT_ONCE {
            let Some(event) = self.events.pop_due(now) else { return };
            if self.cable_event(event.device, event.timer) {
                continue;
            }
            let (device, timer): (_, TimerId) = (event.device, event.timer);
            if let Some(trace) = &mut self.trace {
                let device = self.devices.name(device);
                trace.record(now, &TraceEvent::Timer { device, timer });
            }
            self.enter(device, Cause::Timer, |body, cx| match body {
                Body::Function(function) => function.timer(cx, timer),
                Body::Block(block) => block.timer(cx, timer),
                Body::Pic(pic) => pic.timer(cx, timer),
                Body::Bridge(_) => {}
            });
            self.after_entry(device);
        }
    }

    /// Whether host input can come by itself.
    pub(crate) fn has_inputs(&self) -> bool {
        let is_backend = |port| matches!(self.net.describe(port), Some((_, PortKind::Backend)));
        self.serials.count() > 0 || self.net.ports().any(is_backend)
    }

    /// An input point.
    pub(crate) fn take_input(&mut self) {
        self.input_due = false;
        self.poll_network();
        for index in 0..self.serials.count() {
            self.take_characters(index);
        }
    }

    fn take_characters(&mut self, index: usize) {
        loop {
            let devices = &self.devices;
            let room = |device, line| {
                let function = devices.get(device).and_then(Slot::function);
                let serial = function.and_then(|function| function.serial());
                serial.is_some_and(|serial| serial.room(line) > 0)
            };
            let Some((device, line, byte)) = self.serials.take(index, room) else { return };
            self.enter(device, Cause::Character, |body, cx| {
                if let Body::Function(function) = body {
                    function.receive_character(cx, line, byte);
                }
            });
            let now = self.now();
            if let Some(trace) = &mut self.trace {
                let device = self.devices.name(device);
                trace.record(now, &TraceEvent::CharacterIn { device, line, byte });
            }
            self.after_entry(device);
        }
    }

    /// Hands on what others should see soon: characters, and memory that has a file behind it.
    pub(crate) fn hand_on(&mut self) {
        self.serials.flush();
        if self.images_changed {
            self.images_changed = false;
            self.write_images();
        }
    }

    fn write_images(&mut self) {
        for device in self.devices.ids() {
            if let Some(slot) = self.devices.get_mut(device) {
                slot.write_image();
            }
        }
    }

    /// Hands on everything that was kept back.
    pub(crate) fn flush(&mut self) {
        self.serials.flush();
        // Those too that could not be written before.
        self.write_images();
        self.log.flush();
        if let Some(trace) = &mut self.trace {
            trace.flush();
        }
    }
}
