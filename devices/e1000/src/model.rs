//! What the models say of themselves: identity, properties, catalogue entries.

use elnic_contract::{
    BuildError, Device, Entry, Model, PciIdentity, Properties, PropertyKind, PropertySpec,
    RegionKind, RegionSpec,
};
use elnic_registers::RegisterFile;

use crate::E1000;
use crate::chip::Chip;
use crate::eeprom;
use crate::spec::{Reg, TABLE_82544GC, TABLE_82545EM, WINDOW};

/// Number of the register window.
pub(crate) const MEMORY: u8 = 0;
/// Number of the I/O window.
pub(crate) const PORTS: u8 = 1;
/// Length of the I/O window in bytes.
pub(crate) const PORTS_SIZE: u64 = 64;

/// Who the part is on PCI. The two bytes at the end are zero in QEMU and stay so: arbiters of today ignore them.
const fn identity(chip: Chip) -> PciIdentity {
    PciIdentity {
        vendor: 0x8086,
        device: chip.device_id(),
        revision: 0x03,
        class: [0x02, 0x00, 0x00],
        subsystem_vendor: 0x1af4,
        subsystem: 0x1100,
        interrupt_pin: 1,
        min_gnt: 0,
        max_lat: 0,
    }
}

const REGIONS: &[RegionSpec] = &[
    RegionSpec { name: "bar0", bar: 0, kind: RegionKind::Memory32, size: WINDOW },
    RegionSpec { name: "bar1", bar: 1, kind: RegionKind::Io, size: PORTS_SIZE },
];

const SOURCES: &[&str] = &[
    "Intel: PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual, 317453-006 (SDM)",
    "IEEE 802.3-2022; Marvell 88E1000 family (PHY); Microchip 93C46B (EEPROM)",
    "nic-models.md: the study of models, drivers and advisories that this model was checked against",
];

/// The 82540EM.
pub static MODEL: Model = Model {
    name: "e1000",
    aliases: &["e1000-82540em"],
    summary: "Intel 82540EM gigabit Ethernet controller",
    pci: Some(identity(Chip::I82540em)),
    regions: REGIONS,
    registers: Reg::TABLE,
    sources: SOURCES,
};

/// The 82544GC.
pub static MODEL_82544GC: Model = Model {
    name: "e1000-82544gc",
    aliases: &[],
    summary: "Intel 82544GC gigabit Ethernet controller (PCI-X)",
    pci: Some(identity(Chip::I82544gc)),
    regions: REGIONS,
    registers: TABLE_82544GC,
    sources: SOURCES,
};

/// The 82545EM.
pub static MODEL_82545EM: Model = Model {
    name: "e1000-82545em",
    aliases: &[],
    summary: "Intel 82545EM gigabit Ethernet controller (PCI-X)",
    pci: Some(identity(Chip::I82545em)),
    regions: REGIONS,
    registers: TABLE_82545EM,
    sources: SOURCES,
};

/// What `-device e1000,…` takes.
pub const PROPERTIES: &[PropertySpec] = &[
    PropertySpec {
        name: "mac",
        kind: PropertyKind::Mac,
        default: None,
        about: "station address in the EEPROM; 52:54:00:12:34:56 if the machine gives none",
    },
    PropertySpec {
        name: "eeprom",
        kind: PropertyKind::Image { lengths: eeprom::IMAGE_LENGTHS },
        default: None,
        about: "file that keeps the EEPROM, as 'ethtool -e DEV raw on' prints it; made if it is not there. Its station \
                address counts, not mac=",
    },
    PropertySpec {
        name: "timing",
        kind: PropertyKind::Choice(&["off", "wire", "full"]),
        default: Some("wire"),
        about: "hardware time kept: off (none, as QEMU), wire (cable, negotiation, moderation), full (bus and EEPROM too)",
    },
    PropertySpec {
        name: "autoneg-ms",
        kind: PropertyKind::Number { min: 0, max: 60_000 },
        default: Some("2000"),
        about: "time in ms that the PHY negotiates after its reset, a restart or a plugged cable; none with timing=off",
    },
    PropertySpec {
        name: "rx-drop",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "take frames without receive buffers and drop them when the FIFO is full, as hardware must, instead of \
                letting the peer wait",
    },
    PropertySpec {
        name: "speed",
        kind: PropertyKind::Choice(&["10", "100", "1000"]),
        default: Some("1000"),
        about: "the fastest the partner at the cable's other end can do, in Mb/s",
    },
    PropertySpec {
        name: "duplex",
        kind: PropertyKind::Choice(&["full", "half"]),
        default: Some("full"),
        about: "half: the partner can do half duplex only",
    },
    PropertySpec {
        name: "msi",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "offer message-signalled interrupts",
    },
    PropertySpec {
        name: "compat",
        kind: PropertyKind::Choice(&["datasheet", "qemu"]),
        default: Some("datasheet"),
        about: "qemu: register values and capabilities as QEMU's model shows them where the data sheet says otherwise",
    },
    PropertySpec {
        name: "strict",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "say, once each, what the driver does that the hardware would punish",
    },
];

const fn entry(model: &'static Model, build: Build) -> Entry {
    Entry {
        model,
        properties: PROPERTIES,
        build,
        is_nic: true,
        scenarios: &[include_str!("scenarios/rings.txt"), include_str!("scenarios/wake.txt")],
    }
}

type Build = fn(&Properties) -> Result<Box<dyn Device>, BuildError>;

/// How the catalogue knows the 82540EM.
pub const ENTRY: Entry = entry(&MODEL, |properties| Ok(Box::new(E1000::new(properties))));

/// How the catalogue knows the 82544GC.
pub const ENTRY_82544GC: Entry =
    entry(&MODEL_82544GC, |properties| Ok(Box::new(E1000::of(Chip::I82544gc, properties))));

/// How the catalogue knows the 82545EM.
pub const ENTRY_82545EM: Entry =
    entry(&MODEL_82545EM, |properties| Ok(Box::new(E1000::of(Chip::I82545em, properties))));
