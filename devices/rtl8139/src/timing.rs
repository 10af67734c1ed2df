//! Times of the hardware, each with unit and source.
//!
//! With `timing=off` none of them counts; with `timing=wire` only the cable's bit times and negotiation do; with
//! `timing=full` all do.

use elnic_contract::{ClockHz, Cycles, Timing, VDuration};

/// Latencies of `timing=full`. The defaults are those of a 33 MHz, 32-bit PCI bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// The bus clock, in hertz (PCI 3.0 §4.2: 33⅓ MHz). TCTR counts it at any `timing`.
    pub bus_clock: ClockHz,
    /// Bus clocks before the first data phase of a burst: arbitration, address phase and initial target latency (PCI
    /// 3.0 §3.5.1.1 allows 16 for the latter).
    pub bus_setup_cycles: u64,
    /// Bytes of one data phase (32-bit bus).
    pub bus_bytes_per_cycle: u64,
    /// A software reset, until CR.RST reads 0 (drivers poll for up to 10 ms; the chip takes a few µs).
    pub software_reset: VDuration,
    /// Loading the EEPROM by CR9346.EEM = 01 (DS 9346CR: about 2 ms).
    pub auto_load: VDuration,
}

impl Latencies {
    /// A 33 MHz, 32-bit PCI bus.
    pub const PCI33: Self = Self {
        bus_clock: match ClockHz::ratio(100_000_000, 3) {
            Ok(clock) => clock,
            Err(_) => ClockHz::hz(33_333_333),
        },
        bus_setup_cycles: 20,
        bus_bytes_per_cycle: 4,
        software_reset: VDuration::from_micros(10),
        auto_load: VDuration::from_millis(2),
    };

    /// How long `bytes` take on the bus in one direction, in bursts of `16 << burst_code` bytes (7: one burst).
    pub fn transfer(&self, bytes: usize, burst_code: u8) -> VDuration {
        let bytes = (bytes as u64).max(1);
        let burst = if burst_code >= 7 { bytes } else { 16_u64 << burst_code };
        let bursts = bytes.div_ceil(burst.max(1));
        let data = bytes.div_ceil(self.bus_bytes_per_cycle.max(1));
        let cycles = bursts.saturating_mul(self.bus_setup_cycles).saturating_add(data);
        self.bus_clock.span(Cycles(cycles))
    }
}

/// Steps that one entry takes before it gives way: 64 descriptors of C+ mode, each read before its data.
pub(crate) const BUDGET: u32 = 128;

/// When an engine that gave way goes on: less than that many descriptors cost on real hardware.
pub(crate) const BREATHER: VDuration = VDuration::from_micros(10);

/// When the receiver looks again for a descriptor that software has not given yet: no register write announces one.
pub(crate) const DESCRIPTOR_POLL: VDuration = VDuration::from_micros(100);

/// What of time an instance keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fidelity {
    /// How much.
    pub(crate) timing: Timing,
    /// How long the PHY negotiates.
    pub(crate) negotiation: VDuration,
    /// The latencies of `full`.
    pub(crate) latencies: Latencies,
}

impl Fidelity {
    /// Frames take time on the cable.
    pub(crate) fn wire(&self) -> bool {
        self.timing != Timing::Off
    }

    /// Everything takes time.
    pub(crate) fn full(&self) -> bool {
        self.timing == Timing::Full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bursts_cost_more_than_one_long_one() {
        let bus = Latencies::PCI33;
        assert_eq!(bus.transfer(16, 7).as_nanos(), 24 * 30);
        assert_eq!(bus.transfer(1514, 7).as_nanos(), (20 + 379) * 30);
        assert_eq!(bus.transfer(1514, 0).as_nanos(), (95 * 20 + 379) * 30);
        assert_eq!(bus.transfer(1514, 6).as_nanos(), (2 * 20 + 379) * 30);
    }
}
