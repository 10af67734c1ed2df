//! Statistics: saturating counters, sizes with FCS (SDM 13.7).

use crate::E1000;
use crate::spec::Reg;

/// Which kind of address a frame had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cast {
    Unicast,
    Multicast,
    Broadcast,
}

impl Cast {
    /// The kind of the address that `frame` starts with.
    #[inline]
    pub(crate) fn of(frame: &[u8]) -> Self {
        match frame.first_chunk::<6>() {
            Some([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) => Self::Broadcast,
            Some([first, ..]) if first & 1 != 0 => Self::Multicast,
            _ => Self::Unicast,
        }
    }
}

impl E1000 {
    /// One more.
    #[inline]
    pub(crate) fn count(&mut self, counter: Reg) {
        let value = self.bank.get(counter);
        if value < u64::from(u32::MAX) {
            self.bank.set(counter, value.saturating_add(1));
        }
    }

    /// So many octets more, in a pair of registers.
    #[inline]
    fn count_octets(&mut self, low: Reg, high: Reg, octets: u64) {
        let total = self.bank.get(low) | self.bank.get(high) << 32;
        let total = total.saturating_add(octets);
        self.bank.set(low, total & 0xffff_ffff);
        self.bank.set(high, total >> 32);
    }

    /// A frame of `octets` (with FCS) came in, whatever becomes of it.
    pub(crate) fn count_arrival(&mut self, octets: u64) {
        self.count(Reg::TPR);
        self.count_octets(Reg::TORL, Reg::TORH, octets);
    }

    /// A good frame of `octets` (with FCS) passed the filters.
    pub(crate) fn count_good_receive(&mut self, octets: u64, cast: Cast) {
        self.count(match octets {
            ..=64 => Reg::PRC64,
            65..=127 => Reg::PRC127,
            128..=255 => Reg::PRC255,
            256..=511 => Reg::PRC511,
            512..=1023 => Reg::PRC1023,
            _ => Reg::PRC1522,
        });
        self.count(Reg::GPRC);
        match cast {
            Cast::Broadcast => self.count(Reg::BPRC),
            Cast::Multicast => self.count(Reg::MPRC),
            Cast::Unicast => {}
        }
        self.count_octets(Reg::GORCL, Reg::GORCH, octets);
    }

    /// A frame of `octets` (with FCS) went out.
    pub(crate) fn count_transmit(&mut self, octets: u64, cast: Cast) {
        self.count(match octets {
            ..=64 => Reg::PTC64,
            65..=127 => Reg::PTC127,
            128..=255 => Reg::PTC255,
            256..=511 => Reg::PTC511,
            512..=1023 => Reg::PTC1023,
            _ => Reg::PTC1522,
        });
        self.count(Reg::TPT);
        self.count(Reg::GPTC);
        match cast {
            Cast::Broadcast => self.count(Reg::BPTC),
            Cast::Multicast => self.count(Reg::MPTC),
            Cast::Unicast => {}
        }
        self.count_octets(Reg::TOTL, Reg::TOTH, octets);
        self.count_octets(Reg::GOTCL, Reg::GOTCH, octets);
    }

    /// The upper half of a pair was read: the lower half is cleared with it.
    pub(crate) fn clear_pair(&mut self, high: Reg) {
        match high {
            Reg::GORCH => self.bank.set(Reg::GORCL, 0),
            Reg::GOTCH => self.bank.set(Reg::GOTCL, 0),
            Reg::TORH => self.bank.set(Reg::TORL, 0),
            Reg::TOTH => self.bank.set(Reg::TOTL, 0),
            _ => {}
        }
    }
}
