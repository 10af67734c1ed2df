//! Changes to saved states: parts removed, added, retyped, driven to extremes.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// A change to one place of a saved state.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    /// The place is gone.
    Remove,
    /// An object has a key too many.
    Unknown,
    /// Something else stands there.
    Replace(Value),
    /// A list or text is far too long.
    Grow,
    /// A list or text is half as long.
    Truncate,
    /// One bit of a number is another, or a switch is.
    Flip(u8),
    /// Another number of about any size.
    Number(u64),
}

fn extremes() -> Vec<Value> {
    vec![
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
    ]
}

/// The changes that a sweep tries at every place.
pub(crate) fn every_mutation() -> Vec<Mutation> {
    let mut all = vec![Mutation::Remove, Mutation::Unknown, Mutation::Grow, Mutation::Truncate];
    all.extend(extremes().into_iter().map(Mutation::Replace));
    all.extend((0..8).map(Mutation::Flip));
    all.extend([15, 16, 31, 32, 63].map(Mutation::Flip));
    all
}

/// A random change at a random place.
pub(crate) fn mutation() -> impl Strategy<Value = (Index, Mutation)> {
    let kind = prop_oneof![
        2 => Just(Mutation::Remove),
        1 => Just(Mutation::Unknown),
        3 => prop::sample::select(extremes()).prop_map(Mutation::Replace),
        1 => Just(Mutation::Grow),
        1 => Just(Mutation::Truncate),
        5 => (0_u8..64).prop_map(Mutation::Flip),
        // As many leading zeros as chance has it: every width is reached.
        5 => (any::<u64>(), 0_u32..64).prop_map(|(number, bits)| Mutation::Number(number >> bits)),
    ];
    (any::<Index>(), kind)
}

/// The places of a state, as JSON pointers: of lists only the first and the last element, or long ones would get all the
/// attention.
pub(crate) fn places(state: &Value) -> Vec<String> {
    let mut all = Vec::new();
    collect(state, "", &mut all);
    all
}

fn collect(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(value, &format!("{at}/{key}"), into);
            }
        }
        Value::Array(list) => {
            let last = list.len().saturating_sub(1);
            let ends = list.iter().enumerate().filter(|(index, _)| [0, last].contains(index));
            for (index, value) in ends {
                collect(value, &format!("{at}/{index}"), into);
            }
        }
        _ => {}
    }
}

/// The state with the change at that place, where it makes sense there.
pub(crate) fn mutate(state: &mut Value, place: &str, mutation: &Mutation) {
    if matches!(mutation, Mutation::Remove) {
        remove(state, place);
        return;
    }
    let Some(value) = state.pointer_mut(place) else { return };
    match (mutation, value) {
        (Mutation::Replace(new), value) => *value = new.clone(),
        (Mutation::Unknown, Value::Object(map)) => {
            map.insert("unknown".to_owned(), json!(1));
        }
        (Mutation::Grow, Value::Array(list)) => {
            let last = list.last().cloned().unwrap_or(json!(0));
            // Far more than any list may hold, but not gigabytes of whole frames.
            let more = (MOST_GROWTH / weight(&last)).min(list.len() + 70_000);
            list.resize(list.len() + more, last);
        }
        (Mutation::Grow, Value::String(text)) => *text = text.repeat(20_000),
        (Mutation::Truncate, Value::Array(list)) => list.truncate(list.len() / 2),
        (Mutation::Truncate, Value::String(text)) => {
            let half = text.chars().count() / 2;
            *text = text.chars().take(half).collect();
        }
        (Mutation::Number(new), value) if value.is_u64() => *value = json!(new),
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

/// Values that a grown list gets at most.
const MOST_GROWTH: usize = 200_000;

/// How many values there are in `value`, itself included.
fn weight(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(map) => map.values().map(weight).sum(),
        _ => 0,
    }
}

fn remove(state: &mut Value, place: &str) {
    let Some((parent, key)) = place.rsplit_once('/') else { return };
    match state.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(list)) => {
            list.remove(key.parse().expect("an index"));
        }
        _ => {}
    }
}
