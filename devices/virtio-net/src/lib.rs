//! Virtio network device over PCI (QEMU's `virtio-net-pci`), transitional: legacy and standard drivers.
//!
//! One [`VirtioNet`] is one device with a receive, a transmit and a control queue. `elnic-virtio` has the transport; here
//! is what makes it a network interface: `config` its registers · `features` · `transmit` · `receive` · `filter` what is
//! let through · `control` commands · `nic` the device and its cable · `state` saved state.
//!
//! Time: a paravirtual device has none of its own. Frames leave at once and are taken as they come; only an entry that
//! has done its share of work goes on 10 µs later.
//!
//! Source: Virtual I/O Device (VIRTIO) 1.3 §5.1; what it leaves open is as in QEMU. Left out, and not offered: checksum
//! and segmentation offload, several queue pairs, RSS, packed rings, MTU, speed, standby.
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

mod config;
mod control;
mod features;
mod filter;
mod model;
mod nic;
mod receive;
mod state;
mod transmit;

use std::collections::VecDeque;

use elnic_contract::{Counters, MacAddr, Properties, VTime};
use elnic_registers::Bank;
use elnic_virtio::Transport;

use crate::config::Reg;
use crate::filter::Filter;

pub use crate::model::{ENTRY, MODEL, PROPERTIES};

/// The station address of a device that was given none: QEMU's first.
pub const DEFAULT_MAC: MacAddr = MacAddr([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);

/// One device.
#[derive(Clone, Debug)]
pub struct VirtioNet {
    /// The station address it was made with.
    permanent: MacAddr,
    /// Commands whose feature was not negotiated are refused.
    strict_control: bool,
    transport: Transport,
    /// What the configuration registers show; follows from the rest.
    bank: Bank<Reg>,
    filter: Filter,
    link_up: bool,
    /// The driver was asked to announce itself and has not acknowledged it.
    announcing: bool,
    /// Frames that passed the filter and wait for buffers.
    waiting: VecDeque<Vec<u8>>,
    /// The driver knows that we wait for receive buffers.
    starved: bool,
    /// When work that was interrupted goes on.
    resume_at: Option<VTime>,
    counters: Counters,
}

impl VirtioNet {
    /// A device after power-on, with properties that [`Properties::parse`] has checked against [`PROPERTIES`].
    pub fn new(properties: &Properties) -> Self {
        let permanent = properties.mac("mac").unwrap_or(DEFAULT_MAC);
        let mut device = Self {
            permanent,
            strict_control: properties.switch("strict-ctrl"),
            transport: Transport::new(&features::KIND, features::of(properties)),
            bank: Bank::new(),
            filter: Filter::new(permanent),
            link_up: true,
            announcing: false,
            waiting: VecDeque::new(),
            starved: false,
            resume_at: None,
            counters: Counters::default(),
        };
        device.show();
        device
    }
}
