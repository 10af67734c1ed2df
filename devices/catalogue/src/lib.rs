//! The list of device models: adding one is a folder and a line here.
//!
//! The machine's `-device` parser looks models up by name or alias ([`find`]), takes its own properties (`addr`,
//! `romfile`, `netdev`, …) off the list and hands the rest to [`elnic_contract::Entry::make`]. Help is made from the same
//! tables that do the work, so it cannot be out of date.
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

mod help;

use elnic_contract::{Entry, nearest};

pub use help::{list_help, model_help};

/// All models, in the order of the help.
#[rustfmt::skip] // One line a model.
pub const MODELS: &[&Entry] = &[
    &elnic_e1000::ENTRY,
    &elnic_e1000::ENTRY_82544GC,
    &elnic_e1000::ENTRY_82545EM,
    &elnic_rtl8139::ENTRY,
    &elnic_virtio_net::ENTRY,
    &elnic_console::ENTRY,
    &elnic_exit::ENTRY,
];

/// There is no such model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no device model '{name}'{}", hint(.nearest))]
pub struct UnknownModel {
    /// The name given.
    pub name: String,
    /// The nearest name there is.
    pub nearest: Option<&'static str>,
}

fn hint(nearest: &Option<&'static str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean '{name}'?"),
        None => "; '-device help' lists them".to_owned(),
    }
}

/// All names of a model.
fn names(entry: &'static Entry) -> impl Iterator<Item = &'static str> {
    std::iter::once(entry.model.name).chain(entry.model.aliases.iter().copied())
}

/// The model of that name or alias.
///
/// # Errors
/// There is none; the error has the nearest name.
pub fn find(name: &str) -> Result<&'static Entry, UnknownModel> {
    let found = MODELS.iter().find(|entry| names(entry).any(|known| known == name));
    found.copied().ok_or_else(|| UnknownModel {
        name: name.to_owned(),
        nearest: nearest(name, MODELS.iter().flat_map(|entry| names(entry))),
    })
}
