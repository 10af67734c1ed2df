//! For tests only: a bench for one device, guest RAM that can fail, virtual drivers, and the generic suite.
//!
//! [`Bench`] is the world around a device: time, timers, RAM, a cable, an interrupt line, all visible and all under the
//! test's control. It runs scripts ([`elnic_script`]) and keeps a transcript of what was done and what came of it, so two
//! devices can be compared by comparing texts. [`suite`] holds the checks that every model of the catalogue passes;
//! [`generic_suite!`] makes tests of them.
//!
//! Failures are panics: this crate is linked into tests and never into the emulator.
#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_types,
    reason = "prop_oneof! shares its arms; nothing here is a device"
)]

mod bench;
pub mod drivers;
mod notes;
mod pci;
mod ram;
mod rings;
mod run;
pub mod suite;

#[doc(hidden)]
pub use elnic_contract::Entry;

pub use bench::{Bench, Limits};
pub use notes::Notes;
pub use pci::{Assigned, PciBench};
pub use ram::SparseRam;
pub use rings::Ring;
