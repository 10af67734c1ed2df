//! Times of the hardware, each with unit and source.
//!
//! With `timing=off` none of them counts; with `timing=wire` only the cable's bit times and negotiation do; with
//! `timing=full` all do.

use elnic_contract::VDuration;
use elnic_mac::Bus;

/// Latencies of `timing=full`. The defaults are those of a 33 MHz, 32-bit PCI bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// The bus. TCTR counts its clock at any `timing`.
    pub bus: Bus,
    /// A software reset, until CR.RST reads 0 (drivers poll for up to 10 ms; the chip takes a few µs).
    pub software_reset: VDuration,
    /// Loading the EEPROM by CR9346.EEM = 01 (DS 9346CR: about 2 ms).
    pub auto_load: VDuration,
}

impl Latencies {
    /// A 33 MHz, 32-bit PCI bus.
    pub const PCI33: Self = Self {
        bus: Bus::PCI33,
        software_reset: VDuration::from_micros(10),
        auto_load: VDuration::from_millis(2),
    };

    /// How long `bytes` take on the bus in one direction, in bursts of `16 << burst_code` bytes (7: one burst).
    pub fn transfer(&self, bytes: usize, burst_code: u8) -> VDuration {
        let burst = if burst_code >= 7 { u64::MAX } else { 16 << burst_code };
        self.bus.transfer(bytes, burst)
    }
}

/// Steps that one entry takes before it gives way: 64 descriptors of C+ mode, each read before its data.
pub(crate) const BUDGET: u32 = 128;

/// When an engine that gave way goes on: less than that many descriptors cost on real hardware.
pub(crate) const BREATHER: VDuration = VDuration::from_micros(10);

/// When the receiver looks again for a descriptor that software has not given yet: no register write announces one.
pub(crate) const DESCRIPTOR_POLL: VDuration = VDuration::from_micros(100);

/// What of time an instance keeps.
pub(crate) type Fidelity = elnic_mac::Fidelity<Latencies>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_code_stands_for_powers_of_two() {
        let pci = Latencies::PCI33;
        for (code, burst) in [(0, 16), (6, 1024), (7, u64::MAX)] {
            assert_eq!(pci.transfer(1514, code), Bus::PCI33.transfer(1514, burst));
        }
    }
}
