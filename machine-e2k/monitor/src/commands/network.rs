//! Links, netdevs and filters of network interfaces.

use elnic_board::DeviceInfo;
use elnic_contract::{MacAddr, ReceiveMode, RxFilter};
use elnic_netclient::{PortId, PortKind};
use elnic_qapi::types::{RxFilterInfo, RxState};
use serde_json::{Map, Value};

use super::{Answer, Context};
use crate::error::CommandError;

impl Context<'_> {
    /// `set_link`: all ports of that name; a network interface hears of it before the answer.
    pub(crate) fn plug_cable(&mut self, name: &str, up: bool) -> Answer<()> {
        self.machine.net().set_link(name, up)?;
        self.machine.settle_links();
        Ok(())
    }

    /// `netdev_add`, with arguments the schema has passed.
    pub(crate) fn add_netdev(&mut self, mut arguments: Map<String, Value>) -> Answer<()> {
        let netdev = elnic_netdev::from_json(arguments.clone()).map_err(CommandError::from)?;
        // A name is used up only by a netdev that can be.
        if self.machine.net().netdev(&netdev.id).is_some() {
            return Err(CommandError::generic(format!("Duplicate ID '{}'", netdev.id)));
        }
        self.descriptors.resolve_all(&mut arguments)?;
        let netdev = elnic_netdev::from_json(arguments)?;
        self.state.add_netdev(&netdev, self.machine.net())?;
        Ok(())
    }

    /// `netdev_del`: filters go with it, a network interface on it finds its cable pulled.
    pub(crate) fn remove_netdev(&mut self, id: &str) -> Answer<()> {
        if self.machine.net().netdev(id).is_none() {
            return Err(CommandError::no_device(id));
        }
        self.machine.net().remove_netdev(id)?;
        self.state.forget_filters(self.machine.net());
        self.state.forget_netdevs(self.machine.net());
        self.machine.settle_links();
        Ok(())
    }

    /// Network interfaces with their ports, in the order of their making.
    pub(crate) fn interfaces(&self) -> Vec<(DeviceInfo, PortId)> {
        let devices = self.machine.devices().into_iter();
        devices.filter_map(|device| device.port.map(|port| (device, port))).collect()
    }

    /// `query-rx-filter`: all interfaces, or the one of that name.
    pub(crate) fn rx_filters(&mut self, name: Option<&str>) -> Answer<Vec<RxFilterInfo>> {
        let interfaces = self.interfaces().into_iter();
        let meant: Vec<(DeviceInfo, PortId)> =
            interfaces.filter(|(device, _)| name.is_none_or(|name| device.name == name)).collect();
        if let (true, Some(name)) = (meant.is_empty(), name) {
            let net = self.machine.net();
            let is_port = |port: PortId| matches!(net.describe(port), Some((known, kind)) if known == name && kind != PortKind::Nic);
            let known = net.ports().any(is_port);
            let text = match known {
                true => format!("net client({name}) isn't a NIC"),
                false => format!("invalid net client name: {name}"),
            };
            return Err(CommandError::generic(text));
        }
        let mut filters = Vec::new();
        for (device, port) in meant {
            if let Some(filter) = self.machine.rx_filter(port) {
                self.state.filter_was_asked(device.device);
                filters.push(describe(device.name, &filter));
            }
        }
        Ok(filters)
    }
}

/// Tables are told newest first, as QEMU tells them.
fn describe(name: String, filter: &RxFilter) -> RxFilterInfo {
    let addresses = |table: &[MacAddr]| table.iter().rev().map(MacAddr::to_string).collect();
    RxFilterInfo {
        name,
        promiscuous: filter.promiscuous,
        multicast: state(filter.multicast),
        unicast: state(filter.unicast),
        vlan: state(filter.vlan),
        broadcast_allowed: filter.broadcast_allowed,
        multicast_overflow: filter.multicast_overflow,
        unicast_overflow: filter.unicast_overflow,
        main_mac: filter.main_mac.to_string(),
        vlan_table: filter.vlan_table.iter().rev().map(|vlan| i64::from(*vlan)).collect(),
        unicast_table: addresses(&filter.unicast_table),
        multicast_table: addresses(&filter.multicast_table),
    }
}

const fn state(mode: ReceiveMode) -> RxState {
    match mode {
        ReceiveMode::Normal => RxState::Normal,
        ReceiveMode::None => RxState::None,
        ReceiveMode::All => RxState::All,
    }
}
