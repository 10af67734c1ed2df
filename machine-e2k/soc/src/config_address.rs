//! Addresses in PCI configuration space, and the two ways a processor reaches it.
//!
//! Memory-mapped: 1 MiB a bus, 4 KiB a function (e2k-machine.md §5.1). Ports 0xcf8 and 0xcfc: configuration mechanism #1
//! (PCI 3.0 §3.2.2.3.2).

use std::fmt;

use elnic_contract::Size;
use serde::{Deserialize, Serialize};

/// Bus, device and function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bdf {
    /// Bus, 0 to 255.
    pub bus: u8,
    /// Device (slot), 0 to 31.
    pub device: u8,
    /// Function, 0 to 7.
    pub function: u8,
}

impl fmt::Display for Bdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}.{:x}", self.bus, self.device, self.function)
    }
}

/// A register of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigAddress {
    /// Whose.
    pub function: Bdf,
    /// Offset, 0 to 0xfff.
    pub register: u16,
}

impl ConfigAddress {
    /// The register at `offset` bytes into the memory-mapped configuration space.
    pub const fn from_ecam(offset: u64) -> Self {
        let function = Bdf {
            bus: (offset >> 20) as u8,
            device: (offset >> 15) as u8 & 0x1f,
            function: (offset >> 12) as u8 & 7,
        };
        Self { function, register: offset as u16 & 0xfff }
    }

    /// The offset of a conventional register (0 to 0xff); `None` beyond, where only PCI Express functions have any.
    pub fn conventional(&self) -> Option<u8> {
        u8::try_from(self.register).ok()
    }
}

/// First port of the address register.
pub const ADDRESS_PORT: u64 = 0xcf8;
/// First port of the data register.
pub const DATA_PORT: u64 = 0xcfc;
/// Ports of both.
pub const PORT_COUNT: u64 = 8;

/// What a port access of configuration mechanism #1 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortAccess {
    /// The address register.
    Address,
    /// A configuration access.
    Data(ConfigAddress),
    /// Nothing here answers.
    Nobody,
}

/// The address register of configuration mechanism #1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigPorts {
    address: u32,
}

impl ConfigPorts {
    const ENABLE: u32 = 1 << 31;
    /// Bits 30 to 24 and 1 to 0 read as zero.
    const WRITABLE: u32 = 0x80ff_fffc;

    /// What an access of `size` at `offset` bytes from [`ADDRESS_PORT`] means.
    pub fn decode(&self, offset: u64, size: Size) -> PortAccess {
        match (offset, size) {
            (0, Size::Word) => PortAccess::Address,
            (4..8, Size::Byte | Size::Half | Size::Word) if self.address & Self::ENABLE != 0 => {
                let function = Bdf {
                    bus: (self.address >> 16) as u8,
                    device: (self.address >> 11) as u8 & 0x1f,
                    function: (self.address >> 8) as u8 & 7,
                };
                let register = self.address as u16 & 0xff | (offset as u16 & 3);
                PortAccess::Data(ConfigAddress { function, register })
            }
            _ => PortAccess::Nobody,
        }
    }

    /// The address register.
    pub const fn address(&self) -> u32 {
        self.address
    }

    /// Writes the address register.
    pub const fn set_address(&mut self, value: u32) {
        self.address = value & Self::WRITABLE;
    }

    /// Writes the address register as QEMU's PC has it, where bits 1 to 0 stay and count towards the register's number.
    pub const fn set_byte_address(&mut self, value: u32) {
        self.address = value & (Self::WRITABLE | 3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_reach_the_same_register() {
        let offset = 1 << 20 | 3 << 15 | 2 << 12 | 0x3d;
        let wanted =
            ConfigAddress { function: Bdf { bus: 1, device: 3, function: 2 }, register: 0x3d };
        assert_eq!(ConfigAddress::from_ecam(offset), wanted);
        assert_eq!(wanted.function.to_string(), "01:03.2");

        let mut ports = ConfigPorts::default();
        ports.set_address(0x8001_1a3c);
        assert_eq!(ports.decode(5, Size::Byte), PortAccess::Data(wanted));
    }

    #[test]
    fn nothing_answers_while_the_mechanism_is_off() {
        let mut ports = ConfigPorts::default();
        ports.set_address(0x0000_1800);
        assert_eq!(ports.decode(4, Size::Word), PortAccess::Nobody);
        assert_eq!(ports.decode(0, Size::Word), PortAccess::Address);
        assert_eq!(ports.decode(0, Size::Byte), PortAccess::Nobody);
    }

    #[test]
    fn reserved_bits_of_the_address_register_read_as_zero() {
        let mut ports = ConfigPorts::default();
        ports.set_address(u32::MAX);
        assert_eq!(ports.address(), 0x80ff_fffc);
    }

    #[test]
    fn registers_beyond_255_are_not_conventional() {
        assert_eq!(ConfigAddress::from_ecam(0xff).conventional(), Some(0xff));
        assert_eq!(ConfigAddress::from_ecam(0x100).conventional(), None);
    }
}
