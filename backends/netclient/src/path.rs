//! The way of a frame from the port that sends it to the one that takes it.
//!
//! Filters, finishing, queue, hand-over: each a step of its own, none of which calls the one before it. What does not
//! arrive is counted with the sender, under its reason.

use elnic_contract::Frame;
use elnic_wire::offload::materialise;

use crate::filter::{Direction, Fault};
use crate::net_core::NetEvent;
use crate::port::{Kind, Port, PortId};
use crate::{Loss, NetCore};

impl NetCore {
    /// A frame leaves `from` for its peer: filters, then the queue.
    pub(crate) fn transmit(&mut self, from: PortId, frame: Frame) {
        let Some(sender) = self.ports.get_mut(from) else { return };
        sender.stats.sent(frame.len());
        let (peer, sender_up) = (sender.peer, sender.is_up());
        let filtered = !sender.filters.is_empty();
        let Some((to, receiver)) = peer.and_then(|to| Some((to, self.ports.get(to)?))) else {
            return self.lose(from, Loss::NoPeer, 1);
        };
        if !(sender_up && receiver.is_up()) {
            return self.lose(from, Loss::LinkDown, 1);
        }
        if filtered || !receiver.filters.is_empty() {
            let mut frames = vec![frame];
            self.filter(from, Direction::Tx, 0, &mut frames);
            self.filter(to, Direction::Rx, usize::MAX, &mut frames);
            self.changed(from, Loss::Filtered, 1, frames.len());
            for frame in frames {
                self.enqueue(from, to, frame);
            }
        } else {
            self.enqueue(from, to, frame);
        }
    }

    /// Passes frames through the filters of `at` that lie ahead of boundary `start`.
    fn filter(&mut self, at: PortId, direction: Direction, start: usize, frames: &mut Vec<Frame>) {
        let mut faults = Vec::new();
        if let Some(port) = self.ports.get_mut(at) {
            port.filters.run_from(start, self.now, direction, frames, &mut faults);
        }
        self.report(faults);
    }

    fn report(&mut self, faults: Vec<Fault>) {
        let events =
            faults.into_iter().map(|Fault { filter, why }| NetEvent::FilterFault { filter, why });
        self.events.extend(events);
    }

    /// Finishes a frame for its receiver and lets it wait there.
    fn enqueue(&mut self, from: PortId, to: PortId, frame: Frame) {
        let Some(receiver) = self.ports.get(to) else { return };
        let support = receiver.offload();
        if support.takes(frame.offload()) {
            return self.append(from, to, frame);
        }
        match materialise(&frame) {
            Ok(finished) => {
                self.changed(from, Loss::Unfinished, 1, finished.len());
                for frame in finished {
                    self.append(from, to, frame);
                }
            }
            Err(_) => self.lose(from, Loss::Unfinished, 1),
        }
    }

    fn append(&mut self, from: PortId, to: PortId, frame: Frame) {
        let limit = self.config.queue_limit;
        let Some(receiver) = self.ports.get_mut(to) else { return };
        if receiver.queue.len() >= limit {
            return self.lose(from, Loss::QueueFull, 1);
        }
        let pads = matches!(&receiver.kind, Kind::Nic(nic) if nic.pad_short);
        receiver.queue.push_back(if pads { padded(frame) } else { frame });
        self.schedule(to);
    }

    /// Notes that a port may have something to move.
    pub(crate) fn schedule(&mut self, id: PortId) {
        let Some(port) = self.ports.get_mut(id) else { return };
        let wants = !port.queue.is_empty() && !port.scheduled;
        if wants && !matches!(port.kind, Kind::Nic(_)) {
            port.scheduled = true;
            self.work.push_back(id);
        }
    }

    /// Works the list off, up to the configured number of frames.
    pub(crate) fn drain(&mut self) {
        let mut left = self.config.work_limit;
        while left > 0 {
            let Some(id) = self.work.pop_front() else { break };
            let Some(port) = self.ports.get_mut(id) else { continue };
            port.scheduled = false;
            let moved = match port.kind {
                Kind::Nic(_) => 0,
                Kind::Backend(_) => self.hand_over(id),
                Kind::HubPort(hub) => self.repeat(id, hub, left),
            };
            left = left.saturating_sub(moved);
        }
    }

    /// Hands a backend what waits for it, as far as it takes it. Returns how many frames it took.
    fn hand_over(&mut self, id: PortId) -> usize {
        let Some(port) = self.ports.get_mut(id) else { return 0 };
        let Kind::Backend(backend) = &mut port.kind else { return 0 };
        let offered = port.queue.len().min(backend.credits);
        if offered == 0 {
            return 0;
        }
        let batch = &mut self.batch;
        batch.extend(port.queue.drain(..offered));
        let bytes: usize = batch.iter().map(Frame::len).sum();
        backend.client.deliver(self.now, batch);
        let taken = offered.saturating_sub(batch.len());
        let left_bytes: usize = batch.iter().map(Frame::len).sum();
        port.stats.received(taken, bytes.saturating_sub(left_bytes));
        // A client that takes less than it said is asked again at the next input point, not at once.
        backend.credits = if batch.is_empty() { backend.credits - taken } else { 0 };
        while let Some(frame) = batch.pop_back() {
            port.queue.push_front(frame);
        }
        taken
    }

    /// How many frames `from` may send before they pile up; `hops` hubs were passed on the way.
    pub(crate) fn room_beyond(&self, from: PortId, hops: usize) -> usize {
        let window = self.config.window;
        let ends = self.ports.get(from).and_then(|sender| {
            let peer = sender.peer?;
            let receiver = self.ports.get(peer)?;
            (sender.is_up() && receiver.is_up()).then_some((peer, receiver))
        });
        // What is sent into nowhere is lost at once, so that it is not stale when somewhere is again.
        let Some((to, receiver)) = ends else { return window };
        let takes = match &receiver.kind {
            Kind::Nic(_) => window,
            Kind::Backend(backend) => backend.credits.min(window),
            Kind::HubPort(hub) => self.hub_room(to, *hub, hops),
        };
        takes.saturating_sub(receiver.queue.len())
    }

    fn is_up(&self, id: PortId) -> bool {
        self.ports.get(id).is_some_and(Port::is_up)
    }

    pub(crate) fn lose(&mut self, sender: PortId, reason: Loss, frames: usize) {
        if let Some(port) = self.ports.get_mut(sender) {
            port.stats.lose(reason, frames);
        }
    }

    fn changed(&mut self, sender: PortId, reason: Loss, before: usize, after: usize) {
        if let Some(port) = self.ports.get_mut(sender) {
            port.stats.changed(reason, before, after);
        }
    }

    /// Discards what is on its way between a port and its peer, in both directions.
    pub(crate) fn purge(&mut self, id: PortId, reason: Loss) {
        let Some(peer) = self.ports.get(id).and_then(|port| port.peer) else { return };
        for (receiver, sender) in [(id, peer), (peer, id)] {
            let Some(port) = self.ports.get_mut(receiver) else { continue };
            let frames = port.queue.len();
            port.queue.clear();
            self.lose(sender, reason, frames);
        }
    }

    pub(crate) fn tick_filters(&mut self) {
        for id in self.ports.ids() {
            let filters = self.ports.get(id).map_or(0, |port| port.filters.slots().len());
            for index in 0..filters {
                let mut released = Vec::new();
                let mut faults = Vec::new();
                let slot = self
                    .ports
                    .get_mut(id)
                    .and_then(|port| port.filters.slots_mut().get_mut(index))
                    .filter(|slot| slot.active);
                if let Some(slot) = slot
                    && let Err(why) = slot.filter.tick(self.now, &mut released)
                {
                    faults.push(Fault { filter: slot.id.clone(), why: why.to_string() });
                }
                self.report(faults);
                self.let_go(id, index, released);
            }
        }
        self.drain();
    }

    /// Frames that filter number `index` of netdev `id` had kept go on from behind it.
    pub(crate) fn let_go(&mut self, id: PortId, index: usize, released: Vec<(Direction, Frame)>) {
        for (direction, frame) in released {
            let Some(peer) = self.ports.get(id).and_then(|port| port.peer) else { return };
            let (from, to) = match direction {
                Direction::Tx => (id, peer),
                Direction::Rx => (peer, id),
            };
            let mut frames = vec![frame];
            match direction {
                Direction::Tx => {
                    self.filter(id, direction, index + 1, &mut frames);
                    self.filter(peer, Direction::Rx, usize::MAX, &mut frames);
                }
                Direction::Rx => self.filter(id, direction, index, &mut frames),
            }
            self.changed(from, Loss::Filtered, 0, frames.len());
            for frame in frames {
                if self.is_up(from) && self.is_up(to) {
                    self.enqueue(from, to, frame);
                } else {
                    self.lose(from, Loss::LinkDown, 1);
                }
            }
        }
    }
}

/// An Ethernet frame has at least 60 bytes before the FCS (IEEE 802.3 §3.2.8); media without a minimum bring shorter ones.
/// What the line damaged stays as short as it is.
fn padded(frame: Frame) -> Frame {
    const SHORTEST: usize = 60;
    if frame.len() >= SHORTEST || frame.error().is_some() {
        return frame;
    }
    let mut data = frame.data().to_vec();
    data.resize(SHORTEST, 0);
    Frame::with_offload(data, frame.arrival(), frame.offload()).unwrap_or(frame)
}
