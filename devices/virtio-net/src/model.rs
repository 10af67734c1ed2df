//! What the model says of itself: identity and properties.

use elnic_contract::{Entry, Model, PciIdentity, PropertyKind, PropertySpec, Register};
use elnic_registers::RegisterFile;
use elnic_virtio::registers::{ROWS, regions, table_with};

use crate::config::Reg;
use crate::{VirtioNet, features};

/// The model's name.
pub(crate) const NAME: &str = "virtio-net-pci";
/// Length of the legacy region in bytes.
pub(crate) const LEGACY_LENGTH: u64 = 32;

static TABLE: [Register; ROWS + Reg::TABLE.len()] = table_with(Reg::TABLE);
static REGIONS: [elnic_contract::RegionSpec; 2] = regions(LEGACY_LENGTH);

/// The transitional device.
pub static MODEL: Model = Model {
    name: NAME,
    aliases: &["virtio-net"],
    summary: "Virtio network device, transitional",
    pci: Some(PciIdentity {
        vendor: 0x1af4,
        device: 0x1000,
        revision: 0,
        class: [0x02, 0x00, 0x00],
        subsystem_vendor: 0x1af4,
        subsystem: 0x0001,
        interrupt_pin: 1,
        min_gnt: 0,
        max_lat: 0,
    }),
    regions: &REGIONS,
    registers: &TABLE,
    sources: &["Virtual I/O Device (VIRTIO) Version 1.3, OASIS", "qemu-system-e2k, observed"],
};

/// What `-device virtio-net-pci,…` takes.
pub const PROPERTIES: &[PropertySpec] = &features::specs::<{ features::COUNT }>([
    PropertySpec {
        name: "mac",
        kind: PropertyKind::Mac,
        default: None,
        about: "station address; 52:54:00:12:34:56 if the machine gives none",
    },
    PropertySpec {
        name: "strict-ctrl",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "refuse control commands whose feature was not negotiated; QEMU takes them, and some drivers send them",
    },
]);

/// How the catalogue knows this model.
pub const ENTRY: Entry = Entry {
    model: &MODEL,
    properties: PROPERTIES,
    build: |properties| Ok(Box::new(VirtioNet::new(properties))),
    is_nic: true,
    scenarios: &[include_str!("scenarios/standard.txt"), include_str!("scenarios/legacy.txt")],
};
