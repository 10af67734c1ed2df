//! Versions of the instruction set and the processors that implement them.
//!
//! Source: option table and e_flags machine numbers of MCST binutils, ISA notes (head). Version 7 has no assembler name
//! and no ELF machine number yet.

use std::fmt;

/// A version of the instruction set; each contains nearly everything of its predecessor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IsaVersion {
    /// First Elbrus, obsolete: decoding tables only.
    V1 = 1,
    /// Elbrus-2C+.
    V2,
    /// Elbrus-4C (E2S).
    V3,
    /// Elbrus-8C, Elbrus-1C+.
    V4,
    /// Elbrus-8C2.
    V5,
    /// Elbrus-12C, Elbrus-16C, Elbrus-2C3.
    V6,
    /// Announced: operation names and numbers only.
    V7,
}

impl IsaVersion {
    /// All versions, oldest first.
    pub const ALL: [Self; 7] =
        [Self::V1, Self::V2, Self::V3, Self::V4, Self::V5, Self::V6, Self::V7];

    /// The version numbered `number` (1..=7).
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|version| *version as u8 == number)
    }
}

impl fmt::Display for IsaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", *self as u8)
    }
}

/// A processor as `-mcpu=` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuModel {
    /// Name of the option's value, e.g. `elbrus-8c`.
    pub name: &'static str,
    /// What it executes.
    pub version: IsaVersion,
    /// Machine number in bits 31:24 of the ELF header's `e_flags`.
    pub machine: u8,
}

impl CpuModel {
    /// Every name the assembler knows; the generic ones first.
    pub const ALL: [Self; 14] = [
        Self::new("elbrus-v1", IsaVersion::V1, 1),
        Self::new("elbrus-v2", IsaVersion::V2, 2),
        Self::new("elbrus-v3", IsaVersion::V3, 3),
        Self::new("elbrus-v4", IsaVersion::V4, 4),
        Self::new("elbrus-v5", IsaVersion::V5, 5),
        Self::new("elbrus-v6", IsaVersion::V6, 6),
        Self::new("elbrus-2c+", IsaVersion::V2, 2),
        Self::new("elbrus-4c", IsaVersion::V3, 3),
        Self::new("elbrus-8c", IsaVersion::V4, 19),
        Self::new("elbrus-1c+", IsaVersion::V4, 20),
        Self::new("elbrus-8c2", IsaVersion::V5, 5),
        Self::new("elbrus-12c", IsaVersion::V6, 21),
        Self::new("elbrus-16c", IsaVersion::V6, 22),
        Self::new("elbrus-2c3", IsaVersion::V6, 23),
    ];

    const fn new(name: &'static str, version: IsaVersion, machine: u8) -> Self {
        Self { name, version, machine }
    }

    /// The processor called `name`; `elbrus-2cm` is another name of `elbrus-2c+`.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let name = if name == "elbrus-2cm" { "elbrus-2c+" } else { name };
        Self::ALL.iter().find(|model| model.name == name)
    }

    /// The first processor with this ELF machine number (`e_flags` bits 31:24).
    #[must_use]
    pub fn by_machine(machine: u8) -> Option<&'static Self> {
        Self::ALL.iter().find(|model| model.machine == machine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_machine_numbers_lead_to_a_version() {
        assert_eq!(CpuModel::by_name("elbrus-2cm").map(|m| m.version), Some(IsaVersion::V2));
        assert_eq!(CpuModel::by_name("elbrus-1c+").map(|m| m.machine), Some(20));
        assert_eq!(CpuModel::by_machine(22).map(|m| m.name), Some("elbrus-16c"));
        assert_eq!(CpuModel::by_machine(7), None);
        assert_eq!(IsaVersion::from_number(4), Some(IsaVersion::V4));
        assert_eq!(IsaVersion::from_number(8), None);
    }
}
