//! Writes the description itself as Rust tables, for checks and introspection.

use std::fmt::Write;

use crate::parse::{BUILTINS, Body, Member, Schema, TypeRef};

fn reference(kind: &TypeRef) -> String {
    let one = |name: &str| {
        if BUILTINS.contains(&name) {
            let (first, rest) = name.split_at(1);
            format!("Item::Builtin(Builtin::{}{rest})", first.to_uppercase())
        } else {
            format!("Item::Named({name:?})")
        }
    };
    match kind {
        TypeRef::Plain(name) => format!("TypeRef::One({})", one(name)),
        TypeRef::List(name) => format!("TypeRef::List({})", one(name)),
    }
}

fn members(list: &[Member]) -> String {
    let mut out = String::from("&[");
    for member in list {
        let Member { name, optional, kind, default, since, unstable, about } = member;
        let _ = write!(
            out,
            "Member {{ name: {name:?}, optional: {optional}, kind: {}, default: {default:?}, since: {since:?}, unstable: {unstable}, about: {about:?} }}, ",
            reference(kind)
        );
    }
    out + "]"
}

pub(crate) fn tables(schema: &Schema) -> String {
    let (mut types, mut commands, mut events) = (String::new(), String::new(), String::new());
    for definition in &schema.definitions {
        let (name, since, about) = (&definition.name, &definition.since, &definition.about);
        let shape = match &definition.body {
            Body::Enum(words) => {
                let names: Vec<&str> = words.iter().map(|word| word.name.as_str()).collect();
                format!("Shape::Enum(&{names:?})")
            }
            Body::Struct(list) => format!("Shape::Struct({})", members(list)),
            Body::Union { by, base, branches } => {
                format!(
                    "Shape::Union {{ by: {by:?}, base: {}, branches: &{branches:?} }}",
                    members(base)
                )
            }
            Body::Command(manner, list) => {
                let arguments = match &manner.boxed {
                    Some(boxed) => format!("Arguments::Boxed({boxed:?})"),
                    None => format!("Arguments::Members({})", members(list)),
                };
                let returns = match &manner.returns {
                    Some(kind) => format!("Some({})", reference(kind)),
                    None => "None".to_owned(),
                };
                // Only a device's own model knows the names of its properties.
                let open = manner.raw && manner.boxed.is_none();
                let (oob, preconfig) = (manner.oob, manner.preconfig);
                let _ = writeln!(
                    commands,
                    "Command {{ name: {name:?}, arguments: {arguments}, open: {open}, returns: {returns}, oob: {oob}, preconfig: {preconfig}, since: {since:?}, about: {about:?} }},"
                );
                continue;
            }
            Body::Event(list) => {
                let _ = writeln!(
                    events,
                    "EventSpec {{ name: {name:?}, data: {}, since: {since:?}, about: {about:?} }},",
                    members(list)
                );
                continue;
            }
        };
        let _ = writeln!(
            types,
            "Definition {{ name: {name:?}, shape: {shape}, since: {since:?}, about: {about:?} }},"
        );
    }
    format!(
        "/// Every type.\npub static TYPES: &[Definition] = &[\n{types}];\n
/// Every command.\npub static COMMANDS: &[Command] = &[\n{commands}];\n
/// Every event.\npub static EVENTS: &[EventSpec] = &[\n{events}];\n"
    )
}
