//! Transmission (virtio 1.3 §5.1.6.2): chains become frames, with the work their headers leave to the device done here
//! if the peer does not do it.

use elnic_contract::{Checksum, Cx, DropReason, Frame, LogEntry, Offload, VDuration};
use elnic_virtio::{Chain, Cursor, QueueError};
use elnic_wire::offload;

use crate::VirtioNet;
use crate::features::MTU;
use crate::header::{COMMON, Header, HeaderError};
use crate::line::Outgoing;
use crate::statistics::add;
use crate::strict::{Broken, RULES};
use crate::timers::Timer;

/// Descriptors that one entry works on before it gives way.
pub(crate) const BUDGET_DESCRIPTORS: usize = 2048;
/// Segments that it makes.
const BUDGET_PIECES: usize = 1024;
/// Segments that one frame may be cut into; more is a mistake of the driver.
const MAX_PIECES: usize = 2048;
/// When work goes on that gave way.
const BREATHER: VDuration = VDuration::from_micros(10);

/// The transmit queue of a pair.
pub(crate) const fn transmit_queue(pair: u16) -> u16 {
    pair.saturating_mul(2).saturating_add(1)
}

/// What a chain comes to.
pub(crate) enum Sending {
    /// One frame.
    One(Frame),
    /// The frames it was cut into.
    Many(Vec<Frame>),
    /// Nothing.
    Lost(DropReason),
}

impl Sending {
    fn pieces(&self) -> usize {
        match self {
            Self::One(_) | Self::Lost(_) => 1,
            Self::Many(pieces) => pieces.len(),
        }
    }
}

/// What one chain cost.
struct Cost {
    descriptors: usize,
    pieces: usize,
    /// The driver has it back.
    done: bool,
}

impl VirtioNet {
    /// Works on the transmit queues of all pairs.
    pub(crate) fn transmit_all(&mut self, cx: &mut Cx<'_>) {
        for pair in 0..self.active_pairs {
            self.transmit(cx, pair);
        }
    }

    /// Works on the transmit queue of `pair` as far as it can.
    pub(crate) fn transmit(&mut self, cx: &mut Cx<'_>, pair: u16) {
        let queue = transmit_queue(pair);
        if !self.transport.ready(queue) {
            return;
        }
        let (mut chains, mut descriptors, mut pieces, mut done) = (0_u32, 0_usize, 0_usize, 0_u32);
        // With a full FIFO work goes on when the line has taken something.
        while !self.line.is_full() {
            let tired = chains >= self.settings.transmit_burst
                || descriptors >= BUDGET_DESCRIPTORS
                || pieces >= BUDGET_PIECES;
            if tired {
                self.resume_later(cx);
                break;
            }
            let Some(cost) = self.transmit_step(cx, pair, queue) else { break };
            chains = chains.saturating_add(1);
            descriptors = descriptors.saturating_add(cost.descriptors);
            pieces = pieces.saturating_add(cost.pieces);
            done = done.saturating_add(cost.done.into());
        }
        if done > 0 {
            self.completed(cx, queue, done);
        }
        self.schedule_line(cx);
    }

    /// Work goes on after a while.
    pub(crate) fn resume_later(&mut self, cx: &mut Cx<'_>) {
        if !self.timers.pending(Timer::Resume) {
            self.timers.arm(cx, Timer::Resume, cx.now + BREATHER);
        }
    }

    fn transmit_step(&mut self, cx: &mut Cx<'_>, pair: u16, queue: u16) -> Option<Cost> {
        let Some(chain) = self.transport.take(cx, queue) else {
            self.transport.await_more(cx, queue);
            return None;
        };
        let header = Header::length(self.transport.negotiated());
        if chain.readable_bytes() < header as u64 {
            let error = QueueError::rule("transmit chain shorter than its header", chain.id);
            self.transport.fail(cx, error);
            return None;
        }
        let sending = self.compose(cx, &chain, header, pair).unwrap_or_else(Sending::Lost);
        let (descriptors, pieces) = (chain.descriptors(), sending.pieces());
        let timed = self.takes_time();
        if timed {
            let ready_at = self.fetched_at(cx, chain.readable_bytes());
            let pieces = self.settle(cx, queue, sending, &chain);
            self.line.push(Outgoing { queue, used: chain.used(0), pieces, ready_at });
        } else {
            // The frame leaves only once the driver has its buffers back: a ring that cannot be written sends nothing
            // twice.
            if !self.transport.give_back(cx, queue, &[chain.used(0)]) {
                self.transport.put_back(queue, std::slice::from_ref(&chain));
                return None;
            }
            match sending {
                Sending::One(frame) => self.send(cx, queue, frame),
                other => {
                    for frame in self.settle(cx, queue, other, &chain) {
                        self.send(cx, queue, frame);
                    }
                }
            }
        }
        Some(Cost { descriptors, pieces, done: !timed })
    }

    /// The frames to be sent; what is lost is counted.
    fn settle(
        &mut self,
        cx: &mut Cx<'_>,
        queue: u16,
        sending: Sending,
        chain: &Chain,
    ) -> std::collections::VecDeque<Frame> {
        match sending {
            Sending::One(frame) => [frame].into(),
            Sending::Many(frames) => frames.into(),
            Sending::Lost(reason) => {
                let length = u32::try_from(chain.readable_bytes()).unwrap_or(u32::MAX);
                self.lose_outgoing(cx, queue, reason, length);
                std::collections::VecDeque::new()
            }
        }
    }

    /// A frame will not leave.
    pub(crate) fn lose_outgoing(
        &mut self,
        cx: &mut Cx<'_>,
        queue: u16,
        reason: DropReason,
        length: u32,
    ) {
        cx.log.record(LogEntry::Dropped { reason, length });
        self.counters.drop_sent(reason);
        self.statistics.count(queue, |counters| {
            add(&mut counters.drops, 1);
            if reason == DropReason::BadDescriptor {
                add(&mut counters.drops_special, 1);
            }
        });
    }

    /// A frame goes onto the cable.
    pub(crate) fn send(&mut self, cx: &mut Cx<'_>, queue: u16, frame: Frame) {
        self.counters.sent(frame.len());
        self.statistics.count(queue, |counters| {
            add(&mut counters.packets, 1);
            add(&mut counters.bytes, frame.len());
        });
        cx.outbox.send(frame);
    }

    /// Fetches what a chain holds and makes of it what leaves.
    fn compose(
        &mut self,
        cx: &mut Cx<'_>,
        chain: &Chain,
        header_length: usize,
        pair: u16,
    ) -> Result<Sending, DropReason> {
        if self.strict.is_on() && !chain.writable().is_empty() {
            self.broke(cx, Broken::TransmitWritable, "descriptor.flags", chain.id.into());
        }
        if !self.link_up {
            return Err(DropReason::LinkDown);
        }
        let mut cursor = Cursor::new(chain.readable());
        let length = chain.readable_bytes().saturating_sub(header_length as u64);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(1..=Frame::MAX_LENGTH).contains(&length) {
            return Err(DropReason::BadDescriptor);
        }
        let mut bytes = vec![0; length];
        let fetched = cursor.array::<COMMON>(cx.dma).and_then(|header| {
            cursor.skip(header_length.saturating_sub(COMMON) as u64);
            cursor.read(cx.dma, &mut bytes)?;
            Ok(header)
        });
        let header = fetched.map_err(|error| {
            cx.log.record(LogEntry::Dma { doing: "transmit data fetch", error });
            DropReason::DmaError
        })?;
        let header = Header::parse(header.unwrap_or_default());
        self.learn(&bytes, pair);
        let negotiated = self.transport.negotiated();
        let frame = match header.frame(bytes, cx.now, negotiated) {
            Ok(frame) => frame,
            Err(error) => return self.wrong_header(cx, chain, header_length, error),
        };
        if header.is_large() && !header.checksum_flags().0 {
            let rule = Broken::TransmitLargeWithoutChecksum;
            self.broke(cx, rule, "virtio_net_hdr.flags", chain.id.into());
        }
        if negotiated & MTU != 0 && !header.is_large() && frame.len() > self.longest_frame() {
            self.broke(cx, Broken::TransmitLongerThanMtu, "frame", frame.len() as u64);
        }
        self.expand(transmit_queue(pair), frame)
    }

    /// A header that asks for what was not negotiated asks for nothing; one that lies loses its frame (CVE-2016-2857).
    fn wrong_header(
        &mut self,
        cx: &mut Cx<'_>,
        chain: &Chain,
        header_length: usize,
        error: HeaderError,
    ) -> Result<Sending, DropReason> {
        if error == HeaderError::Wrong {
            self.broke(cx, Broken::TransmitHeaderWrong, "virtio_net_hdr", chain.id.into());
            return Err(error.reason());
        }
        let rule = Broken::TransmitHeaderWithoutFeature;
        self.broke(cx, rule, "virtio_net_hdr.flags", chain.id.into());
        let mut cursor = Cursor::new(chain.readable());
        cursor.skip(header_length as u64);
        let mut bytes = vec![0; usize::try_from(cursor.left()).unwrap_or(0)];
        cursor.read(cx.dma, &mut bytes).map_err(|_| DropReason::DmaError)?;
        Frame::new(bytes, cx.now).map(Sending::One).map_err(|_| DropReason::BadDescriptor)
    }

    /// Does the work that is left in a frame, unless there is none or the other end of the cable does it.
    fn expand(&mut self, queue: u16, frame: Frame) -> Result<Sending, DropReason> {
        let Offload { checksum, segmentation } = frame.offload();
        self.statistics.count(queue, |counters| match checksum {
            Checksum::Partial { .. } => add(&mut counters.checksum_needed, 1),
            Checksum::Complete | Checksum::Valid => add(&mut counters.checksum_none, 1),
        });
        if frame.offload() == Offload::default() {
            return Ok(Sending::One(frame));
        }
        let length = frame.len();
        if let Some(segmentation) = segmentation {
            let payload = length.saturating_sub(segmentation.header_length.into());
            let pieces = payload.div_ceil(usize::from(segmentation.size).max(1));
            if pieces > MAX_PIECES {
                return Err(DropReason::BadDescriptor);
            }
            self.statistics.count(queue, |counters| {
                add(&mut counters.gso_packets, 1);
                add(&mut counters.gso_bytes, length);
            });
        }
        if self.peer.takes(frame.offload()) {
            if segmentation.is_some() {
                self.statistics.count(queue, |counters| {
                    add(&mut counters.gso_whole, 1);
                    add(&mut counters.gso_whole_bytes, length);
                });
            }
            return Ok(Sending::One(frame));
        }
        let pieces = offload::materialise(&frame).map_err(|_| DropReason::BadDescriptor)?;
        if segmentation.is_some() {
            let bytes = pieces.iter().map(Frame::len).sum::<usize>();
            self.statistics.count(queue, |counters| {
                add(&mut counters.gso_segments, pieces.len());
                add(&mut counters.gso_segment_bytes, bytes);
            });
        }
        Ok(Sending::Many(pieces))
    }

    /// A rule of the network device was broken by `value` in `register`.
    pub(crate) fn broke(
        &mut self,
        cx: &mut Cx<'_>,
        rule: Broken,
        register: &'static str,
        value: u64,
    ) {
        self.strict.broken(cx.log, RULES, rule as usize, register, value);
    }
}
