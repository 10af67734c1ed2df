//! What e2k processors do with combinations at the edge of what is allowed, claim by claim.
//!
//! The claims are those of the public suite OpenE2K/qemu-e2k-tests, whose programs were written against real processors; the programs here
//! are our own. A topic is a file, a claim a row: which versions it is about, a program, and how it ends. Rows run with and without tags where
//! tags make no difference. Where a claim of the suite is one about Linux, the row states what
//! the processor does for it; `docs/guide/processor.md` says which these are.

#[path = "../common/mod.rs"]
mod common;

mod arrays;
mod decoding;
mod integers;
mod logic;
mod loops;
mod precision;
mod row;
mod stacks;
mod stores;
mod tags;
mod transfers;
mod wide;
mod windows;

use row::Row;

/// Every topic: its name, its rows, and how many claims they make.
fn topics() -> Vec<(&'static str, Vec<Row>, usize)> {
    vec![
        ("array access", arrays::rows(), 35),
        ("exceptions and what is written before them", precision::rows(), 14),
        ("windows", windows::rows(), 15),
        ("transfers and calls", transfers::rows(), 12),
        ("decoding", decoding::rows(), 9),
        ("predicate logic", logic::rows(), 35),
        ("integers", integers::rows(), 10),
        ("diagnostic values", tags::rows(), 35),
        ("loops", loops::rows(), 7),
        ("memory locks", stores::locks(), 2),
        ("hardware stacks and system calls", stacks::rows(), 13),
        ("80-bit values", wide::extended(), 4),
        ("128-bit stores", wide::masked(), 9),
        ("packing", wide::packing(), 1),
    ]
}

#[test]
fn every_claim_holds() {
    let mut failures = Vec::new();
    for (topic, rows, _) in topics() {
        for row in rows {
            failures.extend(row.check().into_iter().map(|why| format!("{topic}, {why}")));
        }
    }
    assert!(failures.is_empty(), "{} claims fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_topic_is_complete() {
    let total: usize = topics()
        .into_iter()
        .map(|(topic, rows, claims)| {
            assert_eq!(rows.len(), claims, "{topic}");
            claims
        })
        .sum();
    assert_eq!(total, 201, "the number docs/guide/processor.md states");
}

#[test]
fn no_two_claims_have_one_name() {
    let mut names: Vec<String> =
        topics().into_iter().flat_map(|(_, rows, _)| rows).map(|row| row.name().into()).collect();
    names.sort_unstable();
    let twice: Vec<&[String]> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
