//! When descriptors are fetched and given back: PTHRESH, HTHRESH, WTHRESH (nic-models.md §1.2, RXDCTL and TXDCTL).
//!
//! The chip holds 64 descriptors of each ring. It fetches when it has none; and ahead of need when it has fewer than PTHRESH
//! and the ring offers at least HTHRESH. What is done is written back one by one, or, with WTHRESH above 1, that many at a
//! time; a delay timer that expires, an interrupt that is due and a ring run dry write back the rest. With `timing=off`
//! there is no ahead and no later: descriptors are given back at once.

use elnic_contract::{Cx, Gpa, LogEntry};

use crate::E1000;
use crate::spec::Reg;

/// Descriptors of each ring that the chip holds.
pub(crate) const CACHE: usize = 64;
/// Descriptors that one burst fetches.
pub(crate) const BURST: usize = 16;
/// Descriptors of a cache line, in which thresholds count unless GRAN is set: 32 bytes.
const LINE: usize = 2;

/// The thresholds of one ring, in descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thresholds {
    prefetch: usize,
    host: usize,
    write_back: usize,
}

impl Thresholds {
    /// As RXDCTL or TXDCTL says.
    fn of(control: u64) -> Self {
        let unit = if control >> 24 & 1 != 0 { 1 } else { LINE };
        let threshold = |at: u32| ((control >> at & 0x3f) as usize).saturating_mul(unit);
        Self { prefetch: threshold(0), host: threshold(8), write_back: threshold(16) }
    }

    /// How many descriptors to fetch now, of `waiting` that the ring offers in one piece, while `held` are here.
    pub(crate) fn wanted(&self, held: usize, waiting: usize) -> usize {
        let ahead = held < self.prefetch && waiting >= self.host.max(1);
        if held == 0 || ahead { waiting.min(BURST).min(CACHE.saturating_sub(held)) } else { 0 }
    }

    /// Whether what is done waits for more.
    pub(crate) fn gathers(&self) -> bool {
        self.write_back > 1
    }

    /// Whether `done` are enough.
    pub(crate) fn is_reached(&self, done: usize) -> bool {
        done >= self.write_back.min(CACHE)
    }
}

/// A part of a descriptor that is to be written back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WriteBack {
    /// Where.
    pub(crate) at: Gpa,
    /// The bytes, first one lowest.
    pub(crate) bytes: u64,
    /// How many of them: 1 (a status) or 8.
    pub(crate) length: u8,
}

impl WriteBack {
    pub(crate) fn status(at: Gpa, status: u8) -> Self {
        Self { at, bytes: u64::from(status), length: 1 }
    }

    pub(crate) fn half(at: Gpa, bytes: [u8; 8]) -> Self {
        Self { at, bytes: u64::from_le_bytes(bytes), length: 8 }
    }

    /// Writes it.
    #[inline]
    pub(crate) fn carry_out(self, cx: &mut Cx<'_>, doing: &'static str) {
        let bytes = self.bytes.to_le_bytes();
        let part = bytes.get(..usize::from(self.length)).unwrap_or(&bytes);
        if let Err(error) = cx.dma.write(self.at, part) {
            cx.log.record(LogEntry::Dma { doing, error });
        }
    }
}

impl E1000 {
    /// The transmit ring's thresholds.
    pub(crate) fn transmit_thresholds(&self) -> Thresholds {
        self.thresholds(Reg::TXDCTL)
    }

    /// The receive ring's thresholds.
    pub(crate) fn receive_thresholds(&self) -> Thresholds {
        self.thresholds(Reg::RXDCTL)
    }

    #[inline]
    fn thresholds(&self, control: Reg) -> Thresholds {
        if self.fidelity.wire() {
            Thresholds::of(self.bank.get(control))
        } else {
            Thresholds { prefetch: 0, host: 0, write_back: 0 }
        }
    }

    /// Gives back the transmit descriptors that are done.
    pub(crate) fn flush_transmitted(&mut self, cx: &mut Cx<'_>) {
        for done in std::mem::take(&mut self.tx.unreported) {
            done.carry_out(cx, "transmit descriptor write-back");
        }
    }

    /// Gives back the receive descriptors that are done.
    pub(crate) fn flush_received(&mut self, cx: &mut Cx<'_>) {
        for done in std::mem::take(&mut self.rx.unreported) {
            done.carry_out(cx, "receive descriptor write-back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetching_ahead_needs_both_thresholds() {
        let thresholds = Thresholds::of(1 << 24 | 8 << 8 | 4);
        assert_eq!(thresholds.wanted(0, 3), 3, "none is here");
        assert_eq!(thresholds.wanted(3, 7), 0, "the ring offers too few");
        assert_eq!(thresholds.wanted(3, 40), 16);
        assert_eq!(thresholds.wanted(4, 40), 0, "enough are here");
        let all = Thresholds::of(1 << 24 | 63);
        assert_eq!((all.wanted(62, 40), all.wanted(0, 0)), (2, 0));
    }

    #[test]
    fn granularity_is_a_line_or_a_descriptor() {
        let lines = Thresholds::of(3 << 16);
        assert!(lines.gathers() && !lines.is_reached(5) && lines.is_reached(6));
        assert!(!Thresholds::of(1 << 24 | 1 << 16).gathers());
        assert!(Thresholds::of(63 << 16).is_reached(64), "the chip holds no more");
    }
}
