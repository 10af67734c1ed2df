//! Reception (virtio 1.3 §5.1.6.4): filter, then into one chain, or with merged buffers into as many as it takes.
//!
//! Buffers are looked at first and used only when there are enough of them; until then the frame waits here and the peer
//! behind it. So a failure half-way leaves the ring as it was.

use elnic_contract::{Cx, DropReason, LogEntry, NotReady};
use elnic_virtio::{Chain, Cursor, QueueError};

use crate::VirtioNet;
use crate::features::{self, RECEIVE};

/// Descriptors that one frame may take.
const MAX_DESCRIPTORS: usize = 2048;
/// Frames that one entry delivers before it gives way.
const BUDGET_FRAMES: u32 = 64;
/// Descriptors that it fills.
const BUDGET_DESCRIPTORS: usize = 2048;

/// What became of the frame that waited longest.
pub(crate) enum Delivery {
    /// The driver has it, in so many descriptors.
    Done(usize),
    /// It cannot be delivered.
    Lost(DropReason),
    /// There are not enough buffers yet.
    NoBuffers,
}

impl VirtioNet {
    /// Why no frame can be taken now.
    pub(crate) fn obstacle(&self) -> Option<NotReady> {
        if !self.link_up {
            Some(NotReady::LinkDown)
        } else if !self.transport.ready(RECEIVE) {
            Some(NotReady::DriverNotReady)
        } else if self.starved || !self.waiting.is_empty() {
            Some(NotReady::NoBuffers)
        } else {
            None
        }
    }

    pub(crate) fn lose(&mut self, cx: &mut Cx<'_>, reason: DropReason, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        cx.log.record(LogEntry::Dropped { reason, length });
        self.counters.drop_received(reason);
    }

    /// Delivers what waits, as far as there are buffers; says why the last one lost was.
    pub(crate) fn deliver(&mut self, cx: &mut Cx<'_>) -> Option<DropReason> {
        let (mut lost, mut worked) = (None, false);
        let (mut frames, mut descriptors) = (0_u32, 0_usize);
        while let Some(frame) = self.waiting.pop_front() {
            if frames >= BUDGET_FRAMES || descriptors >= BUDGET_DESCRIPTORS {
                self.waiting.push_front(frame);
                self.resume_later(cx);
                break;
            }
            frames = frames.saturating_add(1);
            match self.deliver_one(cx, &frame) {
                Delivery::Done(taken) => {
                    self.counters.received(frame.len());
                    descriptors = descriptors.saturating_add(taken);
                    worked = true;
                }
                Delivery::Lost(reason) => {
                    self.lose(cx, reason, frame.len());
                    lost = Some(reason);
                }
                Delivery::NoBuffers => {
                    self.waiting.push_front(frame);
                    break;
                }
            }
        }
        if worked {
            self.transport.signal(cx, RECEIVE);
        }
        self.look_for_buffers(cx);
        lost
    }

    /// Sees whether a frame could be delivered; if not, asks the driver to say when there are more buffers.
    pub(crate) fn look_for_buffers(&mut self, cx: &mut Cx<'_>) {
        let available = self.transport.look(cx, RECEIVE).unwrap_or(0);
        self.starved = available == 0 && self.transport.ready(RECEIVE);
        if self.starved || !self.waiting.is_empty() {
            self.transport.await_more(cx, RECEIVE);
        }
    }

    fn deliver_one(&mut self, cx: &mut Cx<'_>, frame: &[u8]) -> Delivery {
        let header = self.header_length();
        let total = header.saturating_add(frame.len()) as u64;
        let chains = match self.collect(cx, total) {
            Ok(chains) => chains,
            Err(delivery) => return delivery,
        };
        let count = u16::try_from(chains.len()).unwrap_or(u16::MAX);
        let [low, high] = count.to_le_bytes();
        let whole: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, low, high];
        let mut bytes = Vec::with_capacity(header.saturating_add(frame.len()));
        bytes.extend_from_slice(whole.get(..header).unwrap_or_default());
        bytes.extend_from_slice(frame);
        let (mut rest, mut used) = (bytes.as_slice(), Vec::with_capacity(chains.len()));
        for chain in &chains {
            let written = match Cursor::new(&chain.writable).write(cx.dma, rest) {
                Ok(written) => written,
                Err(error) => {
                    cx.log.record(LogEntry::Dma { doing: "receive data store", error });
                    return Delivery::Lost(DropReason::DmaError);
                }
            };
            used.push((chain.head, u32::try_from(written).unwrap_or(u32::MAX)));
            rest = rest.get(written..).unwrap_or_default();
        }
        if !self.transport.give_back(cx, RECEIVE, &used) {
            return Delivery::Lost(DropReason::DmaError);
        }
        Delivery::Done(chains.iter().fold(0, |sum, chain| sum.saturating_add(chain.descriptors())))
    }

    /// The next chains, as many as `total` bytes need.
    fn collect(&mut self, cx: &mut Cx<'_>, total: u64) -> Result<Vec<Chain>, Delivery> {
        let failed = Delivery::Lost(DropReason::BadDescriptor);
        let Some(available) = self.transport.look(cx, RECEIVE) else { return Err(failed) };
        let merges = self.transport.has(features::MRG_RXBUF);
        let (mut chains, mut room, mut descriptors) = (Vec::new(), 0_u64, 0_usize);
        for ahead in 0..available {
            let Some(chain) = self.transport.chain(cx, RECEIVE, ahead) else { return Err(failed) };
            let bytes = chain.writable_bytes();
            if bytes == 0 {
                let what = "receive chain without anything to write to";
                self.transport.fail(cx, QueueError::rule(what, chain.head));
                return Err(failed);
            }
            room = room.saturating_add(bytes);
            descriptors = descriptors.saturating_add(chain.descriptors());
            chains.push(chain);
            if room >= total {
                return Ok(chains);
            }
            if !merges {
                return Err(Delivery::Lost(DropReason::TooLong));
            }
            if descriptors > MAX_DESCRIPTORS {
                return Err(Delivery::Lost(DropReason::NoBuffers));
            }
        }
        // A frame that no number of buffers can take must not wait for ever.
        let full = self.transport.queue(RECEIVE).is_some_and(|queue| available >= queue.size());
        Err(if full { Delivery::Lost(DropReason::TooLong) } else { Delivery::NoBuffers })
    }
}
