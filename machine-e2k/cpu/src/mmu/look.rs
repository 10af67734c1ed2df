//! Translation for those who only look: nothing is marked, cached or trapped.

use elnic_contract::Size;
use elnic_isa::{IsaVersion, Mas};

use super::{Access, is_on, space, walk};
use crate::bus::{Attention, Bus, BusFault};
use crate::state::State;

/// Memory as it lies there; marks that a walk would leave go nowhere.
struct Still<F>(F);

impl<F: FnMut(u64) -> Option<u64>> Bus for Still<F> {
    fn load(&mut self, address: u64, _: Size, _: Mas) -> Result<u64, BusFault> {
        (self.0)(address).ok_or(BusFault::Unmapped)
    }

    fn store(&mut self, _: u64, _: Size, _: Mas, _: u64) -> Result<(), BusFault> {
        Ok(())
    }

    fn fetch(&mut self, _: u64, _: &mut [u8]) -> Result<(), BusFault> {
        Err(BusFault::Refused)
    }

    fn watch_code(&mut self, _: u64) {}

    fn take_written_code(&mut self) -> Option<u64> {
        None
    }

    fn attention(&self) -> Attention {
        Attention::NONE
    }
}

/// The physical address that `address` means to a processor in this state, where `word` gives eight bytes of physical
/// memory. The address itself while translation is off; `None` where there is no page.
pub fn look_up(
    state: &State,
    isa: IsaVersion,
    address: u64,
    word: impl FnMut(u64) -> Option<u64>,
) -> Option<u64> {
    if !is_on(state) {
        return Some(address);
    }
    let page = walk(&mut Still(word), space(state, address), isa, address, Access::Read).ok()?;
    Some(page.frame | address & 0xfff)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::register;
    use super::*;

    #[test]
    fn looking_translates_and_leaves_no_mark() {
        let mut state = State::at_reset(0, 0);
        let look = |state: &State, tables: &BTreeMap<u64, u64>, address| {
            look_up(state, IsaVersion::V4, address, |at| tables.get(&at).copied())
        };
        let mut tables = BTreeMap::new();
        assert_eq!(look(&state, &tables, 0x1234), Some(0x1234), "translation is off");
        state.mmu[register::CONTROL] = 1;
        state.mmu[register::ROOT] = 0x1000;
        assert_eq!(look(&state, &tables, 0x1234), None, "there are no tables");
        let present = 1 | 1 << 40;
        for (place, next) in [(0x1000, 0x2000), (0x2000, 0x3000), (0x3000, 0x4000)] {
            tables.insert(place, next | present);
        }
        // Neither used nor written: a processor's access would mark it.
        tables.insert(0x4008, 0x7_7000 | present);
        assert_eq!(look(&state, &tables, 0x1234), Some(0x7_7234));
        assert_eq!(look(&state, &tables, 0x2234), None, "no such page");
        // A page of 2 MiB.
        tables.insert(0x3008, 0x40_0000 | present | 1 << 7);
        assert_eq!(look(&state, &tables, 0x20_5678), Some(0x40_5678));
    }
}
