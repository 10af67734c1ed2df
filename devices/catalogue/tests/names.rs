//! Models are found by their names, and only by theirs.

use elnic_catalogue::{MODELS, find, list_help, model_help};

#[test]
fn every_name_and_alias_leads_to_its_model_and_to_no_other() {
    let mut seen = Vec::new();
    for entry in MODELS {
        for name in std::iter::once(&entry.model.name).chain(entry.model.aliases) {
            assert!(!seen.contains(name), "'{name}' is taken");
            seen.push(name);
            assert!(std::ptr::eq(find(name).unwrap().model, entry.model), "{name}");
        }
    }
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest_right_one() {
    assert_eq!(
        find("pvpanic-pcj").unwrap_err().to_string(),
        "there is no device model 'pvpanic-pcj'; did you mean 'pvpanic-pci'?"
    );
    assert_eq!(
        find("floppy").unwrap_err().to_string(),
        "there is no device model 'floppy'; '-device help' lists them"
    );
}

#[test]
fn help_names_every_model_and_every_property() {
    let list = list_help();
    for entry in MODELS {
        assert!(list.contains(entry.model.name) && list.contains(entry.model.summary), "{list}");
        let help = model_help(entry);
        for spec in entry.properties {
            let line = help.lines().find(|line| line.split_whitespace().next() == Some(spec.name));
            let line = line.unwrap_or_else(|| panic!("{} is not in:\n{help}", spec.name));
            assert!(line.contains(&spec.kind.describe()) && line.contains(spec.about), "{line}");
            if let Some(default) = spec.default {
                assert!(line.ends_with(&format!("(default {default})")), "{line}");
            }
        }
    }
}

#[test]
fn help_of_a_model_shows_how_it_appears_on_the_bus() {
    let help = model_help(find("exit").unwrap());
    assert!(help.contains("PCI 1b36:0011 rev 01, class 088000"), "{help}");
    assert!(help.contains("no interrupt pin"), "{help}");
    assert!(help.contains("bar0: 2 bytes of memory, 32-bit"), "{help}");
    assert!(model_help(find("escc").unwrap()).contains("INTA"));
}
