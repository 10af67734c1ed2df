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
