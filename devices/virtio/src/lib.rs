//! Virtio over PCI, for any virtio device: registers, status and feature negotiation, virtqueues.
//!
//! [`Transport`] is the part of a device that does not depend on what it is: a device owns one, hands it the accesses to
//! the windows of [`registers`] and acts on each [`Event`] it has then. Engines take [`Chain`]s from its queues and give
//! them back without knowing whether a ring is split or packed; a chain is read into a value and checked once, so nothing
//! of a ring is trusted or fetched twice. What the driver does wrong with the transport is in [`RULES`].
//!
//! Source: Virtual I/O Device (VIRTIO) 1.3; what it leaves open is as in QEMU. Left out: MMIO and channel transports, the
//! administration queue, notification through I/O space (`modern-pio-notify`).
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

mod capabilities;
mod chain;
mod cursor;
mod error;
pub mod feature;
mod interfaces;
mod interrupts;
mod lent;
mod memory;
mod negotiation;
mod packed;
mod queue;
pub mod registers;
mod ring;
mod split;
mod state;
pub mod status;
mod strict;
mod transport;
mod window;
mod work;

pub use capabilities::capabilities;
pub use chain::{Chain, MAX_CHAIN, Segment, Used};
pub use cursor::Cursor;
pub use error::QueueError;
pub use interfaces::{Interfaces, legacy_regions, modern_regions, transitional_regions};
pub use interrupts::{Interrupts, NO_VECTOR};
pub use queue::Queue;
pub use state::TransportState;
pub use strict::RULES;
pub use transport::{Event, Kind, Setup, Transport};
