//! `query-qmp-schema`: the description as clients read it.
//!
//! Types are numbered in the order in which commands and events first name them, because their names are nobody's business;
//! what clients know are commands, events and members.

use serde_json::{Map, Value, json};

use crate::table::{
    Arguments, Builtin, COMMANDS, Definition, EVENTS, Item, Member, Shape, TypeRef, definition,
};

/// Every command, event and type that one of them names, as `SchemaInfo`.
pub fn introspection() -> Vec<Value> {
    let mut walk = Walk { numbers: vec![EMPTY], builtins: Vec::new(), lists: Vec::new() };
    let mut entities = Vec::new();
    for command in COMMANDS {
        let arguments = match command.arguments {
            // An open command's members are not all known, so none is told.
            _ if command.open => walk.number("any object", &[]),
            Arguments::Members([]) => "0".to_owned(),
            Arguments::Members(members) => walk.number(command.name, members),
            Arguments::Boxed(name) => walk.named(name),
        };
        let returns = command.returns.map_or_else(|| "0".to_owned(), |kind| walk.reference(kind));
        let mut entity = json!({
            "name": command.name, "meta-type": "command", "arg-type": arguments, "ret-type": returns,
        });
        if command.oob {
            insert(&mut entity, "allow-oob", true.into());
        }
        entities.push(entity);
    }
    for event in EVENTS {
        let data = match event.data {
            [] => "0".to_owned(),
            members => walk.number(event.name, members),
        };
        entities.push(json!({"name": event.name, "meta-type": "event", "arg-type": data}));
    }
    walk.finish(&mut entities);
    entities
}

fn insert(entity: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = entity {
        members.insert(key.to_owned(), value);
    }
}

/// A type that has a number.
#[derive(Clone, Copy)]
enum Numbered {
    Defined(&'static Definition),
    /// Arguments or data that stand with their command or event.
    Implicit(&'static str, &'static [Member]),
}

/// What commands without arguments take: number 0.
const EMPTY: Numbered = Numbered::Implicit("", &[]);

impl Numbered {
    fn name(self) -> &'static str {
        match self {
            Self::Defined(definition) => definition.name,
            Self::Implicit(name, _) => name,
        }
    }
}

struct Walk {
    numbers: Vec<Numbered>,
    builtins: Vec<(&'static str, &'static str)>,
    lists: Vec<String>,
}

impl Walk {
    fn number(&mut self, name: &'static str, members: &'static [Member]) -> String {
        self.place(Numbered::Implicit(name, members))
    }

    fn named(&mut self, name: &'static str) -> String {
        definition(name).map_or_else(String::new, |found| self.place(Numbered::Defined(found)))
    }

    fn place(&mut self, what: Numbered) -> String {
        let known = self.numbers.iter().position(|known| known.name() == what.name());
        known
            .unwrap_or_else(|| {
                self.numbers.push(what);
                self.numbers.len() - 1
            })
            .to_string()
    }

    fn reference(&mut self, kind: TypeRef) -> String {
        let (TypeRef::One(item) | TypeRef::List(item)) = kind;
        let element = match item {
            Item::Named(name) => self.named(name),
            Item::Builtin(builtin) => {
                let (name, json) = builtin_names(builtin);
                if !self.builtins.contains(&(name, json)) {
                    self.builtins.push((name, json));
                }
                name.to_owned()
            }
        };
        if matches!(kind, TypeRef::One(_)) {
            return element;
        }
        if !self.lists.contains(&element) {
            self.lists.push(element.clone());
        }
        format!("[{element}]")
    }

    /// Describes all numbered types; describing one may number others.
    fn finish(mut self, entities: &mut Vec<Value>) {
        let mut next = 0;
        while let Some(what) = self.numbers.get(next).copied() {
            let mut entity = match what {
                Numbered::Implicit(_, members) => self.object(members),
                Numbered::Defined(definition) => match definition.shape {
                    Shape::Enum(words) => {
                        let members: Vec<Value> =
                            words.iter().map(|word| json!({"name": word})).collect();
                        json!({"meta-type": "enum", "members": members, "values": words})
                    }
                    Shape::Struct(members) => self.object(members),
                    Shape::Union { by, base, branches } => {
                        let mut entity = self.object(base);
                        let variants = self.variants(by, base, branches);
                        insert(&mut entity, "tag", by.into());
                        insert(&mut entity, "variants", variants.into());
                        entity
                    }
                },
            };
            insert(&mut entity, "name", next.to_string().into());
            entities.push(entity);
            next += 1;
        }
        for element in &self.lists {
            entities.push(json!({
                "name": format!("[{element}]"), "meta-type": "array", "element-type": element,
            }));
        }
        for (name, kind) in &self.builtins {
            entities.push(json!({"name": name, "meta-type": "builtin", "json-type": kind}));
        }
    }

    fn object(&mut self, members: &'static [Member]) -> Value {
        let members: Vec<Value> = members
            .iter()
            .map(|member| {
                let mut told = Map::new();
                told.insert("name".to_owned(), member.name.into());
                told.insert("type".to_owned(), self.reference(member.kind).into());
                if member.optional {
                    told.insert("default".to_owned(), Value::Null);
                }
                if member.unstable {
                    told.insert("features".to_owned(), json!(["unstable"]));
                }
                Value::Object(told)
            })
            .collect();
        json!({"meta-type": "object", "members": members})
    }

    /// A branch for every word, as QEMU tells it: a word without members of its own has the empty type.
    fn variants(
        &mut self,
        by: &str,
        base: &'static [Member],
        branches: &'static [(&'static str, &'static str)],
    ) -> Vec<Value> {
        let tag = base.iter().find(|member| member.name == by).map(|member| member.kind);
        let words = match tag {
            Some(TypeRef::One(Item::Named(name))) => match definition(name).map(|d| d.shape) {
                Some(Shape::Enum(words)) => words,
                _ => &[],
            },
            _ => &[],
        };
        let of = |word: &str| branches.iter().find(|(case, _)| *case == word);
        words
            .iter()
            .map(|word| {
                let kind = of(word).map_or_else(|| "0".to_owned(), |(_, name)| self.named(name));
                json!({"case": word, "type": kind})
            })
            .collect()
    }
}

/// Name and JSON type: clients are not told how wide a number is.
const fn builtin_names(builtin: Builtin) -> (&'static str, &'static str) {
    match builtin {
        Builtin::Str => ("str", "string"),
        Builtin::Bool => ("bool", "boolean"),
        Builtin::Number => ("number", "number"),
        Builtin::Any => ("any", "value"),
        Builtin::Int
        | Builtin::Int32
        | Builtin::Uint8
        | Builtin::Uint16
        | Builtin::Uint32
        | Builtin::Uint64
        | Builtin::Size => ("int", "int"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(schema: &'a [Value], name: &str) -> &'a Value {
        schema.iter().find(|entity| entity["name"] == name).unwrap()
    }

    #[test]
    fn a_client_finds_its_way_from_a_command_to_its_members() {
        let schema = introspection();
        let command = find(&schema, "netdev_add");
        let netdev = find(&schema, command["arg-type"].as_str().unwrap());
        assert_eq!(netdev["tag"], "type");
        let variants = netdev["variants"].as_array().unwrap();
        let stream = variants.iter().find(|variant| variant["case"] == "stream").unwrap();
        let stream = find(&schema, stream["type"].as_str().unwrap());
        let names: Vec<&str> = stream["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["addr", "server", "reconnect"]);
        let answer = find(&schema, "query-rx-filter")["ret-type"].as_str().unwrap();
        assert_eq!(find(&schema, answer)["meta-type"], "array");
    }

    #[test]
    fn every_name_in_it_is_described_in_it() {
        let schema = introspection();
        let known: Vec<&str> =
            schema.iter().map(|entity| entity["name"].as_str().unwrap()).collect();
        let mut names = Vec::new();
        for entity in &schema {
            for key in ["arg-type", "ret-type", "element-type"] {
                names.extend(entity.get(key).and_then(Value::as_str));
            }
            for key in ["members", "variants"] {
                let list = entity.get(key).and_then(Value::as_array).into_iter().flatten();
                names.extend(list.filter_map(|item| item.get("type").and_then(Value::as_str)));
            }
        }
        for name in names {
            assert!(known.contains(&name), "{name}");
        }
    }
}
