//! The device and its cable, as the machine sees them.

use elnic_contract::{
    Access, Capability, Counters, Cx, Device, DropReason, Fault, Frame, FunctionState, ImageError,
    Lines, LinkState, MacAddr, Model, Nic, NotReady, Offload, Readiness, Reset, RestoreError,
    RxFilter, SavedState, TimerId, Verdict,
};
use elnic_mac::Offer;
use elnic_wire::offload;

use crate::E1000;
use crate::ring::Ring;
use crate::spec::Reg;
use crate::spec::views::Rctl;
use crate::timers::Timer;

impl Device for E1000 {
    fn describe(&self) -> &'static Model {
        self.chip.model()
    }

    fn reset(&mut self, cx: &mut Cx<'_>, kind: Reset) {
        self.hard_reset(cx, kind);
    }

    fn read(&mut self, cx: &mut Cx<'_>, access: Access) -> Result<u64, Fault> {
        self.read_access(cx, access)
    }

    fn write(&mut self, cx: &mut Cx<'_>, access: Access, value: u64) -> Result<(), Fault> {
        self.write_access(cx, access, value)
    }

    fn peek(&self, access: Access) -> Option<u64> {
        self.peek_access(access)
    }

    fn timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        let Some(timer) = Timer::from_id(timer) else { return };
        let Some(at) = self.timers.take_due(cx, timer) else { return };
        match timer {
            Timer::TransmitDma => self.transmit(cx),
            Timer::TransmitLine => self.frame_has_left(cx, at),
            Timer::ReceiveLine => self.frame_has_arrived(cx),
            Timer::ReceiveDma => self.receive_dma(cx),
            Timer::Negotiation => self.negotiated(cx),
            Timer::Throttle => self.update_line(cx),
            Timer::ReceiveDelay | Timer::ReceiveAbsolute => self.receive_delay_over(cx),
            Timer::TransmitDelay | Timer::TransmitAbsolute => self.transmit_delay_over(cx),
            Timer::Eeprom => self.eerd_done(),
            Timer::Mdio => self.mdic_done(cx),
            Timer::Pause => self.pause_over(),
            Timer::Programming => self.eeprom_programmed(),
        }
    }

    fn lines(&self) -> Lines {
        Lines::inta(self.irq.asserted)
    }

    fn save(&self) -> SavedState {
        self.save_state()
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.restore_state(state).map_err(|error| match error {
            // The family shares its checks, not its name.
            RestoreError::Impossible { field, why, .. } => {
                RestoreError::Impossible { kind: self.chip.model().name, field, why }
            }
            other => other,
        })
    }

    fn capabilities(&self) -> Vec<Capability> {
        if self.compat.is_qemu() { Vec::new() } else { self.chip.capabilities(self.msi) }
    }

    fn image(&self) -> Option<Vec<u8>> {
        Some(self.eeprom.image())
    }

    fn insert_image(&mut self, image: &[u8]) -> Result<(), ImageError> {
        self.insert_eeprom(image)
    }

    fn function_changed(&mut self, cx: &mut Cx<'_>, state: FunctionState) {
        let gained = state.may_master && !self.function.may_master;
        self.function = state;
        if gained {
            // What stopped for want of the bus goes on.
            self.transmit(cx);
            self.receive_on(cx);
        }
    }

    fn as_nic(&self) -> Option<&dyn Nic> {
        Some(self)
    }

    fn as_nic_mut(&mut self) -> Option<&mut dyn Nic> {
        Some(self)
    }
}

impl Nic for E1000 {
    fn can_receive(&self) -> Readiness {
        match self.obstacle() {
            Some(reason) => Readiness::NotReady(reason),
            None => Readiness::Ready,
        }
    }

    fn receive(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Verdict {
        if frame.offload() == Offload::default() {
            return self.receive_plain(cx, frame);
        }
        // The sender left work to us that no cable can carry: this is what would have arrived.
        let Ok(plain) = offload::materialise(frame) else {
            self.counters.drop_received(DropReason::LineError);
            return Verdict::Dropped(DropReason::LineError);
        };
        let mut verdict = Verdict::Taken;
        for piece in &plain {
            verdict = self.receive_plain(cx, piece);
        }
        verdict
    }

    fn link(&mut self, cx: &mut Cx<'_>, state: LinkState) {
        let action = self.phy.plug(state == LinkState::Up);
        if state == LinkState::Down {
            self.timers.cancel(cx, Timer::Negotiation);
        }
        self.settle(cx, action);
    }

    fn rx_filter(&self) -> RxFilter {
        self.report_filter()
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn mac(&self) -> MacAddr {
        self.main_mac()
    }
}

impl E1000 {
    /// Why no frame can be taken now.
    fn obstacle(&self) -> Option<NotReady> {
        if !self.link_is_up() {
            return Some(NotReady::LinkDown);
        }
        if self.sleeps() {
            // Frames are looked at, not received.
            return (!self.listens_asleep()).then_some(NotReady::PoweredDown);
        }
        if !Rctl(self.bank.get(Reg::RCTL)).enable() {
            return Some(NotReady::ReceiverOff);
        }
        if !self.rx.arriving.is_empty() {
            return Some(NotReady::LineBusy);
        }
        if self.drops {
            return None;
        }
        let full = if self.fidelity.full() {
            // The FIFO takes frames as long as the longest normal one fits.
            self.rx.fifo.bytes().saturating_add(1522) > self.capacity.receive()
        } else {
            !self.rx.fifo.is_empty()
                || Ring::receive(&self.bank).is_none_or(|ring| ring.available() == 0)
        };
        full.then_some(NotReady::NoBuffers)
    }

    fn receive_plain(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Verdict {
        if !self.link_is_up() || self.loops_back() {
            self.counters.drop_received(DropReason::LinkDown);
            return Verdict::Dropped(DropReason::LinkDown);
        }
        if self.sleeps() {
            let reason = self.look_at(cx, frame);
            return self.discard(cx, reason, frame.len());
        }
        if !self.fidelity.wire() {
            return self.arrive(cx, frame);
        }
        match self.rx.arriving.offer(cx.now, self.bit(), frame) {
            Offer::Here => self.arrive(cx, frame),
            Offer::Waits => {
                self.await_arrival(cx);
                Verdict::Taken
            }
            Offer::Refused => self.discard(cx, DropReason::FifoOverflow, frame.len()),
        }
    }

    fn await_arrival(&mut self, cx: &mut Cx<'_>) {
        if let Some(at) = self.rx.arriving.next()
            && !self.timers.pending(Timer::ReceiveLine)
        {
            self.timers.arm(cx, Timer::ReceiveLine, at);
        }
    }

    fn frame_has_arrived(&mut self, cx: &mut Cx<'_>) {
        if let Some(frame) = self.rx.arriving.take() {
            if self.sleeps() {
                let reason = self.look_at(cx, &frame);
                self.discard(cx, reason, frame.len());
            } else if self.link_is_up() && !self.loops_back() {
                let _ = self.arrive(cx, &frame);
            } else {
                self.counters.drop_received(DropReason::LinkDown);
            }
        }
        self.await_arrival(cx);
    }

    /// Receive address 0 if it is valid, else the address the controller was made with.
    pub(crate) fn main_mac(&self) -> MacAddr {
        self.valid_station(0).unwrap_or(self.mac)
    }
}
