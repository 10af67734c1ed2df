//! `info network`, worded as QEMU words it: its tests and its users' scripts compare these lines.
//!
//! Two things QEMU does not show are added at the end of a line, and only where there is something to say: a link the
//! administrator took down, and frames held because their receiver takes none, with its reason.

use std::fmt::{self, Write};

use crate::PortKind;
use crate::net_core::NetCore;
use crate::port::{Kind, Port, PortId};

impl NetCore {
    /// The text of `info network`: hubs, newest first, then what is on no hub, each NIC with its netdev.
    pub fn info_network(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = self.write_hubs(&mut text).and_then(|()| self.write_ports(&mut text));
        text
    }

    fn write_hubs(&self, out: &mut String) -> fmt::Result {
        for hub in self.hubs.iter().rev() {
            writeln!(out, "hub {}", hub.number)?;
            for port in hub.ports.iter().rev().filter_map(|id| self.ports.get(*id)) {
                write!(out, " \\ {}", port.name)?;
                match port.peer.and_then(|peer| self.ports.get(peer)) {
                    Some(peer) => {
                        out.write_str(": ")?;
                        write_port(out, peer)?;
                    }
                    None => out.write_char('\n')?,
                }
            }
        }
        Ok(())
    }

    fn write_ports(&self, out: &mut String) -> fmt::Result {
        for (_, port) in self.ports.iter() {
            let peer = port.peer.and_then(|peer| self.ports.get(peer));
            let on_a_hub = [Some(port), peer]
                .into_iter()
                .flatten()
                .any(|port| port.kind() == PortKind::HubPort);
            if on_a_hub {
                continue;
            }
            match (port.kind(), peer) {
                (PortKind::Nic, Some(peer)) => {
                    write_port(out, port)?;
                    out.write_str(" \\ ")?;
                    write_port(out, peer)?;
                }
                (_, None) => write_port(out, port)?,
                (_, Some(_)) => {}
            }
        }
        Ok(())
    }

    /// The name and kind of a port.
    pub fn describe(&self, port: PortId) -> Option<(&str, PortKind)> {
        self.ports.get(port).map(|port| (port.name.as_str(), port.kind()))
    }

    /// The properties of a filter in the order in which QEMU prints them: its own, then those every filter has.
    pub fn filter_properties(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let mut ports = self.ports.iter().map(|(_, port)| port);
        ports.find_map(|port| {
            let slot = port.filters.slots().iter().find(|slot| slot.id == id)?;
            Some(slot.properties(&port.name))
        })
    }

    /// All ports, oldest first.
    pub fn ports(&self) -> impl Iterator<Item = PortId> + '_ {
        self.ports.iter().map(|(id, _)| id)
    }

    /// What a netdev itself discarded, by reason.
    pub fn client_losses(&self, port: PortId) -> Vec<(&'static str, u64)> {
        match self.ports.get(port).map(|port| &port.kind) {
            Some(Kind::Backend(backend)) => backend.client.losses(),
            _ => Vec::new(),
        }
    }
}

fn write_port(out: &mut String, port: &Port) -> fmt::Result {
    let (kind, info) = match &port.kind {
        Kind::Nic(nic) => ("nic", format!("model={},macaddr={}", nic.model, nic.mac)),
        Kind::Backend(backend) => (backend.client.kind(), backend.client.info()),
        Kind::HubPort(_) => ("hubport", String::new()),
    };
    write!(out, "{}: index=0,type={kind},{info}", port.name)?;
    match &port.kind {
        Kind::Nic(nic) if !port.queue.is_empty() => {
            if let Some(reason) = nic.hold {
                write!(out, ",held={} ({})", port.queue.len(), reason.as_str())?;
            }
        }
        _ => {}
    }
    out.write_char('\n')?;
    if !port.filters.is_empty() {
        out.write_str("filters:\n")?;
    }
    for slot in port.filters.slots() {
        write!(out, "  - {}: type={}", slot.id, slot.filter.kind())?;
        for (name, value) in slot.properties(&port.name) {
            write!(out, ",{name}={value}")?;
        }
        out.write_char('\n')?;
    }
    Ok(())
}
