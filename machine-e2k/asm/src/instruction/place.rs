//! Giving out literal words and channels.
//!
//! Why a search: a 16-bit value may share a word with another value, a 32-bit value may be half of a 64-bit one; which
//! choice is shortest depends on all literals of the bundle.
//! Source: behaviour of gas, which takes the cheapest of all possible choices, and the first of several that cost the
//! same; found in the encoding vectors and by experiment. A bundle has at most seven literals of at most eleven places.

use super::draft::{LiteralRequest, LiteralValue, Slot};
use elnic_isa::Literal;

/// Half words of LTS0..=LTS3.
const HALVES: usize = 8;

/// Content of one half word: the request it belongs to, and which 16 bits of the value.
type Half = Option<(usize, u8)>;

/// A choice of places.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    /// The place of every request.
    pub(super) slots: Vec<Slot>,
    /// What stands in every half word.
    halves: [Half; HALVES],
}

impl Placement {
    /// How many literal words are in use, counted from LTS0.
    pub(super) fn words(&self) -> u8 {
        let last = self.halves.iter().rposition(Option::is_some);
        last.map_or(0, |last| u8::try_from(last / 2 + 1).unwrap_or(4))
    }

    /// The literal a request became.
    pub(super) fn literal(&self, request: usize) -> Option<Literal> {
        self.slots.get(request).map(|slot| {
            let word = slot.position / 2;
            match slot.size {
                1 => Literal::Half { word, high: slot.position % 2 == 1 },
                2 => Literal::Word(word),
                _ => Literal::Double(word),
            }
        })
    }

    /// The literal words, with `value` giving the value of each request.
    pub(super) fn fill(&self, value: impl Fn(usize) -> i64) -> [u32; 4] {
        let mut words = [0u32; 4];
        for (half, content) in self.halves.iter().enumerate() {
            let Some((request, part)) = content else { continue };
            let bits = value(*request) >> (16 * i64::from(*part)) & 0xffff;
            if let (Some(word), Ok(bits)) = (words.get_mut(half / 2), u32::try_from(bits)) {
                *word |= bits << (16 * (half % 2));
            }
        }
        words
    }
}

/// Finds the cheapest places for all literals; `None` if they do not fit.
pub(super) fn literals(requests: &[LiteralRequest]) -> Option<Placement> {
    let mut order: Vec<usize> = (0..requests.len()).collect();
    // Literals with few choices come first, among them those that may be large.
    order.sort_by_key(|index| {
        let slots = requests.get(*index).map_or(&[][..], |request| &request.slots);
        let sizes: Vec<u8> = slots.iter().map(|slot| u8::MAX - slot.size).collect();
        (slots.len(), sizes)
    });
    let mut search =
        Search { requests, order: &order, chosen: vec![None; requests.len()], best: None };
    search.step(0, [None; HALVES], 0);
    let (_, slots, halves) = search.best?;
    let slots: Option<Vec<Slot>> = slots.into_iter().collect();
    Some(Placement { slots: slots?, halves })
}

struct Search<'a> {
    requests: &'a [LiteralRequest],
    order: &'a [usize],
    chosen: Vec<Option<Slot>>,
    best: Option<(u8, Vec<Option<Slot>>, [Half; HALVES])>,
}

impl Search<'_> {
    fn step(&mut self, depth: usize, halves: [Half; HALVES], cost: u8) {
        // A further literal never makes a choice cheaper.
        if self.best.as_ref().is_some_and(|(best, ..)| cost >= *best) {
            return;
        }
        let Some(index) = self.order.get(depth).copied() else {
            self.best = Some((cost, self.chosen.clone(), halves));
            return;
        };
        let requests = self.requests;
        for slot in requests.get(index).map_or(&[][..], |request| &request.slots) {
            let Some((halves, cost)) = self.put(index, *slot, halves, cost) else { continue };
            if let Some(place) = self.chosen.get_mut(index) {
                *place = Some(*slot);
            }
            self.step(depth + 1, halves, cost);
        }
    }

    /// Puts a literal into a place; `None` if something else stands there.
    fn put(
        &self,
        index: usize,
        slot: Slot,
        mut halves: [Half; HALVES],
        mut cost: u8,
    ) -> Option<([Half; HALVES], u8)> {
        for part in 0..slot.size {
            let position = slot.position + part;
            let half = halves.get_mut(usize::from(position))?;
            match half {
                Some((owner, owned)) => {
                    if !self.same(*owner, *owned, index, part) {
                        return None;
                    }
                }
                None => {
                    *half = Some((index, part));
                    cost |= 1 << (position ^ 1);
                }
            }
        }
        Some((halves, cost))
    }

    /// Whether 16 bits of one literal are those of another.
    fn same(&self, owner: usize, owned: u8, index: usize, part: u8) -> bool {
        let value = |index: usize| self.requests.get(index).map(|request| &request.value);
        let bits = |number: i64, part: u8| number >> (16 * i64::from(part)) & 0xffff;
        match (value(owner), value(index)) {
            (Some(LiteralValue::Number(a)), Some(LiteralValue::Number(b))) => {
                bits(*a, owned) == bits(*b, part)
            }
            (Some(LiteralValue::Later(a)), Some(LiteralValue::Later(b))) => a == b && owned == part,
            _ => false,
        }
    }
}

/// Gives every operation a channel: the first choice in the order of the source that leaves one for all.
///
/// `wishes` holds for every operation the sets of channels it may take (one, or two for pairs), best first.
pub(super) fn channels(wishes: &[Vec<Vec<u8>>]) -> Option<Vec<Vec<u8>>> {
    let Some((first, rest)) = wishes.split_first() else { return Some(Vec::new()) };
    first.iter().find_map(|set| {
        let remaining: Vec<Vec<Vec<u8>>> = rest
            .iter()
            .map(|wish| {
                let free = |other: &&Vec<u8>| !other.iter().any(|channel| set.contains(channel));
                wish.iter().filter(free).cloned().collect()
            })
            .collect();
        if remaining.iter().any(Vec::is_empty) {
            return None;
        }
        let mut result = channels(&remaining)?;
        result.insert(0, set.clone());
        Some(result)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: i64, slots: &[(u8, u8)]) -> LiteralRequest {
        let slots = slots.iter().map(|&(position, size)| Slot { position, size }).collect();
        LiteralRequest { value: LiteralValue::Number(value), slots }
    }

    const HALF: [(u8, u8); 4] = [(1, 1), (0, 1), (3, 1), (2, 1)];
    const WORD: [(u8, u8); 4] = [(0, 2), (2, 2), (4, 2), (6, 2)];

    #[test]
    fn halves_fill_a_word_from_above() {
        let requests = [number(0x1234, &HALF), number(0x1235, &HALF)];
        let placement = literals(&requests).expect("fits");
        let values = [0x1234, 0x1235];
        assert_eq!(placement.fill(|index| values[index]), [0x1234_1235, 0, 0, 0]);
        assert_eq!(placement.words(), 1);
    }

    #[test]
    fn equal_bits_share_a_place() {
        let requests = [number(0x1234, &HALF), number(0x1234_0001, &WORD)];
        let placement = literals(&requests).expect("fits");
        assert_eq!(placement.literal(0), Some(Literal::Half { word: 0, high: true }));
        assert_eq!(placement.literal(1), Some(Literal::Word(0)));
    }

    #[test]
    fn too_many_literals_do_not_fit() {
        let requests: Vec<_> = (0..5).map(|n| number(0x10000 + n, &WORD)).collect();
        assert!(literals(&requests).is_none());
    }

    #[test]
    fn channels_go_to_the_first_that_leaves_room() {
        let any: Vec<Vec<u8>> = (0..6).map(|channel| vec![channel]).collect();
        let wishes = [any.clone(), vec![vec![0]], vec![vec![2, 5]], any];
        assert_eq!(channels(&wishes), Some(vec![vec![1], vec![0], vec![2, 5], vec![3]]));
        assert_eq!(channels(&[vec![vec![5]], vec![vec![5]]]), None);
    }
}
