//! Virtio network device over PCI (QEMU's `virtio-net-pci`): modern, transitional or legacy.
//!
//! One [`VirtioNet`] is one device with one to 31 pairs of queues and a control queue. `elnic-virtio` has the transport;
//! here is what makes it a network interface: `features` · `properties` · `settings` · `config` its registers · `header` ·
//! `transmit` · `line` cable and bus in time · `receive` · `deliver` · `rsc` segments put together · `steering` which queue · `filter`
//! what is let through · `control` commands · `moderation` · `statistics` · `nic` the device and its cable · `strict` ·
//! `compat` · `state` saved state.
//!
//! Time: a paravirtual device has none of its own, and without `speed` frames leave at once. With it `timing=wire` keeps
//! the cable's bit times, `timing=full` those of the bus too.
//!
//! Source: Virtual I/O Device (VIRTIO) 1.3 §5.1, 1.4 for statistics; what it leaves open is as in QEMU. Left out, and not
//! offered: UDP tunnels (segmentation, inner hashes), flow filters, notification through I/O space.
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

mod compat;
mod config;
mod control;
mod deliver;
mod features;
mod filter;
mod header;
mod line;
mod model;
mod moderation;
mod nic;
mod properties;
mod receive;
mod rsc;
mod settings;
mod state;
mod statistics;
mod steering;
mod strict;
mod timers;
mod transmit;

use elnic_contract::{BuildError, Counters, MacAddr, Model, OffloadSupport, Properties, Strict};
use elnic_registers::Bank;
use elnic_virtio::Transport;

use crate::config::Reg;
use crate::features::{DEVICE_STATS, KIND, NOTF_COAL, VQ_NOTF_COAL};
use crate::filter::Filter;
use crate::line::Line;
use crate::moderation::Moderation;
use crate::receive::{Backlog, Receiver};
use crate::settings::Settings;
use crate::statistics::Statistics;
use crate::steering::Steering;
use crate::timers::Timers;

pub use crate::compat::{QEMU_DIFFERENCES, QemuDifference};
pub use crate::model::{ENTRY, MODEL, MODEL_MODERN};
pub use crate::properties::PROPERTIES;
pub use crate::strict::RULES;

/// The station address of a device that was given none: QEMU's first.
pub const DEFAULT_MAC: MacAddr = MacAddr([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);

/// One device.
#[derive(Clone, Debug)]
pub struct VirtioNet {
    settings: Settings,
    model: &'static Model,
    transport: Transport,
    /// What the configuration registers show; follows from the rest.
    bank: Bank<Reg>,
    filter: Filter,
    link_up: bool,
    /// The driver was asked to announce itself and has not acknowledged it.
    announcing: bool,
    /// Work on received frames that the driver takes over, as feature bits.
    guest_offloads: u64,
    /// Work that the other end of the cable takes over; wiring, not state.
    peer: OffloadSupport,
    /// Pairs in use.
    active_pairs: u16,
    steering: Steering,
    rx: Receiver,
    line: Line,
    /// By queue; empty if it is not offered.
    moderation: Vec<Moderation>,
    statistics: Statistics,
    timers: Timers,
    strict: Strict,
    counters: Counters,
}

impl VirtioNet {
    /// A device after power-on, with properties that [`Properties::parse`] has checked against [`PROPERTIES`].
    ///
    /// # Errors
    /// Properties that fit by themselves do not fit together.
    pub fn new(properties: &Properties) -> Result<Self, BuildError> {
        let settings = Settings::new(properties)?;
        let model = model::variant(settings.interfaces, settings.configuration_length());
        let pairs = usize::from(settings.pairs);
        let rx = Receiver { pairs: vec![Backlog::default(); pairs], ..Receiver::default() };
        let mut device = Self {
            model,
            transport: Transport::new(&KIND, settings.setup()),
            bank: Bank::new(),
            filter: Filter::new(settings.mac),
            link_up: true,
            announcing: false,
            guest_offloads: 0,
            // Of such a peer the machine says later which it takes.
            peer: if settings.vnet_hdr { OffloadSupport::ALL } else { OffloadSupport::NONE },
            active_pairs: 1,
            steering: Steering::default(),
            rx,
            line: Line::default(),
            moderation: Vec::new(),
            statistics: Statistics::default(),
            timers: Timers::default(),
            strict: Strict::new(settings.strict),
            counters: Counters::default(),
            settings,
        };
        device.moderation = device.fresh_moderation();
        device.statistics = device.fresh_statistics();
        device.show_settings();
        device.show();
        Ok(device)
    }

    /// Queues there can be.
    fn most_queues(&self) -> usize {
        usize::from(self.settings.pairs).saturating_mul(2).saturating_add(1)
    }

    fn fresh_moderation(&self) -> Vec<Moderation> {
        let offered = self.settings.features & (NOTF_COAL | VQ_NOTF_COAL) != 0;
        vec![Moderation::default(); if offered { self.most_queues() } else { 0 }]
    }

    fn fresh_statistics(&self) -> Statistics {
        let offered = self.settings.features & DEVICE_STATS != 0;
        Statistics::new(if offered { self.most_queues() } else { 0 })
    }
}
