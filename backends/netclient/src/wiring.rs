//! Making, connecting and removing ports and filters.
//!
//! Each call checks all it needs before it changes anything. The texts are QEMU's, since tools compare them.

use elnic_contract::{LinkState, MacAddr, OffloadSupport, nearest};

use crate::filter::{FilterOptions, FilterPosition, NetFilter};
use crate::port::{Backend, Kind, Nic, Port, PortId};
use crate::{Loss, NetClient, NetCore, NetError, PortKind};

/// A network interface to be connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NicOptions {
    /// The device's id; without one it is called `MODEL.N`.
    pub id: Option<String>,
    /// The model, as `-device` calls it.
    pub model: String,
    /// Its station address, for `info network`.
    pub mac: MacAddr,
    /// The netdev it is connected to.
    pub netdev: Option<String>,
    /// Whether frames shorter than 60 bytes are padded for it: all but virtio-net, which has no shortest frame.
    pub pad_short: bool,
    /// The offloads it takes before its driver says anything.
    pub offload: OffloadSupport,
    /// Its rings can be worked on by others ([`elnic_contract::RingOwner`]).
    pub rings: bool,
}

impl NetCore {
    /// Adds a network interface. Ask [`NetCore::link_state`] for the link it starts with; changes come as events.
    ///
    /// # Errors
    /// There is no such netdev, or it is connected already.
    pub fn add_nic(&mut self, options: NicOptions) -> Result<PortId, NetError> {
        let NicOptions { id, model, mac, netdev, pad_short, offload, rings } = options;
        let peer = match netdev {
            None => None,
            Some(netdev) => {
                let Some(peer) = self.ports.netdev(&netdev) else {
                    let nearest = self.nearest_netdev(&netdev);
                    return Err(NetError::PropertyNotFound { model, netdev, nearest });
                };
                if self.peer_name(peer).is_some() {
                    return Err(NetError::PropertyInUse { model, netdev });
                }
                if !rings && self.engine_of(peer).is_some() {
                    let kind = self.client_kind(peer);
                    return Err(NetError::NeedsRings { kind, netdev, model });
                }
                Some(peer)
            }
        };
        let same_model = |port: &Port| matches!(&port.kind, Kind::Nic(nic) if nic.model == model);
        let number = self.ports.iter().filter(|(_, port)| same_model(port)).count();
        let name = id.unwrap_or_else(|| format!("{model}.{number}"));
        let told = LinkState::Up;
        let nic = Nic { model, mac, hold: None, pad_short, offload, pulled: false, told };
        let nic = self.ports.insert(Port::new(name, Kind::Nic(nic)));
        if let Some(peer) = peer {
            self.connect(nic, peer);
        }
        let state = self.link_state(nic).unwrap_or(LinkState::Down);
        self.tell(nic, state);
        Ok(nic)
    }

    /// Adds a netdev, handing it the doorbell.
    ///
    /// # Errors
    /// A netdev of that id exists.
    pub fn add_backend(
        &mut self,
        id: &str,
        mut client: Box<dyn NetClient>,
    ) -> Result<PortId, NetError> {
        self.refuse_duplicate(id)?;
        client.attach(self.doorbell.clone());
        let backend = Backend { client, carrier: LinkState::Up, credits: 0 };
        let port = self.ports.insert(Port::new(id.to_owned(), Kind::Backend(backend)));
        self.observe(port);
        Ok(port)
    }

    /// Adds a port to hub `number`; with `netdev`, connected to that netdev, else itself a netdev to connect a NIC to.
    ///
    /// # Errors
    /// A netdev of that id exists, or `netdev` does not, or is connected already.
    pub fn add_hub_port(
        &mut self,
        id: &str,
        number: i32,
        netdev: Option<&str>,
    ) -> Result<PortId, NetError> {
        self.refuse_duplicate(id)?;
        let peer = netdev.map(|netdev| self.free_netdev(netdev)).transpose()?;
        if let Some((peer, netdev)) = peer.zip(netdev)
            && self.engine_of(peer).is_some()
        {
            let (kind, netdev) = (self.client_kind(peer), netdev.to_owned());
            return Err(NetError::NeedsRings { kind, netdev, model: "hubport".to_owned() });
        }
        let hub = self.hub_index(number);
        let port = self.ports.insert(Port::new(id.to_owned(), Kind::HubPort(hub)));
        if let Some(hub) = self.hubs.get_mut(hub) {
            hub.ports.push(port);
        }
        if let Some(peer) = peer {
            self.connect(port, peer);
        }
        self.refresh_offloads();
        Ok(port)
    }

    /// A name `STEM` followed by the first number that no port's name has.
    pub fn unused_name(&self, stem: &str) -> String {
        let taken = |name: &String| self.ports.iter().any(|(_, port)| port.name == *name);
        let names = (0_u32..).map(|number| format!("{stem}{number}"));
        names.take(usize::from(u16::MAX)).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Hubs that lead nowhere, in QEMU's words: said once the command line is carried out.
    pub fn loose_ends(&self) -> Vec<String> {
        let mut said = Vec::new();
        for hub in &self.hubs {
            let peers = || {
                let ports = hub.ports.iter().filter_map(|port| self.ports.get(*port));
                ports.map(|port| (port, port.peer.and_then(|peer| self.ports.get(peer))))
            };
            for (port, _) in peers().filter(|(_, peer)| peer.is_none()) {
                said.push(format!("hub port {} has no peer", port.name));
            }
            let kinds = || peers().filter_map(|(_, peer)| Some(peer?.kind()));
            let nics = kinds().filter(|kind| *kind == PortKind::Nic).count();
            let others = kinds().count() - nics;
            match (nics, others) {
                (0, 1..) => said.push(format!("hub {} with no nics", hub.number)),
                (1.., 0) => {
                    said.push(format!("hub {} is not connected to host network", hub.number))
                }
                _ => {}
            }
        }
        said
    }

    /// Removes a netdev and the filters on it. A NIC connected to it finds its cable pulled.
    ///
    /// # Errors
    /// There is no such netdev, or it is a NIC.
    pub fn remove_netdev(&mut self, id: &str) -> Result<(), NetError> {
        let Some(port) = self.ports.netdev(id) else {
            let is_nic = self.ports.iter().any(|(_, port)| port.name == id);
            return Err(match is_nic {
                true => NetError::NotNetdev(id.to_owned()),
                false => self.not_found(id),
            });
        };
        self.remove(port);
        Ok(())
    }

    /// Removes a network interface; its netdev is free for another then.
    ///
    /// # Errors
    /// The port is gone or no NIC.
    pub fn remove_nic(&mut self, port: PortId) -> Result<(), NetError> {
        match self.ports.get(port).map(Port::kind) {
            Some(PortKind::Nic) => self.remove(port),
            _ => return Err(NetError::NoSuchPort(port)),
        }
        Ok(())
    }

    fn remove(&mut self, id: PortId) {
        self.purge(id, Loss::Removed);
        let Some(port) = self.ports.remove(id) else { return };
        if let Kind::HubPort(hub) = port.kind
            && let Some(hub) = self.hubs.get_mut(hub)
        {
            hub.ports.retain(|member| *member != id);
        }
        if let Some(peer) = port.peer.and_then(|peer| self.ports.get_mut(peer)) {
            peer.peer = None;
            if let Kind::Nic(nic) = &mut peer.kind {
                nic.pulled = true;
            }
        }
        self.refresh_links();
        self.refresh_offloads();
    }

    fn connect(&mut self, one: PortId, other: PortId) {
        for (port, peer) in [(one, other), (other, one)] {
            if let Some(port) = self.ports.get_mut(port) {
                port.peer = Some(peer);
            }
        }
        self.refresh_offloads();
    }

    // ---- filters ----------------------------------------------------------------------------------------------------

    /// Whether [`NetCore::add_filter`] would take such a filter, before its file is opened.
    ///
    /// # Errors
    /// There is no such netdev, the id is taken, or the position names a filter that is not on this netdev.
    pub fn check_filter(&mut self, options: &FilterOptions) -> Result<(), NetError> {
        let name = &options.netdev;
        let Some(netdev) = self.ports.netdev(name) else {
            let nearest = self.nearest_netdev(name);
            return Err(NetError::FilterNetdev { name: name.clone(), nearest });
        };
        if self.find_filter(&options.id).is_ok() {
            return Err(NetError::DuplicateFilter(options.id.clone()));
        }
        if self.engine_of(netdev).is_some() {
            return Err(NetError::FilterOnRings {
                kind: self.client_kind(netdev),
                netdev: name.clone(),
            });
        }
        match &options.position {
            FilterPosition::Before(beside) | FilterPosition::Behind(beside)
                if self.find_filter(beside)?.0 != netdev =>
            {
                Err(NetError::FilterElsewhere { filter: beside.clone(), netdev: name.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Puts a filter on a netdev.
    ///
    /// # Errors
    /// As [`NetCore::check_filter`].
    pub fn add_filter(
        &mut self,
        options: FilterOptions,
        mut filter: Box<dyn NetFilter>,
    ) -> Result<(), NetError> {
        self.check_filter(&options)?;
        filter.attach(&self.doorbell);
        let netdev = self.ports.netdev(&options.netdev);
        if let Some(port) = netdev.and_then(|netdev| self.ports.get_mut(netdev)) {
            port.filters.insert(options, filter);
        }
        Ok(())
    }

    /// Whether there is a filter of that name: one goes with its netdev.
    pub fn has_filter(&self, id: &str) -> bool {
        self.find_filter(id).is_ok()
    }

    /// Removes a filter; frames it kept go on.
    ///
    /// # Errors
    /// There is no such filter.
    pub fn remove_filter(&mut self, id: &str) -> Result<(), NetError> {
        self.set_filter(id, false)?;
        let (port, index) = self.find_filter(id)?;
        if let Some(port) = self.ports.get_mut(port) {
            port.filters.remove(index);
        }
        Ok(())
    }

    /// `status=on|off`: a filter that is off lets everything pass; frames it kept go on.
    ///
    /// # Errors
    /// There is no such filter.
    pub fn set_filter(&mut self, id: &str, active: bool) -> Result<(), NetError> {
        let (port, index) = self.find_filter(id)?;
        let mut released = Vec::new();
        let slot =
            self.ports.get_mut(port).and_then(|port| port.filters.slots_mut().get_mut(index));
        if let Some(slot) = slot {
            slot.active = active;
            if !active {
                slot.filter.give_up(&mut released);
            }
        }
        self.let_go(port, index, released);
        self.drain();
        Ok(())
    }

    fn find_filter(&self, id: &str) -> Result<(PortId, usize), NetError> {
        let mut places = self.ports.iter();
        places
            .find_map(|(port, netdev)| netdev.filters.index_of(id).map(|index| (port, index)))
            .ok_or_else(|| {
                let ids = self.ports.iter().flat_map(|(_, port)| port.filters.slots());
                let nearest = nearest(id, ids.map(|slot| slot.id.as_str())).map(str::to_owned);
                NetError::FilterNotFound { name: id.to_owned(), nearest }
            })
    }

    // ---- names --------------------------------------------------------------------------------------------------------

    /// The port of a netdev.
    pub fn netdev(&self, id: &str) -> Option<PortId> {
        self.ports.netdev(id)
    }

    fn client_kind(&self, port: PortId) -> &'static str {
        match self.ports.get(port).map(|port| &port.kind) {
            Some(Kind::Backend(backend)) => backend.client.kind(),
            Some(Kind::HubPort(_)) => "hubport",
            Some(Kind::Nic(_)) | None => "nic",
        }
    }

    fn refuse_duplicate(&self, id: &str) -> Result<(), NetError> {
        match self.ports.netdev(id) {
            Some(_) => Err(NetError::DuplicateNetdev(id.to_owned())),
            None => Ok(()),
        }
    }

    fn free_netdev(&self, name: &str) -> Result<PortId, NetError> {
        let Some(port) = self.ports.netdev(name) else {
            let nearest = self.nearest_netdev(name);
            return Err(NetError::NetdevNotFound { name: name.to_owned(), nearest });
        };
        match self.peer_name(port) {
            Some(peer) => Err(NetError::NetdevInUse { name: name.to_owned(), peer }),
            None => Ok(port),
        }
    }

    fn peer_name(&self, port: PortId) -> Option<String> {
        let peer = self.ports.get(port)?.peer?;
        self.ports.get(peer).map(|peer| peer.name.clone())
    }

    fn nearest_netdev(&self, name: &str) -> Option<String> {
        let netdevs = self.ports.iter().filter(|(_, port)| port.kind() != PortKind::Nic);
        nearest(name, netdevs.map(|(_, port)| port.name.as_str())).map(str::to_owned)
    }

    pub(crate) fn not_found(&self, name: &str) -> NetError {
        let names = self.ports.iter().map(|(_, port)| port.name.as_str());
        let nearest = nearest(name, names).map(str::to_owned);
        NetError::DeviceNotFound { name: name.to_owned(), nearest }
    }
}
