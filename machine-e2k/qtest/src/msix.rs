//! Message-signalled interrupts whose messages a test can read: they are written to RAM.
//!
//! Source: PCI 3.0 §6.8.2.

use crate::bar::Bar;
use crate::{Error, Function, Machine};

const IDENTITY: u8 = 0x11;
const ENABLE: u32 = 1 << 15;
const FUNCTION_MASK: u32 = 1 << 14;
/// Bytes of a table entry.
const ENTRY: u64 = 16;

/// A function's MSI-X vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsiX {
    function: Function,
    capability: u8,
    /// Number of vectors.
    pub vectors: u16,
    /// The base address register the table is behind.
    pub bar: u8,
    offset: u64,
}

impl Function {
    /// The function's MSI-X capability.
    ///
    /// # Errors
    /// It has none.
    pub fn msix(&self, machine: &mut Machine) -> Result<MsiX, Error> {
        let all = self.capabilities(machine)?.into_iter();
        let mut meant = all.filter(|(identity, _)| *identity == IDENTITY);
        let (_, capability) = meant.next().ok_or(Error::Missing("MSI-X capability"))?;
        let control = self.read(machine, capability + 2, 2)?;
        let table = self.read32(machine, capability + 4)?;
        Ok(MsiX {
            function: *self,
            capability,
            // Eleven bits, one less than the number.
            vectors: (control & 0x7ff) as u16 + 1,
            bar: (table & 7) as u8,
            offset: u64::from(table & !7),
        })
    }
}

impl MsiX {
    /// Switches messages on.
    ///
    /// # Errors
    /// The machine refuses, or has gone.
    pub fn enable(&self, machine: &mut Machine) -> Result<(), Error> {
        let control = self.function.read(machine, self.capability + 2, 2)?;
        let control = (control | ENABLE) & !FUNCTION_MASK;
        self.function.write(machine, self.capability + 2, 2, control)
    }

    /// Gives a vector its message and lets it through. `table` is what [`MsiX::bar`] was mapped to.
    ///
    /// # Errors
    /// There are not so many vectors.
    pub fn set(
        &self,
        machine: &mut Machine,
        table: &Bar,
        vector: u16,
        address: u64,
        data: u32,
    ) -> Result<(), Error> {
        if vector >= self.vectors {
            return Err(Error::Missing("such vector"));
        }
        let entry = self.offset + ENTRY * u64::from(vector);
        table.write32(machine, entry, address as u32)?;
        table.write32(machine, entry + 4, (address >> 32) as u32)?;
        table.write32(machine, entry + 8, data)?;
        table.write32(machine, entry + 12, 0)
    }
}
