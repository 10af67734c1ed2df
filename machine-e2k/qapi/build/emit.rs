//! Writes Rust: types, the trait of all commands with its dispatch, and the enumeration of all events.

use std::fmt::Write;

use crate::parse::{Body, Definition, Manner, Member, Schema, TypeRef, Word};

/// `query-rx-filter`, `NIC_RX_FILTER_CHANGED`, `set_link` → `QueryRxFilter`, `NicRxFilterChanged`, `SetLink`; a name that is
/// one already stays.
pub(crate) fn camel(name: &str) -> String {
    let shouting = !name.contains(|c: char| c.is_ascii_lowercase());
    let words = name.split(['-', '_']).filter(|word| !word.is_empty());
    let one = |word: &str| {
        let word = if shouting { word.to_lowercase() } else { word.to_owned() };
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    words.map(one).collect()
}

fn snake(name: &str) -> String {
    let name = name.replace('-', "_").to_lowercase();
    match name.as_str() {
        "abstract" | "type" => format!("r#{name}"),
        _ => name,
    }
}

fn rust_name(name: &str) -> String {
    match name {
        "str" => "String",
        "bool" => "bool",
        "int" => "i64",
        "int32" => "i32",
        "uint8" => "u8",
        "uint16" => "u16",
        "uint32" => "u32",
        "uint64" | "size" => "u64",
        "number" => "f64",
        "any" => "Value",
        "String" => "Text",
        other => return camel(other),
    }
    .to_owned()
}

fn rust_type(kind: &TypeRef) -> String {
    match kind {
        TypeRef::Plain(name) => rust_name(name),
        TypeRef::List(name) => format!("Vec<{}>", rust_name(name)),
    }
}

const DERIVES: &str = "#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]";

fn about(out: &mut String, indent: &str, text: &str, since: &str) {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let since = if since.is_empty() { String::new() } else { format!(" Since {since}.") };
    let text = text.replace('[', "\\[").replace(']', "\\]");
    let rest: String = text.chars().skip(1).collect();
    let _ = writeln!(out, "{indent}/// {first}{rest}.{since}");
}

fn structure(out: &mut String, definition: &Definition, name: &str, members: &[Member]) {
    about(out, "", &definition.about, &definition.since);
    let _ = writeln!(out, "{DERIVES}\n#[serde(deny_unknown_fields)]\npub struct {name} {{");
    for member in members {
        let mut text = member.about.clone();
        if let Some(default) = &member.default {
            let _ = write!(text, "; {default} if not given");
        }
        let since = if member.since == definition.since { "" } else { member.since.as_str() };
        about(out, "    ", &text, since);
        let kind = rust_type(&member.kind);
        let field = snake(&member.name);
        if field.trim_start_matches("r#") != member.name {
            let _ = writeln!(out, "    #[serde(rename = {:?})]", member.name);
        }
        if member.optional {
            let _ = writeln!(
                out,
                "    #[serde(default, skip_serializing_if = \"Option::is_none\")]\n    pub {field}: Option<{kind}>,"
            );
        } else {
            let _ = writeln!(out, "    pub {field}: {kind},");
        }
    }
    out.push_str("}\n\n");
}

fn enumeration(out: &mut String, definition: &Definition, words: &[Word]) {
    about(out, "", &definition.about, &definition.since);
    let derives = DERIVES.replace("Clone", "Clone, Copy").replace("PartialEq", "PartialEq, Eq");
    let _ = writeln!(out, "{derives}\npub enum {} {{", rust_name(&definition.name));
    for word in words {
        about(out, "    ", &word.about, "");
        let _ = writeln!(out, "    #[serde(rename = {:?})]\n    {},", word.name, camel(&word.name));
    }
    out.push_str("}\n\n");
}

/// A union whose only common member says which branch it is becomes an enumeration. No typed command needs more.
fn union(
    out: &mut String,
    schema: &Schema,
    definition: &Definition,
    by: &str,
    branches: &[(String, String)],
) {
    about(out, "", &definition.about, &definition.since);
    let name = rust_name(&definition.name);
    let _ = writeln!(out, "{DERIVES}\n#[serde(tag = {by:?})]\npub enum {name} {{");
    for (case, of) in branches {
        let text = schema.find(of).map_or("", |found| found.about.as_str());
        about(out, "    ", text, "");
        let _ = writeln!(
            out,
            "    #[serde(rename = {case:?})]\n    {}({}),",
            camel(case),
            rust_name(of)
        );
    }
    out.push_str("}\n\n");
}

pub(crate) fn types(schema: &Schema) -> String {
    let mut out = String::new();
    for definition in &schema.definitions {
        if !schema.handed_around.contains(&definition.name) {
            continue;
        }
        match &definition.body {
            Body::Enum(words) => enumeration(&mut out, definition, words),
            Body::Struct(members) => {
                structure(&mut out, definition, &rust_name(&definition.name), members);
            }
            Body::Union { by, base, branches } => {
                assert_eq!(base.len(), 1, "union {} has further members", definition.name);
                union(&mut out, schema, definition, by, branches);
            }
            Body::Command(..) | Body::Event(_) => {}
        }
    }
    out
}

/// The Rust type of a command's arguments; empty if there are none.
fn arguments(definition: &Definition, manner: &Manner, members: &[Member]) -> String {
    match &manner.boxed {
        _ if manner.raw => "Map<String, Value>".to_owned(),
        Some(of) => rust_name(of),
        None if members.is_empty() => String::new(),
        None => camel(&definition.name),
    }
}

pub(crate) fn commands(schema: &Schema) -> String {
    let (mut structs, mut methods, mut arms) = (String::new(), String::new(), String::new());
    for definition in &schema.definitions {
        let Body::Command(manner, members) = &definition.body else { continue };
        let kind = arguments(definition, manner, members);
        if manner.boxed.is_none() && !manner.raw && !members.is_empty() {
            structure(&mut structs, definition, &kind, members);
        }
        let method = snake(&definition.name);
        let returns = manner.returns.as_ref().map_or_else(|| "()".to_owned(), rust_type);
        about(&mut methods, "    ", &definition.about, &definition.since);
        methods
            .push_str("    ///\n    /// # Errors\n    /// The command could not be carried out.\n");
        let parameter =
            if kind.is_empty() { String::new() } else { format!(", arguments: {kind}") };
        let _ = writeln!(
            methods,
            "    fn {method}(&mut self{parameter}) -> Result<{returns}, Self::Error>;\n"
        );
        let argument = match kind.as_str() {
            "" => "",
            _ if manner.raw => "arguments",
            _ => "typed(arguments)?",
        };
        let call = format!("commands.{method}({argument})?");
        let answer = match &manner.returns {
            Some(_) => format!("Ok(answer(&{call}))"),
            None => format!("{{ {call}; Ok(nothing()) }}"),
        };
        let _ = writeln!(arms, "        {:?} => {answer},", definition.name);
    }
    format!(
        "{structs}/// All commands: one method each.
pub trait Commands {{
    /// Why a command was not carried out.
    type Error: From<ArgumentError>;

{methods}}}

/// Carries out a command with arguments that [`crate::check_arguments`] has passed.
///
/// # Errors
/// There is none of that name, or it could not be carried out.
pub fn dispatch<C: Commands + ?Sized>(
    commands: &mut C,
    name: &str,
    arguments: Map<String, Value>,
) -> Result<Value, C::Error> {{
    match name {{
{arms}        _ => Err(ArgumentError::NoCommand(name.to_owned()).into()),
    }}
}}
"
    )
}

pub(crate) fn events(schema: &Schema) -> String {
    let (mut structs, mut variants) = (String::new(), String::new());
    let (mut names, mut data) = (String::new(), String::new());
    for definition in &schema.definitions {
        let Body::Event(members) = &definition.body else { continue };
        let (wire, name) = (&definition.name, camel(&definition.name));
        about(&mut variants, "    ", &definition.about, &definition.since);
        if members.is_empty() {
            let _ = writeln!(variants, "    {name},");
            let _ = writeln!(names, "            Self::{name} => {wire:?},");
            let _ = writeln!(data, "            Self::{name} => None,");
        } else {
            structure(&mut structs, definition, &name, members);
            let _ = writeln!(variants, "    {name}({name}),");
            let _ = writeln!(names, "            Self::{name}(_) => {wire:?},");
            let _ = writeln!(data, "            Self::{name}(data) => Some(answer(data)),");
        }
    }
    format!(
        "{structs}/// Everything a monitor tells without being asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {{
{variants}}}

impl Event {{
    /// Its name.
    pub const fn name(&self) -> &'static str {{
        match self {{
{names}        }}
    }}

    /// What it tells beside its name.
    pub fn data(&self) -> Option<Value> {{
        match self {{
{data}        }}
    }}
}}
"
    )
}
