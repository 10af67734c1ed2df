//! Named, typed properties: what `-device MODEL,name=value` sets.

use std::collections::BTreeMap;

use crate::{MacAddr, MacParseError};

/// A property a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PropertySpec {
    /// Name, as in QEMU where QEMU has it.
    pub name: &'static str,
    /// What values it takes.
    pub kind: PropertyKind,
    /// The default as the user would write it; `None` if absence has a meaning of its own.
    pub default: Option<&'static str>,
    /// What it does, with its unit.
    pub about: &'static str,
}

/// What values a property takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyKind {
    /// `on` or `off`.
    Switch,
    /// A whole number in a range, decimal or `0x…`.
    Number {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A MAC address.
    Mac,
    /// Any text.
    Text,
    /// Path of a file with the contents of the device's nonvolatile memory, which the machine keeps there; see
    /// [`crate::Device::image`].
    Image {
        /// Lengths in bytes that the file may have.
        lengths: &'static [usize],
    },
}

impl PropertyKind {
    /// The values in words, for help and errors.
    pub fn describe(&self) -> String {
        match self {
            Self::Switch => "on|off".to_owned(),
            Self::Number { min, max } => format!("{min} to {max}"),
            Self::Choice(words) => words.join("|"),
            Self::Mac => "a MAC address such as 52:54:00:12:34:56".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Image { lengths } => {
                format!("the path of a file of {} bytes", crate::nonvolatile::one_of(lengths))
            }
        }
    }
}

/// A value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyValue {
    /// Of a [`PropertyKind::Switch`].
    Switch(bool),
    /// Of a [`PropertyKind::Number`].
    Number(u64),
    /// Of a [`PropertyKind::Choice`] (an index) with its word.
    Choice(usize, &'static str),
    /// Of a [`PropertyKind::Mac`].
    Mac(MacAddr),
    /// Of a [`PropertyKind::Text`] or [`PropertyKind::Image`].
    Text(String),
}

/// Why a property was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// There is none of that name.
    #[error("'{owner}' has no property '{name}'{}", hint(.nearest))]
    Unknown {
        /// Whose properties.
        owner: String,
        /// The name given.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// The value does not fit.
    #[error("property '{name}' of '{owner}' cannot be '{value}': it takes {allowed}{}", hint(.nearest))]
    Value {
        /// Whose property.
        owner: String,
        /// The property.
        name: &'static str,
        /// The value given.
        value: String,
        /// The values it takes.
        allowed: String,
        /// The nearest word it takes, if it takes words.
        nearest: Option<String>,
    },
    /// Given twice.
    #[error("property '{name}' of '{owner}' is given twice")]
    Twice {
        /// Whose property.
        owner: String,
        /// The property.
        name: &'static str,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
}

/// The candidate nearest in spelling to `given`, if any is near enough to be meant.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = given.chars().count().div_euclid(3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&given.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `on`/`yes`/`true`/`y` and `off`/`no`/`false`/`n`, as QEMU reads a boolean.
pub fn parse_switch(text: &str) -> Option<bool> {
    match text {
        "on" | "yes" | "true" | "y" => Some(true),
        "off" | "no" | "false" | "n" => Some(false),
        _ => None,
    }
}

/// The properties of one instance: checked against its model's specification, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    values: BTreeMap<&'static str, PropertyValue>,
}

impl Properties {
    /// Checks `given` (name and text, in order) against `specs`.
    ///
    /// # Errors
    /// An unknown name, a name given twice or a value that does not fit; nothing is half taken.
    pub fn parse<'a>(
        owner: &str,
        specs: &[PropertySpec],
        given: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PropertyError> {
        let mut values = BTreeMap::new();
        for (name, text) in given {
            let spec = specs.iter().find(|spec| spec.name == name).ok_or_else(|| {
                let names = specs.iter().map(|spec| spec.name);
                PropertyError::Unknown {
                    owner: owner.to_owned(),
                    name: name.to_owned(),
                    nearest: nearest(name, names).map(str::to_owned),
                }
            })?;
            let value = parse_value(owner, spec, text)?;
            if values.insert(spec.name, value).is_some() {
                return Err(PropertyError::Twice { owner: owner.to_owned(), name: spec.name });
            }
        }
        for spec in specs {
            if let (Some(default), false) = (spec.default, values.contains_key(spec.name)) {
                values.insert(spec.name, parse_value(owner, spec, default)?);
            }
        }
        Ok(Self { values })
    }

    /// A switch; `false` if absent.
    pub fn switch(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(PropertyValue::Switch(true)))
    }

    /// A number, if given or defaulted.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.values.get(name) {
            Some(PropertyValue::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The chosen word, if given or defaulted.
    pub fn choice(&self, name: &str) -> Option<&'static str> {
        match self.values.get(name) {
            Some(PropertyValue::Choice(_, word)) => Some(word),
            _ => None,
        }
    }

    /// A MAC address, if given or defaulted.
    pub fn mac(&self, name: &str) -> Option<MacAddr> {
        match self.values.get(name) {
            Some(PropertyValue::Mac(mac)) => Some(*mac),
            _ => None,
        }
    }

    /// A text, if given or defaulted.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(PropertyValue::Text(text)) => Some(text),
            _ => None,
        }
    }
}

fn parse_value(
    owner: &str,
    spec: &PropertySpec,
    text: &str,
) -> Result<PropertyValue, PropertyError> {
    let value = match spec.kind {
        PropertyKind::Switch => parse_switch(text).map(PropertyValue::Switch),
        PropertyKind::Number { min, max } => parse_number(text)
            .filter(|number| (min..=max).contains(number))
            .map(PropertyValue::Number),
        PropertyKind::Choice(words) => words
            .iter()
            .enumerate()
            .find(|(_, word)| **word == text)
            .map(|(index, word)| PropertyValue::Choice(index, word)),
        PropertyKind::Mac => {
            text.parse().map(PropertyValue::Mac).map_err(|_: MacParseError| ()).ok()
        }
        PropertyKind::Text => Some(PropertyValue::Text(text.to_owned())),
        PropertyKind::Image { .. } => {
            (!text.is_empty()).then(|| PropertyValue::Text(text.to_owned()))
        }
    };
    value.ok_or_else(|| {
        let words: &[&str] = match spec.kind {
            PropertyKind::Choice(words) => words,
            PropertyKind::Switch => &["on", "off"],
            _ => &[],
        };
        PropertyError::Value {
            owner: owner.to_owned(),
            name: spec.name,
            value: text.to_owned(),
            allowed: spec.kind.describe(),
            nearest: nearest(text, words.iter().copied()).map(str::to_owned),
        }
    })
}

fn parse_number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            u64::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[PropertySpec] = &[
        PropertySpec {
            name: "mac",
            kind: PropertyKind::Mac,
            default: None,
            about: "station address",
        },
        PropertySpec {
            name: "timing",
            kind: PropertyKind::Choice(&["off", "wire", "full"]),
            default: Some("wire"),
            about: "fidelity",
        },
        PropertySpec {
            name: "autoneg-ms",
            kind: PropertyKind::Number { min: 0, max: 10_000 },
            default: Some("2000"),
            about: "negotiation time in ms",
        },
        PropertySpec {
            name: "strict",
            kind: PropertyKind::Switch,
            default: Some("off"),
            about: "strict mode",
        },
    ];

    fn parse(given: &[(&str, &str)]) -> Result<Properties, PropertyError> {
        Properties::parse("e1000", SPECS, given.iter().copied())
    }

    #[test]
    fn defaults_fill_what_is_not_given() {
        let properties = parse(&[("autoneg-ms", "0x10")]).unwrap();
        assert_eq!(properties.number("autoneg-ms"), Some(16));
        assert_eq!(properties.choice("timing"), Some("wire"));
        assert_eq!(properties.mac("mac"), None);
        assert!(!properties.switch("strict"));
    }

    #[test]
    fn errors_name_the_property_the_value_the_range_and_the_nearest_word() {
        let text = |given: &[(&str, &str)]| parse(given).unwrap_err().to_string();
        assert_eq!(
            text(&[("timng", "off")]),
            "'e1000' has no property 'timng'; did you mean 'timing'?"
        );
        assert_eq!(
            text(&[("timing", "ful")]),
            "property 'timing' of 'e1000' cannot be 'ful': it takes off|wire|full; did you mean 'full'?"
        );
        assert_eq!(
            text(&[("autoneg-ms", "10001")]),
            "property 'autoneg-ms' of 'e1000' cannot be '10001': it takes 0 to 10000"
        );
        assert_eq!(
            text(&[("strict", "on"), ("strict", "on")]),
            "property 'strict' of 'e1000' is given twice"
        );
        assert!(text(&[("mac", "52:54")]).contains("52:54:00:12:34:56"));
    }

    #[test]
    fn numbers_take_no_sign_and_no_blank() {
        for text in ["", "+1", "-1", " 1", "0x", "0x+1", "1_000"] {
            assert_eq!(parse_number(text).filter(|_| !text.is_empty()), None, "{text:?}");
        }
    }
}
