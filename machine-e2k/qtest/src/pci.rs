//! Configuration space: functions found, mapped, switched on.
//!
//! Sources: PCI 3.0 §3.2.2.3.2 (configuration mechanism #1), §6.1 (header), §6.2.5 (base addresses), §6.7 (capabilities).

use std::ops::Range;

use crate::bar::{Bar, Space};
use crate::{Error, Machine};

const COMMAND: u8 = 0x04;
const STATUS: u8 = 0x06;
const FIRST_BAR: u8 = 0x10;
const CAPABILITIES: u8 = 0x34;
const ADDRESS_PORT: u64 = 0xcf8;
const DATA_PORT: u64 = 0xcfc;
/// A chain of capabilities is no longer than this.
const MOST_CAPABILITIES: usize = 48;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Ports,
    Memory(u64),
}

/// A PCI bus: how its functions are reached, and what is left of the windows they are mapped into.
#[derive(Clone, Debug)]
pub struct PciBus {
    access: Access,
    number: u8,
    io: Range<u64>,
    memory: Range<u64>,
}

/// A function on a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    access: Access,
    bus: u8,
    /// Device and function: slot × 8 + function.
    pub devfn: u8,
}

impl PciBus {
    /// Bus 0 of the machine `pc`.
    pub fn pc() -> Self {
        let (io, memory) = (0xc000..0x1_0000, 0xe000_0000..0xf000_0000);
        Self { access: Access::Ports, number: 0, io, memory }
    }

    /// A bus whose configuration space is memory: 1 MiB a bus from `base`, 4 KiB a function. Functions are mapped into
    /// the windows given.
    pub fn memory_mapped(base: u64, number: u8, io: Range<u64>, memory: Range<u64>) -> Self {
        Self { access: Access::Memory(base), number, io, memory }
    }

    /// All functions there are: vendor, device, and who.
    ///
    /// # Errors
    /// The machine has gone.
    pub fn functions(&self, machine: &mut Machine) -> Result<Vec<(u16, u16, Function)>, Error> {
        let mut found = Vec::new();
        for devfn in 0..=255 {
            let function = self.function(devfn);
            let identity = function.read32(machine, 0)?;
            if identity & 0xffff != 0xffff {
                // Vendor in the low half, device in the high one.
                found.push((identity as u16, (identity >> 16) as u16, function));
            }
        }
        Ok(found)
    }

    /// The function at that place, whether or not it is there.
    pub fn function(&self, devfn: u8) -> Function {
        Function { access: self.access, bus: self.number, devfn }
    }

    /// The first function of that identity.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, machine: &mut Machine, vendor: u16, device: u16) -> Result<Function, Error> {
        let functions = self.functions(machine)?.into_iter();
        let mut meant = functions.filter(|(v, d, _)| (*v, *d) == (vendor, device));
        meant.next().map(|(.., function)| function).ok_or(Error::NoFunction { vendor, device })
    }

    /// Sizes a base address register and gives it the next free place of its window.
    ///
    /// # Errors
    /// The register is not there, or its window is full.
    pub fn map(
        &mut self,
        machine: &mut Machine,
        function: &Function,
        bar: u8,
    ) -> Result<Bar, Error> {
        let register = FIRST_BAR + 4 * bar;
        function.write32(machine, register, u32::MAX)?;
        let low = function.read32(machine, register)?;
        let space = if low & 1 == 1 { Space::Io } else { Space::Memory };
        let wide = space == Space::Memory && low & 6 == 4;
        let bits = if space == Space::Io { !3 } else { !15 };
        let mut mask = u64::from(low & bits) | 0xffff_ffff << 32;
        if wide {
            function.write32(machine, register + 4, u32::MAX)?;
            mask = mask & 0xffff_ffff | u64::from(function.read32(machine, register + 4)?) << 32;
        } else if low & bits == 0 {
            return Err(Error::NoBar(bar));
        }
        // An I/O register may leave its upper half at zero.
        let mask = if space == Space::Io { mask | 0xffff_0000 } else { mask };
        let size = (!mask).wrapping_add(1);
        let window = match space {
            Space::Io => &mut self.io,
            Space::Memory => &mut self.memory,
        };
        let base = window.start.next_multiple_of(size.max(1));
        let end = base.checked_add(size).filter(|end| *end <= window.end);
        window.start = end.ok_or(Error::Full { bar, size })?;
        function.write32(machine, register, base as u32)?;
        if wide {
            function.write32(machine, register + 4, (base >> 32) as u32)?;
        }
        Ok(Bar { space, base, size })
    }
}

impl Function {
    /// Reads a configuration register of `size` bytes: 1, 2 or 4.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn read(&self, machine: &mut Machine, register: u8, size: usize) -> Result<u32, Error> {
        let value = match self.access {
            Access::Memory(base) => machine.load(self.place(base, register), size),
            Access::Ports => {
                self.select(machine, register)?;
                machine.input(DATA_PORT + u64::from(register & 3), size)
            }
        };
        value.map(|value| value as u32)
    }

    /// Writes a configuration register of `size` bytes: 1, 2 or 4.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn write(
        &self,
        machine: &mut Machine,
        register: u8,
        size: usize,
        value: u32,
    ) -> Result<(), Error> {
        match self.access {
            Access::Memory(base) => machine.store(self.place(base, register), size, value.into()),
            Access::Ports => {
                self.select(machine, register)?;
                machine.output(DATA_PORT + u64::from(register & 3), size, value.into())
            }
        }
    }

    /// Reads a configuration register of four bytes.
    ///
    /// # Errors
    /// As [`Function::read`].
    pub fn read32(&self, machine: &mut Machine, register: u8) -> Result<u32, Error> {
        self.read(machine, register, 4)
    }

    /// Writes a configuration register of four bytes.
    ///
    /// # Errors
    /// As [`Function::write`].
    pub fn write32(&self, machine: &mut Machine, register: u8, value: u32) -> Result<(), Error> {
        self.write(machine, register, 4, value)
    }

    /// Lets the function decode ports and memory and master the bus.
    ///
    /// # Errors
    /// As [`Function::write`].
    pub fn enable(&self, machine: &mut Machine) -> Result<(), Error> {
        let command = self.read(machine, COMMAND, 2)?;
        self.write(machine, COMMAND, 2, command | 7)
    }

    /// The function's capabilities: identity and where each stands.
    ///
    /// # Errors
    /// As [`Function::read`].
    pub fn capabilities(&self, machine: &mut Machine) -> Result<Vec<(u8, u8)>, Error> {
        let mut found = Vec::new();
        if self.read(machine, STATUS, 2)? & 0x10 == 0 {
            return Ok(found);
        }
        // The low two bits of a pointer are reserved.
        let mut at = self.read(machine, CAPABILITIES, 1)? as u8 & 0xfc;
        while at != 0 && found.len() < MOST_CAPABILITIES {
            let [identity, next] = (self.read(machine, at, 2)? as u16).to_le_bytes();
            found.push((identity, at));
            at = next & 0xfc;
        }
        Ok(found)
    }

    fn place(&self, base: u64, register: u8) -> u64 {
        base + (u64::from(self.bus) << 20 | u64::from(self.devfn) << 12 | u64::from(register))
    }

    fn select(&self, machine: &mut Machine, register: u8) -> Result<(), Error> {
        let function = u64::from(self.bus) << 16 | u64::from(self.devfn) << 8;
        let address = 1 << 31 | function | u64::from(register & 0xfc);
        machine.output(ADDRESS_PORT, 4, address)
    }
}
