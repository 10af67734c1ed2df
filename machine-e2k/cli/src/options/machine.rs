//! `-machine TYPE[,PROPERTY=VALUE…]`.

use elnic_board::{DEFAULT_QUANTUM, EntryMode, MachineConfig, MachineModel, QUANTUM};
use elnic_contract::{Cycles, Properties, PropertyKind, PropertySpec};

use super::KeyValues;
use crate::error::Failure;

/// Properties of every machine.
pub(crate) const MACHINE_PROPERTIES: &[PropertySpec] = &[
    PropertySpec {
        name: "accel",
        kind: PropertyKind::Choice(&["tcg", "qtest"]),
        default: Some("tcg"),
        about: "what runs the program: the interpreter, or nothing",
    },
    PropertySpec {
        name: "quantum",
        kind: PropertyKind::Number { min: *QUANTUM.start(), max: *QUANTUM.end() },
        default: Some("1000"),
        about: "cycles that several processors run in turn",
    },
    PropertySpec {
        name: "entry",
        kind: PropertyKind::Choice(&["auto", "elf", "scall12", "offset0"]),
        default: Some("auto"),
        about: "where a kernel is entered: as ELF says, by the gate of system call 12 (Linux), or at its first byte (Embox)",
    },
    PropertySpec {
        name: "serial",
        kind: PropertyKind::Number { min: 0, max: u64::MAX },
        default: Some("0"),
        about: "serial number in the boot block",
    },
];

/// A machine as the option names it.
pub(crate) struct MachineOptions {
    pub(crate) model: &'static MachineModel,
    properties: Properties,
}

impl MachineOptions {
    /// The machine that `text` names.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let KeyValues { first, rest } = KeyValues::parse("machine", "type", text)?;
        let model = MachineModel::named(&first)?;
        let given = rest.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let properties = Properties::parse(model.name, MACHINE_PROPERTIES, given)?;
        Ok(Self { model, properties })
    }

    /// Whether a test moves the clock.
    pub(crate) fn is_stepped(&self) -> bool {
        self.properties.choice("accel") == Some("qtest")
    }

    /// A machine of that model with those properties.
    pub(crate) fn config(&self) -> MachineConfig {
        let mut config = MachineConfig::new(self.model);
        config.entry = match self.properties.choice("entry") {
            Some("elf") => EntryMode::Elf,
            Some("scall12") => EntryMode::Scall12,
            Some("offset0") => EntryMode::Offset0,
            _ => EntryMode::Auto,
        };
        config.serial_number = self.properties.number("serial").unwrap_or_default();
        config.quantum = self.properties.number("quantum").map_or(DEFAULT_QUANTUM, Cycles);
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_a_machine_without_options() {
        let config = MachineOptions::parse("e8c").unwrap().config();
        assert_eq!(config.quantum, DEFAULT_QUANTUM);
    }

    #[test]
    fn properties_follow_the_name() {
        let options = MachineOptions::parse("e8c,quantum=64,accel=qtest").unwrap();
        assert_eq!((options.model.name, options.config().quantum), ("e8c", Cycles(64)));
        assert!(options.is_stepped());
        let config = MachineOptions::parse("e16c,entry=scall12,serial=0x77").unwrap().config();
        assert_eq!((config.entry, config.serial_number), (EntryMode::Scall12, 0x77));
        let error = MachineOptions::parse("e8c,quantun=1").map(|_| ()).unwrap_err().to_string();
        assert_eq!(error, "'e8c' has no property 'quantun'; did you mean 'quantum'?");
    }
}
