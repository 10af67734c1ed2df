//! The Internet checksum: ones'-complement sums, pseudo headers, incremental update (RFC 1071, RFC 1624).

use crate::bytes::u16_at;

/// A ones'-complement sum in progress.
///
/// Parts are added in order; a part of odd length shifts what follows by a byte, as if all parts stood in one buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    total: u64,
    odd: bool,
}

impl Sum {
    /// The empty sum.
    pub const fn new() -> Self {
        Self { total: 0, odd: false }
    }

    /// Adds bytes as big-endian 16-bit words.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        let mut rest = bytes;
        let mut sum = self;
        if sum.odd {
            let Some((first, others)) = bytes.split_first() else { return sum };
            sum.total = sum.total.wrapping_add(u64::from(*first));
            sum.odd = false;
            rest = others;
        }
        // Four bytes at a time: 2³² of them fit before a u64 wraps, and no buffer is that long. In the other byte order the
        // sum is the same but for a swap at its end (RFC 1071 §2(B)), and needs no swap of each word.
        let (quads, tail) = rest.as_chunks::<4>();
        let swapped = quads
            .iter()
            .fold(0_u64, |sum, quad| sum.wrapping_add(u64::from(u32::from_le_bytes(*quad))));
        let quads = Self { total: swapped, odd: false }.folded().swap_bytes();
        sum.total = fold64(sum.total).wrapping_add(u64::from(quads));
        let (pairs, last) = tail.as_chunks::<2>();
        for pair in pairs {
            sum.total = sum.total.wrapping_add(u64::from(u16::from_be_bytes(*pair)));
        }
        if let [last] = last {
            sum.total = sum.total.wrapping_add(u64::from(*last) << 8);
            sum.odd = true;
        }
        sum
    }

    /// Adds one 16-bit word.
    #[must_use]
    pub const fn word(self, word: u16) -> Self {
        Self { total: self.total.wrapping_add(word as u64), odd: self.odd }
    }

    /// Adds a length as the 32-bit word that pseudo headers hold.
    #[must_use]
    pub const fn length(self, length: u32) -> Self {
        Self { total: self.total.wrapping_add(length as u64), odd: self.odd }
    }

    /// The sum, folded to 16 bits.
    pub const fn folded(self) -> u16 {
        let mut sum = self.total;
        while sum > 0xffff {
            sum = (sum & 0xffff).wrapping_add(sum >> 16);
        }
        // At most 0xffff by now.
        (sum & 0xffff) as u16
    }

    /// The checksum: the complement of the folded sum.
    pub const fn complement(self) -> u16 {
        !self.folded()
    }
}

const fn fold64(sum: u64) -> u64 {
    (sum & 0xffff_ffff).wrapping_add(sum >> 32)
}

/// The checksum of `bytes`.
pub fn of(bytes: &[u8]) -> u16 {
    Sum::new().bytes(bytes).complement()
}

/// The pseudo header of TCP and UDP over IPv4 (RFC 9293 §3.1).
pub fn pseudo_v4(source: [u8; 4], destination: [u8; 4], protocol: u8, length: u32) -> Sum {
    Sum::new().bytes(&source).bytes(&destination).word(u16::from(protocol)).length(length)
}

/// The pseudo header of upper layers over IPv6 (RFC 8200 §8.1).
pub fn pseudo_v6(source: [u8; 16], destination: [u8; 16], next_header: u8, length: u32) -> Sum {
    Sum::new().bytes(&source).bytes(&destination).word(u16::from(next_header)).length(length)
}

/// The checksum after a 16-bit word it covers changed from `old` to `new` (RFC 1624, equation 3).
pub const fn updated(checksum: u16, old: u16, new: u16) -> u16 {
    Sum::new().word(!checksum).word(!old).word(new).complement()
}

/// Sums `bytes` from `start` to `end` (to the end if `None`) and stores the checksum at `at`, as NICs insert one.
///
/// What stands at `at` (a pseudo-header seed) is part of the sum if it lies in the range. Returns `false`, and changes
/// nothing, if the range or the place lies outside of `bytes`.
pub fn insert(bytes: &mut [u8], start: usize, end: Option<usize>, at: usize) -> bool {
    let end = end.unwrap_or(bytes.len());
    let Some(covered) = bytes.get(start..end) else { return false };
    let checksum = of(covered);
    crate::bytes::put_u16(bytes, at, checksum).is_some()
}

/// As [`insert`] for a UDP checksum, where 0 means none and 0xffff is sent in its stead (RFC 768).
pub fn insert_udp(bytes: &mut [u8], start: usize, end: Option<usize>, at: usize) -> bool {
    if !insert(bytes, start, end, at) {
        return false;
    }
    if u16_at(bytes, at) == Some(0) {
        let _ = crate::bytes::put_u16(bytes, at, 0xffff);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 1071 §4.1, word for word.
    fn reference(bytes: &[u8]) -> u16 {
        let mut sum = 0_u64;
        for pair in bytes.chunks(2) {
            sum += u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
        }
        while sum >> 16 != 0 {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::try_from(sum).unwrap()
    }

    #[test]
    fn the_example_of_rfc_1071() {
        assert_eq!(of(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    }

    #[test]
    fn a_range_outside_the_frame_changes_nothing() {
        for (start, end, at) in [(9, None, 0), (0, Some(9), 0), (5, Some(4), 0), (0, None, 7)] {
            let mut bytes = [1; 8];
            assert!(!insert(&mut bytes, start, end, at));
            assert_eq!(bytes, [1; 8]);
        }
    }

    #[test]
    fn a_udp_checksum_is_never_zero() {
        let mut bytes = [0xff, 0xff, 0, 0];
        assert!(insert_udp(&mut bytes, 0, None, 2));
        assert_eq!(bytes[2..], [0xff, 0xff]);
    }

    proptest! {
        #[test]
        fn any_bytes_sum_as_the_rfc_says(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(of(&bytes), reference(&bytes));
        }

        #[test]
        fn parts_sum_as_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..100), a in 0..100_usize, b in 0..100_usize) {
            let (a, b) = (a.min(bytes.len()), b.min(bytes.len()));
            let (a, b) = (a.min(b), a.max(b));
            let sum = Sum::new().bytes(&bytes[..a]).bytes(&bytes[a..b]).bytes(&bytes[b..]);
            prop_assert_eq!(sum.complement(), reference(&bytes));
        }

        #[test]
        fn an_incremental_update_equals_a_new_sum(words in proptest::collection::vec(1..=u16::MAX, 2..20), new: u16) {
            let sum = |words: &[u16]| words.iter().fold(Sum::new(), |sum, word| sum.word(*word)).complement();
            let before = sum(&words);
            let mut after = words.clone();
            after[0] = new;
            prop_assert_eq!(updated(before, words[0], new), sum(&after));
        }

        #[test]
        fn an_inserted_checksum_verifies(mut bytes in proptest::collection::vec(any::<u8>(), 8..100), at in 0..3_usize) {
            let at = at * 2;
            bytes[at] = 0;
            bytes[at + 1] = 0;
            prop_assert!(insert(&mut bytes, 0, None, at));
            prop_assert!(matches!(Sum::new().bytes(&bytes).folded(), 0 | 0xffff));
        }
    }
}
