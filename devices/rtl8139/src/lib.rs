//! Realtek RTL8139C and RTL8139C+ fast Ethernet controllers (QEMU's `rtl8139`).
//!
//! One [`Rtl8139`] is one controller: registers, ring buffer, descriptor rings, FIFOs, transceiver and EEPROM. `README.md`
//! beside this source says what it does, how time passes in it and where it differs from QEMU's; the files follow the
//! blocks of the chip:
//!
//! `spec` the registers · `dispatch` what an access does · `tx` `tx_registers` `tx_rings` `packet` `line` `faults` out ·
//! `rx` `rx_buffer` `rx_ring` `early` `filter` in · `descriptors` words in memory · `irq` `clock` interrupts and timer ·
//! `phy` `link` `flow` · `eeprom` · `tally` · `wake` `wake_pattern` `power` · `compat` what follows QEMU · `strict_rules`
//! what drivers must not do · `state` saved state.
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

mod clock;
mod compat;
mod descriptors;
mod dispatch;
mod early;
mod eeprom;
mod faults;
mod filter;
mod flow;
mod irq;
mod line;
mod link;
mod model;
mod nic;
mod packet;
mod phy;
mod power;
mod reset;
mod rx;
mod rx_buffer;
mod rx_ring;
mod spec;
mod state;
mod strict_rules;
mod tally;
mod timers;
mod timing;
mod tx;
mod tx_registers;
mod tx_rings;
mod wake;
mod wake_pattern;

use elnic_contract::{
    Counters, FunctionState, MacAddr, Properties, RxFilter, Strict, Timing, VDuration, VTime,
};
use elnic_microwire::Eeprom;
use elnic_registers::Bank;

use crate::compat::Compat;
use crate::faults::{Fate, Faults};
use crate::model::Revision;
use crate::phy::Phy;
use crate::rx::Receiver;
use crate::spec::Reg;
use crate::tally::Tally;
use crate::timers::Timers;
use crate::timing::Fidelity;
use crate::tx::Transmitter;

pub use crate::compat::{QEMU_DIFFERENCES, QemuDifference};
pub use crate::model::{ENTRY, MODEL, MODEL_C, PROPERTIES};
pub use crate::strict_rules::RULES;
pub use crate::timing::Latencies;

/// The station address of a controller that was given none: QEMU's first.
pub const DEFAULT_MAC: MacAddr = MacAddr([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);

/// One controller.
#[derive(Debug)]
pub struct Rtl8139 {
    revision: Revision,
    compat: Compat,
    fidelity: Fidelity,
    /// Frames are dropped rather than held back when there is no room.
    drops: bool,
    /// Configuration space has the power management capability.
    power_management: bool,
    /// What the partner at the other end of the cable advertises, as in ANLPAR.
    partner: u16,
    /// What happens to frames on their way out.
    faults: Faults,
    /// Which rules of `strict=on` were broken.
    strict: Strict,
    /// What software has set the PCI function to.
    function: FunctionState,
    bank: Bank<Reg>,
    timers: Timers,
    tx: Transmitter,
    rx: Receiver,
    phy: Phy,
    eeprom: Eeprom,
    tally: Tally,
    /// When TCTR was 0.
    timer_base: VTime,
    /// What stands at 0x10 to 0x17 is DTCCR.
    dtccr_shown: bool,
    counters: Counters,
    /// What was announced last.
    reported: RxFilter,
}

impl Rtl8139 {
    /// A controller after power-on, with properties that [`Properties::parse`] has checked against [`PROPERTIES`].
    pub fn new(properties: &Properties) -> Self {
        Self::with_latencies(properties, Latencies::PCI33)
    }

    /// As [`Rtl8139::new`], in a machine with other latencies; they count with `timing=full`.
    pub fn with_latencies(properties: &Properties, latencies: Latencies) -> Self {
        let mac = properties.mac("mac").unwrap_or(DEFAULT_MAC);
        let timing = match properties.choice("timing") {
            Some("off") => Timing::Off,
            Some("full") => Timing::Full,
            _ => Timing::Wire,
        };
        let negotiation = VDuration::from_millis(properties.number("autoneg-ms").unwrap_or(2000));
        let mut device = Self {
            revision: Revision::from_word(properties.choice("rev")),
            compat: Compat::from_word(properties.choice("compat")),
            fidelity: Fidelity { timing, negotiation, latencies },
            drops: properties.switch("rx-drop"),
            power_management: properties.switch("pm"),
            partner: phy::partner(properties.choice("speed"), properties.choice("duplex")),
            faults: Faults {
                fate: Fate::from_word(properties.choice("tx-fault")),
                every: properties.number("tx-fault-every").unwrap_or(1),
            },
            strict: Strict::new(properties.switch("strict")),
            function: FunctionState::default(),
            bank: Bank::new(),
            timers: Timers::default(),
            tx: Transmitter::default(),
            rx: Receiver::default(),
            phy: Phy::new(true),
            eeprom: eeprom::contents(mac),
            tally: Tally::default(),
            timer_base: VTime::ZERO,
            dtccr_shown: false,
            counters: Counters::default(),
            reported: filter::nothing(mac),
        };
        device.load_power_on_values();
        device.reported = device.report_filter();
        device
    }
}
