//! What can happen to a frame on its way out, and how descriptors report it (DS TSD, C+ Tx descriptor status).
//!
//! A cable to one partner has no collisions of its own and the bus of this machine keeps up with the line, so drivers' error
//! paths would never run: the properties `tx-fault` and `tx-fault-every` make things happen to every n-th frame. A FIFO that
//! really runs dry (`timing=full`, slow bus, low threshold) reports the same way.

use serde::{Deserialize, Serialize};

use crate::Rtl8139;
use crate::descriptors::tx_word;
use crate::spec::views::tsd;
use crate::tally::tick;

/// Collisions that a transmission survives in one that fails: the first and 15 retries (IEEE 802.3-2022 §4.2.3.2.5).
const MOST_COLLISIONS: u32 = 15;
/// Bit times that a collision costs at least: jam and one slot.
const COLLISION_BITS: u64 = 32 + 512;
/// Bit times that a transmission in vain costs at least.
const EXCESSIVE_BITS: u64 = COLLISION_BITS * (MOST_COLLISIONS as u64 + 1);

/// What happened to a frame on the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    /// It went out.
    #[default]
    Sent,
    /// It went out after one collision.
    Collision,
    /// It was given up after too many collisions.
    Excessive,
    /// It was given up after a collision past the first slot.
    Late,
    /// The FIFO ran dry under it.
    Underrun,
    /// It went out, but its carrier was lost.
    NoCarrier,
    /// It went out at 10 Mb/s and the transceiver's heart beat was missing.
    NoHeartBeat,
}

impl Fate {
    /// From the word of the property.
    pub(crate) fn from_word(word: Option<&str>) -> Self {
        match word {
            Some("collision") => Self::Collision,
            Some("excessive") => Self::Excessive,
            Some("late") => Self::Late,
            Some("underrun") => Self::Underrun,
            Some("carrier") => Self::NoCarrier,
            Some("heartbeat") => Self::NoHeartBeat,
            _ => Self::Sent,
        }
    }

    /// Whether the frame reaches the other end.
    pub(crate) const fn arrives(self) -> bool {
        !matches!(self, Self::Excessive | Self::Late | Self::Underrun)
    }

    /// Bit times it takes besides the frame's own.
    pub(crate) const fn extra_bits(self) -> u64 {
        match self {
            Self::Collision => COLLISION_BITS,
            Self::Excessive => EXCESSIVE_BITS,
            _ => 0,
        }
    }

    /// Status bits of C mode.
    pub(crate) const fn status(self) -> u64 {
        const ONE: u64 = 1 << tsd::NCC_AT;
        const MANY: u64 = (MOST_COLLISIONS as u64) << tsd::NCC_AT;
        match self {
            Self::Sent => tsd::TOK,
            Self::Collision => tsd::TOK | ONE,
            Self::Excessive => tsd::TABT | MANY,
            Self::Late => tsd::TABT | tsd::OWC,
            Self::Underrun => tsd::TUN,
            Self::NoCarrier => tsd::TOK | tsd::CRS,
            Self::NoHeartBeat => tsd::TOK | tsd::CDH,
        }
    }

    /// Status bits of a descriptor of C+ mode.
    pub(crate) const fn report(self) -> u32 {
        match self {
            Self::Sent | Self::NoHeartBeat => 0,
            Self::Collision => 1 << tx_word::CC_AT,
            Self::Excessive => tx_word::TES | tx_word::EXC | MOST_COLLISIONS << tx_word::CC_AT,
            Self::Late => tx_word::TES | tx_word::OWC,
            Self::Underrun => tx_word::TES | tx_word::UNF,
            Self::NoCarrier => tx_word::TES | tx_word::LNKF,
        }
    }
}

/// Which frames something happens to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// What happens.
    pub(crate) fate: Fate,
    /// To each frame whose number is a multiple of this; at least 1.
    pub(crate) every: u64,
}

impl Rtl8139 {
    /// What happens to the next frame that goes to the line.
    pub(crate) fn next_fate(&mut self) -> Fate {
        self.tx.count = self.tx.count.wrapping_add(1);
        let possible = match self.faults.fate {
            Fate::Collision | Fate::Excessive | Fate::Late => {
                !self.loops_back() && !self.is_full_duplex()
            }
            Fate::NoHeartBeat => self.runs_at_10(),
            _ => true,
        };
        let hit = self.tx.count.checked_rem(self.faults.every) == Some(0);
        if possible && hit { self.faults.fate } else { Fate::Sent }
    }

    /// Counts a frame that has left, or was given up.
    pub(crate) fn count_sent(&mut self, good: bool, fate: Fate) {
        if good {
            tick!(self.tally.tx_ok);
        } else {
            tick!(self.tally.tx_error);
        }
        match fate {
            Fate::Collision => tick!(self.tally.tx_one_collision),
            Fate::Excessive | Fate::Late => tick!(self.tally.tx_aborted),
            Fate::Underrun => tick!(self.tally.tx_underrun),
            Fate::Sent | Fate::NoCarrier | Fate::NoHeartBeat => {}
        }
    }
}
