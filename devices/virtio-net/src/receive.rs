//! Reception (virtio 1.3 §5.1.6.4): a frame arrives, is filtered and steered, and waits for time and buffers.

use std::collections::VecDeque;

use bytes::Bytes;
use elnic_contract::{Cx, DropReason, Frame, LogEntry, NotReady, VDuration, VTime};
use elnic_wire::{ethernet, offload, vlan};

use crate::VirtioNet;
use crate::features::{CTRL_VLAN, MTU};
use crate::header::Header;
use crate::rsc::Rsc;
use crate::statistics::add;
use crate::timers::Timer;

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

impl VirtioNet {
    /// Why no frame can be taken now.
    pub(crate) fn obstacle(&self) -> Option<NotReady> {
        if !self.link_up {
            return Some(NotReady::LinkDown);
        }
        // Frames for rings that others work on do not come this way.
        if self.settings.lent || !self.transport.ready(receive_queue(0)) {
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
        if self.settings.lent {
            self.lose(cx, DropReason::ReceiverOff, frame.len(), 0);
            return Err(DropReason::ReceiverOff);
        }
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
            let soonest = cx.now + VDuration::from_picos(1);
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
            pair = self.steer(piece.data(), &mut header);
            let at = self.stored_at(cx, piece.len());
            let waits = self.rx.pairs.get(usize::from(pair)).is_none_or(|it| !it.frames.is_empty());
            if pieces.len() == 1
                && at <= cx.now
                && !waits
                && let Some(result) = self.deliver_at_once(cx, pair, header, piece.data())
            {
                return result;
            }
            let data = piece.bytes();
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

    pub(crate) fn await_store(&mut self, cx: &mut Cx<'_>) {
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
