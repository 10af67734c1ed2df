//! The trap information registers: what was raised, where, newest first.
//!
//! `%tir.hi` shows the causes of the newest entry and how many are below it, `%tir.lo` its address and takes it away; at the bottom both
//! read zero (e2k-machine.md §7.2). A trap replaces all entries.

use serde::{Deserialize, Serialize};

/// One entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrapCause {
    /// Bit n: exception n, 44 bits.
    pub exceptions: u64,
    /// Bit n: channel n took part.
    pub channels: u8,
    /// Bit n: array channel n took part.
    pub arrays: u8,
    /// Address of the bundle, 48 bits.
    pub ip: u64,
}

const EXCEPTIONS: u64 = (1 << 44) - 1;
const ADDRESS: u64 = (1 << 48) - 1;

impl TrapCause {
    /// `%tir.hi` with `below` entries below.
    const fn hi(self, below: usize) -> u64 {
        self.exceptions & EXCEPTIONS
            | (self.channels as u64 & 0x3f) << 44
            | (self.arrays as u64 & 0xf) << 52
            | (below as u64 & 0xff) << 56
    }

    const fn from_words(hi: u64, lo: u64) -> Self {
        Self {
            exceptions: hi & EXCEPTIONS,
            channels: (hi >> 44 & 0x3f) as u8,
            arrays: (hi >> 52 & 0xf) as u8,
            ip: lo & ADDRESS,
        }
    }
}

/// The registers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrapInformation {
    /// Newest last.
    entries: Vec<TrapCause>,
    /// What was written to `%tir.hi`; a write of `%tir.lo` makes it an entry.
    written: u64,
}

impl TrapInformation {
    /// Entries there may be.
    pub const MOST: usize = 19;

    /// Replaces all entries; the last of `causes` is read first.
    pub fn set(&mut self, causes: &[TrapCause]) {
        self.entries.clear();
        self.entries.extend(causes.iter().take(Self::MOST));
        self.written = 0;
    }

    /// Entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What a read of `%tir.hi` gives.
    pub fn hi(&self) -> u64 {
        self.entries.last().map_or(0, |cause| cause.hi(self.entries.len() - 1))
    }

    /// What a read of `%tir.lo` gives; the entry is gone after it.
    pub fn take_lo(&mut self) -> u64 {
        self.entries.pop().map_or(0, |cause| cause.ip & ADDRESS)
    }

    /// A write of `%tir.hi`: all entries go, and the value waits for its other half.
    pub fn write_hi(&mut self, value: u64) {
        self.entries.clear();
        self.written = value;
    }

    /// A write of `%tir.lo`: zero takes all entries away, anything else restores one together with what `%tir.hi` was given.
    pub fn write_lo(&mut self, value: u64) {
        let hi = std::mem::take(&mut self.written);
        if value == 0 && hi == 0 {
            self.entries.clear();
        } else if self.entries.len() < Self::MOST {
            self.entries.push(TrapCause::from_words(hi, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_from_the_newest_to_the_one_numbered_zero() {
        let mut tirs = TrapInformation::default();
        let interrupt = TrapCause { exceptions: 1 << 32, ip: 0x2000, ..TrapCause::default() };
        let division = TrapCause { exceptions: 1 << 34, channels: 1 << 5, arrays: 0, ip: 0x1ff8 };
        tirs.set(&[interrupt, division]);
        assert_eq!(tirs.hi(), 1 << 56 | 1 << 49 | 1 << 34);
        assert_eq!((tirs.take_lo(), tirs.hi()), (0x1ff8, 1 << 32));
        assert_eq!((tirs.take_lo(), tirs.hi(), tirs.take_lo()), (0x2000, 0, 0));
    }

    #[test]
    fn a_pair_can_be_restored_and_taken_away() {
        let mut tirs = TrapInformation::default();
        tirs.write_hi(1 << 29 | 1 << 44);
        tirs.write_lo(0x5000);
        assert_eq!((tirs.hi(), tirs.len()), (1 << 29 | 1 << 44, 1));
        tirs.write_lo(0);
        assert!(tirs.is_empty());
    }
}
