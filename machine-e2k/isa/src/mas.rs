//! Memory access specifier: seven bits that say how a load or store is done (ISA notes 8.2, 8.3).
//!
//! The same bits are read in four ways (masf1..masf4) depending on `mod` and `m1`; the accessors give the plain fields,
//! what they mean on a channel is the memory unit's business.

/// A MAS; 0 is an ordinary access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Mas(pub u8);

impl Mas {
    /// The value that turns `staa`/`ldaa` into accesses to registers of the array access unit.
    pub const AAU_REGISTER: Self = Self(0x3f);

    /// `mod`, bits 2:0.
    #[must_use]
    pub fn mode(self) -> u8 {
        self.0 & 7
    }

    /// `be`, bit 3: the value in memory is big-endian. Not for `mod` 7.
    #[must_use]
    pub fn big_endian(self) -> bool {
        self.0 >> 3 & 1 == 1
    }

    /// `m1`, bit 4: the acquire/release and watch forms of version 5 and later.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        self.0 >> 4 & 1 == 1
    }

    /// `dc_ch`, bits 6:5: caches passed by, 0 none, 1 first level, 2 first and second, 3 all.
    #[must_use]
    pub fn bypass(self) -> u8 {
        self.0 >> 5 & 3
    }

    /// The special operation that `mod` 7 names on channels 2 and 5 (masf1, bits 6:3).
    #[must_use]
    pub fn special(self) -> Option<SpecialOperation> {
        (self.mode() == 7).then(|| SpecialOperation::from_code(self.0 >> 3 & 0xf)).flatten()
    }
}

/// What a MAS with `mod` = 7 asks for instead of a memory access (ISA notes 8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpecialOperation {
    /// Flush a cache line at all levels.
    CacheLineFlush = 0x0,
    /// Flush a first-level line.
    LineFlush = 0x1,
    /// Flush an instruction cache line or a page in the TLB.
    PageFlush = 0x2,
    /// Invalidate a memory lock.
    MemoryLockInvalidate = 0x3,
    /// Flush the whole instruction cache or TLB.
    WholeFlush = 0x4,
    /// Probe the TLB for an address.
    AddressProbe = 0x5,
    /// Probe a TLB entry.
    EntryProbe = 0x6,
    /// Register of the array access unit.
    AauRegister = 0x7,
    /// Register of the memory management unit.
    MmuRegister = 0x8,
    /// Data TLB register.
    DtlbRegister = 0x9,
    /// First-level cache register.
    L1Register = 0xa,
    /// Second-level cache register.
    L2Register = 0xb,
    /// Instruction cache or instruction TLB register.
    InstructionCacheRegister = 0xc,
    /// Register of the disambiguation memory, the memory lock table, the stack cleaner or of debugging.
    DamRegister = 0xd,
    /// Power control register.
    PowerRegister = 0xe,
}

impl SpecialOperation {
    /// The operation coded `code` (bits 6:3 of the MAS).
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        use SpecialOperation::*;
        [
            CacheLineFlush,
            LineFlush,
            PageFlush,
            MemoryLockInvalidate,
            WholeFlush,
            AddressProbe,
            EntryProbe,
            AauRegister,
            MmuRegister,
            DtlbRegister,
            L1Register,
            L2Register,
            InstructionCacheRegister,
            DamRegister,
            PowerRegister,
        ]
        .get(usize::from(code))
        .copied()
    }

    /// The MAS that asks for it.
    #[must_use]
    pub fn mas(self) -> Mas {
        Mas((self as u8) << 3 | 7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mmu_register_access_is_mas_47() {
        assert_eq!(SpecialOperation::MmuRegister.mas(), Mas(0x47));
        assert_eq!(Mas(0x47).special(), Some(SpecialOperation::MmuRegister));
        assert_eq!(Mas(0x6f).special(), Some(SpecialOperation::DamRegister));
        assert_eq!(Mas(0x7f).special(), None);
        assert_eq!(Mas(0x06).special(), None);
    }
}
