//! The two formats of page table entries (e2k-machine.md §8.2).

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Versions 2 to 5, physical addresses of 40 bits.
    V3,
    /// Version 6 with `core_mode.pt_v6`, physical addresses of 48 bits.
    V6,
}

/// An entry, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) present: bool,
    /// The virtual address exists even if no page is there.
    pub(crate) valid: bool,
    pub(crate) writable: bool,
    pub(crate) privileged: bool,
    pub(crate) executable: bool,
    /// This level maps a large page.
    pub(crate) large: bool,
    pub(crate) accessed: bool,
    pub(crate) dirty: bool,
    /// Physical address of the page or of the next level.
    pub(crate) frame: u64,
}

impl Format {
    /// The bit that says that the page was used.
    pub(crate) const ACCESSED: u64 = 1 << 5;
    /// The bit that says that it was written.
    pub(crate) const DIRTY: u64 = 1 << 6;

    /// The fields of an entry.
    pub(crate) fn read(self, bits: u64) -> Entry {
        let bit = |number: u32| bits >> number & 1 != 0;
        let (valid, privileged, not_executable, top) = match self {
            Self::V3 => (40, 41, 43, 40),
            Self::V6 => (3, 2, 63, 48),
        };
        Entry {
            present: bit(0),
            valid: bit(valid),
            writable: bit(1),
            privileged: bit(privileged),
            executable: !bit(not_executable),
            large: bit(7),
            accessed: bits & Self::ACCESSED != 0,
            dirty: bits & Self::DIRTY != 0,
            frame: bits & ((1 << top) - 1) & !0xfff,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_keep_validity_and_rights_in_different_places() {
        let old = Format::V3.read(1 | 2 | 1 << 40 | 1 << 41 | 1 << 43 | 0xab_cdef_f000);
        assert!(old.present && old.valid && old.writable && old.privileged && !old.executable);
        assert_eq!(old.frame, 0xab_cdef_f000);
        let new = Format::V6.read(1 | 1 << 2 | 1 << 3 | 1 << 40 | 1 << 7 | 1 << 63 | 0x5000);
        assert!(new.present && new.valid && !new.writable && new.privileged && new.large);
        assert!(!new.executable);
        assert_eq!(new.frame, 0x100_0000_5000, "bit 40 is part of the address");
    }
}
