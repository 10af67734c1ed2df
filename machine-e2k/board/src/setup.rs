//! What firmware does before it leaves the machine to a system: routes, bus numbers, base addresses.
//!
//! Systems of this machine never assign addresses themselves (e2k-machine.md §5.1), so whoever starts one without
//! firmware has to. Only for kernels entered as systems: programs that bring their own set-up find everything as after reset.

use elnic_bus::Space;
use elnic_contract::Size;
use elnic_soc::{Place, pci_input};

use crate::world::World;

/// Where memory windows of functions begin: behind console and system timer.
const MEMORY: u64 = 0x8020_0000;
/// Where they end: messages are written from here on (e2k-machine.md §1.2).
const MEMORY_END: u64 = 0xf800_0000;
/// Where windows of ports begin and end.
const PORTS: u64 = 0x1000;
const PORTS_END: u64 = 0x1_0000;

/// Registers of the system controller: ports 0 to 0xffff, PCI memory up to the messages' window (e2k-machine.md §1.4).
const RT_PCIIO0: (u64, u64) = (0x50, 0xf000_0000);
const RT_PCIM0: (u64, u64) = (0x40, 0x1e << 27 | 0x10 << 11);

const COMMAND: u64 = 0x04;
const BARS: u64 = 0x10;
const BUSES: u64 = 0x18;
const INTERRUPT_LINE: u64 = 0x3c;

/// The next free addresses.
struct Free {
    memory: u64,
    ports: u64,
}

impl Free {
    /// A window of `size` bytes, a power of two.
    fn take(&mut self, size: u64, ports: bool) -> Option<u64> {
        let (next, end) =
            if ports { (&mut self.ports, PORTS_END) } else { (&mut self.memory, MEMORY_END) };
        let base = next.checked_next_multiple_of(size)?;
        let after = base.checked_add(size).filter(|after| *after <= end)?;
        *next = after;
        Some(base)
    }
}

impl World {
    fn put(&mut self, address: u64, size: Size, value: u64) {
        elnic_bus::write(self, Space::Memory, address, size, value);
    }

    /// Does what firmware would have done.
    pub(crate) fn set_up_as_firmware(&mut self) {
        let sic = self.plan.sic.base;
        for (offset, value) in [RT_PCIIO0, RT_PCIM0] {
            self.put(sic + offset, Size::Word, value);
        }
        let mut free = Free { memory: MEMORY, ports: PORTS };
        let functions: Vec<Place> = self.root.iter().map(|(place, _)| place).collect();
        for place in functions {
            let place_bits = u64::from(place.slot) << 15 | u64::from(place.function) << 12;
            let config = self.plan.pci_config.base | place_bits;
            if place == (Place { slot: 0, function: 0 }) {
                // The one bus behind the bridge; no windows, for nothing there has regions.
                self.put(config + BUSES, Size::Word, 0x0001_0100);
                self.put(config + COMMAND, Size::Half, 7);
                continue;
            }
            self.assign(config, &mut free);
            let pin = elnic_bus::read(self, Space::Memory, config + INTERRUPT_LINE + 1, Size::Byte);
            if let Some(pin) = u8::try_from(pin).ok().and_then(|pin| pin.checked_sub(1)) {
                let line = pci_input(place.slot, pin).number();
                self.put(config + INTERRUPT_LINE, Size::Byte, line.into());
            }
            self.put(config + COMMAND, Size::Half, 7);
        }
    }

    /// Gives every base address register of a function its window.
    fn assign(&mut self, config: u64, free: &mut Free) {
        let mut number = 0;
        while number < 6 {
            let register = config + BARS + number * 4;
            number += 1;
            self.put(register, Size::Word, 0xffff_ffff);
            let mask = elnic_bus::read(self, Space::Memory, register, Size::Word);
            let is_ports = mask & 1 != 0;
            let kept = mask & if is_ports { !3 } else { !0xf };
            if kept == 0 {
                continue;
            }
            let wide = !is_ports && mask & 6 == 4;
            // The lowest bit that can be changed is the size.
            let window = free.take(kept & kept.wrapping_neg(), is_ports);
            self.put(register, Size::Word, window.unwrap_or(0));
            if wide {
                self.put(register + 4, Size::Word, 0);
                number += 1;
            }
        }
    }
}
