//! The bus that a controller's engines fetch and store over, in time.

use elnic_contract::{ClockHz, Cycles, VDuration};

/// What a transfer costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bus {
    /// Its clock, in hertz.
    pub clock: ClockHz,
    /// Clocks before the first data phase of a burst: arbitration, address phase and initial target latency.
    pub setup_cycles: u64,
    /// Bytes of one data phase.
    pub bytes_per_cycle: u64,
}

impl Bus {
    /// A 33⅓ MHz, 32-bit PCI bus (PCI 3.0 §4.2; §3.5.1.1 allows 16 clocks of initial target latency).
    pub const PCI33: Self = Self {
        clock: match ClockHz::ratio(100_000_000, 3) {
            Ok(clock) => clock,
            Err(_) => ClockHz::hz(33_333_333),
        },
        setup_cycles: 20,
        bytes_per_cycle: 4,
    };

    /// How long `bytes` take in one direction, in bursts of at most `burst` bytes. Nothing takes as long as one byte.
    pub fn transfer(&self, bytes: usize, burst: u64) -> VDuration {
        let bytes = (bytes as u64).max(1);
        let bursts = bytes.div_ceil(burst.max(1));
        let data = bytes.div_ceil(self.bytes_per_cycle.max(1));
        let cycles = bursts.saturating_mul(self.setup_cycles).saturating_add(data);
        self.clock.span(Cycles(cycles))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bursts_cost_more_than_one_long_one() {
        let nanoseconds = |bytes, burst| Bus::PCI33.transfer(bytes, burst).as_nanos();
        assert_eq!(nanoseconds(16, 256), 24 * 30);
        assert_eq!(nanoseconds(1514, 256), (6 * 20 + 379) * 30);
        assert_eq!(nanoseconds(1514, u64::MAX), (20 + 379) * 30);
        assert_eq!(nanoseconds(1514, 16), (95 * 20 + 379) * 30);
        assert_eq!(nanoseconds(0, 0), 21 * 30);
    }
}
