//! The device and its cable, as the machine sees them.

use elnic_contract::{
    Access, Capability, CapabilityKind, Counters, Cx, Device, DropReason, Fault, Frame,
    FunctionState, ImageError, Lines, LinkState, MacAddr, Model, Nic, NotReady, Offload,
    PowerManagement, Readiness, Reset, RestoreError, RxFilter, SavedState, TimerId, Verdict,
};
use elnic_wire::{ethernet, offload};

use crate::Rtl8139;
use crate::rx::{FIFO, Origin};
use crate::timers::Timer;

/// Where the power management capability stands (DS PCI configuration space, PMR).
const POWER_MANAGEMENT_AT: u8 = 0x50;
/// Longest ordinary frame with tag and FCS.
const ORDINARY: usize = 1522;

impl Device for Rtl8139 {
    fn describe(&self) -> &'static Model {
        self.revision.model()
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
            Timer::ReceiveEarly => self.early_part_is_here(cx),
            Timer::Negotiation => self.negotiated(cx),
            Timer::Count => self.count_reached(cx),
            Timer::Reset => self.reset_over(),
            Timer::AutoLoad => self.auto_load_done(cx),
            Timer::Dump => self.dump_tally(cx),
            Timer::Pause => self.pause_over(),
            Timer::Programming => self.eeprom_programmed(),
        }
    }

    fn lines(&self) -> Lines {
        self.interrupt_lines()
    }

    fn save(&self) -> SavedState {
        self.save_state()
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.restore_state(state)
    }

    fn capabilities(&self) -> Vec<Capability> {
        if !self.power_management {
            return Vec::new();
        }
        let kind = CapabilityKind::PowerManagement(PowerManagement {
            version: 2,
            d1: true,
            d2: true,
            // D1 to D3cold.
            pme_from: 0b1_1110,
            device_specific_init: false,
            no_soft_reset: false,
        });
        vec![Capability { offset: POWER_MANAGEMENT_AT, kind }]
    }

    fn image(&self) -> Option<Vec<u8>> {
        Some(self.eeprom.image())
    }

    fn insert_image(&mut self, image: &[u8]) -> Result<(), ImageError> {
        self.insert_eeprom(image)
    }

    fn function_changed(&mut self, cx: &mut Cx<'_>, state: FunctionState) {
        self.function_is(cx, state);
    }

    fn as_nic(&self) -> Option<&dyn Nic> {
        Some(self)
    }

    fn as_nic_mut(&mut self) -> Option<&mut dyn Nic> {
        Some(self)
    }
}

impl Nic for Rtl8139 {
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
        self.plug(cx, state);
    }

    fn rx_filter(&self) -> RxFilter {
        self.report_filter()
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn mac(&self) -> MacAddr {
        self.station()
    }
}

impl Rtl8139 {
    /// Why no frame can be taken now.
    fn obstacle(&self) -> Option<NotReady> {
        if !self.link_is_up() {
            return Some(NotReady::LinkDown);
        }
        if self.sleeps() && !self.waits_for_frames() {
            return Some(NotReady::PoweredDown);
        }
        let listens = self.command().receiver() || self.waits_for_frames();
        if !listens || self.halted() {
            return Some(NotReady::ReceiverOff);
        }
        if !self.rx.arriving.is_empty() {
            return Some(NotReady::LineBusy);
        }
        let full = if self.fidelity.full() {
            self.rx.fifo_bytes().saturating_add(ORDINARY) > FIFO
        } else {
            true
        };
        // Hardware cannot stop the cable.
        let waits = (full && !self.rx.fifo.is_empty()) || self.overflows_silently();
        (waits && !self.drops).then_some(NotReady::NoBuffers)
    }

    fn receive_plain(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Verdict {
        if !self.link_is_up() || self.loops_back() {
            self.counters.drop_received(DropReason::LinkDown);
            return Verdict::Dropped(DropReason::LinkDown);
        }
        if !self.fidelity.wire() {
            return self.arrive(cx, frame, Origin::Cable);
        }
        let span = self.bit().times(ethernet::wire_bits(frame.len()));
        let earliest = self.rx.line_free + span;
        let end = frame.arrival().max(earliest);
        if end > cx.now || !self.rx.arriving.is_empty() {
            self.rx.line_free = end;
            self.rx.arriving.push_back((end, frame.clone()));
            self.await_arrival(cx);
            return Verdict::Taken;
        }
        // One that had to wait for us longer than it lasts arrives now; the others keep their exact distance.
        self.rx.line_free = if cx.now.since(end) > span { cx.now } else { end };
        self.arrive(cx, frame, Origin::Cable)
    }

    fn await_arrival(&mut self, cx: &mut Cx<'_>) {
        if let Some((at, _)) = self.rx.arriving.front()
            && !self.timers.pending(Timer::ReceiveLine)
        {
            self.timers.arm(cx, Timer::ReceiveLine, *at);
        }
    }

    fn frame_has_arrived(&mut self, cx: &mut Cx<'_>) {
        if let Some((_, frame)) = self.rx.arriving.pop_front() {
            if self.link_is_up() && !self.loops_back() {
                let _ = self.arrive(cx, &frame, Origin::Cable);
            } else {
                self.counters.drop_received(DropReason::LinkDown);
            }
        }
        self.await_arrival(cx);
    }
}
