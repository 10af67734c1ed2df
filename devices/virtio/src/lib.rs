//! Virtio over PCI, for any virtio device: registers, status and feature negotiation, split virtqueues.
//!
//! [`Transport`] is the part of a transitional device that does not depend on what it is: a device owns one, hands it the
//! accesses to the windows of [`registers`] and acts on the [`Event`] that comes back. [`Queue`] is a split virtqueue;
//! chains are read into values ([`Chain`]) and checked once, so nothing of a ring is trusted or fetched twice.
//!
//! Source: Virtual I/O Device (VIRTIO) 1.3; what it leaves open is as in QEMU. Left out: packed rings, MMIO and channel
//! transports, the configuration access window (`VIRTIO_PCI_CAP_PCI_CFG`), which stands in the list but is read-only.
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
pub mod feature;
mod interrupts;
mod queue;
pub mod registers;
mod transport;
mod window;

pub use capabilities::capabilities;
pub use chain::{Chain, Cursor, MAX_CHAIN, Segment};
pub use interrupts::{Interrupts, NO_VECTOR};
pub use queue::{Queue, QueueError, Ring};
pub use transport::{Event, Kind, Transport, TransportState, status};
