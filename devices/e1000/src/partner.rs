//! The cable's other end: how fast the station there is, and what it says of itself (IEEE 802.3-2022 annex 28B, §40.5).

use elnic_contract::VDuration;

/// A speed of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Speed {
    Ten,
    Hundred,
    Thousand,
}

impl Speed {
    /// From the two-bit code that CTRL and STATUS use.
    pub(crate) const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Ten,
            1 => Self::Hundred,
            _ => Self::Thousand,
        }
    }

    /// The two-bit code that CTRL and STATUS use.
    pub(crate) const fn code(self) -> u64 {
        match self {
            Self::Ten => 0,
            Self::Hundred => 1,
            Self::Thousand => 2,
        }
    }

    /// Duration of one bit.
    pub(crate) const fn bit(self) -> VDuration {
        VDuration::from_picos(match self {
            Self::Ten => 100_000,
            Self::Hundred => 10_000,
            Self::Thousand => 1_000,
        })
    }
}

/// What the station at the cable's other end can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Partner {
    /// Its fastest speed; it can do the slower ones too.
    pub(crate) fastest: Speed,
    /// It can do full duplex.
    pub(crate) full: bool,
}

impl Default for Partner {
    fn default() -> Self {
        Self { fastest: Speed::Thousand, full: true }
    }
}

impl Partner {
    pub(crate) fn can(self, speed: Speed, full: bool) -> bool {
        speed <= self.fastest && (self.full || !full)
    }

    /// What it advertises, as register 5 shows it: acknowledged, 802.3, and what it can do at 10 and 100 Mb/s.
    pub(crate) fn advertisement(self) -> u16 {
        let abilities = [
            (Speed::Ten, false, 0x20),
            (Speed::Ten, true, 0x40),
            (Speed::Hundred, false, 0x80),
            (Speed::Hundred, true, 0x100),
        ];
        let can = abilities.into_iter().filter(|(speed, full, _)| self.can(*speed, *full));
        can.fold(0x4001, |word, (_, _, bit)| word | bit)
    }

    /// What it can do at 1000 Mb/s and that both receivers are fine, as register 10 shows it.
    pub(crate) fn gigabit_status(self) -> u16 {
        match (self.fastest, self.full) {
            (Speed::Thousand, true) => 0x3c00,
            (Speed::Thousand, false) => 0x3400,
            _ => 0,
        }
    }
}
