//! Predicate logic: what its steps compute, what they take, and what diagnostic predicates do in it.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::{DiagnosticCondition, IllegalOpcode};

/// `%pred8` and `%pred9` are diagnostic, `%pred10` is true, `%pred11` false.
const PREDICATES: &str = "INVALID(%dg20)
     { cmpedb,0,sm %dg20, %dg20, %pred8 ; cmpedb,1,sm 0, %dg20, %pred9 ; cmpedb,3 0, 0, %pred10 ; cmpedb,4 0, 1, %pred11 }
     { cmpedb,0 0, 1, %pred1 ; cmpedb,1 0, 1, %pred2 ; cmpedb,3 0, 1, %pred3 }
     { nop 2 }\n";
/// Qualifies with what was computed.
const USE: &str = "{ nop 2 }\n{ addd,0 0, 0, %empty ? %pred1 }";

/// A step over two predicates, its result in `%pred1`, and a use of it.
fn one_step(
    operation: &str,
    first: &str,
    first_source: u8,
    second: &str,
    second_source: u8,
) -> String {
    format!(
        "{PREDICATES}{{ pass %pred{first_source}, @p0 ; pass %pred{second_source}, @p1
           {operation} {first}@p0, {second}@p1, @p4 ; pass @p4, %pred1 }}\n{USE}"
    )
}

/// Two steps, the second over the first and a predicate or another step.
fn two_steps(operation: &str, steps: &str) -> String {
    format!(
        "{PREDICATES}{{ pass %pred8, @p0 ; pass %pred9, @p1 ; pass %pred10, @p2 ; pass %pred11, @p3
           {} }}\n{USE}",
        steps.replace("STEP", operation)
    )
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for operation in ["andp", "landp"] {
        rows.extend(values(operation));
        rows.extend(doubtful(operation));
        rows.extend(doubtful_chains(operation));
    }
    rows.extend(moves());
    rows.extend(chains());
    rows.extend(impossible());
    rows.push(fails(
        "a register for transfers is not prepared under a predicate",
        IllegalOpcode,
        "{ cmpedb,0 0, 0, %pred1 }\n{ nop 2 }\n{ movtd,0,sm 0, %ctpr2 ? %pred1 }",
    ));
    rows
}

fn values(operation: &str) -> Vec<Row> {
    let table = format!(
        "{{ cmpedb,0 0, 0, %pred10 ; cmpedb,1 0, 1, %pred11 }}
         {{ nop 2 }}
         {{ pass %pred10, @p0 ; pass %pred11, @p1
            {operation} @p0, @p0, @p4 ; pass @p4, %pred1
            {operation} @p0, @p1, @p5 ; pass @p5, %pred2
            {operation} @p1, @p0, @p6 ; pass @p6, %pred3 }}
         {{ pass %pred10, @p0 ; pass %pred11, @p1
            {operation} @p1, @p1, @p4 ; pass @p4, %pred4
            {operation} ~@p1, @p0, @p5 ; pass @p5, %pred5
            {operation} ~@p1, ~@p0, @p6 ; pass @p6, %pred6 }}"
    );
    let quiet = format!(
        "{PREDICATES}{{ pass %pred8, @p0 ; pass %pred10, @p1 ; {operation} @p0, @p1, @p4 ; pass @p4, %pred1 }}
         {{ pass %pred10, @p0 ; pass %pred8, @p1 ; {operation} @p0, @p1, @p4 ; pass @p4, %pred2 }}
         {{ pass %pred8, @p0 ; pass %pred9, @p1 ; {operation} @p0, @p1, @p4 ; {operation} @p1, @p0, @p5
            {operation} @p4, @p5, @p6 ; pass @p6, %pred3 }}"
    );
    vec![
        halts(format!("{operation} is a conjunction"), table).finds(&[
            ("pred1", 1),
            ("pred2", 0),
            ("pred3", 0),
            ("pred4", 0),
            ("pred5", 1),
            ("pred6", 0),
        ]),
        halts(format!("{operation} over diagnostic predicates is no exception by itself"), quiet)
            .tagged()
            .finds(&[("pred1.tag", 1), ("pred2.tag", 1), ("pred3.tag", 1)]),
    ]
}

/// What a diagnostic predicate makes of a result, seen where it is used.
fn doubtful(operation: &str) -> Vec<Row> {
    let bad = |what: &str, text: String| {
        fails(format!("{operation}: {what} is diagnostic"), DiagnosticCondition, text).tagged()
    };
    let false_first = one_step(operation, "", 11, "", 8);
    let decided = if operation == "landp" {
        halts("landp: what a false first predicate decides is not diagnostic", false_first)
            .tagged()
            .finds(&[("pred1", 0), ("pred1.tag", 0)])
    } else {
        bad("false and a diagnostic predicate", false_first)
    };
    vec![
        bad("the negation of one and true", one_step(operation, "~", 8, "", 10)),
        bad("true and the negation of one", one_step(operation, "", 10, "~", 8)),
        bad("both negated", one_step(operation, "~", 8, "~", 9)),
        decided,
        bad("a diagnostic predicate and false", one_step(operation, "", 8, "", 11)),
    ]
}

fn doubtful_chains(operation: &str) -> Vec<Row> {
    let chains = [
        (
            "a step over a diagnostic step",
            "landp ~@p0, ~@p1, @p4 ; STEP @p4, @p2, @p5 ; pass @p5, %pred1",
        ),
        (
            "a step over a diagnostic step and a sound one",
            "landp ~@p0, ~@p1, @p4 ; landp @p2, @p2, @p5 ; STEP @p4, @p5, @p6 ; pass @p6, %pred1",
        ),
        (
            "a step over two diagnostic steps",
            "landp ~@p0, ~@p1, @p4 ; landp ~@p1, ~@p0, @p5 ; STEP @p4, @p5, @p6 ; pass @p6, %pred1",
        ),
    ];
    let row = |(what, steps): (&str, &str)| {
        let name = format!("{operation}: {what} is diagnostic");
        fails(name, DiagnosticCondition, two_steps(operation, steps)).tagged()
    };
    chains.into_iter().map(row).collect()
}

fn moves() -> Vec<Row> {
    let step = |first, second| one_step("movep", "", first, "", second);
    let kept = |first: u8, second: u8| {
        // What %pred1 was before is diagnostic.
        step(first, second)
            .replace("{ nop 2 }\n{ pass", "{ cmpedb,0,sm 0, %dg20, %pred1 }\n{ nop 2 }\n{ pass")
    };
    vec![
        halts(
            "movep writes its second predicate where its first is true",
            "{ cmpedb,0 0, 0, %pred10 ; cmpedb,1 0, 1, %pred11 ; cmpedb,3 0, 1, %pred1 ; cmpedb,4 0, 0, %pred2 }
             { cmpedb,0 0, 0, %pred3 ; cmpedb,1 0, 1, %pred4 }
             { nop 2 }
             { pass %pred10, @p0 ; pass %pred11, @p1
               movep @p0, @p0, @p4 ; pass @p4, %pred1
               movep @p0, @p1, @p5 ; pass @p5, %pred2
               movep @p1, @p1, @p6 ; pass @p6, %pred3 }
             { pass %pred10, @p0 ; pass %pred11, @p1 ; movep @p1, @p0, @p4 ; pass @p4, %pred4 }",
        )
        .finds(&[("pred1", 1), ("pred2", 0), ("pred3", 1), ("pred4", 0)]),
        fails("movep writes a diagnostic predicate as it is", DiagnosticCondition, step(10, 8)).tagged(),
        halts("movep does not look at what it does not write", step(11, 8)).tagged(),
        fails(
            "movep leaves a diagnostic predicate that it does not write",
            DiagnosticCondition,
            kept(11, 10),
        )
        .tagged(),
        fails("movep writes a diagnostic predicate if its first is one", DiagnosticCondition, step(8, 10))
            .tagged(),
    ]
}

fn chains() -> Vec<Row> {
    let all = "{ cmpedb,0 0, 0, %pred8 ; cmpedb,1 0, 0, %pred9 ; cmpedb,3 0, 0, %pred10 ; cmpedb,4 0, 0, %pred11 }
         { cmpedb,0 0, 1, %pred1 ; cmpedb,1 0, 1, %pred2 }
         { nop 2 }";
    vec![
        halts(
            "a step takes the result of one before, and of two",
            format!(
                "{all}
                 {{ pass %pred8, @p0 ; pass %pred9, @p1 ; pass %pred10, @p2
                    landp @p0, @p1, @p4 ; landp @p2, @p4, @p5 ; pass @p5, %pred1 }}
                 {{ pass %pred8, @p0 ; pass %pred9, @p1 ; pass %pred10, @p2 ; pass %pred11, @p3
                    landp @p0, @p1, @p4 ; landp @p2, @p3, @p5 ; landp @p4, @p5, @p6 ; pass @p6, %pred2 }}"
            ),
        )
        .finds(&[("pred1", 1), ("pred2", 1)]),
        // pass %pred8, @p0 ; pass %pred9, @p1 ; pass %pred10, @p2 ; pass %pred11, @p3 ; landp @p0, @p1, @p4 ;
        // landp @p4, @p2, @p5 ; landp @p5, @p3, @p6 ; pass @p6, %pred1: assemblers do not write a chain of three.
        halts(
            "a chain of three steps is one after the other",
            format!("{all}\n.word 0x000c0010, 0x000054e1, 0x6a6b5080, 0x68694040"),
        )
        .finds(&[("pred1", 1)]),
    ]
}

/// The words of three syllables of predicate logic; each takes `%pred8` twice.
fn syllables(steps: [u16; 3]) -> String {
    let [first, second, third] = steps;
    let count = if third != 0 { 0x000c_0010 } else { 0x0008_0010 };
    let words = if third != 0 {
        format!("{third:#x}, 0x6868{second:04x}, 0x6868{first:04x}")
    } else {
        format!("0, 0x6868{second:04x}, 0x6868{first:04x}")
    };
    format!("{{ cmpedb,0 0, 0, %pred8 }}\n{{ nop 2 }}\n.word {count:#x}, {words}")
}

/// `landp @p(first), @p(second)`, its result written to a predicate.
const fn step(first: u16, second: u16, predicate: u16) -> u16 {
    0x4000 | first << 10 | second << 6 | 1 << 5 | predicate
}

fn impossible() -> Vec<Row> {
    let claims = [
        ("the first step does not take @p2 first", [step(2, 1, 1), 0, 0]),
        ("the first step does not take @p2 second", [step(0, 2, 1), 0, 0]),
        ("the second step does not take its own result first", [0, step(5, 1, 1), 0]),
        ("the second step does not take its own result second", [0, step(0, 5, 1), 0]),
        ("the third step does not take its own result", [0, 0, step(6, 0, 1)]),
        ("three steps do not write one predicate", [step(0, 0, 1), step(4, 0, 1), step(5, 0, 1)]),
        (
            "nor where the third takes the others in another order",
            [step(0, 0, 1), step(4, 0, 1), step(0, 5, 1)],
        ),
    ];
    let row = |(name, steps)| fails(name, IllegalOpcode, syllables(steps));
    claims.into_iter().map(row).collect()
}
