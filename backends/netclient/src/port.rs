//! One end of a cable inside the core: its identity, its queue and what it is.
//!
//! A port is named by a serial number that is never used again, so an id that outlived its port finds nothing instead of
//! somebody else.

use std::collections::VecDeque;
use std::fmt;

use elnic_contract::{Frame, LinkState, MacAddr, NotReady, OffloadSupport};

use crate::filter::Chain;
use crate::{NetClient, PortStats};

/// Names a port for as long as the core lives; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(u32);

impl fmt::Display for PortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What a port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortKind {
    /// A guest's network interface; the board moves its frames.
    Nic,
    /// A netdev with a [`NetClient`].
    Backend,
    /// A port of a hub.
    HubPort,
}

/// A network interface as the core knows it.
pub(crate) struct Nic {
    pub(crate) model: String,
    pub(crate) mac: MacAddr,
    pub(crate) hold: Option<NotReady>,
    pub(crate) pad_short: bool,
    pub(crate) offload: OffloadSupport,
    /// Its netdev was taken away; without one from the start the cable counts as plugged, as in QEMU.
    pub(crate) pulled: bool,
    /// The link state the board heard of last.
    pub(crate) told: LinkState,
}

/// A netdev as the core knows it.
pub(crate) struct Backend {
    pub(crate) client: Box<dyn NetClient>,
    /// As of the last input point.
    pub(crate) carrier: LinkState,
    /// As of the last input point, less what was delivered since.
    pub(crate) credits: usize,
}

pub(crate) enum Kind {
    Nic(Nic),
    Backend(Backend),
    /// Index into the core's hubs.
    HubPort(usize),
}

pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) peer: Option<PortId>,
    pub(crate) admin_up: bool,
    /// Frames from the peer that this port has not taken yet, oldest first. They have one sender, because a port has one
    /// peer and the queue is purged when they part.
    pub(crate) queue: VecDeque<Frame>,
    pub(crate) filters: Chain,
    pub(crate) stats: PortStats,
    /// What its client or board was told that the other end takes unfinished.
    pub(crate) beyond: OffloadSupport,
    /// Stands in the core's work list.
    pub(crate) scheduled: bool,
}

impl Port {
    pub(crate) fn new(name: String, kind: Kind) -> Self {
        Self {
            name,
            kind,
            peer: None,
            admin_up: true,
            queue: VecDeque::new(),
            filters: Chain::default(),
            stats: PortStats::default(),
            beyond: OffloadSupport::NONE,
            scheduled: false,
        }
    }

    pub(crate) fn kind(&self) -> PortKind {
        match self.kind {
            Kind::Nic(_) => PortKind::Nic,
            Kind::Backend(_) => PortKind::Backend,
            Kind::HubPort(_) => PortKind::HubPort,
        }
    }

    /// Whether frames pass: the administrator allows it and the far end is there.
    pub(crate) fn is_up(&self) -> bool {
        let carrier = match &self.kind {
            Kind::Backend(backend) => backend.carrier == LinkState::Up,
            Kind::Nic(_) | Kind::HubPort(_) => true,
        };
        self.admin_up && carrier
    }

    /// The offloads it takes as they are. A hub passes everything on: whoever listens there finishes his own copy.
    pub(crate) fn offload(&self) -> OffloadSupport {
        match &self.kind {
            Kind::Nic(nic) => nic.offload,
            Kind::Backend(backend) => backend.client.offload(),
            Kind::HubPort(_) => OffloadSupport::ALL,
        }
    }
}

/// All ports, in the order of their making.
#[derive(Default)]
pub(crate) struct Ports(Vec<Option<Box<Port>>>);

impl Ports {
    pub(crate) fn insert(&mut self, port: Port) -> PortId {
        // Four thousand million ports do not fit into memory, so the last serial is never reached.
        let id = PortId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(Some(Box::new(port)));
        id
    }

    pub(crate) fn remove(&mut self, id: PortId) -> Option<Box<Port>> {
        self.0.get_mut(id.0 as usize)?.take()
    }

    pub(crate) fn get(&self, id: PortId) -> Option<&Port> {
        self.0.get(id.0 as usize)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, id: PortId) -> Option<&mut Port> {
        self.0.get_mut(id.0 as usize)?.as_deref_mut()
    }

    /// All ports, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (PortId, &Port)> {
        self.0.iter().enumerate().filter_map(|(index, port)| {
            Some((PortId(u32::try_from(index).ok()?), port.as_deref()?))
        })
    }

    /// The ids of all ports, oldest first.
    pub(crate) fn ids(&self) -> Vec<PortId> {
        self.iter().map(|(id, _)| id).collect()
    }

    /// The first port that is no NIC and has this name.
    pub(crate) fn netdev(&self, name: &str) -> Option<PortId> {
        self.iter()
            .find(|(_, port)| port.kind() != PortKind::Nic && port.name == name)
            .map(|(id, _)| id)
    }
}
