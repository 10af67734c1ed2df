//! What the model says of itself: identity, properties, scenarios.

use elnic_contract::{
    Entry, Model, PciIdentity, PropertyKind, PropertySpec, RegionKind, RegionSpec,
};
use elnic_registers::RegisterFile;

use crate::Rtl8139;
use crate::eeprom;
use crate::spec::{REVISION_C, REVISION_CPLUS, Reg, VERSION_C, VERSION_CPLUS, WINDOW_SIZE};

/// Which chip it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revision {
    /// RTL8139C: ring buffer and four transmit descriptors.
    C,
    /// RTL8139C+: the same, and descriptor rings.
    CPlus,
}

impl Revision {
    /// From the word of the property.
    pub(crate) fn from_word(word: Option<&str>) -> Self {
        if word == Some("c") { Self::C } else { Self::CPlus }
    }

    /// TCR after reset: the version of the chip.
    pub(crate) const fn version(self) -> u64 {
        match self {
            Self::C => VERSION_C,
            Self::CPlus => VERSION_CPLUS,
        }
    }

    /// The PCI revision.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::C => REVISION_C,
            Self::CPlus => REVISION_CPLUS,
        }
    }

    /// What it says of itself.
    pub(crate) const fn model(self) -> &'static Model {
        match self {
            Self::C => &MODEL_C,
            Self::CPlus => &MODEL,
        }
    }
}

const fn identity(revision: Revision) -> PciIdentity {
    PciIdentity {
        vendor: 0x10ec,
        device: 0x8139,
        revision: revision.number(),
        class: [0x02, 0x00, 0x00],
        subsystem_vendor: 0x1af4,
        subsystem: 0x1100,
        interrupt_pin: 1,
        min_gnt: 0,
        max_lat: 0,
    }
}

const fn model(summary: &'static str, revision: Revision) -> Model {
    Model {
        name: "rtl8139",
        aliases: &[],
        summary,
        pci: Some(identity(revision)),
        regions: &[
            RegionSpec { name: "bar0", bar: 0, kind: RegionKind::Io, size: WINDOW_SIZE },
            RegionSpec { name: "bar1", bar: 1, kind: RegionKind::Memory32, size: WINDOW_SIZE },
            // Not an address of its own: the other face of some offsets.
            RegionSpec { name: "cplus", bar: 0, kind: RegionKind::Fixed, size: WINDOW_SIZE },
        ],
        registers: Reg::TABLE,
        sources: &[
            "Realtek: RTL8139C(L) Fast Ethernet Controller data sheet, rev. 1.4 (DS)",
            "Realtek: RTL8139C+ Fast Ethernet Controller data sheet, rev. 1.6 (DS, C+ registers)",
            "IEEE 802.3-2022 (MII registers, PAUSE); Microchip 93C46B (EEPROM)",
        ],
    }
}

/// The RTL8139C+ (property `rev=cplus`, the default).
pub static MODEL: Model = model("Realtek RTL8139C+ fast Ethernet controller", Revision::CPlus);

/// The RTL8139C (property `rev=c`).
pub static MODEL_C: Model = model("Realtek RTL8139C fast Ethernet controller", Revision::C);

/// What `-device rtl8139,…` takes.
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
        name: "rev",
        kind: PropertyKind::Choice(&["c", "cplus"]),
        default: Some("cplus"),
        about: "the chip: c (RTL8139C, revision 0x10) or cplus (RTL8139C+, revision 0x20)",
    },
    PropertySpec {
        name: "timing",
        kind: PropertyKind::Choice(&["off", "wire", "full"]),
        default: Some("wire"),
        about: "hardware time kept: off (none, as QEMU), wire (cable, negotiation), full (bus, resets and EEPROM too)",
    },
    PropertySpec {
        name: "autoneg-ms",
        kind: PropertyKind::Number { min: 0, max: 60_000 },
        default: Some("2000"),
        about: "time in ms that the PHY negotiates after its reset, a restart or a plugged cable; none with timing=off",
    },
    PropertySpec {
        name: "speed",
        kind: PropertyKind::Choice(&["100", "10"]),
        default: Some("100"),
        about: "highest speed of the partner at the other end of the cable, in Mb/s",
    },
    PropertySpec {
        name: "duplex",
        kind: PropertyKind::Choice(&["full", "half"]),
        default: Some("full"),
        about: "duplex of that partner; flow control needs full",
    },
    PropertySpec {
        name: "rx-drop",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "take frames without room for them and drop them when the FIFO is full, as hardware must, instead of \
                letting the peer wait",
    },
    PropertySpec {
        name: "pm",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "PCI power management capability at 0x50, with wake-up; QEMU's model has none",
    },
    PropertySpec {
        name: "strict",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "name, once each, what the driver does that the chip would punish",
    },
    PropertySpec {
        name: "tx-fault",
        kind: PropertyKind::Choice(&[
            "none",
            "underrun",
            "collision",
            "excessive",
            "late",
            "carrier",
            "heartbeat",
        ]),
        default: Some("none"),
        about: "what happens to frames on their way out; collisions need duplex=half, heartbeat needs speed=10",
    },
    PropertySpec {
        name: "tx-fault-every",
        kind: PropertyKind::Number { min: 1, max: 1_000_000 },
        default: Some("1"),
        about: "to every how many-th frame it happens",
    },
    PropertySpec {
        name: "compat",
        kind: PropertyKind::Choice(&["datasheet", "qemu"]),
        default: Some("datasheet"),
        about: "whom to follow where QEMU's model and the data sheet disagree and software can tell",
    },
];

/// How the catalogue knows this model.
pub const ENTRY: Entry = Entry {
    model: &MODEL,
    properties: PROPERTIES,
    build: |properties| Ok(Box::new(Rtl8139::new(properties))),
    is_nic: true,
    scenarios: &[
        include_str!("scenarios/ring_buffer.txt"),
        include_str!("scenarios/loopback.txt"),
        include_str!("scenarios/descriptor_rings.txt"),
        include_str!("scenarios/large_send.txt"),
    ],
};
