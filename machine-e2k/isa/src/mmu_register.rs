//! Registers behind `mmurr`/`mmurw`: loads and stores with a special MAS and a small address (ISA notes 8.3).

use crate::{IsaVersion, Mas, SpecialOperation};

/// A register reached by a special MAS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MmuRegister {
    /// Name without `%`.
    pub name: &'static str,
    /// Which unit holds it.
    pub unit: SpecialOperation,
    /// src2 of the access.
    pub address: u32,
    /// Channel of `mmurr`; `mmurw` stands on channel 2.
    pub read_channel: u8,
    /// First version that has it.
    pub since: IsaVersion,
}

impl MmuRegister {
    /// MAS of the access.
    #[must_use]
    pub fn mas(&self) -> Mas {
        self.unit.mas()
    }
}
