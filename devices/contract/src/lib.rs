//! What a device is: the contract between a device model and the machine around it.
//!
//! A device is a *value*. It owns its registers, FIFOs and in-flight work and nothing else: no thread, lock, file
//! descriptor, host clock, source of randomness or pointer into guest memory. Each call hands it a context ([`Cx`]),
//! the device answers, and all it wants from the world stands afterwards in an [`Outbox`] in one total order.
//! That makes a snapshot a copy, a replay a loop and a re-entrant call impossible; see
//! `docs/adr/0001-a-device-is-a-value.md`.
//!
//! This crate is the leaf everything else stands on. Both sides of the cable speak its [`Frame`]; only the guest's side
//! uses [`Device`] and [`Nic`].
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

mod access;
mod address;
mod capability;
mod counters;
mod cx;
mod device;
mod dma;
mod entry;
mod frame;
mod function;
mod log;
mod model;
mod nic;
mod nonvolatile;
mod offload;
mod outbox;
mod property;
mod rx_filter;
mod saved;
mod serial;
mod strict;
mod time;

pub use access::{Access, AccessError, Fault, Size};
pub use address::{Gpa, MacAddr, MacParseError};
pub use capability::{AccessWindow, Capability, CapabilityKind, Msi, MsiX, PowerManagement};
pub use counters::{Counters, DropReason};
pub use cx::Cx;
pub use device::{Device, Lines, Reset};
pub use dma::{Dma, DmaError, NoDma};
pub use entry::{BuildError, Entry};
pub use frame::{Checksum, Frame, FrameError, GsoKind, LineError, Offload, Segmentation};
pub use function::{FunctionState, PowerState};
pub use log::{Log, LogEntry, Severity, Silent};
pub use model::{Field, Mode, Model, PciIdentity, RegionKind, RegionSpec, Register};
pub use nic::{LinkState, Nic, NotReady, Readiness, Timing, Verdict};
pub use nonvolatile::ImageError;
pub use offload::OffloadSupport;
pub use outbox::{Effect, GuestEvent, Outbox, TimerId};
pub use property::{
    Properties, PropertyError, PropertyKind, PropertySpec, PropertyValue, nearest, parse_switch,
};
pub use rx_filter::{ReceiveMode, RxFilter};
pub use saved::{RestoreError, SavedState};
pub use serial::Serial;
pub use strict::{Strict, StrictRule, StrictState};
pub use time::{ClockHz, ClockHzError, Cycles, VDuration, VTime};
