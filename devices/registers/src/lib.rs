//! The register engine: runs the tables of the models.
//!
//! A model states its registers once, as data, with [`register_file!`]. From that table this crate decodes accesses into
//! byte lanes ([`Lanes`]), keeps the values and applies each field's mode ([`Bank`]), calls the model's hooks
//! ([`Behaviour`]), prints decoded values ([`describe`]), writes the documentation ([`markdown`]) and finds mistakes in
//! the table itself ([`check`]). See `docs/adr/0003-registers-are-data.md`.
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

mod bank;
mod behaviour;
mod check;
mod dump;
mod file;
mod lanes;
#[doc(hidden)]
pub mod layout;
mod markdown;
mod masks;
mod memory;

pub use bank::{Bank, BankState, BankStateError, Written};
pub use behaviour::{Behaviour, peek, read, write};
pub use check::{TableProblem, check};
pub use dump::{describe, differences};
pub use file::RegisterFile;
pub use lanes::{Lane, Lanes};
pub use layout::MEMORY_ELEMENTS;
pub use markdown::markdown;
pub use masks::Masks;
pub use memory::Run;

#[doc(hidden)]
pub use elnic_contract::Register as __Register;
