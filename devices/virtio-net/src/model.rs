//! What the model says of itself: identity, regions and table by interfaces, scenarios.

use elnic_contract::{Entry, Model, PciIdentity, RegionSpec, Register};
use elnic_registers::RegisterFile;
use elnic_virtio::{Interfaces, legacy_regions, modern_regions, transitional_regions};

use crate::VirtioNet;
use crate::config::Reg;
use crate::properties::PROPERTIES;

/// The model's name.
pub(crate) const NAME: &str = "virtio-net-pci";
/// Length of the legacy region in bytes, with MSI-X vectors and a configuration of up to 8 bytes.
const SHORT: u64 = 32;
/// And with a longer one.
const LONG: u64 = 64;

const SOURCES: &[&str] =
    &["Virtual I/O Device (VIRTIO) Version 1.3, OASIS", "qemu-system-e2k, observed"];

const fn identity(interfaces: Interfaces) -> PciIdentity {
    let (device, revision, subsystem) = match interfaces {
        Interfaces::Modern => (0x1041, 1, 0x1100),
        Interfaces::Transitional | Interfaces::Legacy => (0x1000, 0, 0x0001),
    };
    PciIdentity {
        vendor: 0x1af4,
        device,
        revision,
        class: [0x02, 0x00, 0x00],
        subsystem_vendor: 0x1af4,
        subsystem,
        interrupt_pin: 1,
        min_gnt: 0,
        max_lat: 0,
    }
}

const fn model(
    interfaces: Interfaces,
    summary: &'static str,
    regions: &'static [RegionSpec],
    registers: &'static [Register],
) -> Model {
    Model {
        name: NAME,
        aliases: &["virtio-net"],
        summary,
        pci: Some(identity(interfaces)),
        regions,
        registers,
        sources: SOURCES,
    }
}

macro_rules! table {
    ($name:ident, $interfaces:ident, $legacy:ident) => {
        static $name: [Register; Interfaces::$interfaces.rows($legacy, Reg::TABLE)] =
            Interfaces::$interfaces.table($legacy, Reg::TABLE);
    };
}

table!(TRANSITIONAL, Transitional, SHORT);
table!(TRANSITIONAL_LONG, Transitional, LONG);
table!(LEGACY, Legacy, SHORT);
table!(LEGACY_LONG, Legacy, LONG);
table!(MODERN, Modern, LONG);

static REGIONS: [[RegionSpec; 3]; 2] = [transitional_regions(SHORT), transitional_regions(LONG)];
static LEGACY_REGIONS: [[RegionSpec; 2]; 2] = [legacy_regions(SHORT), legacy_regions(LONG)];
static MODERN_REGIONS: [RegionSpec; 1] = modern_regions();

/// The transitional device, its default configuration.
pub static MODEL: Model = transitional(&REGIONS[0], &TRANSITIONAL);
static MODEL_LONG: Model = transitional(&REGIONS[1], &TRANSITIONAL_LONG);
static MODEL_LEGACY: Model = legacy(&LEGACY_REGIONS[0], &LEGACY);
static MODEL_LEGACY_LONG: Model = legacy(&LEGACY_REGIONS[1], &LEGACY_LONG);

/// The standard device (`disable-legacy=on`).
pub static MODEL_MODERN: Model =
    model(Interfaces::Modern, "Virtio network device, standard", &MODERN_REGIONS, &MODERN);

const fn transitional(regions: &'static [RegionSpec], registers: &'static [Register]) -> Model {
    let summary = "Virtio network device, transitional";
    model(Interfaces::Transitional, summary, regions, registers)
}

const fn legacy(regions: &'static [RegionSpec], registers: &'static [Register]) -> Model {
    model(Interfaces::Legacy, "Virtio network device, legacy", regions, registers)
}

/// The model with these interfaces and a configuration of so many bytes.
pub(crate) fn variant(interfaces: Interfaces, configuration: u64) -> &'static Model {
    let long = configuration.saturating_add(0x18) > SHORT;
    match (interfaces, long) {
        (Interfaces::Transitional, false) => &MODEL,
        (Interfaces::Transitional, true) => &MODEL_LONG,
        (Interfaces::Legacy, false) => &MODEL_LEGACY,
        (Interfaces::Legacy, true) => &MODEL_LEGACY_LONG,
        (Interfaces::Modern, _) => &MODEL_MODERN,
    }
}

/// How the catalogue knows this model.
pub const ENTRY: Entry = Entry {
    model: &MODEL,
    properties: PROPERTIES,
    build: |properties| Ok(Box::new(VirtioNet::new(properties)?)),
    is_nic: true,
    scenarios: &[include_str!("scenarios/standard.txt"), include_str!("scenarios/legacy.txt")],
};
