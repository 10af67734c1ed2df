//! Intel 82540EM, 82544GC and 82545EM gigabit Ethernet controllers (QEMU's `e1000` family).
//!
//! One [`E1000`] is one controller: registers, rings, FIFOs, PHY and EEPROM. `README.md` beside this source says what it
//! does, how time passes in it and where it differs from QEMU's; the files follow the blocks of the chip:
//!
//! `spec` the registers · `dispatch` what an access does · `tx` `packet` `uncut` `line` out · `rx` `filter` `verify` in ·
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

mod buffers;
mod chip;
mod compat;
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
mod partner;
mod phy;
mod reset;
mod ring;
mod rx;
mod spec;
mod state;
mod stats;
mod strict;
mod thresholds;
mod timers;
mod timing;
mod tx;
mod uncut;
mod verify;
mod wake;

use elnic_contract::{Counters, FunctionState, MacAddr, OffloadSupport, Properties, Strict};
use elnic_mac::Announced;
use elnic_microwire::Eeprom;
use elnic_registers::Bank;

use crate::compat::Compat;
use crate::fifo::Capacity;
use crate::filter::Stations;
use crate::irq::Interrupts;
use crate::partner::{Partner, Speed};
use crate::phy::{Phy, Setup};
use crate::rx::Receiver;
use crate::spec::Reg;
use crate::timers::Timers;
use crate::timing::Fidelity;
use crate::tx::Transmitter;

pub use crate::chip::Chip;
pub use crate::compat::{QEMU_DIFFERENCES, QemuDifference, QemuShows};
pub use crate::model::{
    ENTRY, ENTRY_82544GC, ENTRY_82545EM, MODEL, MODEL_82544GC, MODEL_82545EM, PROPERTIES,
};
pub use crate::strict::STRICT_RULES;
pub use crate::timing::Latencies;

/// The station address of a controller that was given none: QEMU's first.
pub const DEFAULT_MAC: MacAddr = MacAddr([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);

/// One controller.
#[derive(Debug)]
pub struct E1000 {
    chip: Chip,
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
    /// What the bus lets the function do.
    function: FunctionState,
    /// What the other end of the cable takes unfinished.
    peer: OffloadSupport,
    strict: Strict,
    compat: Compat,
    /// Message-signalled interrupts are offered.
    msi: bool,
    /// Derived from the receive address registers.
    stations: Stations,
    /// What was announced last of the receive filter.
    announced: Announced,
}

impl E1000 {
    /// An 82540EM after power-on, with properties that [`Properties::parse`] has checked against [`PROPERTIES`].
    pub fn new(properties: &Properties) -> Self {
        Self::of(Chip::I82540em, properties)
    }

    /// A part of the family after power-on.
    pub fn of(chip: Chip, properties: &Properties) -> Self {
        Self::with_latencies(chip, properties, Latencies::PCI33)
    }

    /// As [`E1000::of`], in a machine with other latencies; they count with `timing=full`.
    pub fn with_latencies(chip: Chip, properties: &Properties, latencies: Latencies) -> Self {
        let mac = properties.mac("mac").unwrap_or(DEFAULT_MAC);
        let fastest = match properties.choice("speed") {
            Some("10") => Speed::Ten,
            Some("100") => Speed::Hundred,
            _ => Speed::Thousand,
        };
        let partner = Partner { fastest, full: properties.choice("duplex") != Some("half") };
        let bank = Bank::new();
        let capacity = Capacity::of(bank.get(Reg::PBA));
        let mut device = Self {
            chip,
            mac,
            fidelity: Fidelity::of(properties, latencies),
            drops: properties.switch("rx-drop"),
            bank,
            timers: Timers::default(),
            tx: Transmitter::default(),
            rx: Receiver::default(),
            capacity,
            irq: Interrupts::default(),
            phy: Phy::new(true, Setup { identity: chip.phy_id(), partner }),
            eeprom: eeprom::contents(mac, chip.device_id()),
            counters: Counters::default(),
            function: FunctionState::default(),
            peer: OffloadSupport::NONE,
            strict: Strict::new(properties.switch("strict")),
            compat: Compat::new(properties.choice("compat")),
            msi: properties.switch("msi"),
            stations: Stations::default(),
            announced: Announced::new(filter::nothing(mac)),
        };
        device.load_power_on_defaults();
        device.announced = Announced::new(device.report_filter());
        device
    }
}
