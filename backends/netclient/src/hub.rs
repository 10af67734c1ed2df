//! Hubs: what one port is sent, all others send on.
//!
//! A hub is a repeater (QEMU's `hubport`), not a switch: it learns nothing. The copies share their bytes. A port that is
//! slow makes the others wait only when all of them are slow; otherwise its frames queue and, beyond the limit, are lost.

use crate::port::{Kind, PortId};
use crate::{NetCore, PortKind};

/// Hubs in series that are looked behind; hubs wired in a ring make the series endless.
pub(crate) const HOPS: usize = 4;

pub(crate) struct Hub {
    pub(crate) number: i32,
    /// Oldest first.
    pub(crate) ports: Vec<PortId>,
}

impl NetCore {
    /// The hub of that number, made if need be. Hubs stay for ever, as in QEMU.
    pub(crate) fn hub_index(&mut self, number: i32) -> usize {
        let found = self.hubs.iter().position(|hub| hub.number == number);
        found.unwrap_or_else(|| {
            self.hubs.push(Hub { number, ports: Vec::new() });
            self.hubs.len() - 1
        })
    }

    /// The number of the hub that `port` is on, itself or by its peer.
    pub fn hub_number(&self, port: PortId) -> Option<i32> {
        let port = self.ports.get(port)?;
        let peer = port.peer.and_then(|peer| self.ports.get(peer));
        let hub = [Some(port), peer].into_iter().flatten().find_map(|port| match port.kind {
            Kind::HubPort(hub) => Some(hub),
            Kind::Nic(_) | Kind::Backend(_) => None,
        })?;
        self.hubs.get(hub).map(|hub| hub.number)
    }

    /// Sends what waits at hub port `id` out of all other ports, until about `limit` copies are made. Returns how many
    /// were.
    pub(crate) fn repeat(&mut self, id: PortId, hub: usize, limit: usize) -> usize {
        let mut copies = 0;
        while copies < limit {
            let Some(port) = self.ports.get_mut(id) else { break };
            let Some(frame) = port.queue.pop_front() else { break };
            port.stats.received(1, frame.len());
            let members = self.hubs.get(hub).map_or(0, |hub| hub.ports.len());
            for index in 0..members {
                let member = self.hubs.get(hub).and_then(|hub| hub.ports.get(index)).copied();
                if let Some(other) = member.filter(|other| *other != id) {
                    self.transmit(other, frame.clone());
                }
            }
            copies += members.max(1);
        }
        self.schedule(id);
        copies
    }

    /// How many frames a hub takes from its port `entry`: as many as the fastest of the others.
    pub(crate) fn hub_room(&self, entry: PortId, hub: usize, hops: usize) -> usize {
        let others = self.hubs.get(hub).map_or(&[][..], |hub| &hub.ports).iter();
        let others = others.filter(|other| **other != entry);
        if hops >= HOPS {
            return self.config.window;
        }
        // A port alone on its hub sends into nowhere.
        others.map(|other| self.room_beyond(*other, hops + 1)).max().unwrap_or(self.config.window)
    }

    /// What QEMU warns of at start: hubs that connect nothing, ports without a peer.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for hub in &self.hubs {
            let (mut nics, mut hosts) = (false, false);
            for port in hub.ports.iter().filter_map(|id| self.ports.get(*id)) {
                match port.peer.and_then(|peer| self.ports.get(peer)).map(|peer| peer.kind()) {
                    None => warnings.push(format!("hub port {} has no peer", port.name)),
                    Some(PortKind::Nic) => nics = true,
                    Some(PortKind::Backend) => hosts = true,
                    Some(PortKind::HubPort) => {}
                }
            }
            if hosts && !nics {
                warnings.push(format!("hub {} with no nics", hub.number));
            }
            if nics && !hosts {
                warnings.push(format!("hub {} is not connected to host network", hub.number));
            }
        }
        for (_, port) in self.ports.iter().filter(|(_, port)| port.peer.is_none()) {
            match port.kind() {
                PortKind::Nic => warnings.push(format!("nic {} has no peer", port.name)),
                PortKind::Backend => warnings.push(format!("netdev {} has no peer", port.name)),
                PortKind::HubPort => {}
            }
        }
        warnings
    }
}
