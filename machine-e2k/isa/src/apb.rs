//! Array prefetch instructions (`fapb`): the program that `ldisp` points at and `bap` starts (ISA notes 1.5, 8.9).
//!
//! Not bundles: each instruction is 16 bytes, two slots of eight. What a slot says is described here, how the unit runs
//! the program is the interpreter's business.

use crate::syllable::ApbWord;

/// One 16-byte instruction; a slot with `fmt` 0 fetches nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ArrayPrefetch {
    /// First slot; its [`PrefetchSlot::flag`] is `ct`: the program ends here.
    pub first: PrefetchSlot,
    /// Second slot; its [`PrefetchSlot::flag`] is `dpl`.
    pub second: PrefetchSlot,
}

impl ArrayPrefetch {
    /// Bytes of an instruction.
    pub const SIZE: usize = 16;

    /// Takes an instruction apart; every bit pattern is one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Self {
        let value = u128::from_le_bytes(*bytes);
        Self {
            first: PrefetchSlot::from_bits(value as u64),
            second: PrefetchSlot::from_bits((value >> 64) as u64),
        }
    }

    /// The instruction in memory order.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let value = u128::from(self.second.to_bits()) << 64 | u128::from(self.first.to_bits());
        value.to_le_bytes()
    }
}

/// One prefetch channel's step; numbers are cut to their fields when encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PrefetchSlot {
    /// `ct` in the first, `dpl` in the second slot.
    pub flag: bool,
    /// `dcd`, 0..=3: cache levels not to be filled.
    pub dcd: u8,
    /// `fmt`, 0..=7: element width, 0 none, 1 byte, 2 half, 3 word, 4 double, 5 quad.
    pub fmt: u8,
    /// `mrng`, 0..=31: bytes fetched at once, 0 means 32.
    pub mrng: u8,
    /// `d`, 0..=31: `%aadN`.
    pub descriptor: u8,
    /// Where the running index comes from.
    pub indexing: Indexing,
    /// `asz`, 0..=7: size of the area of the array buffer.
    pub asz: u8,
    /// `abs`, 0..=31: start of the area.
    pub abs: u8,
    /// `disp`: displacement in bytes.
    pub disp: u32,
}

/// The two forms of a slot, told apart by bit 30 (`si`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Indexing {
    /// `si` = 0: by index register and increment.
    Register {
        /// `incr`, 0..=7: `%aaincrN`.
        increment: u8,
        /// `ind`, 0..=15: `%aaindN`.
        index: u8,
    },
    /// `si` = 1: by elements another area has brought.
    Area {
        /// `be`: the elements are big-endian.
        big_endian: bool,
        /// `am`: that area's pointer advances.
        advance: bool,
        /// `area`, 0..=31.
        area: u8,
    },
}

impl Default for Indexing {
    fn default() -> Self {
        Self::Register { increment: 0, index: 0 }
    }
}

impl PrefetchSlot {
    /// A slot from its 64 bits, first word low.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        let word = ApbWord(bits as u32);
        let indexing = if word.si() {
            Indexing::Area { big_endian: word.be(), advance: word.am(), area: word.area() }
        } else {
            Indexing::Register { increment: word.incr(), index: word.ind() }
        };
        Self {
            flag: word.flag(),
            dcd: word.dcd(),
            fmt: word.fmt(),
            mrng: word.mrng(),
            descriptor: word.d(),
            indexing,
            asz: word.asz(),
            abs: word.abs(),
            disp: (bits >> 32) as u32,
        }
    }

    /// The slot's 64 bits.
    #[must_use]
    pub fn to_bits(&self) -> u64 {
        let mut word = ApbWord(0);
        word.set_flag(self.flag);
        word.set_dcd(self.dcd);
        word.set_fmt(self.fmt);
        word.set_mrng(self.mrng);
        word.set_d(self.descriptor);
        match self.indexing {
            Indexing::Register { increment, index } => {
                word.set_incr(increment);
                word.set_ind(index);
            }
            Indexing::Area { big_endian, advance, area } => {
                word.set_si(true);
                word.set_be(big_endian);
                word.set_am(advance);
                word.set_area(area);
            }
        }
        word.set_asz(self.asz);
        word.set_abs(self.abs);
        u64::from(self.disp) << 32 | u64::from(word.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_the_assembler_puts_them() {
        // fapb ct=1,dcd=0,fmt=3,mrng=8,d=2,incr=1,ind=4,asz=5,abs=6,disp=0x40 (ISA notes, appendix C)
        let slot = PrefetchSlot::from_bits(0x0000_0040_8681_14a6);
        let expected = PrefetchSlot {
            flag: true,
            dcd: 0,
            fmt: 3,
            mrng: 8,
            descriptor: 2,
            indexing: Indexing::Register { increment: 1, index: 4 },
            asz: 5,
            abs: 6,
            disp: 0x40,
        };
        assert_eq!(slot, expected);
        let area = PrefetchSlot::from_bits(0x0000_1234_7825_b96f);
        assert_eq!(area.indexing, Indexing::Area { big_endian: false, advance: true, area: 25 });
    }

    proptest::proptest! {
        #[test]
        fn every_pattern_survives_both_directions(bytes: [u8; 16]) {
            proptest::prop_assert_eq!(ArrayPrefetch::from_bytes(&bytes).to_bytes(), bytes);
        }
    }
}
