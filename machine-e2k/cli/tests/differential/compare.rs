//! Two answers, field by field.

use serde_json::Value;

use crate::script::Lists;

/// A place where two answers differ.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) place: String,
    pub(crate) qemu: String,
    pub(crate) elnic: String,
}

const NOTHING: &str = "nothing";

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), Value::to_string)
}

/// Differences between two values.
pub(crate) fn compare(
    place: &str,
    qemu: &Value,
    elnic: &Value,
    lists: Lists,
    out: &mut Vec<Difference>,
) {
    match (qemu, elnic) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let mut keys: Vec<&String> = theirs.keys().chain(ours.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.retain(|key| lists != Lists::Shared || *key != "description");
            for key in keys {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                match (theirs.get(key), ours.get(key)) {
                    (Some(theirs), Some(ours)) => compare(&place, theirs, ours, lists, out),
                    (theirs, ours) => out.push(difference(&place, theirs, ours)),
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if lists != Lists::Whole => {
            for ours in ours {
                let name = |value: &Value| value.get("name").or(value.get("label")).cloned();
                let found = theirs.iter().find(|theirs| name(theirs) == name(ours));
                let name = name(ours).unwrap_or_default();
                let place = format!("{place}[{name}]").replace('"', "");
                match found {
                    Some(theirs) => compare(&place, theirs, ours, lists, out),
                    None if lists == Lists::Shared => {}
                    None => out.push(difference(&place, None, Some(ours))),
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                compare(&format!("{place}[{index}]"), theirs, ours, lists, out);
            }
        }
        (Value::String(theirs), Value::String(ours)) if theirs.contains('\n') => {
            let lines = |text: &String| -> Value {
                text.lines().map(|line| line.trim_end_matches('\r')).collect()
            };
            compare(place, &lines(theirs), &lines(ours), Lists::Whole, out);
        }
        (theirs, ours) if theirs == ours => {}
        (theirs, ours) => out.push(difference(place, Some(theirs), Some(ours))),
    }
}

fn difference(place: &str, qemu: Option<&Value>, elnic: Option<&Value>) -> Difference {
    Difference { place: place.to_owned(), qemu: shown(qemu), elnic: shown(elnic) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(qemu: Value, elnic: Value, lists: Lists) -> Vec<String> {
        let mut out = Vec::new();
        compare("", &qemu, &elnic, lists, &mut out);
        out.into_iter().map(|difference| difference.place).collect()
    }

    #[test]
    fn every_field_counts() {
        assert_eq!(
            places(json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 3}]}), Lists::Whole),
            ["a[1].b"]
        );
        assert_eq!(places(json!({"a": 1}), json!({"b": 1}), Lists::Whole), ["a", "b"]);
        assert_eq!(places(json!("x\r\ny"), json!("x\r\nz"), Lists::Whole), ["[1]"]);
        let (more, less) =
            (json!([{"name": "a"}, {"name": "b", "c": 1}]), json!([{"name": "b", "c": 2}]));
        assert_eq!(places(more.clone(), less.clone(), Lists::Part), ["[b].c"]);
        assert_eq!(places(less, more.clone(), Lists::Shared), ["[b].c"]);
        assert_eq!(places(json!([]), more, Lists::Part), ["[a]", "[b]"]);
    }
}
