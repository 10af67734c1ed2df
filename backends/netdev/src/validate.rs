//! From what was written to what is meant: every option has a name the schema knows and a value of its type.
//!
//! Both grammars and JSON come through here. They differ in how a value is written and in how QEMU words a refusal; what
//! follows behind QEMU's words (the value, the range, the nearest name) is ours.

use elnic_contract::{nearest, parse_switch};
use serde_json::{Map, Value};

use crate::keyval::Pair;
use crate::schema::{ADDRESSES, Kind, OptionSpec};
use crate::size;

/// How options were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `key=value`, keys repeat.
    Traditional,
    /// `key.sub=value`.
    Dotted,
    /// JSON.
    Json,
}

/// Why an option was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// There is none of that name.
    #[error("{}{}", unexpected(.key, *.origin), hint(.nearest))]
    Unexpected {
        /// The key, with its path.
        key: String,
        /// How it was written.
        origin: Origin,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// A required one is missing.
    #[error("Parameter '{0}' is missing")]
    Missing(String),
    /// A JSON value, or a tree, of another type.
    #[error("Invalid parameter type for '{key}', expected: {expected}")]
    Type {
        /// The key, with its path.
        key: String,
        /// The type wanted.
        expected: &'static str,
    },
    /// No switch.
    #[error("Parameter '{key}' expects 'on' or 'off', not '{value}'")]
    Switch {
        /// The key, with its path.
        key: String,
        /// The value given.
        value: String,
    },
    /// No number, or out of range.
    #[error("Parameter '{key}' expects {name}: {min} to {max}, not '{value}'")]
    Integer {
        /// The key, with its path.
        key: String,
        /// The type wanted.
        name: &'static str,
        /// Smallest value.
        min: i128,
        /// Largest value.
        max: i128,
        /// The value given.
        value: String,
    },
    /// No size.
    #[error(
        "Parameter '{key}' expects a size value: bytes, or a number and k, M, G, T, P or E, not '{value}'"
    )]
    Size {
        /// The key, with its path.
        key: String,
        /// The value given.
        value: String,
    },
    /// No part of a hundred.
    #[error(
        "Parameter '{key}' expects a percentage: 0 to 100 with at most 4 digits behind the point, not '{value}'"
    )]
    Percent {
        /// The key, with its path.
        key: String,
        /// The value given.
        value: String,
    },
    /// None of the words it takes.
    #[error("Parameter '{key}' does not accept value '{value}': it takes {}{}", .allowed.join(", "), hint(.nearest))]
    Choice {
        /// The key, with its path.
        key: String,
        /// The value given.
        value: String,
        /// The words it takes.
        allowed: Vec<&'static str>,
        /// The nearest of them.
        nearest: Option<String>,
    },
    /// A key that needs a value has none.
    #[error("Expected '=' after parameter '{0}'")]
    NoValue(String),
    /// An id that cannot be used in a command.
    #[error(
        "Parameter '{key}' expects an identifier: a letter, then letters, digits, '-', '.' and '_', not '{value}'"
    )]
    Identifier {
        /// The key.
        key: &'static str,
        /// The value given.
        value: String,
    },
    /// What follows the `/` of `ipv6-net` is no length.
    #[error("Parameter 'ipv6-prefixlen' expects a number, not '{0}'")]
    PrefixLength(String),
}

fn unexpected(key: &str, origin: Origin) -> String {
    match origin {
        Origin::Traditional => format!("Invalid parameter '{key}'"),
        Origin::Dotted | Origin::Json => format!("Parameter '{key}' is unexpected"),
    }
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
}

/// The word among `allowed` that `value` is.
pub(crate) fn choice(
    key: &str,
    value: &str,
    allowed: impl IntoIterator<Item = &'static str>,
) -> Result<&'static str, OptionError> {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    match allowed.iter().find(|word| **word == value) {
        Some(word) => Ok(word),
        None => Err(OptionError::Choice {
            key: key.to_owned(),
            value: value.to_owned(),
            nearest: nearest(value, allowed.iter().copied()).map(str::to_owned),
            allowed,
        }),
    }
}

/// A letter, then letters, digits, `-`, `.` and `_`: what commands can name.
pub(crate) fn identifier(key: &'static str, value: String) -> Result<String, OptionError> {
    let fits = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if fits { Ok(value) } else { Err(OptionError::Identifier { key, value }) }
}

/// Gathers pairs of the traditional grammar: repeated keys of a list make a list, of other options the last one stands, a
/// key alone is on and `nokey` off.
pub(crate) fn gather(
    specs: &[OptionSpec],
    pairs: Vec<Pair>,
) -> Result<Map<String, Value>, OptionError> {
    let find = |key: &str| specs.iter().find(|spec| spec.name == key);
    let is_switch = |spec: &&OptionSpec| spec.kind == Kind::Switch;
    let mut gathered = Map::new();
    for Pair { key, value } in pairs {
        let negated = key.strip_prefix("no").and_then(find).filter(is_switch);
        let (spec, value) = match (find(&key), negated, value) {
            (Some(spec), _, Some(value)) => (spec, value),
            (Some(spec), _, None) if spec.kind == Kind::Switch => (spec, "on".to_owned()),
            (Some(_), _, None) => return Err(OptionError::NoValue(key)),
            (None, Some(spec), None) => (spec, "off".to_owned()),
            (None, ..) => return Err(unknown(specs, &key, "", Origin::Traditional)),
        };
        if spec.kind == Kind::Texts {
            let list = gathered.entry(spec.name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(serde_json::json!({ "str": value }));
            }
        } else {
            gathered.insert(spec.name.to_owned(), Value::String(value));
        }
    }
    Ok(gathered)
}

/// Checks an object against its options; the result holds typed values.
pub(crate) fn object(
    specs: &[OptionSpec],
    given: Map<String, Value>,
    path: &str,
    origin: Origin,
) -> Result<Map<String, Value>, OptionError> {
    let mut checked = Map::new();
    for (key, value) in given {
        let spec = specs.iter().find(|spec| spec.name == key);
        let spec = spec.ok_or_else(|| unknown(specs, &key, path, origin))?;
        let value = check(spec.kind, value, &below(path, &key), origin)?;
        checked.insert(key, value);
    }
    match specs.iter().find(|spec| spec.required && !checked.contains_key(spec.name)) {
        Some(spec) => Err(OptionError::Missing(below(path, spec.name))),
        None => Ok(checked),
    }
}

fn unknown(specs: &[OptionSpec], key: &str, path: &str, origin: Origin) -> OptionError {
    let names = specs.iter().map(|spec| spec.name);
    let nearest = nearest(key, names).map(str::to_owned);
    OptionError::Unexpected { key: below(path, key), origin, nearest }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn check(kind: Kind, value: Value, key: &str, origin: Origin) -> Result<Value, OptionError> {
    let wrong = |expected| OptionError::Type { key: key.to_owned(), expected };
    let written = origin != Origin::Json;
    match (kind, value) {
        (Kind::Text, Value::String(text)) => Ok(Value::String(text)),
        (Kind::Text, _) => Err(wrong("string")),
        (Kind::Switch, Value::Bool(switch)) => Ok(Value::Bool(switch)),
        (Kind::Switch, Value::String(text)) if written => match parse_switch(&text) {
            Some(switch) => Ok(Value::Bool(switch)),
            None => Err(OptionError::Switch { key: key.to_owned(), value: text }),
        },
        (Kind::Switch, _) => Err(wrong("boolean")),
        (Kind::Integer { name, min, max }, value) => {
            let number = match &value {
                Value::Number(number) => {
                    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
                }
                Value::String(text) if written => size::parse_integer(text),
                _ => return Err(wrong("integer")),
            };
            let number = number.filter(|number| (min..=max).contains(number));
            let number = number.and_then(to_number);
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let key = key.to_owned();
            number.ok_or(OptionError::Integer { key, name, min, max, value: shown })
        }
        (Kind::Percent, value @ (Value::Number(_) | Value::String(_)))
            if written || value.is_number() =>
        {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let key = key.to_owned();
            let millionths = size::parse_percent(&shown);
            millionths.map(Value::from).ok_or(OptionError::Percent { key, value: shown })
        }
        (Kind::Percent, _) => Err(wrong("number")),
        (Kind::Size, Value::Number(number)) if number.is_u64() => Ok(Value::Number(number)),
        (Kind::Size, Value::String(text)) if written => match size::parse_size(&text) {
            Some(bytes) => Ok(bytes.into()),
            None => Err(OptionError::Size { key: key.to_owned(), value: text }),
        },
        (Kind::Size, _) => Err(wrong("integer")),
        (Kind::Texts, Value::Array(items)) => texts(items, key, origin),
        (Kind::Texts, _) => Err(wrong("array")),
        (Kind::Address, Value::Object(members)) => address(members, key, origin),
        (Kind::Address, _) => Err(wrong("object")),
    }
}

/// Every integer of the schema fits 64 bits of one sign or the other.
fn to_number(number: i128) -> Option<Value> {
    let signed = i64::try_from(number).map(Value::from);
    signed.or_else(|_| u64::try_from(number).map(Value::from)).ok()
}

fn texts(items: Vec<Value>, key: &str, origin: Origin) -> Result<Value, OptionError> {
    const ITEM: &[OptionSpec] = &[OptionSpec {
        name: "str",
        kind: Kind::Text,
        required: true,
        default: "",
        about: "the text",
    }];
    let checked = items.into_iter().enumerate().map(|(index, item)| {
        let path = below(key, &index.to_string());
        match item {
            Value::Object(members) => object(ITEM, members, &path, origin).map(Value::Object),
            _ => Err(OptionError::Type { key: path, expected: "object" }),
        }
    });
    checked.collect::<Result<_, _>>().map(Value::Array)
}

fn address(
    mut members: Map<String, Value>,
    key: &str,
    origin: Origin,
) -> Result<Value, OptionError> {
    let path = below(key, "type");
    let kind = match members.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(OptionError::Type { key: path, expected: "string" }),
        None => return Err(OptionError::Missing(path)),
    };
    let kind = choice(&path, &kind, ADDRESSES.iter().map(|(name, _)| *name))?;
    let specs =
        ADDRESSES.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, specs)| specs);
    let mut checked = object(specs, members, key, origin)?;
    checked.insert("type".to_owned(), kind.into());
    Ok(Value::Object(checked))
}
