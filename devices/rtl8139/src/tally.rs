//! Tally counters of C+ mode, and writing them to memory (DS DTCCR).

use elnic_contract::{Cx, DmaError, Gpa, LogEntry};
use serde::{Deserialize, Serialize};

use crate::Rtl8139;
use crate::spec::Reg;
use crate::spec::views::{DUMP, Tcr, cause};
use crate::timers::Timer;

/// Bytes of the block in memory.
const LENGTH: usize = 64;

/// The counters, in the order of the block. They wrap, as the hardware's do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    pub(crate) tx_ok: u64,
    pub(crate) rx_ok: u64,
    pub(crate) tx_error: u64,
    pub(crate) rx_error: u32,
    pub(crate) missed: u16,
    pub(crate) alignment: u16,
    pub(crate) tx_one_collision: u32,
    pub(crate) tx_more_collisions: u32,
    pub(crate) rx_own_station: u64,
    pub(crate) rx_broadcast: u64,
    pub(crate) rx_group: u32,
    pub(crate) tx_aborted: u16,
    pub(crate) tx_underrun: u16,
}

impl Tally {
    /// The block as it stands in memory, little-endian.
    pub(crate) fn to_bytes(&self) -> [u8; LENGTH] {
        let mut block = [0; LENGTH];
        let words = self
            .tx_ok
            .to_le_bytes()
            .into_iter()
            .chain(self.rx_ok.to_le_bytes())
            .chain(self.tx_error.to_le_bytes())
            .chain(self.rx_error.to_le_bytes())
            .chain(self.missed.to_le_bytes())
            .chain(self.alignment.to_le_bytes())
            .chain(self.tx_one_collision.to_le_bytes())
            .chain(self.tx_more_collisions.to_le_bytes())
            .chain(self.rx_own_station.to_le_bytes())
            .chain(self.rx_broadcast.to_le_bytes())
            .chain(self.rx_group.to_le_bytes())
            .chain(self.tx_aborted.to_le_bytes())
            .chain(self.tx_underrun.to_le_bytes());
        for (byte, value) in block.iter_mut().zip(words) {
            *byte = value;
        }
        block
    }
}

/// Adds one to a counter of any width, wrapping.
macro_rules! tick {
    ($counter:expr) => {
        $counter = $counter.wrapping_add(1)
    };
}
pub(crate) use tick;

impl Rtl8139 {
    /// DTCCR was written.
    pub(crate) fn dtccr_written(&mut self, cx: &mut Cx<'_>) {
        if self.bank.get(Reg::DTCCR) & DUMP == 0 {
            self.timers.cancel(cx, Timer::Dump);
        } else if self.fidelity.full() {
            let burst = Tcr(self.bank.get(Reg::TCR)).burst_code();
            let span = self.fidelity.latencies.transfer(LENGTH, burst);
            self.timers.arm(cx, Timer::Dump, cx.now + span);
        } else {
            self.dump_tally(cx);
        }
    }

    /// Writes the counters to memory and says so.
    pub(crate) fn dump_tally(&mut self, cx: &mut Cx<'_>) {
        let at = Gpa(self.bank.get(Reg::DTCCR) & !0x3f);
        if let Err(error) = cx.dma.write(at, &self.tally.to_bytes()) {
            if error == DmaError::NoBusMaster {
                // It stays busy until the bus is there ([`crate::power`]).
                return;
            }
            cx.log.record(LogEntry::Dma { doing: "tally counter dump", error });
            self.raise(cause::SERR);
        }
        self.bank.clear_bits(Reg::DTCCR, DUMP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_laid_out_as_the_data_sheet_has_it() {
        let tally = Tally {
            tx_ok: 1,
            rx_ok: 2,
            tx_error: 3,
            rx_error: 4,
            missed: 5,
            alignment: 6,
            tx_one_collision: 7,
            tx_more_collisions: 8,
            rx_own_station: 9,
            rx_broadcast: 10,
            rx_group: 11,
            tx_aborted: 12,
            tx_underrun: 13,
        };
        let block = tally.to_bytes();
        let at = [0, 8, 16, 24, 28, 30, 32, 36, 40, 48, 56, 60, 62];
        for (value, offset) in (1..).zip(at) {
            assert_eq!(block[offset], value, "offset {offset}");
        }
        assert_eq!(block.iter().filter(|byte| **byte != 0).count(), 13);
    }
}
