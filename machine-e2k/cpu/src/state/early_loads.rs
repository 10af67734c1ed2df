//! Loads made ahead of stores (data-abort mechanism, e2k-isa.md §8.6): what was loaded early, until something is stored over it.
//!
//! A load with `mas=4` on channel 0 or 3 is noted; one with `mas=3` or `mas=4` on channel 2 or 5 asks whether what it loads is still as noted,
//! and sets `%MLOCK` if not. The table may forget at any time: the program then loads once more. Left out: which register an entry belongs
//! to, and stores of other processors, which the hardware finds out as well.

use serde::{Deserialize, Serialize};

/// An access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Loaded {
    /// Physical address.
    address: u64,
    bytes: u64,
}

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyLoads {
    /// Newest last.
    entries: Vec<Loaded>,
}

impl EarlyLoads {
    /// Entries there may be.
    const MOST: usize = 32;

    /// Whether nothing is noted.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Notes a load of `bytes` at the physical `address`; the oldest entry goes where there is no room.
    pub fn note(&mut self, address: u64, bytes: u64) {
        let loaded = Loaded { address, bytes };
        self.entries.retain(|entry| *entry != loaded);
        if self.entries.len() >= Self::MOST {
            self.entries.remove(0);
        }
        self.entries.push(loaded);
    }

    /// Whether a load of `bytes` at `address` was noted and nothing stored over it.
    pub fn holds(&self, address: u64, bytes: u64) -> bool {
        self.entries.contains(&Loaded { address, bytes })
    }

    /// `bytes` at `address` are stored; whether an entry is gone for it.
    pub fn stored(&mut self, address: u64, bytes: u64) -> bool {
        let before = self.entries.len();
        let ends = |start: u64, length: u64| start.saturating_add(length);
        self.entries.retain(|entry| {
            ends(entry.address, entry.bytes) <= address || ends(address, bytes) <= entry.address
        });
        self.entries.len() != before
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_takes_what_it_overlaps_and_nothing_else() {
        let mut loads = EarlyLoads::default();
        loads.note(0x100, 8);
        loads.note(0x108, 4);
        assert!(!loads.stored(0x10c, 4));
        assert!(loads.stored(0x107, 1));
        assert!(!loads.holds(0x100, 8));
        assert!(loads.holds(0x108, 4));
        assert!(!loads.holds(0x108, 8), "another access");
        loads.clear();
        assert!(loads.is_empty());
    }

    #[test]
    fn the_oldest_entry_makes_room() {
        let mut loads = EarlyLoads::default();
        for number in 0..33 {
            loads.note(8 * number, 8);
        }
        assert!(!loads.holds(0, 8));
        assert!(loads.holds(8, 8) && loads.holds(8 * 32, 8));
    }
}
