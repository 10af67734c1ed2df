//! A netdev that works on its interface's rings itself: vhost-user.
//!
//! No frame passes the core then. The board hands over what it knows of guest memory and rings, passes notifications on,
//! and asks who was called; the core only knows that such a netdev takes an interface with rings, no hub and no filter.

use std::fs::File;
use std::sync::Arc;

use elnic_contract::{RingPosition, Rings};

use crate::port::{Kind, PortId};
use crate::{NetCore, PortKind};

/// A stretch of guest memory as another process can map it.
#[derive(Clone, Debug)]
pub struct SharedMemory {
    /// Guest address of its first byte.
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
    /// The memory: all of the file, from its first byte.
    pub file: Arc<File>,
}

/// Who works on rings.
pub trait RingEngine {
    /// Virtio features it has. The same as long as it lives, whatever stands behind it in the meantime.
    fn features(&self) -> u64;

    /// Queue pairs it takes.
    fn pairs(&self) -> u16;

    /// Begins to work on rings, or goes on with others: after a change of [`elnic_contract::Ring::enabled`] alone it need
    /// not stop.
    ///
    /// # Errors
    /// Why it cannot, in words; it does not work on any ring then.
    fn start(&mut self, memory: &[SharedMemory], rings: &Rings) -> Result<(), String>;

    /// Stops, and says of each ring it worked on how far it came; of none if it is gone. When this returns nobody touches
    /// guest memory any more.
    fn stop(&mut self) -> Vec<(u16, Option<RingPosition>)>;

    /// Buffers are available in this ring.
    fn kick(&mut self, queue: u16);

    /// Rings that called since this was last asked.
    fn called(&mut self) -> Vec<u16>;
}

impl NetCore {
    /// The engine that the interface at `port` is connected to, if its netdev is one.
    pub fn ring_engine(&mut self, port: PortId) -> Option<&mut dyn RingEngine> {
        let port = self.ports.get(port).filter(|port| port.kind() == PortKind::Nic)?;
        self.engine_of(port.peer?)
    }

    /// A netdev as an engine, if it is one.
    pub(crate) fn engine_of(&mut self, netdev: PortId) -> Option<&mut dyn RingEngine> {
        match &mut self.ports.get_mut(netdev)?.kind {
            Kind::Backend(backend) => backend.client.ring_engine(),
            Kind::Nic(_) | Kind::HubPort(_) => None,
        }
    }

    /// Looks again how netdevs stand, as an input point does, and moves no frames.
    pub fn look_at_carriers(&mut self) {
        for id in self.ports.ids() {
            self.observe(id);
        }
        self.refresh_links();
    }
}
