//! The tables, the structs and the schema's own text say the same.

use std::collections::BTreeMap;

use elnic_netdev::from_json;
use elnic_netdev::schema::{ADDRESSES, Kind, OptionSpec, TYPES};
use serde_json::{Map, Value, json};

fn sample(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!("text"),
        Kind::Switch => json!(true),
        Kind::Integer { .. } | Kind::Size | Kind::Percent => json!(7),
        Kind::Texts => json!([{ "str": "text" }]),
        Kind::Address => json!({ "type": "inet", "host": "h", "port": "1" }),
    }
}

fn samples(options: &[OptionSpec]) -> Map<String, Value> {
    options.iter().map(|option| (option.name.to_owned(), sample(option.kind))).collect()
}

#[test]
fn the_structs_are_the_schema() {
    for spec in TYPES {
        let mut all = samples(spec.options);
        all.insert("type".to_owned(), spec.name.into());
        all.insert("id".to_owned(), "n0".into());
        let netdev =
            from_json(all.clone()).unwrap_or_else(|error| panic!("{}: {error}", spec.name));
        assert_eq!(netdev.options.kind(), spec.name);
        for option in spec.options {
            let mut without = all.clone();
            without.remove(option.name);
            assert_eq!(
                from_json(without).is_err(),
                option.required,
                "{}.{}",
                spec.name,
                option.name
            );
        }
    }
}

#[test]
fn every_member_of_every_address_reaches_its_struct() {
    for (kind, options) in ADDRESSES {
        let mut address = samples(options);
        address.insert("type".to_owned(), (*kind).into());
        let given = json!({ "type": "dgram", "id": "n0", "local": address });
        let netdev = from_json(given.as_object().unwrap().clone()).unwrap();
        let shown = format!("{:?}", netdev.options);
        for option in *options {
            let field = option.name.replace('-', "_");
            assert!(shown.contains(&format!("{field}: ")), "{kind}.{} in {shown}", option.name);
        }
    }
}

/// Reads the structs of the schema's text: name of the struct → name of the member → its type.
fn structs(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut structs = BTreeMap::new();
    let mut rest = text;
    while let Some(start) = rest.find("{ 'struct': '") {
        let body = &rest[start + 13..];
        let (name, body) = body.split_once('\'').unwrap();
        let data = &body[body.find("'data': {").unwrap() + 9..];
        let end = data.find("\n##").unwrap_or(data.len());
        let words: Vec<&str> = data[..end].split('\'').collect();
        // 'name': 'type' or 'name': ['type'] or 'name': {'type': 'bool', …}: quoted words at odd places.
        let mut members = BTreeMap::new();
        let mut index = 1;
        while let Some(member) = words.get(index) {
            if *member == "if" || *member == "features" {
                break;
            }
            let mut kind = words[index + 2];
            if kind == "type" {
                index += 2;
                kind = words[index + 2];
            }
            let list = if words[index + 1].contains('[') { "[]" } else { "" };
            members.insert((*member).to_owned(), format!("{kind}{list}"));
            index += 4;
        }
        structs.insert(name.to_owned(), members);
        rest = &body[1..];
    }
    structs
}

/// Options of later versions of QEMU that are taken besides.
const EXTENSIONS: &[(&str, &str)] = &[("stream", "reconnect-ms")];

#[test]
fn the_tables_are_the_schemas_text() {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/seed/qapi-net.json.txt");
    let Ok(text) = std::fs::read_to_string(shared) else {
        println!("skipped: ../shared/seed/qapi-net.json.txt is not there");
        return;
    };
    let structs = structs(&text);
    let union = &text[text.find("{ 'union': 'Netdev'").unwrap()..];
    for spec in TYPES.iter().filter(|spec| spec.name != "none") {
        let named = &union[union.find(&format!("'{}': ", spec.name)).unwrap()..];
        let name = named.split('\'').find(|word| word.starts_with("Net")).unwrap();
        let members = structs.get(name).unwrap_or_else(|| panic!("{name}"));
        let own = |option: &&OptionSpec| !EXTENSIONS.contains(&(spec.name, option.name));
        let options: Vec<&OptionSpec> = spec.options.iter().filter(own).collect();
        assert_eq!(members.len(), options.len(), "{name}: {:?}", members.keys());
        for option in options {
            let key =
                if option.required { option.name.to_owned() } else { format!("*{}", option.name) };
            let kind = members.get(&key).unwrap_or_else(|| panic!("{name} has no {key}"));
            let wanted = match option.kind {
                Kind::Text => "str",
                Kind::Switch => "bool",
                Kind::Size => "size",
                Kind::Texts => "String[]",
                Kind::Address => "SocketAddress",
                Kind::INT => "int",
                Kind::INT32 => "int32",
                Kind::UINT16 => "uint16",
                Kind::UINT32 => "uint32",
                Kind::UINT64 => "uint64",
                Kind::Integer { .. } | Kind::Percent => panic!("no such type in the schema"),
            };
            assert_eq!(kind, wanted, "{name}.{}", option.name);
        }
    }
}
