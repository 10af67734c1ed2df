//! A descriptor ring as its registers describe it (SDM 3.2.6, 3.4).

use elnic_contract::Gpa;
use elnic_registers::Bank;

use crate::descriptors;
use crate::spec::Reg;

/// A ring of descriptors between head and tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ring {
    base: Gpa,
    /// Number of descriptors; never 0.
    count: u32,
    pub(crate) head: u32,
    tail: u32,
}

impl Ring {
    #[inline]
    fn new(base: u64, length: u64, head: u64, tail: u64) -> Option<Self> {
        // LEN has 20 bits, head and tail have 16.
        let count = (length & 0xf_ffff) as u32 / 16;
        let (head, tail) = ((head & 0xffff) as u32, (tail & 0xffff) as u32);
        // A ring of no length, or pointers outside of it: there is nothing to do, whatever the hardware would read.
        (head < count && tail < count).then_some(Self { base: Gpa(base), count, head, tail })
    }

    /// The transmit ring.
    #[inline]
    pub(crate) fn transmit(bank: &Bank<Reg>) -> Option<Self> {
        let base = bank.get(Reg::TDBAL) | bank.get(Reg::TDBAH) << 32;
        Self::new(base, bank.get(Reg::TDLEN), bank.get(Reg::TDH), bank.get(Reg::TDT))
    }

    /// The receive ring.
    #[inline]
    pub(crate) fn receive(bank: &Bank<Reg>) -> Option<Self> {
        let base = bank.get(Reg::RDBAL) | bank.get(Reg::RDBAH) << 32;
        Self::new(base, bank.get(Reg::RDLEN), bank.get(Reg::RDH), bank.get(Reg::RDT))
    }

    /// Descriptors from head up to tail: the hardware's.
    #[inline]
    pub(crate) const fn available(&self) -> u32 {
        if self.tail >= self.head {
            self.tail.saturating_sub(self.head)
        } else {
            self.count.saturating_sub(self.head).saturating_add(self.tail)
        }
    }

    /// The place `held` descriptors behind the head, with how many of the hardware's stand from there to the ring's end.
    #[inline]
    fn skip(&self, held: usize) -> (u32, u32) {
        let held = u32::try_from(held).unwrap_or(u32::MAX).min(self.count);
        let place = self.head.saturating_add(held);
        let place = if place >= self.count { place.saturating_sub(self.count) } else { place };
        let left = self.available().saturating_sub(held);
        (place, left.min(self.count.saturating_sub(place)))
    }

    /// Of the available descriptors, those behind the first `held` that stand in one piece.
    #[inline]
    pub(crate) fn contiguous_behind(&self, held: usize) -> u32 {
        self.skip(held).1
    }

    /// The address of the descriptor behind the first `held`.
    #[inline]
    pub(crate) fn behind(&self, held: usize) -> Gpa {
        self.address(self.skip(held).0)
    }

    #[inline]
    fn address(&self, index: u32) -> Gpa {
        self.base.plus(u64::from(index).saturating_mul(descriptors::LENGTH as u64))
    }

    /// Number of descriptors.
    #[inline]
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// The address of the descriptor at head.
    #[inline]
    pub(crate) fn at_head(&self) -> Gpa {
        self.address(self.head)
    }

    /// Moves the head on by one.
    #[inline]
    pub(crate) fn advance(&mut self) {
        self.head = self.head.saturating_add(1);
        if self.head >= self.count {
            self.head = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_descriptors_wrap_around_the_end() {
        let ring = |head, tail| Ring::new(0x1000, 128, head, tail).unwrap();
        assert_eq!((ring(2, 5).available(), ring(2, 5).contiguous_behind(0)), (3, 3));
        assert_eq!((ring(6, 3).available(), ring(6, 3).contiguous_behind(0)), (5, 2));
        assert_eq!((ring(6, 3).contiguous_behind(1), ring(6, 3).behind(1)), (1, Gpa(0x1070)));
        assert_eq!((ring(6, 3).contiguous_behind(2), ring(6, 3).behind(2)), (3, Gpa(0x1000)));
        assert_eq!(ring(6, 3).contiguous_behind(5), 0);
        assert_eq!(ring(4, 4).available(), 0);
        let mut last = ring(7, 0);
        assert_eq!(last.at_head(), Gpa(0x1070));
        last.advance();
        assert_eq!((last.head, last.available()), (0, 0));
    }

    #[test]
    fn a_ring_without_length_or_with_pointers_outside_is_none() {
        assert_eq!(Ring::new(0, 0, 0, 0), None);
        assert_eq!(Ring::new(0, 128, 8, 0), None);
        assert_eq!(Ring::new(0, 128, 0, 0xffff), None);
    }
}
