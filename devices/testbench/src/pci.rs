//! A function on a bus of its own, and the driver's first steps: sizing and assigning base address registers.

use elnic_contract::{Cx, Effect, Fault, Outbox, Size, VTime};
use elnic_pci::{Hit, PciFunction, Space};

use crate::drivers::virtio::Host;
use crate::{Notes, SparseRam};

/// A base address register that was given an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Which register: 0 to 5.
    pub slot: u8,
    /// In which space.
    pub space: Space,
    /// First address.
    pub base: u64,
    /// Length in bytes, as sized.
    pub size: u64,
}

/// One PCI function and the world around it.
pub struct PciBench {
    /// The function.
    pub function: PciFunction,
    /// Guest RAM.
    pub ram: SparseRam,
    /// What it remarked.
    pub notes: Notes,
    /// Everything it wanted done, oldest first.
    pub effects: Vec<Effect>,
    /// Virtual time.
    pub now: VTime,
}

const COMMAND: u8 = 0x04;
const BAR0: u8 = 0x10;

impl PciBench {
    /// A bench for `function`.
    pub fn new(function: PciFunction) -> Self {
        let (ram, notes) = (SparseRam::new(), Notes::default());
        Self { function, ram, notes, effects: Vec::new(), now: VTime::ZERO }
    }

    /// Calls the function.
    pub fn enter<T>(&mut self, call: impl FnOnce(&mut PciFunction, &mut Cx<'_>) -> T) -> T {
        let mut outbox = Outbox::new();
        let mut cx = Cx::new(self.now, &mut self.ram, &mut outbox, &mut self.notes);
        let result = call(&mut self.function, &mut cx);
        self.effects.extend(outbox.drain());
        result
    }

    /// Reads configuration space.
    pub fn config(&self, offset: u8, size: Size) -> u64 {
        self.function.config_read(offset, size)
    }

    /// Writes configuration space.
    pub fn set_config(&mut self, offset: u8, size: Size, value: u64) {
        self.enter(|function, cx| function.config_write(cx, offset, size, value));
    }

    /// Sets the Command register.
    pub fn command(&mut self, value: u16) {
        self.set_config(COMMAND, Size::Half, value.into());
    }

    /// Reads at a bus address; `None` if the function does not answer to it.
    pub fn read(&mut self, space: Space, address: u64, size: Size) -> Option<Result<u64, Fault>> {
        let hit = self.function.decode(space, address)?;
        Some(self.enter(|function, cx| function.read(cx, hit, size)))
    }

    /// Writes at a bus address; `None` if the function does not answer to it.
    pub fn write(
        &mut self,
        space: Space,
        address: u64,
        size: Size,
        value: u64,
    ) -> Option<Result<(), Fault>> {
        let hit = self.function.decode(space, address)?;
        Some(self.write_hit(hit, size, value))
    }

    /// Writes at a place of the function.
    ///
    /// # Errors
    /// The function refuses.
    pub fn write_hit(&mut self, hit: Hit, size: Size, value: u64) -> Result<(), Fault> {
        self.enter(|function, cx| function.write(cx, hit, size, value))
    }

    /// Sizes every base address register as drivers do, and gives out addresses from `memory` and `io` upwards.
    pub fn assign(&mut self, memory: u64, io: u64) -> Vec<Assigned> {
        assign(self, memory, io)
    }
}

/// Sizes every base address register of a function as drivers do, and gives out addresses from `memory` and `io` upwards.
pub(crate) fn assign(host: &mut impl Host, memory: u64, io: u64) -> Vec<Assigned> {
    let (mut next_memory, mut next_io) = (memory, io);
    let (mut assigned, mut slot) = (Vec::new(), 0);
    while slot < 6 {
        let offset = BAR0 + slot * 4;
        let flags = host.config(offset, Size::Word);
        let wide = flags & 0b111 == 0b100;
        host.set_config(offset, Size::Word, u64::from(u32::MAX));
        let mut mask = host.config(offset, Size::Word);
        if wide {
            host.set_config(offset + 4, Size::Word, u64::from(u32::MAX));
            mask |= host.config(offset + 4, Size::Word) << 32;
        } else if mask != 0 {
            mask |= 0xffff_ffff_0000_0000;
        }
        let is_io = flags & 1 != 0;
        let size = if is_io { !(mask & !0b11) } else { !(mask & !0xf) };
        if mask != 0 {
            let size = size.wrapping_add(1);
            let next = if is_io { &mut next_io } else { &mut next_memory };
            let base = next.next_multiple_of(size);
            *next = base + size;
            let space = if is_io { Space::Io } else { Space::Memory };
            host.set_config(offset, Size::Word, base & 0xffff_ffff);
            if wide {
                host.set_config(offset + 4, Size::Word, base >> 32);
            }
            assigned.push(Assigned { slot, space, base, size });
        }
        slot += if wide { 2 } else { 1 };
    }
    assigned
}
