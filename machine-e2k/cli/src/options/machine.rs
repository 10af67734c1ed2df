//! `-machine TYPE[,PROPERTY=VALUE…]`.

use elnic_board::{DEFAULT_QUANTUM, MachineConfig, MachineModel, QUANTUM};
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
        let error = MachineOptions::parse("e8c,quantun=1").map(|_| ()).unwrap_err().to_string();
        assert_eq!(error, "'e8c' has no property 'quantun'; did you mean 'quantum'?");
    }
}
