//! Reads the schema's text; its grammar stands in `schema/README.md`.

use std::collections::{BTreeMap, BTreeSet};

/// A member of a struct, or an argument.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) optional: bool,
    pub(crate) kind: TypeRef,
    pub(crate) default: Option<String>,
    pub(crate) since: String,
    pub(crate) unstable: bool,
    pub(crate) about: String,
}

/// What a member holds.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum TypeRef {
    Plain(String),
    List(String),
}

impl TypeRef {
    fn parse(text: &str) -> Self {
        match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(item) => Self::List(item.to_owned()),
            None => Self::Plain(text.to_owned()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        let (Self::Plain(name) | Self::List(name)) = self;
        name
    }
}

/// A word of an enumeration.
pub(crate) struct Word {
    pub(crate) name: String,
    pub(crate) about: String,
}

/// What a command is beside its arguments.
#[derive(Default)]
pub(crate) struct Manner {
    pub(crate) raw: bool,
    pub(crate) oob: bool,
    pub(crate) preconfig: bool,
    pub(crate) boxed: Option<String>,
    pub(crate) returns: Option<TypeRef>,
}

pub(crate) enum Body {
    Enum(Vec<Word>),
    Struct(Vec<Member>),
    Union { by: String, base: Vec<Member>, branches: Vec<(String, String)> },
    Command(Manner, Vec<Member>),
    Event(Vec<Member>),
}

pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) since: String,
    pub(crate) about: String,
    pub(crate) body: Body,
}

pub(crate) const BUILTINS: &[&str] = &[
    "str", "bool", "int", "int32", "uint8", "uint16", "uint32", "uint64", "size", "number", "any",
];

/// Splits `words | about`.
fn halves(line: &str) -> (Vec<&str>, String) {
    let (words, about) = line.split_once('|').unwrap_or((line, ""));
    (words.split_whitespace().collect(), about.trim().to_owned())
}

/// Takes `word value` out of a list of words.
fn take(words: &mut Vec<&str>, word: &str) -> Option<String> {
    let at = words.iter().position(|found| *found == word)?;
    let value = words.get(at + 1).copied()?.to_owned();
    words.drain(at..at + 2);
    Some(value)
}

fn flag(words: &mut Vec<&str>, word: &str) -> bool {
    let before = words.len();
    words.retain(|found| *found != word);
    words.len() < before
}

/// All definitions of one file.
pub(crate) fn definitions(text: &str) -> Result<Vec<Definition>, String> {
    let mut all: Vec<Definition> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let fail = |why: &str| format!("{number}: {why}: {line}");
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(' ') {
            let last = all.last_mut().ok_or_else(|| fail("a member of nothing"))?;
            member(last, line).map_err(fail)?;
        } else {
            all.push(heading(line).map_err(fail)?);
        }
    }
    Ok(all)
}

fn heading(line: &str) -> Result<Definition, &'static str> {
    let (mut words, about) = halves(line);
    let since = take(&mut words, "since").unwrap_or_default();
    let by = take(&mut words, "by");
    let manner = Manner {
        returns: take(&mut words, "->").map(|text| TypeRef::parse(&text)),
        boxed: take(&mut words, "boxed"),
        raw: flag(&mut words, "raw"),
        oob: flag(&mut words, "oob"),
        preconfig: flag(&mut words, "preconfig"),
    };
    let [keyword, name] = words[..] else { return Err("a keyword and a name are wanted") };
    let body = match (keyword, by) {
        ("enum", None) => Body::Enum(Vec::new()),
        ("struct", None) => Body::Struct(Vec::new()),
        ("union", Some(by)) => Body::Union { by, base: Vec::new(), branches: Vec::new() },
        ("command", None) => Body::Command(manner, Vec::new()),
        ("event", None) => Body::Event(Vec::new()),
        _ => return Err("no such definition"),
    };
    Ok(Definition { name: name.to_owned(), since, about, body })
}

fn member(of: &mut Definition, line: &str) -> Result<(), &'static str> {
    let (mut words, about) = halves(line);
    let since = take(&mut words, "since").unwrap_or_else(|| of.since.clone());
    let default = take(&mut words, "=");
    let unstable = flag(&mut words, "unstable");
    match (&mut of.body, &words[..]) {
        (Body::Enum(list), [name]) => list.push(Word { name: (*name).to_owned(), about }),
        (Body::Union { branches, .. }, [case, "->", of]) => {
            branches.push(((*case).to_owned(), (*of).to_owned()));
        }
        (
            Body::Struct(members)
            | Body::Command(_, members)
            | Body::Event(members)
            | Body::Union { base: members, .. },
            [name, kind],
        ) => {
            let optional = name.ends_with('?');
            let name = name.trim_end_matches('?').to_owned();
            let kind = TypeRef::parse(kind);
            members.push(Member { name, optional, kind, default, since, unstable, about });
        }
        _ => return Err("no member"),
    }
    Ok(())
}

/// Everything, with every name resolved.
pub(crate) struct Schema {
    pub(crate) definitions: Vec<Definition>,
    /// Types that some Rust signature names.
    pub(crate) handed_around: BTreeSet<String>,
}

impl Schema {
    pub(crate) fn new(definitions: Vec<Definition>) -> Result<Self, String> {
        let mut index = BTreeMap::new();
        for (at, definition) in definitions.iter().enumerate() {
            if index.insert(definition.name.clone(), at).is_some() {
                return Err(format!("'{}' is defined twice", definition.name));
            }
        }
        for definition in &definitions {
            for name in references(definition) {
                if !BUILTINS.contains(&name.as_str()) && !index.contains_key(&name) {
                    return Err(format!("'{}' names '{name}', which is nothing", definition.name));
                }
            }
        }
        let mut handed_around = BTreeSet::new();
        let mut waiting: Vec<&Definition> = definitions.iter().filter(|d| is_typed(d)).collect();
        while let Some(definition) = waiting.pop() {
            for name in references(definition) {
                if let Some(at) = index.get(&name)
                    && handed_around.insert(name)
                {
                    waiting.extend(definitions.get(*at));
                }
            }
        }
        Ok(Self { definitions, handed_around })
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.name == name)
    }
}

/// Whether a definition has types in its Rust signature.
fn is_typed(definition: &Definition) -> bool {
    match &definition.body {
        Body::Command(manner, _) => !manner.raw,
        Body::Event(_) => true,
        _ => false,
    }
}

/// All types a definition names.
fn references(definition: &Definition) -> Vec<String> {
    let of = |members: &[Member]| -> Vec<String> {
        members.iter().map(|member| member.kind.name().to_owned()).collect()
    };
    match &definition.body {
        Body::Enum(_) => Vec::new(),
        Body::Struct(members) | Body::Event(members) => of(members),
        Body::Union { base, branches, .. } => {
            let mut names = of(base);
            names.extend(branches.iter().map(|(_, name)| name.clone()));
            names
        }
        Body::Command(manner, members) => {
            let mut names = of(members);
            names.extend(manner.boxed.clone());
            names.extend(manner.returns.as_ref().map(|kind| kind.name().to_owned()));
            names
        }
    }
}
