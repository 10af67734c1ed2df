//! The few ports of a PC that QEMU's test programs use: the size of RAM by fw_cfg, and the eject register of ACPI hot-plug.
//!
//! Sources: QEMU docs/specs/fw_cfg.txt (selector at 0x510, data at 0x511, keys 0, 1 and 3) and acpi_pci_hotplug.txt (eject
//! at 0xae08). There is nothing else of a PC here.

use std::collections::BTreeSet;

use elnic_clock::DeviceId;
use elnic_contract::{Fault, Size};
use elnic_soc::map::{self, AddressPlan, Window};
use serde::{Deserialize, Serialize};

use crate::models::Profile;
use crate::world::World;

/// A group of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ports {
    /// fw_cfg.
    Firmware,
    /// ACPI PCI hot-plug.
    Hotplug,
}

/// Memory windows may lie anywhere RAM does not; the machine has no fixed ones.
pub(crate) static PLAN: AddressPlan =
    AddressPlan { pci_memory: Window { base: 0, size: u64::MAX }, ..map::FULL_SIC };

const FIRMWARE: (u64, u64) = (0x510, 2);
const HOTPLUG: (u64, u64) = (0xae00, 0x18);
const EJECT: u64 = 8;

const SIGNATURE: u16 = 0;
const REVISION: u16 = 1;
const RAM_SIZE: u16 = 3;

/// State of those ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PcState {
    selected: u16,
    offset: usize,
    /// Slots whose devices the guest has ejected, a bit each.
    pub(crate) ejected: u32,
    /// Devices told to go.
    pub(crate) leaving: BTreeSet<DeviceId>,
}

impl Profile {
    /// Ports that the machine itself answers to: first port, count, which.
    pub(crate) fn ports(self) -> impl Iterator<Item = (u64, u64, Ports)> {
        let pc = self == Self::Pc;
        let groups = [(FIRMWARE, Ports::Firmware), (HOTPLUG, Ports::Hotplug)];
        groups.into_iter().filter(move |_| pc).map(|((base, count), ports)| (base, count, ports))
    }
}

impl World {
    pub(crate) fn pc_read(&mut self, ports: Ports, offset: u64, size: Size) -> Result<u64, Fault> {
        match (ports, offset, size) {
            (Ports::Firmware, 1, Size::Byte) => {
                let value = self.firmware_byte(self.pc.selected, self.pc.offset);
                self.pc.offset = self.pc.offset.saturating_add(1);
                Ok(value.into())
            }
            (Ports::Hotplug, ..) => Ok(0),
            _ => Err(Fault::NotDecoded),
        }
    }

    pub(crate) fn pc_write(
        &mut self,
        ports: Ports,
        offset: u64,
        size: Size,
        value: u64,
    ) -> Result<(), Fault> {
        match (ports, offset, size) {
            (Ports::Firmware, 0, Size::Half) => {
                // The selector has 16 bits.
                self.pc.selected = value as u16;
                self.pc.offset = 0;
            }
            (Ports::Hotplug, EJECT, Size::Word) => self.pc.ejected |= value as u32,
            (Ports::Hotplug, ..) => {}
            _ => return Err(Fault::NotDecoded),
        }
        Ok(())
    }

    fn firmware_byte(&self, key: u16, offset: usize) -> u8 {
        let ram = self.ram.layout().size().to_le_bytes();
        let item: &[u8] = match key {
            SIGNATURE => b"QEMU",
            REVISION => &[1, 0, 0, 0],
            RAM_SIZE => &ram,
            _ => &[],
        };
        item.get(offset).copied().unwrap_or(0)
    }
}
