//! Times of the hardware, each with unit and source.
//!
//! With `timing=off` none of them counts; with `timing=wire` only the cable's bit times (`elnic-wire`), negotiation and the
//! moderation timers do; with `timing=full` all do.

use elnic_contract::{ClockHz, Cycles, Timing, VDuration};

/// Latencies of `timing=full`. The defaults are those of a 33 MHz, 32-bit PCI bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// The bus clock, in hertz (PCI 3.0 §4.2: 33⅓ MHz).
    pub bus_clock: ClockHz,
    /// Bus clocks before the first data phase of a transaction: arbitration, address phase and initial target latency
    /// (PCI 3.0 §3.5.1.1 allows 16 for the latter).
    pub bus_setup_cycles: u64,
    /// Bytes of one data phase (32-bit bus).
    pub bus_bytes_per_cycle: u64,
    /// Bytes of one burst before the bus is arbitrated again (a latency timer of 64 clocks).
    pub bus_burst_bytes: u64,
    /// One read of a word with EERD: 27 clocks of 1 MHz (SDM 5.6; 93C46 data sheet).
    pub eeprom_read: VDuration,
    /// One access with MDIC: 64 clocks of 2.5 MHz (IEEE 802.3-2022 §22.2.4.5; SDM 13.4.7).
    pub mdio_access: VDuration,
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
        bus_burst_bytes: 256,
        eeprom_read: VDuration::from_micros(27),
        mdio_access: VDuration::from_nanos(25_600),
    };

    /// How long `bytes` take on the bus in one direction.
    pub fn transfer(&self, bytes: usize) -> VDuration {
        let bytes = (bytes as u64).max(1);
        let bursts = bytes.div_ceil(self.bus_burst_bytes.max(1));
        let data = bytes.div_ceil(self.bus_bytes_per_cycle.max(1));
        let cycles = bursts.saturating_mul(self.bus_setup_cycles).saturating_add(data);
        self.bus_clock.span(Cycles(cycles))
    }
}

/// Descriptors, and segments, that one entry works on before it gives way.
pub(crate) const BUDGET: u32 = 256;

/// When an engine that gave way goes on: what that many descriptors cost at least on real hardware.
pub(crate) const BREATHER: VDuration = VDuration::from_micros(10);

/// Unit of ITR (SDM 13.4.18).
pub(crate) const THROTTLE_UNIT: VDuration = VDuration::from_nanos(256);
/// Unit of RDTR, RADV, TIDV and TADV (SDM 13.4.30).
pub(crate) const DELAY_UNIT: VDuration = VDuration::from_nanos(1024);

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
    /// Frames take time on the cable, and interrupts are moderated.
    pub(crate) fn wire(&self) -> bool {
        self.timing != Timing::Off
    }

    /// Everything takes time.
    pub(crate) fn full(&self) -> bool {
        self.timing == Timing::Full
    }

    /// How long `bytes` take on the bus.
    pub(crate) fn bus(&self, bytes: usize) -> VDuration {
        if self.full() { self.latencies.transfer(bytes) } else { VDuration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_takes_twenty_four_bus_clocks() {
        assert_eq!(Latencies::PCI33.transfer(16).as_nanos(), 720);
        assert_eq!(Latencies::PCI33.transfer(1514).as_nanos(), (6 * 20 + 379) * 30);
    }
}
