//! The devices of a machine as a monitor names them.
//!
//! A device's path is made here and nowhere else: events, `qom-list` and `device_del` all use it. Paths are QEMU's:
//! `/machine/peripheral/ID`, `/machine/peripheral-anon/device[N]` without an id, `/machine/unattached/device[N]` for what
//! is soldered, of which the processor is number 0.

use elnic_clock::DeviceId;
use elnic_netclient::PortId;
use elnic_pci::PciFunction;
use elnic_soc::Place;

use crate::devices::{BusSide, Devices, Slot};
use crate::machine::Machine;

/// Where devices with an id are.
pub const PERIPHERAL: &str = "/machine/peripheral";
/// Where a user's devices without one are.
pub const PERIPHERAL_ANON: &str = "/machine/peripheral-anon";
/// Where the processor and soldered devices are.
pub const UNATTACHED: &str = "/machine/unattached";

/// Path of a soldered device; the processors have the first numbers.
pub(crate) fn soldered_path(device: DeviceId, processors: u8) -> String {
    format!("{UNATTACHED}/device[{}]", u32::from(device.0) + u32::from(processors))
}

/// Path of a user's device: by its id, or by the first number that is free.
pub(crate) fn user_path(devices: &Devices, id: Option<&str>) -> String {
    match id {
        Some(id) => format!("{PERIPHERAL}/{id}"),
        None => {
            let is_free = |path: &String| !devices.iter().any(|(_, slot)| slot.path == *path);
            let paths = (0_u32..).map(|number| format!("{PERIPHERAL_ANON}/device[{number}]"));
            // There are fewer devices than numbers, so one is found.
            paths.take(usize::from(u16::MAX)).find(is_free).unwrap_or_default()
        }
    }
}

/// A device, as far as a monitor is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Its number on the board.
    pub device: DeviceId,
    /// Its name: the id, or `MODEL.N`.
    pub name: String,
    /// The id the user gave it.
    pub id: Option<String>,
    /// Its path.
    pub path: String,
    /// Its model's name.
    pub model: &'static str,
    /// Its bus and place there, if it is a PCI function.
    pub place: Option<(&'static str, Place)>,
    /// Its port, if it is a network interface.
    pub port: Option<PortId>,
    /// Properties the user gave, and the address chosen for a network interface.
    pub properties: Vec<(String, String)>,
}

impl DeviceInfo {
    /// The path of what the driver talks to: of a virtio device, the part behind the transport.
    pub fn backend_path(&self) -> String {
        match self.model.starts_with("virtio") {
            true => format!("{}/virtio-backend", self.path),
            false => self.path.clone(),
        }
    }

    /// Whether a user put it there, who may take it away again.
    pub fn is_users(&self) -> bool {
        !self.path.starts_with(UNATTACHED)
    }
}

impl Machine {
    /// All devices, in the order of their making.
    pub fn devices(&self) -> Vec<DeviceInfo> {
        self.world.devices.iter().map(|(id, slot)| self.describe_slot(id, slot)).collect()
    }

    pub(crate) fn describe_device(&self, device: DeviceId) -> Option<DeviceInfo> {
        self.world.devices.get(device).map(|slot| self.describe_slot(device, slot))
    }

    fn describe_slot(&self, device: DeviceId, slot: &Slot) -> DeviceInfo {
        let prefix = format!("{PERIPHERAL}/");
        let bus = |side| match side {
            BusSide::Root => self.world.root.name(),
            BusSide::Secondary => self.world.secondary.name(),
        };
        DeviceInfo {
            device,
            name: slot.name.clone(),
            id: slot.path.strip_prefix(&prefix).map(str::to_owned),
            path: slot.path.clone(),
            model: slot.model().map_or("pci-bridge", |model| model.name),
            place: slot.wiring.pci().map(|wiring| (bus(wiring.side), wiring.place)),
            port: self.world.links.port_of(device),
            properties: slot.properties.clone(),
        }
    }

    /// The device of that id, name or path.
    pub fn find_device(&self, name: &str) -> Option<DeviceInfo> {
        let is_meant = |slot: &Slot| slot.path == name || slot.name == name;
        let found = self.world.devices.iter().find(|(_, slot)| is_meant(slot));
        found.map(|(id, slot)| self.describe_slot(id, slot))
    }

    /// A device as a PCI function, to be looked at.
    pub fn function(&self, device: DeviceId) -> Option<&PciFunction> {
        self.world.devices.get(device)?.function()
    }
}
