//! PCI functions: configuration header, base address registers, capabilities, the adapter from device to function.
//!
//! A device model knows its registers; [`PciFunction`] makes a PCI function of it: identity and base address registers
//! from its [`elnic_contract::Model`], capabilities from [`elnic_contract::Device::capabilities`]. The bus asks the
//! function which addresses it answers to ([`PciFunction::decode`]) and routes accesses through it, so that bus
//! mastering, interrupt disable and power states hold for every device alike. [`Bridge`] is a type-1 header, [`Bare`] a
//! function that is nothing but configuration space.
//!
//! Sources: PCI Local Bus Specification 3.0, PCI-to-PCI Bridge Architecture Specification 1.2, PCI Power Management
//! Interface Specification 1.2. Where QEMU's answer is visible to guests and harmless, it is QEMU's.
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

mod bar;
mod bare;
mod bridge;
mod capabilities;
mod config;
mod error;
mod function;
mod header;
mod inventory;
mod master;
mod msi;
mod msix;
mod pm;
mod rom;
mod routing;
mod state;
mod traffic;
mod window;

pub use bar::Space;
pub use bare::Bare;
pub use bridge::Bridge;
pub use config::CONFIG_SIZE;
pub use error::SpecError;
pub use function::{ConfigRegister, FunctionOptions, PciFunction};
pub use inventory::Decoder;
pub use routing::{Hit, Mapping, Window};

pub(crate) use msi::Msi;
pub(crate) use msix::MsiX;
pub(crate) use pm::Pm;
pub(crate) use window::RegionWindow;
