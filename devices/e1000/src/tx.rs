//! The transmit engine: descriptors in, packets together, frames out (SDM 3.3, 3.4, 3.5).
//!
//! One step takes one descriptor, or makes one segment of one; an entry takes at most [`BUDGET`] steps and then arms a
//! timer, so that no ring and no context however malformed keeps the machine. A packet may be spread over any number of
//! descriptors of any kinds. What the driver describes and the hardware cannot send is dropped and logged, and its
//! descriptors complete all the same.

use std::collections::VecDeque;

use elnic_contract::{Cx, DmaError, DropReason, Frame, Gpa, LogEntry, VDuration, VTime};

use crate::E1000;
use crate::descriptors::{self, Context, TxDescriptor, TxKind};
use crate::fifo::Fifo;
use crate::ring::Ring;
use crate::spec::Reg;
use crate::spec::views::{Tctl, cause};
use crate::strict::Rule;
use crate::thresholds::{BURST, WriteBack};
use crate::timers::Timer;
use crate::timing::{BREATHER, BUDGET};

/// Longest packet the transmitter takes, without FCS (SDM 3.3.3: 16288).
pub(crate) const MAX_PACKET: usize = 16288;

/// State of the transmitter beyond the registers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transmitter {
    /// Descriptors fetched but not begun, as they were when fetched.
    pub(crate) fetched: VecDeque<TxDescriptor>,
    /// The descriptor at work, and how many of its bytes are taken.
    pub(crate) current: Option<(TxDescriptor, u32)>,
    /// Descriptors that are done, and that WTHRESH holds back.
    pub(crate) unreported: Vec<WriteBack>,
    /// Offload context for checksums.
    pub(crate) checksum: Context,
    /// Offload context for segmentation.
    pub(crate) segment: Context,
    /// The packet that descriptors have begun.
    pub(crate) packet: Packet,
    /// The time of the next bus access has passed.
    pub(crate) paid: bool,
    /// Frames on their way to the cable, the first one in serialisation.
    pub(crate) fifo: Fifo<Frame>,
    /// When the first of them began to leave.
    pub(crate) line_start: VTime,
    /// When the gap behind the last frame ends.
    pub(crate) line_free: VTime,
    /// When a received PAUSE ends.
    pub(crate) paused_until: VTime,
}

/// A packet in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packet {
    /// Some descriptor has begun it.
    pub(crate) started: bool,
    /// Its bytes; while segmenting, the payload of the segment.
    pub(crate) data: Vec<u8>,
    /// POPTS of its first descriptor.
    pub(crate) options: u8,
    /// It is cut into segments.
    pub(crate) segments: Option<Segments>,
    /// VLAN tag to insert while segmenting.
    pub(crate) tag: Option<u16>,
    /// It cannot be sent.
    pub(crate) failed: Option<DropReason>,
}

/// How far segmentation has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segments {
    /// The context as it was when the packet began.
    pub(crate) context: Context,
    /// The headers, complete or not.
    pub(crate) header: Vec<u8>,
    /// Segments sent.
    pub(crate) index: u32,
    /// Payload bytes sent.
    pub(crate) sent: u32,
    /// Payload bytes that leave as one frame: those of a segment, or of several for a peer that cuts them.
    pub(crate) room: u32,
}

/// What a step came to.
enum Step {
    /// It is done; go on.
    Went,
    /// Nothing more before this time has passed.
    Wait(VDuration),
    /// The ring cannot be read.
    Stuck,
}

impl E1000 {
    /// Works on the transmit ring as far as it can.
    pub(crate) fn transmit(&mut self, cx: &mut Cx<'_>) {
        if self.timers.pending(Timer::TransmitDma) || !Tctl(self.bank.get(Reg::TCTL)).enable() {
            return;
        }
        let Some(mut ring) = Ring::transmit(&self.bank) else { return };
        let (mut causes, mut worked) = (0, false);
        let mut budget = BUDGET;
        while self.tx.current.is_some() || ring.available() > 0 {
            if self.transmit_fifo_is_full() {
                break;
            }
            if budget == 0 {
                self.timers.arm(cx, Timer::TransmitDma, cx.now + BREATHER);
                break;
            }
            budget = budget.saturating_sub(1);
            match self.transmit_step(cx, &mut ring, &mut causes) {
                Step::Went => worked = true,
                Step::Wait(span) => {
                    self.timers.arm(cx, Timer::TransmitDma, cx.now + span);
                    break;
                }
                Step::Stuck => break,
            }
        }
        if worked && self.tx.current.is_none() && ring.available() == 0 {
            causes |= cause::TXQE;
        }
        self.raise(cx, causes);
    }

    /// The ring has moved: what was fetched from it is void.
    pub(crate) fn forget_transmit_ring(&mut self, cx: &mut Cx<'_>) {
        self.tx.fetched.clear();
        self.tx.unreported.clear();
        self.tx.current = None;
        self.tx.paid = false;
        self.timers.cancel(cx, Timer::TransmitDma);
    }

    /// The time that moving `bytes` takes, the first time it is asked for; then nothing.
    fn transmit_bus(&mut self, bytes: usize) -> Option<VDuration> {
        if !self.fidelity.full() {
            return None;
        }
        self.tx.paid = !self.tx.paid;
        self.tx.paid.then(|| self.fidelity.latencies.transfer(bytes))
    }

    fn transmit_step(&mut self, cx: &mut Cx<'_>, ring: &mut Ring, causes: &mut u64) -> Step {
        if self.tx.current.is_none() {
            let held = self.tx.fetched.len();
            let waiting = ring.contiguous_behind(held) as usize;
            let wanted = self.transmit_thresholds().wanted(held, waiting);
            if wanted != 0 {
                let bytes = wanted.saturating_mul(descriptors::LENGTH);
                if let Some(span) = self.transmit_bus(bytes) {
                    return Step::Wait(span);
                }
                if !self.fetch(cx, ring.behind(held), bytes) && held == 0 {
                    return Step::Stuck;
                }
            }
            self.tx.current = self.tx.fetched.pop_front().map(|descriptor| (descriptor, 0));
        }
        let Some((descriptor, taken)) = self.tx.current else { return Step::Stuck };
        if descriptor.length() > 0 && taken == 0 {
            let bytes = (descriptor.length() as usize).min(MAX_PACKET);
            if let Some(span) = self.transmit_bus(bytes) {
                return Step::Wait(span);
            }
        }
        let done = match descriptor.kind() {
            TxKind::Context => self.load_context(descriptor),
            TxKind::Unknown => {
                let what = "transmit descriptor of an undefined type";
                cx.log.record(LogEntry::Guest { what, value: descriptor.address() });
                true
            }
            TxKind::Legacy | TxKind::Data => self.take_data(cx, descriptor, taken),
        };
        if done {
            self.complete(cx, ring, descriptor, causes);
        }
        Step::Went
    }

    fn fetch(&mut self, cx: &mut Cx<'_>, at: Gpa, bytes: usize) -> bool {
        let mut buffer = [0; descriptors::LENGTH * BURST];
        let Some(into) = buffer.get_mut(..bytes) else { return false };
        if let Err(error) = cx.dma.read(at, into) {
            cx.log.record(LogEntry::Dma { doing: "transmit descriptor fetch", error });
            if error == DmaError::NoBusMaster {
                self.broken(cx, Rule::NoBusMaster, "TDT", self.bank.get(Reg::TDT));
            }
            return false;
        }
        let (whole, _) = into.as_chunks();
        self.tx.fetched.extend(whole.iter().map(|bytes| TxDescriptor::from_bytes(*bytes)));
        true
    }

    fn load_context(&mut self, descriptor: TxDescriptor) -> bool {
        let context = Context::from(descriptor);
        if context.segmentation() {
            self.tx.segment = context;
        } else {
            self.tx.checksum = context;
        }
        true
    }

    /// Takes data of a descriptor; says whether that is done with.
    fn take_data(&mut self, cx: &mut Cx<'_>, descriptor: TxDescriptor, taken: u32) -> bool {
        if !self.tx.packet.started {
            self.begin_packet(descriptor);
        }
        if self.tx.packet.segments.is_some() {
            if descriptor.insert_vlan() {
                self.tx.packet.tag = Some(descriptor.special());
            }
            return self.take_segment(cx, descriptor, taken);
        }
        let length = descriptor.length() as usize;
        self.append(cx, Gpa(descriptor.address()), length, MAX_PACKET);
        if descriptor.end_of_packet() {
            self.finish_packet(cx, descriptor);
        }
        true
    }

    fn begin_packet(&mut self, first: TxDescriptor) {
        let extended = first.kind() == TxKind::Data;
        let packet = &mut self.tx.packet;
        packet.started = true;
        packet.options = if extended { first.packet_options() } else { 0 };
        if extended && first.segment() {
            let context = self.tx.segment;
            let (header, size) = (context.header_length(), context.segment_size());
            let whole = usize::from(header).saturating_add(usize::from(size));
            if header == 0 || size == 0 || whole > MAX_PACKET {
                packet.failed = Some(DropReason::BadDescriptor);
            }
            let room = self.payload_of_a_frame(&context, first);
            self.tx.packet.segments = Some(Segments { context, room, ..Segments::default() });
        } else if first.end_of_packet() {
            // The usual case, one frame in one buffer, then needs one allocation of the right size.
            let length = (first.length() as usize).min(MAX_PACKET);
            packet.data.reserve_exact(length.max(elnic_wire::ethernet::MIN_LENGTH));
        }
    }

    /// Appends guest memory to the packet, up to `longest` bytes in all.
    fn append(&mut self, cx: &mut Cx<'_>, at: Gpa, length: usize, longest: usize) {
        let packet = &mut self.tx.packet;
        if packet.failed.is_some() || length == 0 {
            return;
        }
        let start = packet.data.len();
        let end = start.saturating_add(length);
        if end > longest {
            packet.failed = Some(DropReason::BadDescriptor);
            return;
        }
        packet.data.resize(end, 0);
        let read = packet.data.get_mut(start..).map(|into| cx.dma.read(at, into));
        if let Some(Err(error)) = read {
            cx.log.record(LogEntry::Dma { doing: "transmit data fetch", error });
            packet.failed = Some(DropReason::DmaError);
        }
    }

    /// Takes as much of a descriptor as completes the headers or one segment, or sends a full segment.
    fn take_segment(&mut self, cx: &mut Cx<'_>, descriptor: TxDescriptor, taken: u32) -> bool {
        let left = descriptor.length().saturating_sub(taken);
        let amount = self.segment_room(left);
        if amount == 0 && left > 0 {
            // Full, and more follows: this is not the last one.
            self.send_segment(cx, false);
            return false;
        }
        let at = Gpa(descriptor.address()).plus(u64::from(taken));
        self.append_to_segment(cx, at, amount as usize);
        let taken = taken.saturating_add(amount);
        if taken < descriptor.length() {
            self.tx.current = Some((descriptor, taken));
            return false;
        }
        if descriptor.end_of_packet() {
            self.finish_segments(cx);
        }
        true
    }

    /// How many of `left` bytes fit into what is being filled.
    fn segment_room(&self, left: u32) -> u32 {
        let packet = &self.tx.packet;
        let Some(segments) = packet.segments.as_ref().filter(|_| packet.failed.is_none()) else {
            return left;
        };
        let header = usize::from(segments.context.header_length());
        let (goal, filled) = if segments.header.len() < header {
            (header, segments.header.len())
        } else {
            (segments.room as usize, packet.data.len())
        };
        left.min(u32::try_from(goal.saturating_sub(filled)).unwrap_or(0))
    }

    fn append_to_segment(&mut self, cx: &mut Cx<'_>, at: Gpa, length: usize) {
        let Some(mut segments) = self.tx.packet.segments.take() else { return };
        if segments.header.len() < usize::from(segments.context.header_length()) {
            std::mem::swap(&mut segments.header, &mut self.tx.packet.data);
            self.append(cx, at, length, MAX_PACKET);
            std::mem::swap(&mut segments.header, &mut self.tx.packet.data);
        } else {
            self.append(cx, at, length, MAX_PACKET.max(segments.room as usize));
        }
        self.tx.packet.segments = Some(segments);
    }

    /// Gives a descriptor back, now or with others; the cause to raise now.
    fn report(&mut self, cx: &mut Cx<'_>, done: WriteBack, may_wait: bool) -> u64 {
        let thresholds = self.transmit_thresholds();
        if !thresholds.gathers() {
            done.carry_out(cx, "transmit descriptor write-back");
            return self.transmit_interrupt(cx, may_wait);
        }
        self.tx.unreported.push(done);
        // Its own delay, if it has one, writes back what is too little for the threshold.
        let delayed = may_wait && self.transmit_interrupt(cx, true) == 0;
        if thresholds.is_reached(self.tx.unreported.len()) || (may_wait && !delayed) {
            self.flush_transmitted(cx);
            return if delayed { 0 } else { self.transmit_interrupt(cx, may_wait) };
        }
        0
    }

    /// The descriptor is done with: status goes back, the head moves on.
    fn complete(
        &mut self,
        cx: &mut Cx<'_>,
        ring: &mut Ring,
        descriptor: TxDescriptor,
        causes: &mut u64,
    ) {
        if descriptor.report_status() {
            let at = ring.at_head().plus(12);
            let done = WriteBack::status(at, descriptor.completed_status());
            *causes |= self.report(cx, done, descriptor.delay_interrupt());
        }
        ring.advance();
        self.bank.set(Reg::TDH, u64::from(ring.head));
        self.tx.current = None;
        // LWTHRESH counts in units of eight descriptors.
        let low = (self.bank.get(Reg::TXDCTL) >> 25 & 0x7f).saturating_mul(8);
        if low != 0 && u64::from(ring.available()) == low.saturating_sub(1) {
            *causes |= cause::TXD_LOW;
        }
    }
}
