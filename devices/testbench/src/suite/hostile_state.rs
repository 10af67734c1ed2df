//! Saved states come from anywhere: what is wrong is refused, what is accepted does no harm.

use elnic_contract::{Entry, SavedState};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::strategies::{ops, scenario};
use super::{bench_after, property};

/// A change to one place of a saved state.
#[derive(Clone, Debug)]
enum Mutation {
    Remove,
    Unknown,
    Replace(Value),
    Grow,
    Truncate,
    Flip(u8),
}

fn extreme() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(255),
        json!(65_535),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("340282366920938463463374607431768211455"),
        json!([]),
        json!({}),
        json!([0, 0, 0]),
    ])
}

fn mutation() -> impl Strategy<Value = (Index, Mutation)> {
    let kind = prop_oneof![
        2 => Just(Mutation::Remove),
        1 => Just(Mutation::Unknown),
        4 => extreme().prop_map(Mutation::Replace),
        1 => Just(Mutation::Grow),
        1 => Just(Mutation::Truncate),
        4 => (0_u8..64).prop_map(Mutation::Flip),
    ];
    (any::<Index>(), kind)
}

/// The paths of all values below `value`.
fn paths(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                paths(value, &format!("{at}/{key}"), into);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                paths(value, &format!("{at}/{index}"), into);
            }
        }
        _ => {}
    }
}

fn mutate(root: &mut Value, index: Index, mutation: &Mutation) {
    let mut all = Vec::new();
    paths(root, "", &mut all);
    let path = all[index.index(all.len())].clone();
    if matches!(mutation, Mutation::Remove) {
        let Some((parent, key)) = path.rsplit_once('/') else { return };
        match root.pointer_mut(parent) {
            Some(Value::Object(map)) => {
                map.remove(&key.replace("~1", "/").replace("~0", "~"));
            }
            Some(Value::Array(list)) => {
                list.remove(key.parse().expect("an index"));
            }
            _ => {}
        }
        return;
    }
    let Some(value) = root.pointer_mut(&path) else { return };
    match (mutation, value) {
        (Mutation::Replace(new), value) => *value = new.clone(),
        (Mutation::Unknown, Value::Object(map)) => {
            map.insert("unknown".to_owned(), json!(1));
        }
        (Mutation::Grow, Value::Array(list)) => {
            let last = list.last().cloned().unwrap_or(json!(0));
            list.resize(list.len() * 2 + 70_000, last);
        }
        (Mutation::Grow, Value::String(text)) => *text = text.repeat(20_000),
        (Mutation::Truncate, Value::Array(list)) => list.truncate(list.len() / 2),
        (Mutation::Truncate, Value::String(text)) => {
            let half = text.chars().count() / 2;
            *text = text.chars().take(half).collect();
        }
        (Mutation::Flip(bit), value) => {
            if let Some(number) = value.as_u64() {
                *value = json!(number ^ (1 << bit));
            } else if let Some(switch) = value.as_bool() {
                *value = json!(!switch);
            }
        }
        _ => {}
    }
}

/// States with parts removed, added, retyped or driven to extremes: a refusal leaves the device as it was; an accepted
/// state can be saved and restored again, and the device survives whatever follows.
///
/// # Panics
/// It does not.
pub fn hostile_saved_states_are_refused_or_harmless(entry: &'static Entry) {
    let mutations = prop::collection::vec(mutation(), 1..4);
    let inputs = (scenario(entry), ops(entry, 20), mutations, ops(entry, 20));
    property(256, inputs, |(scenario, before, mutations, after)| {
        let mut bench = bench_after(entry, scenario);
        bench.transcript(&before);
        let original = bench.saved();
        let mut fields = original.fields.clone();
        for (index, mutation) in &mutations {
            mutate(&mut fields, *index, mutation);
        }
        let hostile = SavedState { fields, ..original.clone() };
        match bench.device.restore(&hostile) {
            Err(error) => {
                prop_assert_eq!(bench.saved(), original, "refused: {}", error);
            }
            Ok(()) => {
                let accepted = bench.saved();
                let again = bench.device.restore(&accepted);
                prop_assert!(again.is_ok(), "not taken back: {:?}", again);
                prop_assert_eq!(bench.saved(), accepted);
            }
        }
        bench.settle();
        bench.transcript(&after);
        Ok(())
    });
    let saved = entry.make([]).expect("the defaults make a device").save();
    let mut device = entry.make([]).expect("the defaults make a device");
    for wrong in [
        SavedState { kind: "another".to_owned(), ..saved.clone() },
        SavedState { version: saved.version.wrapping_add(1), ..saved.clone() },
        SavedState { version: 0, ..saved.clone() },
        SavedState { fields: Value::Null, ..saved.clone() },
    ] {
        assert!(device.restore(&wrong).is_err(), "accepted {wrong:?}");
        assert_eq!(device.save(), saved);
    }
}
