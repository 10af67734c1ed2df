//! Which models a user can ask for.

use elnic_contract::{Entry, PropertySpec, nearest};

use crate::config::{NIC_PROPERTIES, PCI_PROPERTIES};

/// Every model, in the order of the catalogue.
pub fn models() -> impl Iterator<Item = &'static Entry> {
    [&elnic_console::ENTRY, &elnic_exit::ENTRY].into_iter()
}

/// The model of that name or alias.
pub fn find_model(name: &str) -> Option<&'static Entry> {
    models().find(|entry| entry.model.name == name || entry.model.aliases.contains(&name))
}

/// The nearest name or alias there is.
pub(crate) fn nearest_model(name: &str) -> Option<&'static str> {
    let names = models().flat_map(|entry| {
        std::iter::once(entry.model.name).chain(entry.model.aliases.iter().copied())
    });
    nearest(name, names)
}

/// The properties the machine adds to those of a model.
pub fn machine_properties(entry: &Entry) -> impl Iterator<Item = &'static PropertySpec> {
    let nic = if entry.is_nic { NIC_PROPERTIES } else { &[] };
    PCI_PROPERTIES.iter().chain(nic)
}
