//! The transmit FIFO and the cable behind it: when which frame leaves (IEEE 802.3-2022 §4.2.8; SDM 13.4.34).
//!
//! With `timing=off` a frame leaves when it is made. Otherwise it waits in the FIFO, and leaves when its last bit does:
//! preamble, frame, FCS, then the gap that TIPG asks for before the next. Deadlines are computed from deadlines, not from the
//! time of the call, so that back-to-back frames keep their exact distance.

use elnic_contract::{Cx, DropReason, Frame, VTime};
use elnic_wire::ethernet;

use crate::E1000;
use crate::fifo::Side;
use crate::spec::Reg;
use crate::spec::views::txdmac;
use crate::stats::Cast;
use crate::timers::Timer;

/// Bits of the gap that the length of a frame on the cable counts in.
const GAP_BITS: u64 = 96;
/// MAC clocks, of eight bit times, that the gap lasts beyond IPGT: with the 8 that drivers set, 96 bit times
/// (nic-models.md §7.1).
const GAP_CLOCKS: u64 = 4;

impl E1000 {
    /// Whether the transmitter fetches no further data. A frame goes in whole once there is any room; a segment needs as
    /// much as TSPMT says, and with TXDMAC.DPP a packet waits until the one before is out.
    #[inline]
    pub(crate) fn transmit_fifo_is_full(&self) -> bool {
        !self.tx.fifo.is_empty() && self.transmit_waits()
    }

    fn transmit_waits(&self) -> bool {
        let packet = &self.tx.packet;
        let no_prefetch = self.bank.get(Reg::TXDMAC) & txdmac::DPP != 0;
        let reserve = if packet.segments.is_some() {
            let [transfer_low, transfer_high, pad_low, pad_high, ..] =
                self.bank.get(Reg::TSPMT).to_le_bytes();
            let least = u16::from_le_bytes([transfer_low, transfer_high]);
            let padding = u16::from_le_bytes([pad_low, pad_high]);
            usize::from(least).saturating_add(padding.into())
        } else {
            0
        };
        (no_prefetch && !packet.started)
            || self.tx.fifo.bytes().saturating_add(reserve) >= self.capacity.transmit()
    }

    /// A frame goes to the line, behind the others.
    pub(crate) fn enqueue(&mut self, cx: &mut Cx<'_>, frame: Frame) {
        if self.fidelity.wire() {
            self.enters_buffer(Side::Transmit, frame.data());
            self.tx.fifo.push_back(frame);
            self.schedule_line(cx);
        } else {
            self.put_on_line(cx, frame);
        }
    }

    /// A frame goes to the line, ahead of all that have not begun to leave.
    pub(crate) fn enqueue_first(&mut self, cx: &mut Cx<'_>, frame: Frame) {
        if self.fidelity.wire() {
            self.enters_buffer(Side::Transmit, frame.data());
            if self.timers.pending(Timer::TransmitLine) && self.tx.line_start <= cx.now {
                self.tx.fifo.push_second(frame);
            } else {
                self.timers.cancel(cx, Timer::TransmitLine);
                self.tx.fifo.push_front(frame);
            }
            self.schedule_line(cx);
        } else {
            self.put_on_line(cx, frame);
        }
    }

    /// Bits between the end of a frame and the start of the next.
    fn gap_bits(&self) -> u64 {
        (self.bank.get(Reg::TIPG) & 0x3ff).saturating_add(GAP_CLOCKS).saturating_mul(8)
    }

    fn schedule_line(&mut self, cx: &mut Cx<'_>) {
        if self.timers.pending(Timer::TransmitLine) {
            return;
        }
        let Some(frame) = self.tx.fifo.front() else { return };
        let bits = ethernet::wire_bits(frame.len()).saturating_sub(GAP_BITS);
        // A pause does not hold back flow control (IEEE 802.3-2022 §31B.3.3).
        let control = self.is_flow_control(frame.data());
        let held = if control { VTime::ZERO } else { self.tx.paused_until };
        self.tx.line_start = cx.now.max(self.tx.line_free).max(held);
        let last_bit = self.tx.line_start + self.bit().times(bits);
        self.timers.arm(cx, Timer::TransmitLine, last_bit);
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
        if let Some(frame) = self.tx.fifo.pop_front() {
            self.left_buffer(Side::Transmit, frame.len());
            self.put_on_line(cx, frame.arriving(at));
        }
        self.schedule_line(cx);
        self.transmit(cx);
    }

    /// The frame is out: on the cable, or back at the receiver.
    fn put_on_line(&mut self, cx: &mut Cx<'_>, frame: Frame) {
        let loops_back = self.loops_back();
        if !loops_back && !self.link_is_up() {
            self.counters.drop_sent(DropReason::LinkDown);
            return;
        }
        let octets = (frame.len() as u64).saturating_add(elnic_wire::fcs::LENGTH as u64);
        self.count_transmit(octets, Cast::of(frame.data()));
        if loops_back {
            // The receiver never sends in turn, so this goes one level deep.
            let _ = self.arrive(cx, &frame);
        } else {
            self.counters.sent(frame.len());
            cx.outbox.send(frame);
        }
    }
}
