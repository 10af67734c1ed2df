//! The transmit FIFO and the cable behind it: when which frame leaves (IEEE 802.3-2022 §4.2.8; DS TCR.IFG).
//!
//! With `timing=off` a frame leaves when it is made. Otherwise it leaves when its last bit does: preamble, frame, FCS,
//! then the gap that TCR asks for. Deadlines are computed from deadlines, not from the time of the call, so that
//! back-to-back frames keep their exact distance.

use elnic_contract::{Cx, DropReason, Frame, VTime};
use elnic_wire::fcs;

use crate::Rtl8139;
use crate::faults::Fate;
use crate::flow::is_control;
use crate::rx::Origin;
use crate::spec::Reg;
use crate::spec::views::Tcr;
use crate::timers::Timer;
use crate::tx::{Done, Outgoing};

/// Bits of preamble and start of frame.
const PREAMBLE_BITS: u64 = 64;

/// Bits of `frame` on the cable, without the gap. What is too short stays so: the chip does not pad.
fn bits(frame: &Frame) -> u64 {
    (frame.len().saturating_add(fcs::LENGTH) as u64).saturating_mul(8).saturating_add(PREAMBLE_BITS)
}

impl Rtl8139 {
    /// Bits of the gap between frames: 84, 88, 92 or 96.
    fn gap_bits(&self) -> u64 {
        let code = Tcr(self.bank.get(Reg::TCR)).gap_code();
        u64::from(code).saturating_mul(4).saturating_add(84)
    }

    /// A frame goes to the line, behind the others.
    pub(crate) fn enqueue(&mut self, cx: &mut Cx<'_>, mut outgoing: Outgoing) {
        if outgoing.frame.is_some() {
            outgoing.fate = self.next_fate();
        }
        if self.fidelity.wire() {
            self.tx.fifo.push_back(outgoing);
            self.schedule_line(cx);
        } else {
            self.leave(cx, outgoing);
        }
    }

    /// A frame of the chip itself goes to the line, behind the one that is leaving.
    pub(crate) fn enqueue_first(&mut self, cx: &mut Cx<'_>, outgoing: Outgoing) {
        if self.fidelity.wire() {
            let leaving = self.timers.pending(Timer::TransmitLine) && self.tx.line_start <= cx.now;
            self.tx.fifo.insert(usize::from(leaving).min(self.tx.fifo.len()), outgoing);
            self.reschedule_line(cx);
        } else {
            self.leave(cx, outgoing);
        }
    }

    fn schedule_line(&mut self, cx: &mut Cx<'_>) {
        while !self.timers.pending(Timer::TransmitLine) {
            let Some(outgoing) = self.tx.fifo.front() else { return };
            let Some(frame) = &outgoing.frame else {
                // It only kept its place.
                if let Some(empty) = self.tx.fifo.pop_front() {
                    self.leave(cx, empty);
                }
                continue;
            };
            let bits = bits(frame).saturating_add(outgoing.fate.extra_bits());
            // A pause holds what software sends, not the chip's own PAUSE (IEEE 802.3-2022 §31.5.1).
            let held = if is_control(frame.data()) { VTime::ZERO } else { self.tx.paused_until };
            // One pair of wires: who listens does not speak.
            let heard = if self.is_full_duplex() { VTime::ZERO } else { self.rx.arriving.free() };
            self.tx.line_start = cx.now.max(self.tx.line_free).max(held).max(heard);
            let last_bit = self.tx.line_start + self.bit().times(bits);
            self.timers.arm(cx, Timer::TransmitLine, last_bit);
        }
    }

    /// A pause began or ended: a frame that has not begun to leave is put off or brought forward.
    pub(crate) fn reschedule_line(&mut self, cx: &mut Cx<'_>) {
        if self.tx.line_start > cx.now {
            self.timers.cancel(cx, Timer::TransmitLine);
        }
        self.schedule_line(cx);
    }

    /// The last bit of the first frame left at `at`.
    pub(crate) fn frame_has_left(&mut self, cx: &mut Cx<'_>, at: VTime) {
        self.tx.line_free = at + self.bit().times(self.gap_bits());
        if let Some(mut outgoing) = self.tx.fifo.pop_front() {
            outgoing.frame = outgoing.frame.map(|frame| frame.arriving(at));
            if outgoing.fetched > at {
                outgoing.fate = Fate::Underrun;
            }
            self.leave(cx, outgoing);
        }
        self.schedule_line(cx);
        self.transmit(cx);
    }

    /// The frame is out, on the cable or back at the receiver, and its descriptors are done.
    fn leave(&mut self, cx: &mut Cx<'_>, outgoing: Outgoing) {
        let loops_back = self.loops_back();
        let mut fate = outgoing.fate;
        if let Some(frame) = outgoing.frame {
            if !loops_back && !self.link_is_up() {
                fate = Fate::NoCarrier;
                self.counters.drop_sent(DropReason::LinkDown);
            } else if !fate.arrives() {
                self.counters.drop_sent(DropReason::LineError);
            } else if loops_back {
                // The receiver never sends in turn, so this goes one level deep.
                let _ = self.arrive(cx, &frame, Origin::Loopback);
            } else {
                self.counters.sent(frame.len());
                cx.outbox.send(frame);
            }
        } else if !loops_back && !self.link_is_up() {
            fate = Fate::NoCarrier;
        }
        match outgoing.done {
            Done::Nothing => {}
            Done::Register(descriptor) => self.register_done(descriptor, fate),
            Done::Packet { owned, sent } => self.packet_done(cx, &owned, sent, fate),
        }
    }
}
