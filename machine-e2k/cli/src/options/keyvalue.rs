//! Lists as QEMU writes them: `first,key=value,…`, a comma in a value doubled; or one JSON object.

use elnic_netdev::keyval::{self, Pair};
use serde_json::Value;

use crate::error::Failure;

/// A list: what stands first without a key, and the rest in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyValues {
    /// What stands first, or has the key that may be left out.
    pub(crate) first: String,
    /// Key and value, in order.
    pub(crate) rest: Vec<(String, String)>,
}

/// Whether `text` asks for help.
pub(crate) fn is_help(text: &str) -> bool {
    text == "help" || text == "?"
}

impl KeyValues {
    /// The list `text` of `option`; `implied` is the key of what stands first.
    pub(crate) fn parse(option: &'static str, implied: &str, text: &str) -> Result<Self, Failure> {
        let pairs =
            if text.starts_with('{') { json(option, text)? } else { list(option, implied, text)? };
        let mut first = None;
        let mut rest = Vec::new();
        for (key, value) in pairs {
            if key != implied {
                rest.push((key, value));
            } else if first.replace(value).is_some() {
                let why = format!("'{implied}' is given twice");
                return Err(Failure::option(option, text, why));
            }
        }
        let why = || format!("'{implied}' is missing");
        let first = first.filter(|first| !first.is_empty());
        let first = first.ok_or_else(|| Failure::option(option, text, why()))?;
        Ok(Self { first, rest })
    }

    /// Whether the list asks for help about what stands first.
    pub(crate) fn asks_for_help(&self) -> bool {
        self.rest.iter().any(|(key, value)| is_help(key) && (value.is_empty() || value == "on"))
    }
}

fn list(option: &'static str, implied: &str, text: &str) -> Result<Vec<(String, String)>, Failure> {
    let refuse = |why: String| Failure::option(option, text, why);
    let pairs =
        keyval::traditional(text, Some(implied)).map_err(|error| refuse(error.to_string()))?;
    let one = |Pair { key, value }: Pair| match value {
        Some(value) => Ok((key, value)),
        None if is_help(&key) => Ok((key, String::new())),
        None => Err(refuse(format!("'{key}' is not of the form key=value"))),
    };
    pairs.into_iter().map(one).collect()
}

fn json(option: &'static str, text: &str) -> Result<Vec<(String, String)>, Failure> {
    let refuse = |why: String| Failure::option(option, text, why);
    let value: Value = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    let Value::Object(object) = value else {
        return Err(refuse("a JSON object is wanted".to_owned()));
    };
    let text_of = |(key, value): (String, Value)| match value {
        Value::String(text) => Ok((key, text)),
        Value::Bool(switch) => Ok((key, if switch { "on" } else { "off" }.to_owned())),
        Value::Number(number) => Ok((key, number.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(refuse(format!("'{key}' takes a string, a number or a boolean")))
        }
    };
    object.into_iter().map(text_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<KeyValues, String> {
        KeyValues::parse("device", "driver", text).map_err(|failure| failure.to_string())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_stands_first_needs_no_key_and_doubled_commas_are_one() {
        let wanted = KeyValues {
            first: "e1000".to_owned(),
            rest: pairs(&[("id", "a"), ("romfile", "x,y=z")]),
        };
        assert_eq!(parse("e1000,id=a,romfile=x,,y=z"), Ok(wanted.clone()));
        assert_eq!(parse("id=a,driver=e1000,romfile=x,,y=z"), Ok(wanted.clone()));
        assert_eq!(parse(r#"{"driver":"e1000","id":"a","romfile":"x,y=z"}"#), Ok(wanted));
    }

    #[test]
    fn malformed_lists_are_refused_with_the_part_that_is() {
        for (text, wanted) in [
            ("", "'driver' is missing"),
            ("e1000,id", "'id' is not of the form key=value"),
            ("e1000,=x", "'=x' has no key"),
            ("e1000,,", "'driver' is missing"),
            ("e1000,driver=x", "'driver' is given twice"),
            ("{", "EOF"),
            (r#"{"driver":["e1000"]}"#, "'driver' takes a string"),
        ] {
            match parse(text) {
                Ok(list) if text == "e1000,," => assert_eq!(list.first, "e1000,"),
                Ok(list) => panic!("{text}: {list:?}"),
                Err(error) => assert!(error.contains(wanted), "{text}: {error}"),
            }
        }
    }

    #[test]
    fn help_is_asked_for_behind_a_model() {
        assert!(parse("e1000,help").unwrap().asks_for_help());
        assert!(!parse("e1000,id=help").unwrap().asks_for_help());
    }
}
