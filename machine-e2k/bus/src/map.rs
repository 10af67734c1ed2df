//! What stands at which address.

/// How much of a range a target got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// All of it.
    Whole,
    /// What others had not claimed before.
    Partly,
    /// Nothing: others have it all, or it is empty or wraps around the end of the address space.
    Nothing,
}

/// What stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<T> {
    /// Whose the address is.
    pub target: T,
    /// Offset from the start of the range that was claimed, in bytes.
    pub offset: u64,
    /// Bytes from this address on that are the same target's without a gap.
    pub left: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range<T> {
    first: u64,
    last: u64,
    /// Offset of `first` in what was claimed.
    offset: u64,
    target: T,
}

/// Disjoint ranges of addresses and whose they are, sorted.
///
/// Where claims overlap, the earlier one wins, so a map built in the order of slots is the same however a guest placed
/// its base address registers. Finding is O(log n).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressMap<T> {
    ranges: Vec<Range<T>>,
}

impl<T> Default for AddressMap<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> AddressMap<T> {
    /// Nothing anywhere.
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }
}

impl<T: Copy> AddressMap<T> {
    /// Gives `length` bytes from `start` to `target`, except what others claimed before.
    pub fn claim(&mut self, start: u64, length: u64, target: T) -> Claim {
        let Some(last) = length.checked_sub(1).and_then(|rest| start.checked_add(rest)) else {
            return Claim::Nothing;
        };
        let mut gaps = Vec::new();
        let mut from = Some(start);
        for taken in self.ranges.iter().filter(|r| r.last >= start && r.first <= last) {
            if let Some(first) = from.filter(|first| *first < taken.first) {
                gaps.push((first, taken.first - 1));
            }
            from = taken.last.checked_add(1).filter(|next| *next <= last);
        }
        if let Some(first) = from {
            gaps.push((first, last));
        }
        let claim = match gaps.as_slice() {
            [] => Claim::Nothing,
            [gap] if *gap == (start, last) => Claim::Whole,
            _ => Claim::Partly,
        };
        for (first, last) in gaps {
            let at = self.ranges.partition_point(|range| range.first < first);
            self.ranges.insert(at, Range { first, last, offset: first - start, target });
        }
        claim
    }

    /// What stands at `address`.
    #[inline]
    pub fn find(&self, address: u64) -> Option<Hit<T>> {
        let after = self.ranges.partition_point(|range| range.first <= address);
        let range = self.ranges.get(after.checked_sub(1)?)?;
        (address <= range.last).then(|| Hit {
            target: range.target,
            offset: address - range.first + range.offset,
            left: (range.last - address).saturating_add(1),
        })
    }

    /// All ranges as (first address, last address, target), ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64, T)> + '_ {
        self.ranges.iter().map(|range| (range.first, range.last, range.target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_earlier_claim_wins_and_offsets_stay_the_claimant_s() {
        let mut map = AddressMap::new();
        assert_eq!(map.claim(0x1000, 0x10, 'a'), Claim::Whole);
        assert_eq!(map.claim(0xff8, 0x20, 'b'), Claim::Partly);
        assert_eq!(map.claim(0x1004, 4, 'c'), Claim::Nothing);
        assert_eq!(map.find(0xfff), Some(Hit { target: 'b', offset: 7, left: 1 }));
        assert_eq!(map.find(0x1000), Some(Hit { target: 'a', offset: 0, left: 16 }));
        assert_eq!(map.find(0x1010), Some(Hit { target: 'b', offset: 0x18, left: 8 }));
        assert_eq!(map.find(0x1018), None);
    }

    #[test]
    fn the_whole_address_space_can_be_claimed_but_not_beyond() {
        let mut map = AddressMap::new();
        assert_eq!(map.claim(u64::MAX, 2, 'x'), Claim::Nothing);
        assert_eq!(map.claim(5, 0, 'x'), Claim::Nothing);
        assert_eq!(map.claim(0, u64::MAX, 'a'), Claim::Whole);
        assert_eq!(map.claim(u64::MAX - 1, 2, 'b'), Claim::Partly);
        assert_eq!(map.find(u64::MAX).map(|hit| (hit.target, hit.offset)), Some(('b', 1)));
    }

    proptest! {
        #[test]
        fn the_map_equals_one_that_is_filled_address_by_address(
            claims in prop::collection::vec((0_u64..96, 0_u64..40), 0..16),
        ) {
            let mut map = AddressMap::new();
            let mut naive: [Option<(usize, u64)>; 136] = [None; 136];
            for (target, (start, length)) in claims.into_iter().enumerate() {
                let mut got = 0;
                for offset in 0..length {
                    let cell = &mut naive[(start + offset) as usize];
                    if cell.is_none() {
                        *cell = Some((target, offset));
                        got += 1;
                    }
                }
                let wanted = match got {
                    0 => Claim::Nothing,
                    all if all == length => Claim::Whole,
                    _ => Claim::Partly,
                };
                prop_assert_eq!(map.claim(start, length, target), wanted);
            }
            for (address, cell) in naive.iter().enumerate() {
                let hit = map.find(address as u64);
                prop_assert_eq!(hit.map(|hit| (hit.target, hit.offset)), *cell);
            }
            let listed: Vec<_> = map.iter().collect();
            prop_assert!(listed.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
