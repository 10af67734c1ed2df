//! The cable and the bus in time: when which frame leaves or arrives (IEEE 802.3-2022 §4.2.8).
//!
//! A paravirtual device has no cable; one that was given a speed keeps it all the same, so that a driver sees the rates it
//! was promised: preamble, frame, FCS and gap take their bit times. With `timing=full` a frame has to cross the bus
//! first, behind the others: a transfer of its bytes, and two reads (ring, then data) that have to come back. Deadlines
//! are computed from deadlines, not from the time of the call, so that back-to-back frames keep their exact distance.

use std::collections::VecDeque;

use elnic_contract::{Cx, Cycles, DropReason, Frame, VDuration, VTime};
use elnic_virtio::Used;
use elnic_wire::ethernet;

use crate::VirtioNet;
use crate::settings::Bus;
use crate::timers::Timer;

/// Bits of the gap between frames.
const GAP_BITS: u64 = 96;
/// Chains that were fetched and have not left.
pub(crate) const FIFO: usize = 64;

/// A chain on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// Where it came from.
    pub(crate) queue: u16,
    pub(crate) used: Used,
    /// The frames that have not left.
    pub(crate) pieces: VecDeque<Frame>,
    /// When all of it has been fetched.
    pub(crate) ready_at: VTime,
}

/// Cable, bus, and what waits for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// Empty if nothing takes time.
    pub(crate) fifo: VecDeque<Outgoing>,
    /// When the next frame can begin to leave.
    pub(crate) transmit_free: VTime,
    /// When the next frame can begin to arrive.
    pub(crate) receive_free: VTime,
    /// When the bus has moved all that was to be moved.
    pub(crate) bus_free: VTime,
    /// When the device looks after the last notification.
    pub(crate) doorbell: VTime,
}

impl Line {
    /// Whether nothing more is to be fetched.
    pub(crate) fn is_full(&self) -> bool {
        self.fifo.len() >= FIFO
    }

    pub(crate) fn push(&mut self, outgoing: Outgoing) {
        self.fifo.push_back(outgoing);
    }
}

/// Bits of a frame without the gap behind it. One that stands for many is as long as they are.
fn bits(frame: &Frame) -> u64 {
    let whole = |length| ethernet::wire_bits(length).saturating_sub(GAP_BITS);
    let Some(segmentation) = frame.offload().segmentation else { return whole(frame.len()) };
    let headers = usize::from(segmentation.header_length);
    let size = usize::from(segmentation.size).max(1);
    let payload = frame.len().saturating_sub(headers);
    let (full, rest) =
        (payload.checked_div(size).unwrap_or(0), payload.checked_rem(size).unwrap_or(0));
    let one = ethernet::wire_bits(headers.saturating_add(size));
    let last = if rest > 0 { ethernet::wire_bits(headers.saturating_add(rest)) } else { 0 };
    one.saturating_mul(full as u64).saturating_add(last).saturating_sub(GAP_BITS)
}

impl VirtioNet {
    /// Whether frames take time to leave.
    pub(crate) const fn takes_time(&self) -> bool {
        self.settings.fidelity.line.is_some() || self.settings.fidelity.bus.is_some()
    }

    fn line_time(&self, bits: u64) -> VDuration {
        self.settings.fidelity.line.map_or(VDuration::ZERO, |line| line.span(Cycles(bits)))
    }

    fn cross(&mut self, cx: &Cx<'_>, bus: Bus, bytes: u64, not_before: VTime) -> VTime {
        let start = cx.now.max(self.line.bus_free).max(not_before);
        self.line.bus_free = start + bus.bytes.span(Cycles(bytes));
        self.line.bus_free
    }

    /// When a chain of `bytes` that is fetched now will have come.
    pub(crate) fn fetched_at(&mut self, cx: &Cx<'_>, bytes: u64) -> VTime {
        match self.settings.fidelity.bus {
            Some(bus) => self.cross(cx, bus, bytes, self.line.doorbell) + bus.latency + bus.latency,
            None => cx.now,
        }
    }

    /// When a received frame of `bytes` will be in memory: a read for the buffer, then the transfer.
    pub(crate) fn stored_at(&mut self, cx: &Cx<'_>, bytes: usize) -> VTime {
        match self.settings.fidelity.bus {
            Some(bus) => self.cross(cx, bus, bytes as u64, cx.now + bus.latency),
            None => cx.now,
        }
    }

    /// The driver has notified: when does the device look?
    pub(crate) fn ring_doorbell(&mut self, cx: &Cx<'_>) {
        if let Some(bus) = self.settings.fidelity.bus {
            self.line.doorbell = cx.now + bus.doorbell;
        }
    }

    /// Takes the cable for a frame to leave, from `start` at the earliest; when its last bit is out.
    fn occupy_transmitting(&mut self, start: VTime, bits: u64) -> VTime {
        let start = start.max(self.line.transmit_free);
        let end = start + self.line_time(bits);
        self.line.transmit_free = end + self.line_time(GAP_BITS);
        if self.settings.fidelity.half_duplex {
            self.line.receive_free = self.line.transmit_free;
        }
        end
    }

    /// Takes the cable for a frame to arrive; when its last bit is here. One that had to wait for us longer than it lasts
    /// arrives now.
    pub(crate) fn occupy_receiving(&mut self, cx: &Cx<'_>, frame: &Frame) -> VTime {
        let span = self.line_time(bits(frame));
        let earliest = self.line.receive_free + span;
        let mut end = frame.arrival().max(earliest);
        if cx.now.since(end) > span {
            end = cx.now;
        }
        self.line.receive_free = end + self.line_time(GAP_BITS);
        if self.settings.fidelity.half_duplex {
            self.line.transmit_free = self.line.receive_free;
        }
        end
    }

    /// Lets leave what can, and waits for what cannot yet.
    pub(crate) fn schedule_line(&mut self, cx: &mut Cx<'_>) {
        while !self.timers.pending(Timer::TransmitLine) {
            let Some(outgoing) = self.line.fifo.front() else { return };
            let ready_at = outgoing.ready_at.max(cx.now);
            let end = match outgoing.pieces.front().map(bits) {
                Some(bits) => self.occupy_transmitting(ready_at, bits),
                None => ready_at,
            };
            if end > cx.now {
                self.timers.arm(cx, Timer::TransmitLine, end);
            } else if !self.first_leaves(cx, end) {
                return;
            }
        }
    }

    /// The last bit of the first frame is out at `at`; says whether its chain could be given back, if it was the last.
    fn first_leaves(&mut self, cx: &mut Cx<'_>, at: VTime) -> bool {
        let Some(outgoing) = self.line.fifo.front_mut() else { return true };
        let (queue, used) = (outgoing.queue, outgoing.used);
        let frame = outgoing.pieces.pop_front();
        let last = outgoing.pieces.is_empty();
        match frame {
            Some(frame) if self.link_up => self.send(cx, queue, frame.arriving(at)),
            Some(frame) => {
                let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
                self.lose_outgoing(cx, queue, DropReason::LinkDown, length);
            }
            None => {}
        }
        if !last {
            return true;
        }
        // Without bus mastering it stays until there is; of a queue that is out of work nobody wants anything back.
        if self.transport.give_back(cx, queue, &[used]) {
            self.line.fifo.pop_front();
            self.completed(cx, queue, 1);
        } else if self.transport.ready(queue) {
            return false;
        } else {
            self.line.fifo.pop_front();
        }
        true
    }

    /// A deadline of the line has come.
    pub(crate) fn line_due(&mut self, cx: &mut Cx<'_>, at: VTime) {
        if self.first_leaves(cx, at) {
            self.schedule_line(cx);
            self.transmit_all(cx);
        }
    }

    /// Chains of `queue` are the driver's again, or of all queues.
    pub(crate) fn forget_outgoing(&mut self, cx: &mut Cx<'_>, queue: Option<u16>) {
        let mut lost = Vec::new();
        let forgotten = |outgoing: &Outgoing| queue.is_none_or(|queue| queue == outgoing.queue);
        if self.line.fifo.front().is_some_and(forgotten) {
            self.timers.cancel(cx, Timer::TransmitLine);
        }
        self.line.fifo.retain(|outgoing| {
            let goes = forgotten(outgoing);
            if goes {
                lost.extend(outgoing.pieces.iter().map(|piece| (outgoing.queue, piece.len())));
            }
            !goes
        });
        for (queue, length) in lost {
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            self.lose_outgoing(cx, queue, DropReason::BadDescriptor, length);
        }
        self.schedule_line(cx);
    }
}
