//! The three parts: what differs between them (nic-models.md §1.1).
//!
//! Registers are the same but for two reset values; the rest is identity and the bus. The two PCI-X parts are modelled in
//! a 64-bit, 66 MHz conventional slot.

use elnic_contract::{Capability, CapabilityKind, Model, Msi, PowerManagement};

use crate::model;
use crate::spec;

/// A part of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chip {
    /// 82540EM: PCI.
    I82540em,
    /// 82544GC, copper: PCI-X; no arbitration of the EEPROM.
    I82544gc,
    /// 82545EM, copper: PCI-X.
    I82545em,
}

/// Where the capabilities stand (nic-models.md §1.1).
const POWER_MANAGEMENT_AT: u8 = 0xdc;
const PCIX_AT: u8 = 0xe4;
const MSI_AT: u8 = 0xf0;
const PCIX_ID: u8 = 0x07;
/// PCI-X command (relaxed ordering) and status: 64 bits, 133 MHz, reads of 2 KiB, and the device number that a
/// conventional bus leaves unset. Nothing on a conventional bus looks at them, so they are constant.
const PCIX: [u8; 6] = [0x02, 0x00, 0xf8, 0xff, 0x43, 0x04];

impl Chip {
    /// What the part says of itself.
    pub(crate) const fn model(self) -> &'static Model {
        match self {
            Self::I82540em => &model::MODEL,
            Self::I82544gc => &model::MODEL_82544GC,
            Self::I82545em => &model::MODEL_82545EM,
        }
    }

    /// PCI device ID.
    pub(crate) const fn device_id(self) -> u16 {
        match self {
            Self::I82540em => 0x100e,
            Self::I82544gc => 0x100c,
            Self::I82545em => 0x100f,
        }
    }

    /// PHY register 3: 88E1011 or 88E1000.
    pub(crate) const fn phy_id(self) -> u16 {
        match self {
            Self::I82540em | Self::I82545em => 0x0c20,
            Self::I82544gc => 0x0c30,
        }
    }

    /// Bits of STATUS that say which bus it is.
    pub(crate) const fn bus_status(self) -> u64 {
        match self {
            Self::I82540em => 0,
            Self::I82544gc | Self::I82545em => spec::BUS_64_66,
        }
    }

    /// Software has to ask for the EEPROM: EECD.GNT follows REQ.
    pub(crate) const fn arbitrates_eeprom(self) -> bool {
        !matches!(self, Self::I82544gc)
    }

    /// The PCI capabilities.
    pub(crate) fn capabilities(self, msi: bool) -> Vec<Capability> {
        let mut list = vec![Capability {
            offset: POWER_MANAGEMENT_AT,
            kind: CapabilityKind::PowerManagement(PowerManagement {
                version: 2,
                d1: false,
                d2: false,
                // D0, D3hot, D3cold.
                pme_from: 0b1_1001,
                device_specific_init: true,
                no_soft_reset: false,
            }),
        }];
        if self != Self::I82540em {
            let kind = CapabilityKind::Constant { id: PCIX_ID, bytes: PCIX.to_vec() };
            list.push(Capability { offset: PCIX_AT, kind });
        }
        if msi {
            let msi = Msi { vectors: 1, address_64: true, per_vector_mask: false };
            list.push(Capability { offset: MSI_AT, kind: CapabilityKind::Msi(msi) });
        }
        list
    }
}
