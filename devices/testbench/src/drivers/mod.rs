//! Virtual drivers: the sequences that drivers are known to run, against a model on a [`crate::Bench`].
//!
//! Each is written from what is documented of the driver's order of accesses, none from its text. They poll where the
//! driver would sleep, and keep what they received and counted for the test to look at.

mod conversation;
pub mod e1000;
pub mod rtl8139;
pub mod virtio;

pub use conversation::{Counted, NicDriver, converse};
