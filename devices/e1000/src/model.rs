//! What the model says of itself: identity, properties, and where it differs from QEMU's.

use elnic_contract::{
    Entry, Model, PciIdentity, PropertyKind, PropertySpec, RegionKind, RegionSpec,
};
use elnic_registers::RegisterFile;

use crate::E1000;
use crate::spec::{Reg, WINDOW};

/// Number of the register window.
pub(crate) const MEMORY: u8 = 0;
/// Number of the I/O window.
pub(crate) const PORTS: u8 = 1;
/// Length of the I/O window in bytes.
pub(crate) const PORTS_SIZE: u64 = 64;

/// The 82540EM.
pub static MODEL: Model = Model {
    name: "e1000",
    aliases: &["e1000-82540em"],
    summary: "Intel 82540EM gigabit Ethernet controller",
    pci: Some(PciIdentity {
        vendor: 0x8086,
        device: 0x100e,
        revision: 0x03,
        class: [0x02, 0x00, 0x00],
        subsystem_vendor: 0x1af4,
        subsystem: 0x1100,
        interrupt_pin: 1,
        min_gnt: 0,
        max_lat: 0,
    }),
    regions: &[
        RegionSpec { name: "bar0", bar: 0, kind: RegionKind::Memory32, size: WINDOW },
        RegionSpec { name: "bar1", bar: 1, kind: RegionKind::Io, size: PORTS_SIZE },
    ],
    registers: Reg::TABLE,
    sources: &[
        "Intel: PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual, 317453-006 (SDM)",
        "IEEE 802.3-2022; Marvell 88E1000 family (PHY); Microchip 93C46B (EEPROM)",
    ],
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
];

/// How the catalogue knows this model.
pub const ENTRY: Entry = Entry {
    model: &MODEL,
    properties: PROPERTIES,
    build: |properties| Ok(Box::new(E1000::new(properties))),
    is_nic: true,
    scenarios: &[include_str!("scenarios/rings.txt")],
};

/// A value that QEMU's model shows and this one, with the manual, does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QemuDifference {
    /// The register.
    pub register: &'static str,
    /// Offset in the register window.
    pub offset: u32,
    /// Bits that may read otherwise. All others are equal.
    pub bits: u32,
    /// Why.
    pub reason: &'static str,
}

/// Every difference a guest can see in register values after reset or a plain write and read.
pub const QEMU_DIFFERENCES: &[QemuDifference] = &[
    QemuDifference {
        register: "STATUS",
        offset: 0x00008,
        bits: 0x8008_0400,
        reason: "bits 10, 19 and 31 belong to other chips (82543 MTXCKOK, PCI Express masters); reserved here (SDM 13.4.2)",
    },
    QemuDifference {
        register: "VET",
        offset: 0x00038,
        bits: 0xffff_0000,
        reason: "the type field has 16 bits; the upper half is reserved (SDM 13.4.11)",
    },
    QemuDifference {
        register: "RDBAL",
        offset: 0x02800,
        bits: 0x0000_000f,
        reason: "the ring is 16-byte aligned and the low bits read zero (SDM 13.4.25)",
    },
    QemuDifference {
        register: "TDBAL",
        offset: 0x03800,
        bits: 0x0000_000f,
        reason: "the ring is 16-byte aligned and the low bits read zero (SDM 13.4.36)",
    },
];
