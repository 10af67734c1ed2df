//! Help texts: `-device help` and `-device MODEL,help`.

use std::fmt::Write as _;

use elnic_contract::{Entry, Model, RegionKind};

use crate::MODELS;

/// Widest name in a column.
fn width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0)
}

/// What `-device help` prints: all models, network devices first.
pub fn list_help() -> String {
    let column = width(MODELS.iter().map(|entry| entry.model.name));
    let mut text = String::new();
    for (title, is_nic) in [("Network devices", true), ("Other devices", false)] {
        let entries = || MODELS.iter().filter(|entry| entry.is_nic == is_nic);
        if entries().next().is_none() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{title}:");
        for entry in entries() {
            let model = entry.model;
            let bus = if model.pci.is_some() { "PCI" } else { "system" };
            let aliases = if model.aliases.is_empty() {
                String::new()
            } else {
                format!(" (also {})", model.aliases.join(", "))
            };
            let _ = writeln!(text, "  {:column$}  {bus:6}  {}{aliases}", model.name, model.summary);
        }
    }
    text
}

/// What `-device MODEL,help` prints: identity, addresses and the model's own properties.
pub fn model_help(entry: &Entry) -> String {
    let model = entry.model;
    let mut text = format!("{}: {}\n", model.name, model.summary);
    describe(model, &mut text);
    let name = width(entry.properties.iter().map(|spec| spec.name));
    let kinds: Vec<String> = entry.properties.iter().map(|spec| spec.kind.describe()).collect();
    let kind_column = width(kinds.iter().map(String::as_str));
    if entry.properties.is_empty() {
        text.push_str("It has no properties of its own.\n");
    } else {
        text.push_str("Properties:\n");
    }
    for (spec, kind) in entry.properties.iter().zip(&kinds) {
        let default = spec.default.map(|value| format!(" (default {value})")).unwrap_or_default();
        let _ =
            writeln!(text, "  {:name$}  {kind:kind_column$}  {}{default}", spec.name, spec.about);
    }
    text
}

fn describe(model: &Model, text: &mut String) {
    if let Some(pci) = &model.pci {
        let [base, sub, interface] = pci.class;
        let pin = match pci.interrupt_pin {
            0 => "no interrupt pin".to_owned(),
            pin => format!("INT{}", char::from(b'@'.saturating_add(pin))),
        };
        let _ = writeln!(
            text,
            "PCI {:04x}:{:04x} rev {:02x}, class {base:02x}{sub:02x}{interface:02x}, subsystem {:04x}:{:04x}, {pin}",
            pci.vendor, pci.device, pci.revision, pci.subsystem_vendor, pci.subsystem
        );
    }
    for region in model.regions {
        let kind = match region.kind {
            RegionKind::Memory32 => "memory, 32-bit",
            RegionKind::Memory64 { prefetchable: true } => "memory, 64-bit prefetchable",
            RegionKind::Memory64 { prefetchable: false } => "memory, 64-bit",
            RegionKind::Io => "I/O",
            RegionKind::Fixed => "fixed window",
        };
        let _ = writeln!(text, "{}: {} bytes of {kind}", region.name, region.size);
    }
}
