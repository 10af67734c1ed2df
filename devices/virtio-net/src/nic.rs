//! The device and its cable, as the machine sees them.

use elnic_contract::{
    Access, Capability, Counters, Cx, Device, Fault, Frame, FunctionState, Lines, LinkState,
    MacAddr, Model, Nic, OffloadSupport, Readiness, Reset, RestoreError, RxFilter, SavedState,
    Size, TimerId, Verdict,
};
use elnic_virtio::registers::{LEGACY, LEGACY_DEVICE, LEGACY_MSIX, MODERN};
use elnic_virtio::{Event, capabilities};

use crate::VirtioNet;
use crate::config::{self, Reg};
use crate::features::{self, CTRL_VLAN, GUEST_ANNOUNCE, GUEST_OFFLOADS, STANDBY, STATUS};
use crate::filter::Filter;
use crate::line::Line;
use crate::statistics::add;
use crate::steering::Steering;
use crate::strict::Broken;
use crate::timers::Timer;
use crate::transmit::transmit_queue;

/// An access in the numbers inside, or the two halves of one of eight bytes that may reach over both parts of the legacy
/// window.
enum Inside {
    One(Access),
    Halves([Access; 2]),
}

impl VirtioNet {
    /// Where an access goes: regions as they are numbered inside, the legacy window as MSI-X has it.
    fn inside(&self, access: Access) -> Result<Inside, Fault> {
        let number = access.region();
        let region = self.model.regions.get(usize::from(number)).ok_or(Fault::NoRegion)?;
        let region_inside = self.transport.interfaces().inside(number).ok_or(Fault::NoRegion)?;
        let end = access.offset().saturating_add(u64::from(access.size().bytes()));
        if end > region.size {
            return Err(Fault::NoRegister);
        }
        if access.size() == Size::Double && region_inside != MODERN {
            let half = |at: u64| {
                Access::new(number, access.offset().wrapping_add(at), Size::Word)
                    .map_err(|_| Fault::WrongSize)
            };
            return Ok(Inside::Halves([half(0)?, half(4)?]));
        }
        let moved = region_inside == LEGACY
            && self.transport.msix_enabled()
            && access.offset() >= u64::from(LEGACY_DEVICE);
        let region = if moved { LEGACY_MSIX } else { region_inside };
        Access::new(region, access.offset(), access.size())
            .map(Inside::One)
            .map_err(|_| Fault::WrongSize)
    }
}

impl Device for VirtioNet {
    fn describe(&self) -> &'static Model {
        self.model
    }

    fn reset(&mut self, cx: &mut Cx<'_>, kind: Reset) {
        self.transport.reset_function();
        self.driver_reset(cx);
        if kind == Reset::Cold {
            // The cable counts as plugged until the machine says otherwise.
            self.link_up = true;
            self.counters = Counters::default();
            self.line = Line::default();
            self.strict.forget();
            self.transport.forget_remarks();
            self.show();
        }
    }

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        match self.inside(access)? {
            Inside::Halves([low, high]) => {
                let low = self.read(cx, low)?;
                Ok(low | self.read(cx, high)? << 32)
            }
            Inside::One(access) if config::covers(access) => {
                Ok(elnic_registers::read::<Reg, _>(self, cx, access).unwrap_or(0))
            }
            Inside::One(access) => Ok(self.transport.read(cx, access)),
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        match self.inside(access)? {
            Inside::Halves([low, high]) => {
                self.write(cx, low, value & Size::Word.mask())?;
                self.write(cx, high, value >> 32)?;
            }
            Inside::One(access) if config::covers(access) => {
                // The engine has logged what stands in no table.
                let _ = elnic_registers::write::<Reg, _>(self, cx, access, value);
            }
            Inside::One(access) => {
                self.transport.write(cx, access, value);
                while let Some(event) = self.transport.next_event() {
                    self.happened(cx, event);
                }
            }
        }
        Ok(())
    }

    fn peek(&self, access: Access) -> Option<u64> {
        match self.inside(access).ok()? {
            Inside::Halves([low, high]) => Some(self.peek(low)? | self.peek(high)? << 32),
            Inside::One(access) if config::covers(access) => {
                Some(elnic_registers::peek(&self.bank, access).unwrap_or(0))
            }
            Inside::One(access) => Some(self.transport.peek(access)),
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        let Some(timer) = Timer::from_id(timer) else { return };
        let Some(at) = self.timers.take_due(cx, timer) else { return };
        match timer {
            Timer::Resume => self.go_on(cx),
            Timer::TransmitLine => self.line_due(cx, at),
            Timer::ReceiveLine => self.frame_has_arrived(cx),
            Timer::ReceiveDma => self.deliver_all(cx),
            Timer::Moderation => self.moderation_due(cx),
            Timer::Coalescing => self.coalescing_due(cx),
            Timer::TransmitDelay => self.transmit_all(cx),
        }
    }

    fn lines(&self) -> Lines {
        Lines::inta(self.transport.interrupts().asserted())
    }

    fn save(&self) -> SavedState {
        self.save_state()
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.restore_state(state)
    }

    fn capabilities(&self) -> Vec<Capability> {
        capabilities(self.settings.vectors, self.settings.interfaces.standard())
    }

    /// What the driver announced while the bus was out of reach is looked at now.
    fn function_changed(&mut self, cx: &mut Cx<'_>, state: FunctionState) {
        self.transport.function_changed(state);
        if state.may_master {
            self.schedule_line(cx);
            self.go_on(cx);
        }
    }

    fn as_nic(&self) -> Option<&dyn Nic> {
        Some(self)
    }

    fn as_nic_mut(&mut self) -> Option<&mut dyn Nic> {
        Some(self)
    }
}

impl Nic for VirtioNet {
    fn can_receive(&self) -> Readiness {
        self.obstacle().map_or(Readiness::Ready, Readiness::NotReady)
    }

    fn receive(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Verdict {
        match self.take(cx, frame) {
            Ok(()) => Verdict::Taken,
            Err(reason) => Verdict::Dropped(reason),
        }
    }

    fn link(&mut self, cx: &mut Cx<'_>, state: LinkState) {
        let up = state == LinkState::Up;
        if up == self.link_up {
            return;
        }
        self.link_up = up;
        self.show();
        if self.transport.has(STATUS) {
            self.transport.configuration_changed(cx);
        }
    }

    fn rx_filter(&self) -> RxFilter {
        let report = self.filter.report(self.transport.has(CTRL_VLAN));
        if self.settings.qemu_filter { self.filter.as_qemu(report) } else { report }
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn mac(&self) -> MacAddr {
        self.filter.mac
    }

    fn offloads(&self) -> OffloadSupport {
        features::support(self.guest_offloads)
    }

    fn peer_offloads(&mut self, support: OffloadSupport) {
        self.peer = support;
    }

    fn is_standby(&self) -> bool {
        self.transport.has(STANDBY)
    }

    fn announce(&mut self, cx: &mut Cx<'_>) -> bool {
        if !self.transport.has(GUEST_ANNOUNCE) || !self.transport.running() {
            return false;
        }
        self.announcing = true;
        self.show();
        self.transport.configuration_changed(cx);
        true
    }
}

impl VirtioNet {
    /// All engines do what they can.
    fn go_on(&mut self, cx: &mut Cx<'_>) {
        self.control(cx);
        self.transmit_all(cx);
        self.deliver_all(cx);
    }

    /// Everything a driver has set up is gone (virtio 1.3 §2.4); the transport is reset already.
    fn driver_reset(&mut self, cx: &mut Cx<'_>) {
        let before = self.rx_filter();
        self.forget_incoming(cx);
        self.forget_outgoing(cx, None);
        for timer in Timer::ALL {
            self.timers.cancel(cx, timer);
        }
        self.filter = Filter::new(self.settings.mac);
        self.announcing = false;
        self.guest_offloads = 0;
        self.active_pairs = 1;
        self.steering = Steering::default();
        self.moderation = self.fresh_moderation();
        self.statistics = self.fresh_statistics();
        self.tell_filter(cx, &before);
        self.show();
    }

    /// Says that the filter has changed, if what is reported did. QEMU says so of commands only.
    fn tell_filter(&self, cx: &mut Cx<'_>, before: &RxFilter) {
        if !self.settings.qemu_filter && self.rx_filter() != *before {
            cx.outbox.rx_filter_changed();
        }
    }

    fn happened(&mut self, cx: &mut Cx<'_>, event: Event) {
        match event {
            Event::Reset => self.driver_reset(cx),
            Event::Features => {
                // What the filter reported with the features before is compared field by field: only VLANs follow them.
                let negotiated = self.transport.negotiated();
                self.transport.arrange(&self.settings.queues_with(negotiated));
                self.guest_offloads = negotiated & GUEST_OFFLOADS;
                self.filter.begin_vlans(self.transport.has(CTRL_VLAN));
                if self.transport.has(CTRL_VLAN) && !self.settings.qemu_filter {
                    cx.outbox.rx_filter_changed();
                }
            }
            Event::Started => {
                for pair in 0..self.settings.pairs {
                    self.look_for_buffers(cx, pair);
                }
                self.control(cx);
                self.transmit_all(cx);
            }
            Event::Notified(queue) => self.notified(cx, queue),
            Event::QueueReset(queue) => {
                self.forget_outgoing(cx, Some(queue));
                for pair in 0..self.settings.pairs {
                    self.look_for_buffers(cx, pair);
                }
            }
        }
    }

    fn notified(&mut self, cx: &mut Cx<'_>, queue: u16) {
        self.statistics.count(queue, |counters| add(&mut counters.notifications, 1));
        self.ring_doorbell(cx);
        let pair = queue >> 1;
        if Some(queue) == self.control_queue() {
            self.control(cx);
        } else if queue & 1 == 0 {
            self.deliver(cx, pair);
        } else if pair >= self.active_pairs {
            // Of a queue that is not there the transport has spoken.
            if pair < self.settings.pairs {
                self.broke(cx, Broken::TransmitOnIdlePair, "QUEUE_NOTIFY", queue.into());
            }
        } else if let Some(delay) = self.settings.transmit_delay {
            // As QEMU: a second notification does not wait.
            if self.timers.pending(Timer::TransmitDelay) {
                self.timers.cancel(cx, Timer::TransmitDelay);
                self.transmit(cx, pair);
            } else if self.transport.ready(transmit_queue(pair)) {
                self.timers.arm(cx, Timer::TransmitDelay, cx.now + delay);
            }
        } else {
            self.transmit(cx, pair);
        }
    }
}
