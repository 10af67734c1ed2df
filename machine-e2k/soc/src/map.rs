//! The physical address map of a full-SIC machine, apart from RAM.
//!
//! Source: e2k-machine.md §1.2 and §1.5, qemu-e2k-contract.md §4.

/// A range of physical addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First address.
    pub base: u64,
    /// Length in bytes.
    pub size: u64,
}

impl Window {
    /// Whether all `size` bytes at `address` lie in it.
    pub const fn contains(&self, address: u64, size: u64) -> bool {
        match address.checked_sub(self.base) {
            Some(offset) => offset < self.size && size <= self.size - offset,
            None => false,
        }
    }
}

/// PCI memory space: an address in here is the same on the processor's side and in a base address register.
pub const PCI_MEMORY: Window = Window { base: 0x8000_0000, size: 0x7ec0_0000 };
/// The console's registers, where they answer whatever its base address register says.
pub const CONSOLE: Window = Window { base: 0x8000_1000, size: 4 };
/// The local interrupt controller of the processor that looks.
pub const LOCAL_APIC: Window = Window { base: 0xfee0_0000, size: 0x10_0000 };
/// The I/O interrupt controller of domain 0.
pub const IO_APIC: Window = Window { base: 0xfec0_0000, size: 0x1000 };
/// x86-style ports, for accesses with MAS mode 6.
pub const PORTS: Window = Window { base: 0x1_0100_0000, size: 0x1_0000 };
/// System controller registers of node 0.
pub const SIC: Window = Window { base: 0x1_1000_0000, size: 0x10_0000 };
/// PCI configuration space of domain 0: 1 MiB a bus.
pub const PCI_CONFIG: Window = Window { base: 0x2_0000_0000, size: 0x1000_0000 };
/// Prefetchable PCI memory above 4 GiB.
pub const PCI_PREFETCHABLE: Window = Window { base: 0x2_1000_0000, size: 0x1_f000_0000 };
