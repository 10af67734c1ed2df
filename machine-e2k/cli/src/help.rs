//! What the options answer to `help`.

use std::fmt::Write as _;

use elnic_board::{CPUS, LogItem, MACHINES, machine_properties};
use elnic_contract::PropertySpec;

use crate::error::Failure;
use crate::options::KeyValues;

/// `-machine help`.
pub(crate) fn machines() -> String {
    let mut text = String::from("Machines:\n");
    for machine in MACHINES {
        let also = match machine.aliases {
            [] => String::new(),
            aliases => format!(" (also {})", aliases.join(", ")),
        };
        // Writing into a String does not fail.
        let _ = writeln!(text, "  {:6} {}{also}", machine.name, machine.summary);
    }
    text.push_str("Properties:\n");
    properties(&mut text, crate::options::MACHINE_PROPERTIES.iter());
    text
}

/// `-cpu help`.
pub(crate) fn cpus() -> String {
    let mut text = String::from("Processors:\n");
    for cpu in CPUS {
        let _ = writeln!(text, "  {:6} {}", cpu.name, cpu.summary);
    }
    text.push_str("Properties:\n");
    properties(&mut text, crate::options::CPU_PROPERTIES.iter());
    text
}

/// `-d help`.
pub(crate) fn log_items() -> String {
    let mut text = String::from("Log items:\n");
    for (_, name, about) in LogItem::ALL {
        let _ = writeln!(text, "  {name:13} {about}");
    }
    text
}

/// `-device help`.
pub(crate) fn devices() -> String {
    elnic_catalogue::list_help()
}

/// `-device MODEL,help`.
pub(crate) fn device(list: &KeyValues) -> Result<String, Failure> {
    let entry = elnic_catalogue::find(&list.first).map_err(elnic_board::BuildError::from)?;
    let mut text = elnic_catalogue::model_help(entry);
    text.push_str("Properties of every such device on this machine:\n");
    properties(&mut text, machine_properties(entry));
    Ok(text)
}

fn properties<'a>(text: &mut String, specs: impl Iterator<Item = &'a PropertySpec>) {
    for spec in specs {
        let default = spec.default.filter(|value| !value.is_empty());
        let default = default.map(|value| format!(" (default {value})")).unwrap_or_default();
        let kind = spec.kind.describe();
        let _ = writeln!(text, "  {:14} {kind:22} {}{default}", spec.name, spec.about);
    }
}
