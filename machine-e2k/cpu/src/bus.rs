//! The processor's only way out: physical memory and whatever else answers to addresses.
//!
//! The processor is generic over [`Bus`], so that an access to RAM compiles down to the bounds check of the RAM itself. What is behind an
//! address is the board's business: the processor passes the memory access specifier ([`Mas`]) along, because port accesses (`mas=6`)
//! differ from plain ones in nothing else. Translation, byte order and alignment policy are the processor's.

use elnic_contract::{Cycles, Size};
use elnic_isa::Mas;

/// Why the bus did not serve an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusFault {
    /// Nothing answers at this address and the machine reports that instead of reading ones.
    #[error("nothing answers at this physical address")]
    Unmapped,
    /// Something answers, but not to this width or kind of access.
    #[error("the target does not decode an access of this kind")]
    Refused,
}

/// What the processor has to look at before the next bundle; the answer to [`Bus::attention`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attention(u8);

impl Attention {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The run loop shall return [`crate::Stop::Attention`]: an event is due, an interrupt line changed or an exit was asked for.
    pub const STOP: Self = Self(1);
    /// Somebody other than this processor wrote to a page it watches; the pages stand in [`Bus::take_written_code`].
    pub const CODE: Self = Self(2);

    /// Both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is asked for.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is nothing to do.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Physical address space as one processor sees it.
///
/// Addresses and values are in the processor's (little-endian) order. Accesses are naturally aligned, except that a
/// misaligned access the guest is allowed to make arrives as it was made when it stays within one aligned 64-bit word or
/// the target is RAM; the bus splits it where the target cannot serve it.
pub trait Bus {
    /// Reads `size` bytes at `address`, zero-extended.
    ///
    /// # Errors
    /// Nothing answers and the machine says so; most machines read ones or zeroes instead.
    fn load(&mut self, address: u64, size: Size, mas: Mas) -> Result<u64, BusFault>;

    /// Writes the low `size` bytes of `value` at `address`.
    ///
    /// # Errors
    /// As [`Bus::load`].
    fn store(&mut self, address: u64, size: Size, mas: Mas, value: u64) -> Result<(), BusFault>;

    /// Reads code: fills `bytes` from `address`.
    ///
    /// # Errors
    /// Not all of it is memory.
    fn fetch(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault>;

    /// The processor keeps decoded code of the 4096-byte page at `page` (a multiple of 4096) from now on.
    ///
    /// Its own stores it sees itself; writes by others (DMA, another processor, a debugger) to this page must raise
    /// [`Attention::CODE`] and appear in [`Bus::take_written_code`].
    fn watch_code(&mut self, page: u64);

    /// A watched page that was written since it was watched; `None` when no more are left. Watching ends with the report.
    fn take_written_code(&mut self) -> Option<u64>;

    /// The processor's cycle count ([`crate::Processor::cycles`]) at which the accesses that follow happen, and the
    /// address of the bundle that makes them; told before every bundle that may touch memory, so that a device sees its
    /// access at the right time within a run and a log can name the culprit. Must be cheap.
    fn moment(&mut self, cycles: Cycles, bundle: u64) {
        let _ = (cycles, bundle);
    }

    /// Asked after every bundle that touched memory; must be cheap.
    fn attention(&self) -> Attention;
}

#[cfg(test)]
mod tests {
    use super::Attention;

    #[test]
    fn attention_bits_are_independent() {
        let both = Attention::STOP.and(Attention::CODE);
        assert!(both.has(Attention::STOP) && both.has(Attention::CODE));
        assert!(!Attention::STOP.has(Attention::CODE));
        assert!(Attention::NONE.is_none() && !both.is_none());
    }
}
