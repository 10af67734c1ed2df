//! The world as the processor sees it.

use elnic_bus::Space;
use elnic_contract::{Cycles, Size};
use elnic_cpu::{Attention, Bus, BusFault, Mas};

use crate::world::World;

/// MAS mode of an access to ports (e2k-machine.md §3.1).
const IO_ACCESS: u8 = 6;

impl World {
    /// The space an access that is not RAM goes to, and the address there.
    fn route(&self, address: u64, mas: Mas) -> (Space, u64) {
        let ports = self.plan.ports;
        if mas.mode() == IO_ACCESS && ports.contains(address, 1) {
            (Space::Port, address - ports.base)
        } else {
            (Space::Memory, address)
        }
    }

    /// An access that RAM does not serve as a whole.
    #[cold]
    fn load_beyond_ram(&mut self, address: u64, size: Size, mas: Mas) -> u64 {
        if self.touches_ram(address, size) {
            return bytes(address, size).rev().fold(0, |value, at| {
                let byte = self.ram.load(at, Size::Byte);
                value << 8 | byte.unwrap_or_else(|| self.load_beyond_ram(at, Size::Byte, mas))
            });
        }
        let (space, at) = self.route(address, mas);
        self.accessing = true;
        let value = elnic_bus::read(self, space, at, size);
        self.accessing = false;
        value
    }

    #[cold]
    fn store_beyond_ram(&mut self, address: u64, size: Size, mas: Mas, value: u64) {
        if self.touches_ram(address, size) {
            for (index, at) in bytes(address, size).enumerate() {
                let byte = value >> (index * 8) & 0xff;
                if self.ram.store(at, Size::Byte, byte).is_none() {
                    self.store_beyond_ram(at, Size::Byte, mas, byte);
                }
            }
            return;
        }
        let (space, at) = self.route(address, mas);
        self.accessing = true;
        elnic_bus::write(self, space, at, size, value);
        self.accessing = false;
    }

    /// Whether an access straddles the end of a bank: its bytes are then served one by one.
    fn touches_ram(&self, address: u64, size: Size) -> bool {
        let last = address.wrapping_add(u64::from(size.bytes()) - 1);
        size != Size::Byte && (self.ram.contains(address, 1) || self.ram.contains(last, 1))
    }
}

/// The addresses of an access, ascending; they wrap.
fn bytes(address: u64, size: Size) -> impl DoubleEndedIterator<Item = u64> {
    (0..u64::from(size.bytes())).map(move |offset| address.wrapping_add(offset))
}

impl Bus for World {
    #[inline]
    fn load(&mut self, address: u64, size: Size, mas: Mas) -> Result<u64, BusFault> {
        match self.ram.load(address, size) {
            Some(value) => Ok(value),
            None => Ok(self.load_beyond_ram(address, size, mas)),
        }
    }

    #[inline]
    fn store(&mut self, address: u64, size: Size, mas: Mas, value: u64) -> Result<(), BusFault> {
        if self.ram.store(address, size, value).is_none() {
            self.store_beyond_ram(address, size, mas, value);
        }
        Ok(())
    }

    fn fetch(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault> {
        self.ram.copy_out(address, bytes).ok_or(BusFault::Unmapped)
    }

    fn watch_code(&mut self, page: u64) {
        self.ram.watched().watch(page);
    }

    fn take_written_code(&mut self) -> Option<u64> {
        self.ram.watched().take_written()
    }

    #[inline]
    fn attention(&self) -> Attention {
        let mut attention = self.attention;
        if self.ram.watched_page_written() {
            attention = attention.and(Attention::CODE);
        }
        if self.bell.is_rung() {
            attention = attention.and(Attention::STOP);
        }
        attention
    }

    #[inline]
    fn moment(&mut self, cycles: Cycles, bundle: u64) {
        self.bundle = bundle;
        self.ahead = Cycles(cycles.0.wrapping_sub(self.slice_start.0));
    }
}
