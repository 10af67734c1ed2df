//! Work a sender left to its receiver: who takes it over.
//!
//! What the receiver does not take, `elnic_wire::offload::materialise` does at its port, as the last thing before a frame
//! waits for it: filters see the frame as it was sent, and behind a hub each listener gets what suits him. Here each end of a
//! cable is told what the other takes, so that nobody leaves work to one who does not do it.

use elnic_contract::OffloadSupport;

use crate::NetCore;
use crate::hub::HOPS;
use crate::net_core::NetEvent;
use crate::port::{Kind, Port, PortId};

impl NetCore {
    /// Which offloads a NIC takes now, after its driver has said so.
    pub fn set_offload(&mut self, port: PortId, support: OffloadSupport) {
        if let Some(Port { kind: Kind::Nic(nic), .. }) = self.ports.get_mut(port)
            && nic.offload != support
        {
            nic.offload = support;
            self.refresh_offloads();
        }
    }

    /// What somebody at the other end of the cable of `port` takes unfinished: behind a hub, what any listener does, for
    /// the others get copies of their own.
    pub fn offload_beyond(&self, port: PortId) -> OffloadSupport {
        self.look_beyond(port, 0)
    }

    /// Whether netdev `port` is a [`crate::NetClient::has_vnet_header`].
    pub fn has_vnet_header(&self, port: PortId) -> bool {
        match self.ports.get(port).map(|port| &port.kind) {
            Some(Kind::Backend(backend)) => backend.client.has_vnet_header(),
            Some(Kind::Nic(_) | Kind::HubPort(_)) | None => false,
        }
    }

    fn look_beyond(&self, from: PortId, hops: usize) -> OffloadSupport {
        let peer = self.ports.get(from).and_then(|port| port.peer);
        let Some((to, receiver)) = peer.and_then(|to| Some((to, self.ports.get(to)?))) else {
            return OffloadSupport::NONE;
        };
        let Kind::HubPort(hub) = receiver.kind else { return receiver.offload() };
        if hops >= HOPS {
            return OffloadSupport::NONE;
        }
        let members = self.hubs.get(hub).map_or(&[][..], |hub| &hub.ports).iter();
        let others = members.filter(|member| **member != to);
        others.fold(OffloadSupport::NONE, |all, other| {
            all.or(self.look_beyond(*other, hops.saturating_add(1)))
        })
    }

    /// Tells every end whose other end takes something else now.
    pub(crate) fn refresh_offloads(&mut self) {
        for id in self.ports.ids() {
            let takes = self.look_beyond(id, 0);
            let Some(port) = self.ports.get_mut(id).filter(|port| port.beyond != takes) else {
                continue;
            };
            port.beyond = takes;
            match &mut port.kind {
                Kind::Backend(backend) => backend.client.peer_offload(takes),
                Kind::Nic(_) => self.events.push_back(NetEvent::Offload { port: id, takes }),
                Kind::HubPort(_) => {}
            }
        }
    }
}
