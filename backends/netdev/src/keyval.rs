//! `key=value,key=value`: the two grammars in which QEMU's options are written.
//!
//! Both separate by `,` and take `,,` for a comma inside a value; in both the first key may be implied.
//!
//! * **Traditional** ([`traditional`]): a list of pairs. Keys may repeat; a key without `=` is on, and `nokey` is off.
//! * **Dotted** ([`dotted`]): a tree. `a.b=v` is a member of an object, `a.0=v` of a list; the last of two values of one
//!   key stands.
//!
//! What the keys mean, and which there are, is the caller's: `-netdev` and `-object` here, `-device` elsewhere.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// One `key=value` of the traditional grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// The value with `,,` undone; `None` for a key without `=`.
    pub value: Option<String>,
}

/// Why a text is not of the grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyvalError {
    /// `a=1,,=2`: something without a key.
    #[error("'{0}' has no key before its '='")]
    NoKey(String),
    /// In the dotted grammar each key has a value.
    #[error("Expected '=' after parameter '{0}'")]
    NoValue(String),
    /// A fragment of a dotted key that is no name and no index.
    #[error(
        "Invalid parameter '{key}': '{fragment}' is neither a name (letters, digits, '-', '_') nor an index of a list"
    )]
    BadKey {
        /// The whole key.
        key: String,
        /// The fragment.
        fragment: String,
    },
    /// `a=1,a.b=2`, or `a.b=1,a.0=2`.
    #[error("Parameters '{0}.*' used inconsistently")]
    Inconsistent(String),
    /// `a.0=1,a.2=2`.
    #[error("Parameter '{0}' missing")]
    Hole(String),
    /// A key of absurd depth.
    #[error("Parameter '{key}' nests deeper than {max} levels")]
    TooDeep {
        /// The key.
        key: String,
        /// The deepest allowed.
        max: usize,
    },
}

/// Fragments a dotted key may have; the schema needs three.
const DEEPEST: usize = 16;

/// Reads the traditional grammar. The first item may be a bare value, which then belongs to the key `implied`.
///
/// # Errors
/// An item without a key.
pub fn traditional(text: &str, implied: Option<&str>) -> Result<Vec<Pair>, KeyvalError> {
    let items = split(text).into_iter().enumerate();
    items
        .map(|(index, item)| match (item.split_once('='), implied) {
            (Some(("", _)), _) => Err(KeyvalError::NoKey(item.clone())),
            (Some((key, value)), _) => {
                Ok(Pair { key: key.to_owned(), value: Some(value.to_owned()) })
            }
            (None, Some(implied)) if index == 0 => {
                Ok(Pair { key: implied.to_owned(), value: Some(item) })
            }
            (None, _) => Ok(Pair { key: item, value: None }),
        })
        .collect()
}

/// Reads the dotted grammar into an object whose leaves are strings. `help` and `?` may stand without a value; they are
/// left out of the tree: ask [`wants_help`] first.
///
/// # Errors
/// A malformed key, a key without value, or keys that contradict each other.
pub fn dotted(text: &str, implied: Option<&str>) -> Result<Map<String, Value>, KeyvalError> {
    let mut root = Node::default();
    for Pair { key, value } in traditional(text, implied)? {
        match value {
            Some(value) => root.insert(&key, value)?,
            None if is_help(&key) => {}
            None => return Err(KeyvalError::NoValue(key)),
        }
    }
    match root.finish("")? {
        Value::Object(members) => Ok(members),
        // Without any key there is nothing to make an object of.
        _ => Ok(Map::new()),
    }
}

/// Whether the user asks for a list of options: `help` or `?` stands there without a value.
pub fn wants_help(pairs: &[Pair]) -> bool {
    pairs.iter().any(|pair| pair.value.is_none() && is_help(&pair.key))
}

fn is_help(key: &str) -> bool {
    key == "help" || key == "?"
}

/// Cuts at single commas and undoes double ones. A comma at the very end ends the last item.
fn split(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut item = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != ',' {
            item.push(letter);
        } else if letters.next_if_eq(&',').is_some() {
            item.push(',');
        } else {
            items.push(std::mem::take(&mut item));
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    items
}

/// A tree under construction.
#[derive(Debug, Default)]
struct Node {
    value: Option<String>,
    members: BTreeMap<String, Node>,
}

impl Node {
    fn insert(&mut self, key: &str, value: String) -> Result<(), KeyvalError> {
        let mut node = self;
        for (depth, fragment) in key.split('.').enumerate() {
            if depth >= DEEPEST {
                return Err(KeyvalError::TooDeep { key: key.to_owned(), max: DEEPEST });
            }
            let names = fragment.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && fragment.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            if !names && (depth == 0 || index(fragment).is_none()) {
                let (key, fragment) = (key.to_owned(), fragment.to_owned());
                return Err(KeyvalError::BadKey { key, fragment });
            }
            node = node.members.entry(fragment.to_owned()).or_default();
        }
        node.value = Some(value);
        Ok(())
    }

    fn finish(self, path: &str) -> Result<Value, KeyvalError> {
        let Self { value, members } = self;
        match value {
            Some(value) if members.is_empty() => return Ok(Value::String(value)),
            Some(_) => return Err(KeyvalError::Inconsistent(path.to_owned())),
            None => {}
        }
        let indices = members.keys().filter(|key| index(key).is_some()).count();
        if indices != 0 && indices != members.len() {
            return Err(KeyvalError::Inconsistent(path.to_owned()));
        }
        let below =
            |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        if indices == 0 {
            let finished = members.into_iter().map(|(key, node)| {
                let value = node.finish(&below(&key))?;
                Ok((key, value))
            });
            return finished.collect::<Result<Map<_, _>, _>>().map(Value::Object);
        }
        let mut sorted: Vec<(usize, String, Node)> =
            members.into_iter().filter_map(|(key, node)| Some((index(&key)?, key, node))).collect();
        sorted.sort_by_key(|(index, ..)| *index);
        let mut list = Vec::with_capacity(sorted.len());
        for (wanted, (index, key, node)) in sorted.into_iter().enumerate() {
            if index != wanted {
                return Err(KeyvalError::Hole(below(&wanted.to_string())));
            }
            list.push(node.finish(&below(&key))?);
        }
        Ok(Value::Array(list))
    }
}

/// An index of a list: digits without a leading zero, few enough to count.
fn index(fragment: &str) -> Option<usize> {
    let plain = fragment == "0" || !fragment.starts_with('0');
    let digits = !fragment.is_empty() && fragment.bytes().all(|b| b.is_ascii_digit());
    if plain && digits && fragment.len() <= 4 { fragment.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn pairs(text: &str) -> Vec<(String, Option<String>)> {
        let pairs = traditional(text, Some("type")).unwrap();
        pairs.into_iter().map(|pair| (pair.key, pair.value)).collect()
    }

    fn pair(key: &str, value: &str) -> (String, Option<String>) {
        (key.to_owned(), Some(value.to_owned()))
    }

    #[test]
    fn pairs_repeat_escape_commas_and_may_lack_a_value() {
        assert_eq!(
            pairs("user,id=n,hostfwd=a=b,,c,hostfwd=,restrict"),
            [
                pair("type", "user"),
                pair("id", "n"),
                pair("hostfwd", "a=b,c"),
                pair("hostfwd", ""),
                ("restrict".to_owned(), None),
            ]
        );
        assert_eq!(pairs("type=user,"), [pair("type", "user")]);
        assert_eq!(pairs(""), []);
        assert_eq!(pairs("a=,,,b=,,"), [pair("a", ","), pair("b", ",")]);
        assert_eq!(traditional("=1", None), Err(KeyvalError::NoKey("=1".to_owned())));
    }

    #[test]
    fn dotted_keys_make_objects_and_lists() {
        let tree =
            dotted("dgram,id=d,local.type=inet,local.host=::1,l.1.s=b,l.0.s=a", Some("type"));
        let wanted = json!({
            "type": "dgram", "id": "d",
            "local": { "type": "inet", "host": "::1" },
            "l": [{ "s": "a" }, { "s": "b" }],
        });
        assert_eq!(Value::Object(tree.unwrap()), wanted);
        assert_eq!(dotted("", None), Ok(Map::new()));
        assert_eq!(dotted("a=1,a=2", None).unwrap()["a"], "2");
        assert_eq!(dotted("dgram,help", Some("type")).unwrap().len(), 1);
    }

    #[test]
    fn contradictions_name_the_key() {
        let text = |input| dotted(input, None).unwrap_err().to_string();
        assert_eq!(text("a=1,a.b=2"), "Parameters 'a.*' used inconsistently");
        assert_eq!(text("a.b=1,a.0=2"), "Parameters 'a.*' used inconsistently");
        assert_eq!(text("a.b.0=1,a.b.2=2"), "Parameter 'a.b.1' missing");
        assert_eq!(text("a=1,b"), "Expected '=' after parameter 'b'");
        assert!(text("a..b=1").starts_with("Invalid parameter 'a..b': ''"));
        assert!(text("0=1").starts_with("Invalid parameter '0'"));
        assert!(text("a.00=1").starts_with("Invalid parameter 'a.00'"));
        assert!(text(&format!("{}=1", ["a"; 17].join("."))).contains("deeper than 16"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = dotted(&text, Some("type"));
            let _ = traditional(&text, None);
        }

        #[test]
        fn texts_like_options_do_not_panic(text in "[ab0.,=]{0,20}") {
            let _ = dotted(&text, Some("type"));
        }

        #[test]
        fn any_value_comes_back_once_its_commas_are_doubled(value in ".{1,30}") {
            let text = format!("k={},z=1", value.replace(',', ",,"));
            prop_assert_eq!(&dotted(&text, None).unwrap()["k"], &Value::String(value));
        }
    }
}
