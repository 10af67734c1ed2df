//! Tags of values in memory (e2k-isa.md §8.5).
//!
//! Only values that were written together with a tag have one here, and only as long as they are there: a tag belongs to its value, so that
//! ordinary stores need not look for it. Spilled registers and recovery stores write tags, fills and recovery loads read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::registers::TAG_NUMERIC;

/// Tags that are not those of numbers, by physical address of the 64-bit word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryTags(BTreeMap<u64, TaggedWord>);

/// A word and its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TaggedWord {
    value: u64,
    tag: u8,
}

impl MemoryTags {
    /// `value` was written at `address` with `tag`.
    pub fn set(&mut self, address: u64, value: u64, tag: u8) {
        if tag == TAG_NUMERIC {
            self.0.remove(&address);
        } else {
            self.0.insert(address, TaggedWord { value, tag: tag & 0xf });
        }
    }

    /// The tag of `value`, which stands at `address`.
    pub fn get(&self, address: u64, value: u64) -> u8 {
        let word = self.0.get(&address).filter(|word| word.value == value);
        word.map_or(TAG_NUMERIC, |word| word.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_with_its_value() {
        let mut tags = MemoryTags::default();
        tags.set(0x1000, 7, 0b0101);
        assert_eq!((tags.get(0x1000, 7), tags.get(0x1000, 8), tags.get(0x1008, 7)), (5, 0, 0));
        tags.set(0x1000, 7, TAG_NUMERIC);
        assert_eq!(tags, MemoryTags::default());
    }
}
