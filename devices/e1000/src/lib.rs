//! Intel 82540EM gigabit Ethernet controller (QEMU's `e1000`).
//!
//! One [`E1000`] is one controller: registers, rings, FIFOs, PHY and EEPROM. `README.md` beside this source says what it
//! does, how time passes in it and where it differs from QEMU's; the files follow the blocks of the chip:
//!
//! `spec` the registers · `dispatch` what an access does · `tx` `packet` `line` out · `rx` `filter` `verify` in ·
//! `irq` interrupts · `link` `phy` · `eeprom` · `stats` · `state` saved state.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod descriptors;
mod dispatch;
mod eeprom;
mod fifo;
mod filter;
mod irq;
mod line;
mod link;
mod model;
mod nic;
mod packet;
mod phy;
mod reset;
mod ring;
mod rx;
mod spec;
mod state;
mod stats;
mod timers;
mod timing;
mod tx;
mod verify;

use elnic_contract::{Counters, MacAddr, Properties, RxFilter, Timing, VDuration};
use elnic_microwire::Eeprom;
use elnic_registers::Bank;

use crate::fifo::Capacity;
use crate::filter::Stations;
use crate::irq::Interrupts;
use crate::phy::Phy;
use crate::rx::Receiver;
use crate::spec::Reg;
use crate::timers::Timers;
use crate::timing::Fidelity;
use crate::tx::Transmitter;

pub use crate::model::{ENTRY, MODEL, PROPERTIES, QEMU_DIFFERENCES, QemuDifference};
pub use crate::timing::Latencies;

/// The station address of a controller that was given none: QEMU's first.
pub const DEFAULT_MAC: MacAddr = MacAddr([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);

/// One controller.
#[derive(Debug)]
pub struct E1000 {
    /// The station address it was made with.
    mac: MacAddr,
    fidelity: Fidelity,
    /// Frames are dropped rather than held back when there is no room.
    drops: bool,
    bank: Bank<Reg>,
    timers: Timers,
    tx: Transmitter,
    rx: Receiver,
    capacity: Capacity,
    irq: Interrupts,
    phy: Phy,
    eeprom: Eeprom,
    counters: Counters,
    /// Derived from the receive address registers.
    stations: Stations,
    /// What was announced last.
    reported: RxFilter,
}

impl E1000 {
    /// A controller after power-on, with properties that [`Properties::parse`] has checked against [`PROPERTIES`].
    pub fn new(properties: &Properties) -> Self {
        Self::with_latencies(properties, Latencies::PCI33)
    }

    /// As [`E1000::new`], in a machine with other latencies; they count with `timing=full`.
    pub fn with_latencies(properties: &Properties, latencies: Latencies) -> Self {
        let mac = properties.mac("mac").unwrap_or(DEFAULT_MAC);
        let timing = match properties.choice("timing") {
            Some("off") => Timing::Off,
            Some("full") => Timing::Full,
            _ => Timing::Wire,
        };
        let negotiation = VDuration::from_millis(properties.number("autoneg-ms").unwrap_or(2000));
        let bank = Bank::new();
        let capacity = Capacity::of(bank.get(Reg::PBA));
        let mut device = Self {
            mac,
            fidelity: Fidelity { timing, negotiation, latencies },
            drops: properties.switch("rx-drop"),
            bank,
            timers: Timers::default(),
            tx: Transmitter::default(),
            rx: Receiver::default(),
            capacity,
            irq: Interrupts::default(),
            phy: Phy::new(true),
            eeprom: eeprom::contents(mac, 0x100e),
            counters: Counters::default(),
            stations: Stations::default(),
            reported: filter::nothing(mac),
        };
        device.load_defaults();
        device.reported = device.report_filter();
        device
    }
}
