//! Rings that a netdev works on itself (vhost-user): handed over and taken back as the device's state says.
//!
//! What a device says of its rings is compared after each entry, like its interrupt pins. When they are not to be touched
//! any more (a reset, the link, a stopped machine) the netdev has stopped before the guest's next instruction.

use elnic_clock::DeviceId;
use elnic_contract::{RingPosition, Rings};
use elnic_netclient::{PortId, RingEngine, SharedMemory};

use crate::devices::{Body, Slot};
use crate::error::BuildError;
use crate::log::Cause;
use crate::world::World;

/// What a netdev works on.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    /// The netdev does that.
    engine: bool,
    /// What it was given.
    rings: Option<Rings>,
}

impl World {
    /// If the netdev at the other end of a new cable works on rings, the device gives its own away.
    pub(crate) fn give_rings_away(
        &mut self,
        device: DeviceId,
        port: PortId,
    ) -> Result<(), BuildError> {
        let Some(engine) = self.net.ring_engine(port) else { return Ok(()) };
        let (features, pairs) = (engine.features(), engine.pairs());
        let given = self.enter(device, Cause::Rings, |body, cx| match body {
            Body::Function(function) => {
                function.with_ring_owner(cx, |owner, _| owner.give_rings_away(features, pairs))
            }
            Body::Bridge(_) | Body::Block(_) | Body::Pic(_) => None,
        });
        if let Some(Some(Err(error))) = given {
            return Err(BuildError::Rings { device: self.devices.name(device).to_owned(), error });
        }
        if let Some(link) = self.links.of(device) {
            link.lent.engine = true;
        }
        Ok(())
    }

    /// Nobody but this machine's own devices touches guest memory from now on, or others may again.
    pub(crate) fn hold_rings(&mut self, held: bool) {
        if std::mem::replace(&mut self.rings_held, held) != held {
            self.settle_all_rings();
        }
    }

    pub(crate) fn settle_all_rings(&mut self) {
        for (device, _) in self.links.all() {
            self.settle_rings(device);
        }
    }

    /// Brings who works on a device's rings in line with what it says of them.
    pub(crate) fn settle_rings(&mut self, device: DeviceId) {
        let Some(link) = self.links.of(device).filter(|link| link.lent.engine) else { return };
        let port = link.port;
        let wanted = if self.rings_held || self.cut_off(device) {
            None
        } else {
            self.devices.get(device).and_then(Slot::function).and_then(|function| function.rings())
        };
        let Some(link) = self.links.of(device) else { return };
        if link.lent.rings == wanted {
            return;
        }
        let goes_on = match (&link.lent.rings, &wanted) {
            (Some(given), Some(wanted)) => given.lie_as(wanted),
            _ => false,
        };
        if !goes_on && link.lent.rings.is_some() {
            self.take_rings_back(device);
            // The positions are others now, and the device may have found that a ring is of no use.
            return self.settle_rings(device);
        }
        let Some(rings) = wanted else { return };
        let memory = self.shared_memory();
        if let Some(engine) = self.net.ring_engine(port)
            && let Err(why) = engine.start(&memory, &rings)
        {
            // Its link goes down, and this is tried again when it is up.
            tracing::warn!("{}: rings not handed over: {why}", self.devices.name(device));
        }
        if let Some(link) = self.links.of(device) {
            link.lent.rings = Some(rings);
        }
    }

    /// Has the netdev stop, and tells the device where.
    pub(crate) fn take_rings_back(&mut self, device: DeviceId) {
        let Some(link) = self.links.of(device) else { return };
        let (port, given) = (link.port, link.lent.rings.take());
        let Some(given) = given else { return };
        let positions = match self.net.ring_engine(port) {
            Some(engine) => engine.stop(),
            // The netdev was removed: it has stopped, and the rings tell where.
            None => given.list.iter().map(|ring| (ring.queue, None)).collect(),
        };
        for (queue, position) in positions {
            self.ring_returned(device, queue, position);
        }
        self.answer_calls(device);
    }

    fn ring_returned(&mut self, device: DeviceId, queue: u16, position: Option<RingPosition>) {
        self.enter(device, Cause::Rings, |body, cx| {
            if let Body::Function(function) = body {
                function.with_ring_owner(cx, |owner, cx| owner.ring_returned(cx, queue, position));
            }
        });
    }

    /// Passes on what the netdev's calls are about.
    pub(crate) fn answer_calls(&mut self, device: DeviceId) {
        let Some(port) =
            self.links.of(device).filter(|link| link.lent.engine).map(|link| link.port)
        else {
            return;
        };
        let called = self.net.ring_engine(port).map(RingEngine::called).unwrap_or_default();
        if called.is_empty() {
            return;
        }
        for queue in called {
            self.enter(device, Cause::Rings, |body, cx| {
                if let Body::Function(function) = body {
                    function.with_ring_owner(cx, |owner, cx| owner.ring_called(cx, queue));
                }
            });
        }
        self.update_lines(device);
    }

    /// The driver has notified a ring that the netdev works on.
    pub(crate) fn kick(&mut self, device: DeviceId, queue: u16) {
        if let Some(port) = self.links.port_of(device)
            && let Some(engine) = self.net.ring_engine(port)
        {
            engine.kick(queue);
        }
    }

    fn shared_memory(&self) -> Vec<SharedMemory> {
        let banks = self.ram.shared().into_iter();
        banks
            .map(|bank| SharedMemory { start: bank.start, length: bank.length, file: bank.file })
            .collect()
    }
}
