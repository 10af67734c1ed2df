//! The net core: ports, the cables between them, and the frames on their way.
//!
//! One thread owns it and calls it; it calls its clients directly and nobody calls back, so nothing is ever entered twice.
//! A frame sent is filtered, finished for its receiver and appended to the receiver's queue; who can take frames stands
//! in a work list that is worked off from its front, so a hub that feeds a hub is a loop, not a recursion. Sources that
//! can wait are asked for no more frames than their peer takes; the queue is for those that cannot (QEMU's rules, recast:
//! `../shared/reference/backends.md` §5).
//!
//! A stopped machine calls neither [`NetCore::poll`] nor [`NetCore::send`]; nothing moves then.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;

use elnic_contract::{Frame, LinkState, OffloadSupport, Readiness, VTime};

use crate::gate::{InputGate, LiveGate, Source};
use crate::hub::Hub;
use crate::port::{Kind, Port, PortId, Ports};
use crate::{Doorbell, Loss, NetClient, NetError, Notice, PortStats};

/// How many frames wait where, and how many move at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetConfig {
    /// Frames that wait for one port before further ones are lost; QEMU's 10 000.
    pub queue_limit: usize,
    /// Frames that may wait for a NIC before sources that can wait do so, and the most one source is asked for at one
    /// input point.
    pub window: usize,
    /// Frames the core moves in one call before it leaves the rest to the next, so that hubs wired in a ring cannot hold
    /// the machine.
    pub work_limit: usize,
}

impl Default for NetConfig {
    fn default() -> Self {
        Self { queue_limit: 10_000, window: 64, work_limit: 4_096 }
    }
}

/// Something the board or the user is to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetEvent {
    /// The cable of a NIC was plugged or pulled: call `Nic::link`.
    Link {
        /// The NIC's port.
        port: PortId,
        /// As the NIC sees it now.
        state: LinkState,
    },
    /// The other end of a NIC's cable takes something else unfinished now: call `Nic::peer_offloads`.
    Offload {
        /// The NIC's port.
        port: PortId,
        /// What it takes.
        takes: OffloadSupport,
    },
    /// A filter cannot do its work any more.
    FilterFault {
        /// The filter's id.
        filter: String,
        /// Why, in words.
        why: String,
    },
}

/// Ports and what moves between them; see the module's own page.
pub struct NetCore {
    pub(crate) config: NetConfig,
    pub(crate) doorbell: Doorbell,
    gate: Box<dyn InputGate>,
    pub(crate) ports: Ports,
    pub(crate) hubs: Vec<Hub>,
    /// Backends and hub ports with something in their queues, each once.
    pub(crate) work: VecDeque<PortId>,
    pub(crate) events: VecDeque<NetEvent>,
    pub(crate) now: VTime,
    /// Which backend is asked first at the next input point: the turn goes round, lest one source of a hub take all room.
    turn: usize,
    polled: Vec<Frame>,
    pub(crate) batch: VecDeque<Frame>,
}

impl NetCore {
    /// An empty core; `doorbell` is handed to every client.
    pub fn new(config: NetConfig, doorbell: Doorbell) -> Self {
        Self {
            config,
            doorbell,
            gate: Box::new(LiveGate),
            ports: Ports::default(),
            hubs: Vec::new(),
            work: VecDeque::new(),
            events: VecDeque::new(),
            now: VTime::ZERO,
            turn: 0,
            polled: Vec::new(),
            batch: VecDeque::new(),
        }
    }

    /// Puts another input gate in place: one that records, or one that replays.
    pub fn set_gate(&mut self, gate: Box<dyn InputGate>) {
        self.gate = gate;
    }

    /// What happened since the last call, oldest first.
    pub fn events(&mut self) -> impl Iterator<Item = NetEvent> + '_ {
        self.events.drain(..)
    }

    // ---- the NIC's side -------------------------------------------------------------------------------------------

    /// A NIC puts a frame on its cable.
    ///
    /// # Errors
    /// The port is gone or no NIC.
    pub fn send(&mut self, port: PortId, now: VTime, frame: Frame) -> Result<(), NetError> {
        self.nic(port)?;
        self.now = now;
        self.transmit(port, frame);
        self.drain();
        Ok(())
    }

    /// How many frames a NIC that can wait (virtio-net) may send before they pile up in the core.
    pub fn send_credits(&self, port: PortId) -> usize {
        self.room_beyond(port, 0)
    }

    /// The next frame for a NIC, which stays in the queue.
    pub fn peek(&self, port: PortId) -> Option<&Frame> {
        self.nic(port).ok()?.queue.front()
    }

    /// The next frame for a NIC: call while it is ready, and mind the arrival time.
    pub fn take(&mut self, port: PortId) -> Option<Frame> {
        let port = self.ports.get_mut(port)?;
        if !matches!(port.kind, Kind::Nic(_)) {
            return None;
        }
        let frame = port.queue.pop_front()?;
        port.stats.received(1, frame.len());
        Some(frame)
    }

    /// Why a NIC takes nothing, for `info network`.
    pub fn set_readiness(&mut self, port: PortId, readiness: Readiness) {
        if let Some(Port { kind: Kind::Nic(nic), .. }) = self.ports.get_mut(port) {
            nic.hold = match readiness {
                Readiness::Ready => None,
                Readiness::NotReady(reason) => Some(reason),
            };
        }
    }

    fn nic(&self, id: PortId) -> Result<&Port, NetError> {
        match self.ports.get(id) {
            Some(port) if matches!(port.kind, Kind::Nic(_)) => Ok(port),
            _ => Err(NetError::NoSuchPort(id)),
        }
    }

    /// Counters of a port.
    pub fn stats(&self, port: PortId) -> Option<&PortStats> {
        self.ports.get(port).map(|port| &port.stats)
    }

    /// Frames that wait for a port.
    pub fn queued(&self, port: PortId) -> usize {
        self.ports.get(port).map_or(0, |port| port.queue.len())
    }

    /// The client of a netdev, if it is of this type: for the commands of one type, such as `hostfwd_add`.
    pub fn client_mut<C: NetClient>(&mut self, port: PortId) -> Option<&mut C> {
        match &mut self.ports.get_mut(port)?.kind {
            Kind::Backend(backend) => (&mut *backend.client as &mut dyn Any).downcast_mut(),
            Kind::Nic(_) | Kind::HubPort(_) => None,
        }
    }

    /// What netdevs have to tell the user since the last call, each with its id: for a monitor's events.
    pub fn notices(&mut self) -> Vec<(String, Notice)> {
        let mut notices = Vec::new();
        for id in self.ports.ids() {
            let Some(port) = self.ports.get_mut(id) else { continue };
            if let Kind::Backend(backend) = &mut port.kind {
                let told = backend.client.notices().into_iter();
                notices.extend(told.map(|notice| (port.name.clone(), notice)));
            }
        }
        notices
    }

    // ---- the host's side ------------------------------------------------------------------------------------------

    /// The input point: host input enters here and nowhere else. Filters let go what is due, every backend is asked once
    /// for as much as its peer takes, and what waits for a backend is handed over as far as it takes it.
    pub fn poll(&mut self, now: VTime) {
        self.now = now;
        self.tick_filters();
        let is_backend = |port: &Port| matches!(port.kind, Kind::Backend(_));
        let backends: Vec<PortId> =
            self.ports.iter().filter(|(_, port)| is_backend(port)).map(|(id, _)| id).collect();
        let turn = self.turn.checked_rem(backends.len()).unwrap_or(0);
        self.turn = turn + 1;
        let (later, sooner) = backends.split_at(turn);
        for &id in sooner.iter().chain(later) {
            self.poll_backend(id);
            self.drain();
        }
        self.drain();
        self.refresh_links();
    }

    /// When [`NetCore::poll`] is to be called next for a reason of the network's own; the doorbell, a NIC that took frames
    /// and the board's own rhythm are others.
    pub fn next_event(&self) -> Option<VTime> {
        let unfinished = (!self.work.is_empty()).then_some(self.now);
        let ports = self.ports.iter().filter_map(|(_, port)| {
            let client = match &port.kind {
                Kind::Backend(backend) => backend.client.next_event(),
                Kind::Nic(_) | Kind::HubPort(_) => None,
            };
            let filters = port.filters.slots().iter().filter(|slot| slot.active);
            client.into_iter().chain(filters.filter_map(|slot| slot.filter.next_event())).min()
        });
        ports.chain(unfinished).min()
    }

    /// Looks how a new backend stands, without asking it for frames.
    pub(crate) fn observe(&mut self, id: PortId) {
        self.ask(id, 0);
    }

    fn poll_backend(&mut self, id: PortId) {
        self.ask(id, self.room_beyond(id, 0));
    }

    /// Asks one backend through the gate; does nothing for other ports.
    fn ask(&mut self, id: PortId, budget: usize) {
        let Some(port) = self.ports.get_mut(id) else { return };
        let Kind::Backend(backend) = &mut port.kind else { return };
        let source = Source { name: &port.name, kind: backend.client.kind() };
        let seen = self.gate.poll(self.now, source, &mut *backend.client, budget, &mut self.polled);
        let fell = backend.carrier == LinkState::Up && seen.carrier == LinkState::Down;
        (backend.carrier, backend.credits) = (seen.carrier, seen.credits);
        self.schedule(id);
        if fell {
            self.purge(id, Loss::LinkDown);
        }
        let mut frames = std::mem::take(&mut self.polled);
        for frame in frames.drain(..) {
            self.transmit(id, frame);
        }
        self.polled = frames;
    }
}

impl fmt::Debug for NetCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.info_network())
    }
}
