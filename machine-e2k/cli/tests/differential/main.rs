//! The same script of commands to Debian's QEMU and to this program, answers and events compared field by field.
//!
//! `script.txt` has the commands. A difference must be intended, which a line of the script says with its reason; an
//! intended difference that is none fails as well. All of them stand, with both values, in
//! `docs/guide/monitor-differences.md`, which this test writes where `UPDATE_DOCS` is set and compares elsewhere.

#[path = "../cli/common/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the other tests of this program")]
mod common;
mod compare;
mod pair;
#[path = "../monitor/program.rs"]
#[expect(dead_code, reason = "shared with the other tests of this program")]
mod program;
#[path = "../common/qemu.rs"]
mod qemu;
mod script;

use std::fmt::Write;

use compare::Difference;
use pair::Pair;
use script::Step;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/script.txt");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/monitor-differences.md");
const HEAD: &str = "# Differences from QEMU

Found by giving the commands of `machine-e2k/cli/tests/differential/script.txt` to Debian's QEMU 7.2 and to elnic; written by that test, which
fails when a difference is new or has gone. What is not here is the same in every field.
";

/// A field as a table shows it.
fn cell(text: &str) -> String {
    let mut text = text.replace('|', "\\|").replace("\\r", "").replace("\\n", " ");
    if text.chars().count() > 160 {
        text = text.chars().take(160).collect::<String>() + "…";
    }
    format!("`{text}`")
}

#[test]
fn commands_are_answered_as_qemu_answers_them() {
    let Some(qemu) = qemu::qemu() else { return };
    let steps = script::read(&std::fs::read_to_string(SCRIPT).unwrap());
    let mut page = HEAD.to_owned();
    let mut wrong = String::new();
    let mut pair: Option<Pair> = None;
    let mut compared = 0;
    for Step { line, what, intended } in &steps {
        println!("{line}");
        let found: Vec<Difference> = match (what, &mut pair) {
            (script::What::Machine(options), _) => {
                let left = pair.take().map_or_else(Vec::new, Pair::end);
                pair = Some(Pair::start(qemu, options));
                left
            }
            (what, Some(pair)) => pair.step(what),
            (_, None) => panic!("{line}: the script begins with a machine"),
        };
        compared += 1;
        match (found.is_empty(), intended) {
            (true, None) => {}
            (true, Some(reason)) => {
                writeln!(wrong, "{line}\n    is no difference any more: {reason}").unwrap();
            }
            (false, None) => {
                writeln!(wrong, "{line}").unwrap();
                for Difference { place, qemu, elnic } in &found {
                    writeln!(wrong, "    {place}: QEMU {qemu}, elnic {elnic}").unwrap();
                }
            }
            (false, Some(reason)) => {
                write!(page, "\n## `{line}`\n\n{reason}\n\n| | QEMU | elnic |\n|---|---|---|\n")
                    .unwrap();
                for Difference { place, qemu, elnic } in &found {
                    writeln!(page, "| {place} | {} | {} |", cell(qemu), cell(elnic)).unwrap();
                }
            }
        }
    }
    let left = pair.map_or_else(Vec::new, Pair::end);
    assert!(left.is_empty(), "events nobody asked for: {left:?}");
    assert!(wrong.is_empty(), "\n{wrong}");
    println!("{compared} steps compared");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let known = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert_eq!(page, known, "UPDATE_DOCS=1 writes the page anew");
}
