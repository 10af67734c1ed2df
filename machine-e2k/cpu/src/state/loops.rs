//! Loop status (`%lsr`, `%lsr1`) and the initial loop counter (`%ilcr`, `%ilcr1`).
//!
//! Source: e2k-isa.md §3.6, §6.4. The counter has 64 bits from v5 on; `%lsr` shows the low half.

use serde::{Deserialize, Serialize};

/// The loop status register, unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lsr {
    /// Iterations left, the current one included.
    pub lcnt: u64,
    /// Epilogue iterations left.
    pub ecnt: u8,
    /// The counter is valid.
    pub vlc: bool,
    /// The counter has run out.
    pub over: bool,
    /// Loads are controlled by hand.
    pub ldmc: bool,
    /// Load overlap.
    pub ldovl: u8,
    /// Prologue iterations left.
    pub pcnt: u8,
    /// Store remainder.
    pub strmd: u8,
    /// Side effects are controlled by hand.
    pub semc: bool,
}

impl Lsr {
    /// `%lsr`.
    pub const fn to_bits(self) -> u64 {
        self.lcnt & 0xffff_ffff
            | (self.ecnt as u64) << 32
            | (self.vlc as u64) << 37
            | (self.over as u64) << 38
            | (self.ldmc as u64) << 39
            | (self.ldovl as u64) << 40
            | (self.pcnt as u64) << 48
            | (self.strmd as u64) << 53
            | (self.semc as u64) << 60
    }

    /// From `%lsr`, with a 32-bit counter.
    pub const fn from_bits(bits: u64) -> Self {
        Self {
            lcnt: bits & 0xffff_ffff,
            ecnt: (bits >> 32 & 0x1f) as u8,
            vlc: bits >> 37 & 1 != 0,
            over: bits >> 38 & 1 != 0,
            ldmc: bits >> 39 & 1 != 0,
            ldovl: (bits >> 40) as u8,
            pcnt: (bits >> 48 & 0x1f) as u8,
            strmd: (bits >> 53 & 0x7f) as u8,
            semc: bits >> 60 & 1 != 0,
        }
    }

    /// `%lcntex`: the counter has run out.
    #[inline]
    pub const fn expired(self) -> bool {
        self.lcnt == 0
    }

    /// `#LOOP_END`: this is the last iteration, of the epilogue too.
    #[inline]
    pub const fn loop_end(self) -> bool {
        self.vlc && self.lcnt < 2 && self.ecnt == 0
    }

    /// Whether the prologue still runs.
    #[inline]
    pub const fn prologue(self) -> bool {
        self.pcnt != 0
    }

    /// `%pcnt0` to `%pcnt31` as bits: `%pcntN` holds once the prologue has come to stage N.
    #[inline]
    pub const fn stages(self) -> u32 {
        u32::MAX << (self.pcnt & 31)
    }

    /// Whether `loop_mode` keeps the next store of a bundle from being made, whatever its qualifier (e2k-isa.md §6.4).
    pub const fn suppresses_store(&mut self) -> bool {
        if self.prologue() {
            return true;
        }
        if !self.loop_end() {
            return false;
        }
        if self.strmd == 0 {
            return true;
        }
        self.strmd -= 1;
        false
    }

    /// `alc`: one iteration is done.
    #[inline]
    pub const fn advance(&mut self) {
        self.pcnt = self.pcnt.saturating_sub(1);
        self.lcnt = self.lcnt.saturating_sub(1);
        self.over = self.lcnt == 0;
        if self.over && self.vlc {
            self.ecnt = self.ecnt.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lsr;

    fn iterations(pcnt: u8, lcnt: u64, ecnt: u8) -> u32 {
        let mut lsr = Lsr { lcnt, ecnt, pcnt, vlc: true, ..Lsr::default() };
        let mut count = 0;
        loop {
            count += 1;
            let end = lsr.loop_end();
            lsr.advance();
            if end {
                return count;
            }
        }
    }

    #[test]
    fn counts_match_the_hardware_table() {
        for (pcnt, lcnt, ecnt, expected) in [
            (0, 0, 0, 1),
            (0, 1, 0, 1),
            (0, 2, 0, 2),
            (0, 3, 0, 3),
            (4, 8, 0, 8),
            (8, 2, 0, 2),
            (4, 8, 2, 10),
            (4, 0, 8, 9),
        ] {
            assert_eq!(iterations(pcnt, lcnt, ecnt), expected, "pcnt {pcnt} lcnt {lcnt}");
        }
    }

    #[test]
    fn bits_survive() {
        let bits = 0x0012_0023_0000_0007;
        assert_eq!(Lsr::from_bits(bits).to_bits(), bits);
        assert_eq!(Lsr::from_bits(0x0002_0000_0000_0000).stages() & 0xf, 0b1100);
    }
}
