//! The entry points of fuzzing as ordinary tests: over every seed file, and over some random bytes.
//!
//! A file in `seeds/NAME/` is an input of the target NAME: one that reaches far, or one that once failed.

use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[path = "src/lib.rs"]
#[expect(unreachable_pub, reason = "the same files are a library for the targets of cargo-fuzz")]
mod entries;

fn entry(name: &str) -> entries::Entry {
    let found = entries::ENTRIES.iter().find(|(known, _)| *known == name);
    found.expect("the entry is in the list").1
}

/// Runs an entry over its seeds, over beginnings of them with a tail of random bytes, and over random bytes alone.
fn check(name: &str) {
    let entry = entry(name);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut seeds = vec![Vec::new()];
    for file in std::fs::read_dir(&folder).expect("each entry has seeds") {
        seeds.push(
            std::fs::read(file.expect("a folder can be read").path()).expect("a seed can be read"),
        );
    }
    assert!(seeds.len() > 1, "{} is empty", folder.display());
    seeds.iter().for_each(|seed| entry(seed));
    let input = (
        prop::sample::select(seeds),
        any::<prop::sample::Index>(),
        prop::collection::vec(any::<u8>(), 0..200),
    )
        .prop_map(|(mut seed, cut, tail)| {
            seed.truncate(cut.index(seed.len() + 1));
            seed.extend(tail);
            seed
        });
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&input, |input| {
        entry(&input);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{name}: {error}");
    }
}

#[test]
fn every_target_is_an_entry_and_every_entry_a_target() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut targets: Vec<String> = std::fs::read_dir(folder)
        .expect("there are targets")
        .map(|file| file.expect("a folder can be read").path())
        .map(|path| path.file_stem().expect("a file has a name").to_string_lossy().into_owned())
        .collect();
    targets.sort();
    let entries: Vec<&str> = entries::ENTRIES.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, entries);
}

#[test]
fn assembler() {
    check("assembler");
}

#[test]
fn bundle() {
    check("bundle");
}

#[test]
fn device() {
    check("device");
}

#[test]
fn image() {
    check("image");
}

#[test]
fn listing() {
    check("listing");
}

#[test]
fn options() {
    check("options");
}

#[test]
fn user() {
    check("user");
}
