//! The physical address maps of the boards, apart from RAM.
//!
//! Source: e2k-machine.md §1.2, §1.3 and §1.5, qemu-e2k-contract.md §4.

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

/// What lies where on a board, apart from RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressPlan {
    /// PCI memory space: an address in here is the same on the processor's side and in a base address register.
    pub pci_memory: Window,
    /// Prefetchable PCI memory above 4 GiB.
    pub pci_prefetchable: Window,
    /// The console's registers, where they answer whatever its base address register says.
    pub console: Window,
    /// The system timer.
    pub system_timer: Window,
    /// The local interrupt controller of the processor that looks.
    pub local_apic: Window,
    /// The I/O interrupt controller of domain 0.
    pub io_apic: Window,
    /// The I/O interrupt controller of what is on the processor's die, if there is one.
    pub embedded_io_apic: Option<Window>,
    /// x86-style ports, for accesses with MAS mode 6.
    pub ports: Window,
    /// System controller registers of node 0.
    pub sic: Window,
    /// PCI configuration space of domain 0: 1 MiB a bus.
    pub pci_config: Window,
    /// Firmware; the processor starts at its first byte.
    pub firmware: Window,
}

const fn window(base: u64, size: u64) -> Window {
    Window { base, size }
}

/// Boards with a full system controller: e2s, e8c, e8c2 (e2k-machine.md §1.2 and §1.5).
///
/// The place of the system timer is this machine's: firmware chooses it on a real board, and the MP table says where.
pub static FULL_SIC: AddressPlan = AddressPlan {
    pci_memory: window(0x8000_0000, 0x7ec0_0000),
    pci_prefetchable: window(0x2_1000_0000, 0x1_f000_0000),
    console: window(0x8000_1000, 4),
    system_timer: window(0x8000_2000, 0x1000),
    local_apic: window(0xfee0_0000, 0x10_0000),
    io_apic: window(0xfec0_0000, 0x1000),
    embedded_io_apic: None,
    ports: window(0x1_0100_0000, 0x1_0000),
    sic: window(0x1_1000_0000, 0x10_0000),
    pci_config: window(0x2_0000_0000, 0x1000_0000),
    firmware: window(0x1_0000_0000, 0x100_0000),
};

/// The board with a legacy system controller: e1c+ (e2k-machine.md §1.3).
pub static LEGACY_SIC: AddressPlan = AddressPlan {
    ports: window(0xff_2000_0000, 0x1_0000),
    sic: window(0x11_0000_0000, 0x10_0000),
    pci_config: window(0xff_1000_0000, 0x1000_0000),
    embedded_io_apic: Some(window(0x10_fec0_1000, 0x1000)),
    firmware: window(0xff_f000_0000, 0x100_0000),
    ..FULL_SIC
};

/// Boards with EPIC: e16c, e2c3 (e2k-machine.md §1.2, §6.4). Firmware chooses the place of the I/O controller on a real board.
pub static EPIC: AddressPlan = AddressPlan {
    local_apic: window(0xfee0_0000, 0x2000),
    io_apic: window(0xfec0_0000, 0x10_0000),
    ..FULL_SIC
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_apart_except_those_inside_pci_memory() {
        for plan in [FULL_SIC, LEGACY_SIC, EPIC] {
            let all = [
                plan.pci_memory,
                plan.pci_prefetchable,
                plan.local_apic,
                plan.io_apic,
                plan.ports,
                plan.sic,
                plan.pci_config,
                plan.firmware,
            ];
            for (index, one) in all.iter().enumerate() {
                for other in &all[..index] {
                    let apart =
                        one.base + one.size <= other.base || other.base + other.size <= one.base;
                    assert!(apart, "{one:x?} and {other:x?}");
                }
            }
            for inside in [plan.console, plan.system_timer] {
                assert!(plan.pci_memory.contains(inside.base, inside.size));
            }
        }
    }
}
