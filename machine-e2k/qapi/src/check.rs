//! Arguments against the schema.
//!
//! Members are looked at in the schema's order, so of several mistakes the one QEMU would name is named; what no member
//! took is named last. Values stay as they are: what passes here is what `serde` reads.

use serde_json::{Map, Value};

use crate::table::{Arguments, Builtin, Command, Item, Member, Shape, TypeRef, definition};

/// Why arguments were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// A member that must be given is not.
    #[error("Parameter '{0}' is missing")]
    Missing(String),
    /// A value of another type.
    #[error("Invalid parameter type for '{path}', expected: {expected}")]
    Type {
        /// The member.
        path: String,
        /// The type wanted.
        expected: &'static str,
    },
    /// A number that its type cannot hold.
    #[error("Parameter '{path}' expects {expected}")]
    Range {
        /// The member.
        path: String,
        /// The type.
        expected: &'static str,
    },
    /// None of an enumeration's words.
    #[error("Parameter '{path}' does not accept value '{value}'")]
    Word {
        /// The member.
        path: String,
        /// The value given.
        value: String,
    },
    /// A member there is not.
    #[error("Parameter '{0}' is unexpected")]
    Unexpected(String),
    /// A command there is not.
    #[error("The command {0} has not been found")]
    NoCommand(String),
    /// Description and Rust type disagree; the tests hold that this does not happen.
    #[error("arguments do not fit: {0}")]
    Unfit(String),
}

/// Checks the arguments of a command.
///
/// # Errors
/// The first member, in the schema's order, that is missing or does not fit; then one that is not expected.
pub fn check_arguments(
    command: &Command,
    arguments: &Map<String, Value>,
) -> Result<(), ArgumentError> {
    let mut left = Left { given: arguments, taken: Vec::new() };
    match command.arguments {
        Arguments::Members(members) => check_members(members, &mut left, "")?,
        Arguments::Boxed(name) => check_named_members(name, &mut left, "")?,
    }
    if command.open { Ok(()) } else { left.nothing_more("") }
}

/// An object, and which of its members were looked at.
struct Left<'a> {
    given: &'a Map<String, Value>,
    taken: Vec<&'static str>,
}

impl Left<'_> {
    fn nothing_more(&self, path: &str) -> Result<(), ArgumentError> {
        match self.given.keys().find(|key| !self.taken.contains(&key.as_str())) {
            Some(key) => Err(ArgumentError::Unexpected(below(path, key))),
            None => Ok(()),
        }
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn check_members(
    members: &'static [Member],
    left: &mut Left<'_>,
    path: &str,
) -> Result<(), ArgumentError> {
    for member in members {
        left.taken.push(member.name);
        match left.given.get(member.name) {
            Some(value) => check(member.kind, value, &below(path, member.name))?,
            None if member.optional => {}
            None => return Err(ArgumentError::Missing(below(path, member.name))),
        }
    }
    Ok(())
}

/// The members of a struct, or of a union with the branch it chooses.
fn check_named_members(
    name: &'static str,
    left: &mut Left<'_>,
    path: &str,
) -> Result<(), ArgumentError> {
    match definition(name).map(|found| found.shape) {
        Some(Shape::Struct(members)) => check_members(members, left, path),
        Some(Shape::Union { by, base, branches }) => {
            check_members(base, left, path)?;
            let word = left.given.get(by).and_then(Value::as_str);
            match branches.iter().find(|(case, _)| Some(*case) == word) {
                Some((_, branch)) => check_named_members(branch, left, path),
                None => Ok(()),
            }
        }
        Some(Shape::Enum(_)) | None => Ok(()),
    }
}

fn check(kind: TypeRef, value: &Value, path: &str) -> Result<(), ArgumentError> {
    let items = match (kind, value) {
        (TypeRef::One(item), value) => return check_item(item, value, path),
        (TypeRef::List(_), Value::Array(items)) => items,
        (TypeRef::List(_), _) => return Err(wrong(path, "array")),
    };
    let TypeRef::List(item) = kind else { return Ok(()) };
    for (index, value) in items.iter().enumerate() {
        check_item(item, value, &format!("{path}[{index}]"))?;
    }
    Ok(())
}

fn wrong(path: &str, expected: &'static str) -> ArgumentError {
    ArgumentError::Type { path: path.to_owned(), expected }
}

fn check_item(item: Item, value: &Value, path: &str) -> Result<(), ArgumentError> {
    let name = match item {
        Item::Builtin(builtin) => return check_builtin(builtin, value, path),
        Item::Named(name) => name,
    };
    if let Some(Shape::Enum(words)) = definition(name).map(|found| found.shape) {
        let Value::String(word) = value else { return Err(wrong(path, "string")) };
        return match words.contains(&word.as_str()) {
            true => Ok(()),
            false => Err(ArgumentError::Word { path: path.to_owned(), value: word.clone() }),
        };
    }
    let Value::Object(given) = value else { return Err(wrong(path, "object")) };
    let mut left = Left { given, taken: Vec::new() };
    check_named_members(name, &mut left, path)?;
    left.nothing_more(path)
}

fn check_builtin(builtin: Builtin, value: &Value, path: &str) -> Result<(), ArgumentError> {
    let (fits, expected) = match builtin {
        Builtin::Any => return Ok(()),
        Builtin::Str => (value.is_string(), "string"),
        Builtin::Bool => (value.is_boolean(), "boolean"),
        Builtin::Number => (value.is_number(), "number"),
        Builtin::Int => (value.is_i64(), "integer"),
        // As in QEMU a negative number is taken for its two's complement.
        Builtin::Uint64 | Builtin::Size => (value.is_u64(), "integer"),
        Builtin::Int32 => {
            return check_range(value, path, i32::MIN.into(), i32::MAX.into(), "int32_t");
        }
        Builtin::Uint8 => return check_range(value, path, 0, u8::MAX.into(), "uint8_t"),
        Builtin::Uint16 => return check_range(value, path, 0, u16::MAX.into(), "uint16_t"),
        Builtin::Uint32 => return check_range(value, path, 0, u32::MAX.into(), "uint32_t"),
    };
    if fits { Ok(()) } else { Err(wrong(path, expected)) }
}

fn check_range(
    value: &Value,
    path: &str,
    min: i64,
    max: i64,
    expected: &'static str,
) -> Result<(), ArgumentError> {
    let number = value.as_i64().ok_or_else(|| wrong(path, "integer"))?;
    if (min..=max).contains(&number) {
        Ok(())
    } else {
        Err(ArgumentError::Range { path: path.to_owned(), expected })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(command: &str, arguments: Value) -> String {
        let Value::Object(arguments) = arguments else { panic!("no object") };
        let command = crate::table::command(command).unwrap();
        check_arguments(command, &arguments)
            .map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn refusals_are_worded_and_ordered_as_qemu_does() {
        for (command, arguments, wanted) in [
            ("set_link", json!({"name": "x"}), "Parameter 'up' is missing"),
            ("set_link", json!({"bogus": 1}), "Parameter 'name' is missing"),
            (
                "set_link",
                json!({"name": "x", "up": 1}),
                "Invalid parameter type for 'up', expected: boolean",
            ),
            ("set_link", json!({"name": "x", "up": true, "x": 1}), "Parameter 'x' is unexpected"),
            ("netdev_add", json!({}), "Parameter 'id' is missing"),
            (
                "netdev_add",
                json!({"id": "a", "type": "foo"}),
                "Parameter 'type' does not accept value 'foo'",
            ),
            (
                "netdev_add",
                json!({"id": "a", "type": "user", "dnssearch": ["x"]}),
                "Invalid parameter type for 'dnssearch[0]', expected: object",
            ),
            (
                "netdev_add",
                json!({"id": "a", "type": "hubport", "hubid": 99_999_999_999_u64}),
                "Parameter 'hubid' expects int32_t",
            ),
            (
                "netdev_add",
                json!({"id": "a", "type": "stream", "addr": {"type": "inet", "host": "x"}}),
                "Parameter 'addr.port' is missing",
            ),
            ("netdev_add", json!({"id": "a", "type": "none"}), ""),
            ("announce-self", json!({"initial": 50}), "Parameter 'max' is missing"),
            ("device_add", json!({"driver": "e1000", "anything": 1}), ""),
            ("device_add", json!({}), "Parameter 'driver' is missing"),
            ("query-status", json!({"x": 1}), "Parameter 'x' is unexpected"),
        ] {
            assert_eq!(refused(command, arguments), wanted, "{command}");
        }
    }
}
