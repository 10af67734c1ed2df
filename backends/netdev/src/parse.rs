//! `-netdev`: from text, or from a QMP command's arguments, to typed options.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::keyval::{self, Pair};
use crate::schema::{self, OptionSpec, TYPES, TypeSpec};
use crate::validate::{self, OptionError, Origin, choice, identifier};
use crate::{Netdev, NetdevError, NetdevOptions, help, json};

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<T> {
    /// To have this made.
    Make(T),
    /// To see this text.
    Help(String),
}

/// Reads the argument of `-netdev`: `TYPE,id=ID,…`, `{…}`, `help` or `TYPE,help`.
///
/// # Errors
/// The text is no option list, or an option is unknown, missing or of another type.
pub fn parse(text: &str) -> Result<Request<Netdev>, NetdevError> {
    match read(text, &[])? {
        Request::Help(text) => Ok(Request::Help(text)),
        Request::Make(Read { spec, id, members, .. }) => {
            let id = id.ok_or_else(|| OptionError::Missing("id".to_owned()))?;
            let id = identifier("id", id)?;
            Ok(Request::Make(Netdev { id, options: typed(spec.name, members)? }))
        }
    }
}

/// Reads the arguments of QMP's `netdev_add`.
///
/// # Errors
/// An option is unknown, missing or of another type.
pub fn from_json(members: Map<String, Value>) -> Result<Netdev, NetdevError> {
    let Read { spec, id, members, .. } = from_tree(members, &[], Origin::Json)?;
    let id = id.ok_or_else(|| OptionError::Missing("id".to_owned()))?;
    Ok(Netdev { id: identifier("id", id)?, options: typed(spec.name, members)? })
}

/// A description with its values checked.
pub(crate) struct Read {
    pub(crate) spec: &'static TypeSpec,
    pub(crate) id: Option<String>,
    pub(crate) members: Map<String, Value>,
    /// The members that were in `extra`.
    pub(crate) nic: Map<String, Value>,
}

/// Reads text in the grammar that its type wants.
pub(crate) fn read(text: &str, extra: &[OptionSpec]) -> Result<Request<Read>, NetdevError> {
    if text.starts_with('{') {
        let members = json::object(text).map_err(|error| NetdevError::Json(error.to_string()))?;
        return from_tree(members, extra, Origin::Json).map(Request::Make);
    }
    let pairs = keyval::traditional(text, Some("type"))?;
    let kind = pairs.iter().rev().find(|pair| pair.key == "type");
    let Some(kind) = kind.and_then(|pair| pair.value.as_deref()) else {
        return Err(OptionError::Missing("type".to_owned()).into());
    };
    if ["help", "?"].contains(&kind) {
        return Ok(Request::Help(help::types()));
    }
    let spec = type_spec(kind)?;
    if keyval::wants_help(&pairs) {
        return Ok(Request::Help(help::options(spec, extra)));
    }
    if spec.dotted {
        let members = keyval::dotted(text, Some("type"))?;
        return from_tree(members, extra, Origin::Dotted).map(Request::Make);
    }
    from_pairs(spec, pairs, extra).map(Request::Make)
}

fn from_pairs(
    spec: &'static TypeSpec,
    pairs: Vec<Pair>,
    extra: &[OptionSpec],
) -> Result<Read, NetdevError> {
    let pairs = pairs.into_iter().filter(|pair| pair.key != "type");
    let (ids, pairs): (Vec<Pair>, Vec<Pair>) = pairs.partition(|pair| pair.key == "id");
    let (nic, pairs): (Vec<Pair>, Vec<Pair>) =
        pairs.into_iter().partition(|pair| extra.iter().any(|spec| spec.name == pair.key));
    let id = match ids.into_iter().next_back() {
        Some(Pair { value: None, key }) => return Err(OptionError::NoValue(key).into()),
        Some(Pair { value, .. }) => value,
        None => None,
    };
    let gathered = validate::gather(spec.options, prefix_sugar(spec, pairs)?)?;
    let members = validate::object(spec.options, gathered, "", Origin::Traditional)?;
    let nic = validate::gather(extra, nic)?;
    Ok(Read { spec, id, members, nic })
}

/// `ipv6-net=PREFIX[/LENGTH]` stands for `ipv6-prefix` and `ipv6-prefixlen`.
fn prefix_sugar(spec: &TypeSpec, pairs: Vec<Pair>) -> Result<Vec<Pair>, OptionError> {
    let mut plain = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let Pair { key, value: Some(value) } = &pair else {
            plain.push(pair);
            continue;
        };
        if spec.name != "user" || key != "ipv6-net" {
            plain.push(pair);
            continue;
        }
        let (prefix, length) = value.split_once('/').unwrap_or((value, "64"));
        if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) {
            return Err(OptionError::PrefixLength(length.to_owned()));
        }
        for (key, value) in [("ipv6-prefix", prefix), ("ipv6-prefixlen", length)] {
            plain.push(Pair { key: key.to_owned(), value: Some(value.to_owned()) });
        }
    }
    Ok(plain)
}

fn from_tree(
    mut members: Map<String, Value>,
    extra: &[OptionSpec],
    origin: Origin,
) -> Result<Read, NetdevError> {
    let mut take = |key: &str| match members.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(OptionError::Type { key: key.to_owned(), expected: "string" }),
    };
    let kind = take("type")?.ok_or_else(|| OptionError::Missing("type".to_owned()))?;
    let id = take("id")?;
    let spec = type_spec(&kind)?;
    let mut nic = Map::new();
    for spec in extra {
        if let Some(value) = take(spec.name)? {
            nic.insert(spec.name.to_owned(), value.into());
        }
    }
    let members = validate::object(spec.options, members, "", origin)?;
    Ok(Read { spec, id, members, nic })
}

fn type_spec(kind: &str) -> Result<&'static TypeSpec, OptionError> {
    let kind = choice("type", kind, TYPES.iter().map(|spec| spec.name))?;
    schema::find(kind).ok_or_else(|| OptionError::Missing("type".to_owned()))
}

pub(crate) fn typed(kind: &str, members: Map<String, Value>) -> Result<NetdevOptions, NetdevError> {
    let mut tagged = members;
    tagged.insert("type".to_owned(), kind.into());
    deserialize(tagged)
}

/// Checked members fit their struct; the tests hold each struct to its table.
pub(crate) fn deserialize<T: DeserializeOwned>(
    members: Map<String, Value>,
) -> Result<T, NetdevError> {
    serde_json::from_value(Value::Object(members))
        .map_err(|error| NetdevError::Json(error.to_string()))
}
