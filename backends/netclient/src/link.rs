//! The state of the links: what the administrator says, and what the far ends say.
//!
//! QEMU keeps both in one bit, so that `set_link up` could bring up a socket that is not connected. Here frames pass where
//! both are up, at both ends.

use elnic_contract::LinkState;

use crate::net_core::NetEvent;
use crate::port::{Kind, Port, PortId};
use crate::{Loss, NetCore, NetError};

impl NetCore {
    /// `set_link`: the administrator's word on every port of that name. Down, what is on its way is lost.
    ///
    /// # Errors
    /// There is no port of that name.
    pub fn set_link(&mut self, name: &str, up: bool) -> Result<(), NetError> {
        let named: Vec<PortId> =
            self.ports.iter().filter(|(_, port)| port.name == name).map(|(id, _)| id).collect();
        if named.is_empty() {
            return Err(self.not_found(name));
        }
        for id in named {
            if let Some(port) = self.ports.get_mut(id) {
                port.admin_up = up;
            }
            if !up {
                self.purge(id, Loss::LinkDown);
            }
        }
        self.refresh_links();
        Ok(())
    }

    /// The link as a port sees it: both ends are up. Without a netdev from the start a NIC sees a link, as in QEMU.
    pub fn link_state(&self, port: PortId) -> Option<LinkState> {
        let port = self.ports.get(port)?;
        let pulled = matches!(&port.kind, Kind::Nic(nic) if nic.pulled);
        let far_end = match port.peer.and_then(|peer| self.ports.get(peer)) {
            Some(peer) => peer.is_up(),
            None => !pulled,
        };
        Some(if port.is_up() && far_end { LinkState::Up } else { LinkState::Down })
    }

    /// Tells the board of every NIC whose link changed.
    pub(crate) fn refresh_links(&mut self) {
        for id in self.ports.ids() {
            let Some(state) = self.link_state(id) else { continue };
            if self.tell(id, state) {
                self.events.push_back(NetEvent::Link { port: id, state });
            }
        }
    }

    /// Notes what a NIC's board knows; whether that is news.
    pub(crate) fn tell(&mut self, id: PortId, state: LinkState) -> bool {
        match self.ports.get_mut(id) {
            Some(Port { kind: Kind::Nic(nic), .. }) => {
                std::mem::replace(&mut nic.told, state) != state
            }
            _ => false,
        }
    }
}
