//! Delivery: from what waits into one chain, or with merged buffers into as many as it takes (virtio 1.3 §5.1.6.4).
//!
//! Chains are put back untouched while there are not enough of them; until then the frame waits and the peer behind it. So
//! a failure half-way leaves the ring as it was.

use elnic_contract::{Cx, DmaError, DropReason, LogEntry};
use elnic_virtio::{Chain, Cursor, Queue, QueueError, Used};

use crate::VirtioNet;
use crate::features::{GUEST_TSO4, GUEST_TSO6, GUEST_UFO, MRG_RXBUF};
use crate::header::Header;
use crate::receive::{Incoming, receive_queue};
use crate::statistics::add;
use crate::strict::Broken;

/// Descriptors that one frame may take.
const MAX_DESCRIPTORS: usize = 2048;
/// Frames that one entry delivers before it gives way.
const BUDGET_FRAMES: u32 = 64;
/// Descriptors that it fills.
const BUDGET_DESCRIPTORS: usize = 2048;

/// What became of the frame that waited longest.
enum Delivery {
    /// The driver has it, in so many descriptors.
    Done(usize),
    /// It cannot be delivered.
    Lost(DropReason),
    /// There are not enough buffers yet.
    NoBuffers,
}

impl VirtioNet {
    /// Delivers what waits, as far as there are buffers; says why the last one lost was.
    pub(crate) fn deliver(&mut self, cx: &mut Cx<'_>, pair: u16) -> Option<DropReason> {
        let (mut lost, mut delivered) = (None, 0_u32);
        let (mut frames, mut descriptors) = (0_u32, 0_usize);
        while let Some(frame) = self.next_stored(cx, pair) {
            if frames >= BUDGET_FRAMES || descriptors >= BUDGET_DESCRIPTORS {
                self.wait_again(pair, frame);
                self.resume_later(cx);
                break;
            }
            frames = frames.saturating_add(1);
            match self.hand_over(cx, pair, frame.header, &frame.data) {
                Delivery::Done(taken) => {
                    descriptors = descriptors.saturating_add(taken);
                    delivered = delivered.saturating_add(1);
                }
                Delivery::NoBuffers => {
                    self.wait_again(pair, frame);
                    break;
                }
                Delivery::Lost(reason) => lost = Some(reason),
            }
        }
        if delivered > 0 {
            self.completed(cx, receive_queue(pair), delivered);
        }
        self.look_for_buffers(cx, pair);
        self.await_store(cx);
        lost
    }

    /// Delivers a frame before which none waits, if it need not wait itself; `None` if it has to.
    pub(crate) fn deliver_at_once(
        &mut self,
        cx: &mut Cx<'_>,
        pair: u16,
        header: Header,
        data: &[u8],
    ) -> Option<Result<(), DropReason>> {
        let result = match self.hand_over(cx, pair, header, data) {
            Delivery::Done(_) => {
                self.completed(cx, receive_queue(pair), 1);
                Ok(())
            }
            Delivery::NoBuffers => return None,
            Delivery::Lost(reason) => Err(reason),
        };
        self.look_for_buffers(cx, pair);
        Some(result)
    }

    /// The driver has given a pair buffers: whoever waits for them gets them.
    pub(crate) fn buffers_came(&mut self, cx: &mut Cx<'_>, pair: u16) {
        let backlog = self.rx.pairs.get(usize::from(pair));
        if backlog.is_some_and(|backlog| backlog.starved || !backlog.frames.is_empty()) {
            self.deliver(cx, pair);
        }
    }

    /// Delivers one frame and counts what became of it, unless it waits for buffers.
    fn hand_over(&mut self, cx: &mut Cx<'_>, pair: u16, header: Header, data: &[u8]) -> Delivery {
        let delivery = match self.deliver_one(cx, pair, header, data) {
            Delivery::NoBuffers if self.settings.rx_drop => Delivery::Lost(DropReason::NoBuffers),
            delivery => delivery,
        };
        match delivery {
            Delivery::Done(_) => self.count_delivered(pair, header, data.len()),
            Delivery::Lost(reason) => self.lose(cx, reason, data.len(), pair),
            Delivery::NoBuffers => {}
        }
        delivery
    }

    fn next_stored(&mut self, cx: &Cx<'_>, pair: u16) -> Option<Incoming> {
        let frames = &mut self.rx.pairs.get_mut(usize::from(pair))?.frames;
        if frames.front()?.at > cx.now { None } else { frames.pop_front() }
    }

    fn wait_again(&mut self, pair: u16, frame: Incoming) {
        if let Some(backlog) = self.rx.pairs.get_mut(usize::from(pair)) {
            backlog.frames.push_front(frame);
        }
    }

    fn count_delivered(&mut self, pair: u16, header: Header, length: usize) {
        self.counters.received(length);
        self.statistics.count(receive_queue(pair), |counters| {
            add(&mut counters.packets, 1);
            add(&mut counters.bytes, length);
            let (needs, valid) = header.checksum_flags();
            add(&mut counters.checksum_needed, usize::from(needs));
            add(&mut counters.checksum_valid, usize::from(valid));
            add(&mut counters.checksum_none, usize::from(!needs && !valid));
            if header.is_large() {
                add(&mut counters.gso_packets, 1);
                add(&mut counters.gso_bytes, length);
            }
        });
    }

    /// Sees whether a frame could be delivered; if not, asks the driver to say when there are more buffers.
    pub(crate) fn look_for_buffers(&mut self, cx: &mut Cx<'_>, pair: u16) {
        let queue = receive_queue(pair);
        if self.is_lent(queue) {
            return;
        }
        let more = self.transport.has_more(cx, queue).unwrap_or(false);
        let ready = self.transport.ready(queue);
        let Some(backlog) = self.rx.pairs.get_mut(usize::from(pair)) else { return };
        backlog.starved = !more && ready;
        if backlog.starved || !backlog.frames.is_empty() {
            self.transport.await_more(cx, queue);
        }
    }

    fn deliver_one(&mut self, cx: &mut Cx<'_>, pair: u16, header: Header, data: &[u8]) -> Delivery {
        let queue = receive_queue(pair);
        let negotiated = self.transport.negotiated();
        let header_length = Header::length(negotiated);
        let total = header_length.saturating_add(data.len()) as u64;
        let chains = match self.collect(cx, queue, total) {
            Ok(chains) => chains,
            Err(delivery) => return delivery,
        };
        let count = u16::try_from(chains.len()).unwrap_or(u16::MAX);
        let header = header.bytes(count);
        let parts = [header.get(..header_length).unwrap_or_default(), data];
        let given = match scatter(cx, &chains, parts) {
            Ok(used) => self.transport.give_back(cx, queue, &used),
            Err(error) => {
                cx.log.record(LogEntry::Dma { doing: "receive data store", error });
                false
            }
        };
        if !given {
            self.transport.put_back(queue, &chains);
            return Delivery::Lost(DropReason::DmaError);
        }
        Delivery::Done(chains.iter().fold(0, |sum, chain| sum.saturating_add(chain.descriptors())))
    }

    /// The next chains, as many as `total` bytes need. If there are too few they are put back.
    fn collect(&mut self, cx: &mut Cx<'_>, queue: u16, total: u64) -> Result<Vec<Chain>, Delivery> {
        let merges = self.transport.has(MRG_RXBUF);
        let size = self.transport.queue(queue).map_or(0, Queue::size);
        let mut chains = Vec::with_capacity(1);
        let (mut room, mut descriptors, mut slots) = (0_u64, 0_usize, 0_u16);
        let failure = loop {
            if !self.transport.ready(queue) {
                break Delivery::Lost(DropReason::BadDescriptor);
            }
            let Some(chain) = self.transport.take(cx, queue) else {
                // A frame that no number of buffers can take must not wait for ever.
                let full = slots >= size || chains.len() >= usize::from(size);
                break match self.transport.ready(queue) {
                    true if full => Delivery::Lost(DropReason::TooLong),
                    true => Delivery::NoBuffers,
                    false => Delivery::Lost(DropReason::BadDescriptor),
                };
            };
            let bytes = chain.writable_bytes();
            if bytes == 0 {
                let what = "receive chain without anything to write to";
                self.transport.fail(cx, QueueError::rule(what, chain.id));
                return Err(Delivery::Lost(DropReason::BadDescriptor));
            }
            self.check_room(cx, bytes);
            room = room.saturating_add(bytes);
            slots = slots.saturating_add(chain.slots);
            descriptors = descriptors.saturating_add(chain.descriptors());
            chains.push(chain);
            if room >= total {
                return Ok(chains);
            }
            if !merges {
                break Delivery::Lost(DropReason::TooLong);
            }
            if descriptors > MAX_DESCRIPTORS {
                break Delivery::Lost(DropReason::NoBuffers);
            }
        };
        self.transport.put_back(queue, &chains);
        Err(failure)
    }

    /// §5.1.6.3.1: without merged buffers each has to take the longest frame.
    fn check_room(&mut self, cx: &mut Cx<'_>, bytes: u64) {
        if !self.strict.is_on() {
            return;
        }
        let large = self.transport.negotiated() & (GUEST_TSO4 | GUEST_TSO6 | GUEST_UFO) != 0;
        let header = Header::length(self.transport.negotiated()) as u64;
        let frame = if self.transport.has(MRG_RXBUF) {
            0
        } else if large {
            65_550
        } else {
            1_514
        };
        if bytes < header.saturating_add(frame) {
            self.broke(cx, Broken::ReceiveBufferShort, "descriptor.len", bytes);
        }
    }
}

/// Writes `parts` one behind the other into chains.
fn scatter(cx: &mut Cx<'_>, chains: &[Chain], parts: [&[u8]; 2]) -> Result<Vec<Used>, DmaError> {
    let mut used = Vec::with_capacity(chains.len());
    let [mut header, mut data] = parts;
    for chain in chains {
        let mut cursor = Cursor::new(chain.writable());
        let first = cursor.write(cx.dma, header)?;
        header = header.get(first..).unwrap_or_default();
        let second = if header.is_empty() { cursor.write(cx.dma, data)? } else { 0 };
        data = data.get(second..).unwrap_or_default();
        let written = u32::try_from(first.saturating_add(second)).unwrap_or(u32::MAX);
        used.push(chain.used(written));
    }
    Ok(used)
}
