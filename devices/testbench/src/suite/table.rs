//! What a model says of itself holds together.

use elnic_contract::{Entry, Mode, PropertyKind};
use elnic_pci::{FunctionOptions, PciFunction};

use super::bench_after;

/// The register table has no mistake and can be turned into documentation.
///
/// # Panics
/// It has.
pub fn the_table_has_no_mistake(entry: &'static Entry) {
    let model = entry.model;
    assert_eq!(elnic_registers::check(model), vec![], "{}", model.name);
    for row in model.registers {
        assert!(!row.about.is_empty(), "{}: {} says nothing about itself", model.name, row.name);
        assert!(!row.source.is_empty(), "{}: {} names no source", model.name, row.name);
        for field in row.fields {
            let silent = field.about.is_empty() && field.mode != Mode::Reserved;
            assert!(!silent, "{}: {}.{} says nothing", model.name, row.name, field.name);
        }
    }
    assert!(!model.sources.is_empty(), "{} names no sources", model.name);
    assert!(elnic_registers::markdown(model).contains(model.summary));
}

/// Defaults make a device; so does every choice and either end of every range, or it is refused in words; scenarios run.
///
/// # Panics
/// One does not.
pub fn properties_and_scenarios_are_sound(entry: &'static Entry) {
    let model = entry.model;
    let device = entry.make([]).expect("the defaults make a device");
    assert!(std::ptr::eq(device.describe(), model), "an entry makes devices of its model");
    assert_eq!(device.as_nic().is_some(), entry.is_nic, "is_nic says whether it is a NIC");
    if model.pci.is_some() {
        PciFunction::new(device, FunctionOptions::default()).expect("its model makes a function");
    }
    for spec in entry.properties {
        assert!(!spec.about.is_empty(), "property {} says nothing about itself", spec.name);
        let values = match spec.kind {
            PropertyKind::Switch => vec!["on".to_owned(), "off".to_owned()],
            PropertyKind::Number { min, max } => vec![min.to_string(), max.to_string()],
            PropertyKind::Choice(words) => words.iter().map(|word| (*word).to_owned()).collect(),
            PropertyKind::Mac => vec!["52:54:00:12:34:56".to_owned()],
            PropertyKind::Text => vec![String::new(), "x".repeat(300)],
            PropertyKind::Image { .. } => vec![String::new(), "image.bin".to_owned()],
        };
        for value in values {
            if let Err(error) = entry.make([(spec.name, value.as_str())]) {
                let text = error.to_string();
                assert!(text.contains(spec.name), "the error names {}: {text}", spec.name);
            }
        }
    }
    for scenario in 0..entry.scenarios.len() {
        bench_after(entry, Some(scenario));
    }
}
