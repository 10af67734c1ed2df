//! Saved states come from anywhere: what is wrong is refused, what is accepted does no harm.

use elnic_contract::{Entry, SavedState};
use elnic_script::Op;
use proptest::prelude::*;
use serde_json::Value;

use super::mutation::{every_mutation, mutate, mutation, places};
use super::strategies::{ops, scenario};
use super::{bench_after, property, scenario_ops};
use crate::Bench;

/// Bytes of text that any device's state fits into, whatever it was restored from: hardware does not grow. The largest
/// hold a packet buffer and a queue of frames, each byte up to four characters long.
const MOST_STATE: usize = 4 << 20;

/// States with parts removed, added, retyped or driven to extremes: a refusal leaves the device as it was; an accepted
/// state can be saved and restored again, and the device survives whatever follows.
///
/// # Panics
/// It does not.
pub fn hostile_saved_states_are_refused_or_harmless(entry: &'static Entry) {
    foreign_states_are_refused(entry);
    sweep(entry);
    let mutations = prop::collection::vec(mutation(), 1..4);
    let inputs = (scenario(entry), ops(entry, 20), mutations, ops(entry, 20));
    property(256, inputs, |(scenario, before, mutations, after)| {
        let mut bench = bench_after(entry, scenario);
        bench.transcript(&before);
        let original = bench.device.save();
        let mut fields = original.fields.clone();
        for (index, mutation) in &mutations {
            let all = places(&fields);
            mutate(&mut fields, index.get::<String>(&all), mutation);
        }
        let follows = [&scenario_ops(entry, scenario)[..], &after[..]].concat();
        attack(&mut bench, &original, fields, &follows).map_err(TestCaseError::fail)
    });
}

/// Every change at every place of the states that the scenarios, and some random operations, lead to.
fn sweep(entry: &'static Entry) {
    let scenarios = (0..entry.scenarios.len()).map(Some).chain([None]);
    for scenario in scenarios {
        property(1, (ops(entry, 30), ops(entry, 30)), |(before, after)| {
            let follows = [&scenario_ops(entry, scenario)[..], &after[..]].concat();
            let mut bench = bench_after(entry, scenario);
            bench.transcript(&before);
            let original = bench.device.save();
            for place in places(&original.fields) {
                for mutation in every_mutation() {
                    let mut fields = original.fields.clone();
                    mutate(&mut fields, &place, &mutation);
                    if fields == original.fields {
                        continue;
                    }
                    let _context = Context(format!("{mutation:?} at '{place}'"));
                    bench.device.restore(&original).expect("it was saved by such a device");
                    attack(&mut bench, &original, fields, &follows).map_err(|why| {
                        TestCaseError::fail(format!("{mutation:?} at '{place}': {why}"))
                    })?;
                }
            }
            Ok(())
        });
    }
}

/// Says what was being tried if the device panics.
struct Context(String);

impl Drop for Context {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("while trying {}", self.0);
        }
    }
}

/// Restores a hostile state and lets the device live with it.
fn attack(
    bench: &mut Bench,
    original: &SavedState,
    fields: Value,
    follows: &[Op],
) -> Result<(), String> {
    let hostile = SavedState { fields, ..original.clone() };
    match bench.device.restore(&hostile) {
        Err(error) => {
            if bench.device.save() != *original {
                return Err(format!("refused ('{error}'), but the device has changed"));
            }
        }
        Ok(()) => {
            let accepted = bench.device.save();
            if let Err(error) = bench.device.restore(&accepted) {
                return Err(format!("accepted, but what it saves then is refused: {error}"));
            }
            if bench.device.save() != accepted {
                return Err("accepted, but it saves something else the second time".to_owned());
            }
            bench.settle();
            bench.transcript(follows);
            let length = bench.device.save().fields.to_string().len();
            if length > MOST_STATE {
                return Err(format!("accepted, and then it holds {length} bytes of state"));
            }
        }
    }
    Ok(())
}

fn foreign_states_are_refused(entry: &'static Entry) {
    let mut device = entry.make([]).expect("the defaults make a device");
    let saved = device.save();
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
