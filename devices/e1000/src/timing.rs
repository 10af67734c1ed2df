//! Times of the hardware, each with unit and source.
//!
//! With `timing=off` none of them counts; with `timing=wire` only the cable's bit times (`elnic-wire`), negotiation and the
//! moderation timers do; with `timing=full` all do.

use elnic_contract::VDuration;
use elnic_mac::Bus;

/// Latencies of `timing=full`. The defaults are those of a 33 MHz, 32-bit PCI bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// The bus.
    pub bus: Bus,
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
        bus: Bus::PCI33,
        bus_burst_bytes: 256,
        eeprom_read: VDuration::from_micros(27),
        mdio_access: VDuration::from_nanos(25_600),
    };

    /// How long `bytes` take on the bus in one direction.
    pub fn transfer(&self, bytes: usize) -> VDuration {
        self.bus.transfer(bytes, self.bus_burst_bytes)
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
pub(crate) type Fidelity = elnic_mac::Fidelity<Latencies>;
