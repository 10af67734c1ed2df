//! A function's registers behind a base address register.

use crate::{Error, Machine};

/// Where registers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Ports.
    Io,
    /// Memory.
    Memory,
}

/// A function's registers, mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Ports or memory.
    pub space: Space,
    /// First port or address.
    pub base: u64,
    /// Bytes.
    pub size: u64,
}

macro_rules! accesses {
    ($($read:ident $write:ident $kind:ty, $bytes:literal;)*) => {$(
        #[doc = concat!("Reads ", stringify!($bytes), " byte(s) at `offset`.")]
        ///
        /// # Errors
        /// The machine refuses, or has gone.
        pub fn $read(&self, machine: &mut Machine, offset: u64) -> Result<$kind, Error> {
            let value = match self.space {
                Space::Io => machine.input(self.base + offset, $bytes),
                Space::Memory => machine.load(self.base + offset, $bytes),
            };
            // The machine answers with as many bytes as were asked for.
            value.map(|value| value as $kind)
        }

        #[doc = concat!("Writes ", stringify!($bytes), " byte(s) at `offset`.")]
        ///
        /// # Errors
        /// The machine refuses, or has gone.
        pub fn $write(&self, machine: &mut Machine, offset: u64, value: $kind) -> Result<(), Error> {
            match self.space {
                Space::Io => machine.output(self.base + offset, $bytes, value.into()),
                Space::Memory => machine.store(self.base + offset, $bytes, value.into()),
            }
        }
    )*};
}

impl Bar {
    accesses! {
        read8 write8 u8, 1;
        read16 write16 u16, 2;
        read32 write32 u32, 4;
    }
}
