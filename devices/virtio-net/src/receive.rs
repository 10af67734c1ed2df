//! Reception (virtio 1.3 §5.1.6.4): filter, steer, then into one chain, or with merged buffers into as many as it takes.
//!
//! Chains are put back untouched while there are not enough of them; until then the frame waits here and the peer behind
//! it. So a failure half-way leaves the ring as it was.

use std::collections::VecDeque;

use bytes::Bytes;
use elnic_contract::{Cx, DropReason, Frame, LogEntry, NotReady, VTime};
use elnic_virtio::{Chain, Cursor, QueueError, Used};
use elnic_wire::{ethernet, offload, vlan};

use crate::VirtioNet;
use crate::features::{CTRL_VLAN, GUEST_TSO4, GUEST_TSO6, GUEST_UFO, MRG_RXBUF, MTU};
use crate::header::Header;
use crate::rsc::Rsc;
use crate::statistics::add;
use crate::strict::Broken;
use crate::timers::Timer;

/// Descriptors that one frame may take.
const MAX_DESCRIPTORS: usize = 2048;
/// Frames that one entry delivers before it gives way.
const BUDGET_FRAMES: u32 = 64;
/// Descriptors that it fills.
const BUDGET_DESCRIPTORS: usize = 2048;

/// The receive queue of a pair.
pub(crate) const fn receive_queue(pair: u16) -> u16 {
    pair.saturating_mul(2)
}

/// A frame that passed the filter and waits for time or buffers.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) header: Header,
    pub(crate) data: Bytes,
    /// When it has crossed the bus.
    pub(crate) at: VTime,
}

/// What waits for one pair's buffers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backlog {
    pub(crate) frames: VecDeque<Incoming>,
    /// The driver knows that we wait for buffers.
    pub(crate) starved: bool,
}

/// State of the receiver.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver {
    /// By pair.
    pub(crate) pairs: Vec<Backlog>,
    /// Frames whose last bit has not arrived yet, with the time when it will.
    pub(crate) arriving: VecDeque<(VTime, Frame)>,
    /// Segments that are being put together.
    pub(crate) rsc: Rsc,
}

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
    /// Why no frame can be taken now.
    pub(crate) fn obstacle(&self) -> Option<NotReady> {
        if !self.link_up {
            return Some(NotReady::LinkDown);
        }
        if !self.transport.ready(receive_queue(0)) {
            return Some(NotReady::DriverNotReady);
        }
        if !self.rx.arriving.is_empty() {
            return Some(NotReady::LineBusy);
        }
        if self.settings.rx_drop {
            return None;
        }
        let limit = self.backlog_limit();
        let mut active = self.rx.pairs.iter().take(usize::from(self.active_pairs));
        let full = active.all(|pair| pair.starved || pair.frames.len() >= limit);
        full.then_some(NotReady::NoBuffers)
    }

    /// Frames that may wait in one pair. With one pair the peer waits instead, unless the bus takes its time.
    fn backlog_limit(&self) -> usize {
        let one = self.active_pairs <= 1 && self.settings.fidelity.bus.is_none();
        if one { 1 } else { self.settings.rx_backlog }
    }

    /// The longest frame that is not a large one, without FCS; a VLAN tag is no part of it.
    pub(crate) fn longest_frame(&self) -> usize {
        usize::from(self.settings.mtu)
            .saturating_add(ethernet::HEADER_LENGTH)
            .saturating_add(vlan::TAG_LENGTH)
    }

    /// A received frame is lost.
    pub(crate) fn lose(&mut self, cx: &mut Cx<'_>, reason: DropReason, length: usize, pair: u16) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        cx.log.record(LogEntry::Dropped { reason, length });
        self.counters.drop_received(reason);
        self.statistics.count(receive_queue(pair), |counters| {
            add(&mut counters.drops, 1);
            if reason == DropReason::NoBuffers {
                add(&mut counters.drops_special, 1);
            }
        });
    }

    /// A frame is on the cable; its last bit may still be to come.
    pub(crate) fn take(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Result<(), DropReason> {
        if self.settings.fidelity.line.is_some() && self.link_up {
            let end = self.occupy_receiving(cx, frame);
            if end > cx.now || !self.rx.arriving.is_empty() {
                self.rx.arriving.push_back((end, frame.clone()));
                self.await_arrival(cx);
                return Ok(());
            }
        }
        self.arrive(cx, frame)
    }

    fn await_arrival(&mut self, cx: &mut Cx<'_>) {
        if let Some((at, _)) = self.rx.arriving.front()
            && !self.timers.pending(Timer::ReceiveLine)
        {
            let soonest = cx.now + elnic_contract::VDuration::from_picos(1);
            self.timers.arm(cx, Timer::ReceiveLine, soonest.max(*at));
        }
    }

    /// The last bit of the first frame on the cable is here.
    pub(crate) fn frame_has_arrived(&mut self, cx: &mut Cx<'_>) {
        if let Some((_, frame)) = self.rx.arriving.pop_front() {
            let _ = self.arrive(cx, &frame);
        }
        self.await_arrival(cx);
    }

    /// The last bit of a frame is here.
    fn arrive(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Result<(), DropReason> {
        let refused = if !self.link_up {
            Err(DropReason::LinkDown)
        } else if !self.transport.ready(receive_queue(0)) {
            Err(DropReason::ReceiverOff)
        } else if frame.error().is_some() {
            Err(DropReason::LineError)
        } else {
            self.filter.check(frame.data(), self.transport.has(CTRL_VLAN))
        };
        let large = frame.offload().segmentation.is_some();
        let long = self.transport.has(MTU) && !large && frame.len() > self.longest_frame();
        let refused = refused.and(if long { Err(DropReason::TooLong) } else { Ok(()) });
        if let Err(reason) = refused {
            self.lose(cx, reason, frame.len(), 0);
            return Err(reason);
        }
        if self.coalesce(cx, frame) {
            return Ok(());
        }
        if let Some(header) = Header::for_driver(frame, self.guest_offloads) {
            return self.admit(cx, header, std::slice::from_ref(frame));
        }
        // The driver does not take the work that is left; it gets what a cable would carry.
        match offload::materialise(frame) {
            Ok(pieces) => self.admit(cx, Header::default(), &pieces),
            Err(_) => {
                self.lose(cx, DropReason::LineError, frame.len(), 0);
                Err(DropReason::LineError)
            }
        }
    }

    /// A frame, or all that it was cut into, goes to its pair, behind the others there.
    pub(crate) fn admit(
        &mut self,
        cx: &mut Cx<'_>,
        header: Header,
        pieces: &[Frame],
    ) -> Result<(), DropReason> {
        let limit = self.backlog_limit();
        let mut pair = 0;
        let mut waited = false;
        for (number, piece) in pieces.iter().enumerate() {
            let mut header = header;
            let data = piece.bytes();
            pair = self.steer(&data, &mut header);
            let at = self.stored_at(cx, data.len());
            let Some(backlog) = self.rx.pairs.get_mut(usize::from(pair)) else { return Ok(()) };
            if number == 0 {
                waited = !backlog.frames.is_empty();
                if backlog.frames.len() >= limit {
                    self.lose(cx, DropReason::NoBuffers, piece.len(), pair);
                    return Err(DropReason::NoBuffers);
                }
            }
            backlog.frames.push_back(Incoming { header, data, at });
        }
        if waited {
            // What is before them waits for time or buffers, and they behind it.
            return Ok(());
        }
        self.deliver(cx, pair).map_or(Ok(()), Err)
    }

    fn await_store(&mut self, cx: &mut Cx<'_>) {
        let first = |backlog: &Backlog| backlog.frames.front().map(|first| first.at);
        let next = self.rx.pairs.iter().filter_map(first).filter(|at| *at > cx.now).min();
        if let Some(next) = next
            && self.timers.deadline(Timer::ReceiveDma) != Some(next)
        {
            self.timers.arm(cx, Timer::ReceiveDma, next);
        }
    }

    /// Delivers what waits for all pairs.
    pub(crate) fn deliver_all(&mut self, cx: &mut Cx<'_>) {
        for pair in 0..self.settings.pairs {
            self.deliver(cx, pair);
        }
    }

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
            match self.deliver_one(cx, pair, &frame) {
                Delivery::Done(taken) => {
                    self.count_delivered(pair, &frame);
                    descriptors = descriptors.saturating_add(taken);
                    delivered = delivered.saturating_add(1);
                }
                Delivery::NoBuffers if !self.settings.rx_drop => {
                    self.wait_again(pair, frame);
                    break;
                }
                Delivery::NoBuffers => {
                    self.lose(cx, DropReason::NoBuffers, frame.data.len(), pair);
                    lost = Some(DropReason::NoBuffers);
                }
                Delivery::Lost(reason) => {
                    self.lose(cx, reason, frame.data.len(), pair);
                    lost = Some(reason);
                }
            }
        }
        if delivered > 0 {
            self.completed(cx, receive_queue(pair), delivered);
        }
        self.look_for_buffers(cx, pair);
        self.await_store(cx);
        lost
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

    fn count_delivered(&mut self, pair: u16, frame: &Incoming) {
        let (length, header) = (frame.data.len(), frame.header);
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
        let more = self.transport.has_more(cx, queue).unwrap_or(false);
        let ready = self.transport.ready(queue);
        let Some(backlog) = self.rx.pairs.get_mut(usize::from(pair)) else { return };
        backlog.starved = !more && ready;
        if backlog.starved || !backlog.frames.is_empty() {
            self.transport.await_more(cx, queue);
        }
    }

    fn deliver_one(&mut self, cx: &mut Cx<'_>, pair: u16, frame: &Incoming) -> Delivery {
        let queue = receive_queue(pair);
        let negotiated = self.transport.negotiated();
        let header_length = Header::length(negotiated);
        let total = header_length.saturating_add(frame.data.len()) as u64;
        let chains = match self.collect(cx, queue, total) {
            Ok(chains) => chains,
            Err(delivery) => return delivery,
        };
        let count = u16::try_from(chains.len()).unwrap_or(u16::MAX);
        let header = frame.header.bytes(count);
        let parts = [header.get(..header_length).unwrap_or_default(), &frame.data];
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
        let size = self.transport.queue(queue).map_or(0, elnic_virtio::Queue::size);
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

    /// Everything that waits is lost, because the driver is.
    pub(crate) fn forget_incoming(&mut self, cx: &mut Cx<'_>) {
        let receiver = std::mem::take(&mut self.rx);
        let waiting = receiver.pairs.iter().zip(0..).flat_map(|(backlog, pair)| {
            backlog.frames.iter().map(move |frame| (frame.data.len(), pair))
        });
        let arriving = receiver.arriving.iter().map(|(_, frame)| (frame.len(), 0));
        let coalescing = receiver.rsc.lengths().map(|length| (length, 0));
        for (length, pair) in waiting.chain(arriving).chain(coalescing) {
            self.lose(cx, DropReason::ReceiverOff, length, pair);
        }
        self.rx.pairs = vec![Backlog::default(); usize::from(self.settings.pairs)];
    }
}

/// Writes `parts` one behind the other into chains.
fn scatter(
    cx: &mut Cx<'_>,
    chains: &[Chain],
    parts: [&[u8]; 2],
) -> Result<Vec<Used>, elnic_contract::DmaError> {
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
