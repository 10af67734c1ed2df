//! Diagnostic values: where they pass, where they stop a program, and how they are cleaned.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::{
    self, DiagnosticCondition, DiagnosticOperand, DiagnosticTransferCondition,
};

/// A claim about values: `INVALID(%dr4)` and the text; what it raises, if anything.
fn row(name: &str, end: Option<ExceptionKind>, text: &str) -> Row {
    let text = format!("INVALID(%dr4)\n{text}");
    match end {
        Some(kind) => fails(name, kind, text).tagged(),
        None => halts(name, text).tagged(),
    }
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = operands();
    rows.extend(merges());
    rows.extend(cleaning());
    rows.extend(qualifiers());
    rows.extend(transfers());
    rows
}

fn operands() -> Vec<Row> {
    let operand = Some(DiagnosticOperand);
    vec![
        row(
            "a 32-bit result makes the whole register sound in a window with dbl",
            None,
            "{ setwd wsz=16, nfx=1, dbl=1 }\n{ adds,0 0, 5, %r4 }\n{ addd,0 %dr4, 0, %dr5 }",
        )
        .versions(3..=6)
        .finds(&[("r5", 5)]),
        row(
            "the tag of a value can be read, and its word is a number",
            None,
            "{ gettagd,2 %dr4, %r5 ; gettagd,5,sm %dr4, %r6 }
             { adds,2 %r5, 0, %r5 ; adds,5 %r6, 0, %r6 }",
        )
        .finds(&[("r5", 5), ("r6", 5)]),
        row(
            "its upper word stays what the register held",
            operand,
            "{ gettagd,2 %dr4, %r4 }\n{ addd,0 %dr4, 0, %dr5 }",
        ),
        row(
            "insfd does not look at the halves its selector excludes",
            None,
            "INVALID(%dr5)
             { adds,0 0, 7, %r4 ; adds,1 0, 9, %r5 ; addd,2 0, 1, %dr6 ; addd,3 0, 2, %dr7 }
             { insfd,0 %dr4, (32 << 6) | 0xa000, %dr5, %empty ; insfd,1 %dr6, (32 << 6) | 0x8000, %dr5, %empty
               insfd,3 %dr4, (32 << 6) | 0x2000, %dr7, %empty }",
        ),
        row(
            "insfd looks at a diagnostic source",
            operand,
            "{ addd,0 0, 7, %dr5 }\n{ insfd,0 %dr4, 16 << 6, %dr5, %empty }",
        ),
        row(
            "a speculative load that fails yields a diagnostic value",
            operand,
            "{ addd,0 0, NOWHERE, %dr8 }\n{ ldd,0,sm [ %dr8 + 0 ], %dr5 }\n{ addd,0 %dr5, 1, %dr5 }",
        )
        .mapped(),
        row(
            "a speculative store writes a diagnostic value as a number",
            None,
            "{ addd,0 0, out, %dr5 }
             { std,2,sm %dr4, [ %dr5 + 0 ] }
             { nop 2 }
             { ldd,2 [ %dr5 + 0 ], %dr6 }
             { gettagd,2 %dr6, %dr7 }
             { addd,0 %dr6, 0, %empty }",
        )
        .with("out: .dword 1")
        .finds(&[("r6.tag", 0)]),
        row(
            "a speculative division by zero yields a diagnostic value",
            operand,
            "{ udivs,5,sm 0, 0, %r5 }\n{ addd,5 %dr5, 1, %dr5 }",
        ),
    ]
}

fn merges() -> Vec<Row> {
    let choice = "{ cmpedb,0 0, 0, %pred2 }\n{ nop 2 }\n";
    let doubt = "{ cmpedb,0,sm 0, %dr4, %pred2 }\n{ nop 2 }\n";
    vec![
        row(
            "merged looks at what it chooses",
            None,
            &format!(
                "{choice}{{ merged,0 3, %dr4, %dr5, ~%pred2 }}\n{{ merged,0 %dr4, 6, %dr6, %pred2 }}"
            ),
        )
        .finds(&[("r5", 3), ("r6", 6)]),
        row(
            "and fails if that is diagnostic, chosen by true",
            Some(DiagnosticOperand),
            &format!("{choice}{{ merged,0 3, %dr4, %dr5, %pred2 }}"),
        ),
        row(
            "or by false",
            Some(DiagnosticOperand),
            &format!("{choice}{{ merged,0 %dr4, 3, %dr5, ~%pred2 }}"),
        ),
        row(
            "a diagnostic choice is an exception",
            Some(DiagnosticCondition),
            &format!("{doubt}{{ merged,0 3, 3, %dr5, %pred2 }}"),
        ),
        row(
            "unless the operation is speculative: the result is diagnostic then",
            None,
            &format!("{doubt}{{ merged,0,sm 3, 3, %dr5, %pred2 }}"),
        )
        .finds(&[("r5.tag", 5)]),
    ]
}

fn cleaning() -> Vec<Row> {
    let put = |name: &'static str, tag: u8| {
        let text = format!("{{ puttagd,2 0, {tag}, %dr5 }}\n{{ addd,0 %dr5, 0, %empty }}");
        row(name, Some(DiagnosticOperand), &text)
    };
    vec![
        row(
            "a diagnostic source prepares a transfer register speculatively",
            None,
            "{ movtd,0,sm %dr4, %ctpr2 }",
        ),
        row("and without speculation", None, "{ movtd,0 %dr4, %ctpr2 }"),
        row(
            "puttagd makes a number of a diagnostic value",
            None,
            "{ puttagd,2 %dr4, 0, %dr5 ; puttagd,5 3, 0, %dr6 }
             { addd,0 %dr5, 0, %empty ; addd,1 %dr6, 0, %empty }",
        )
        .finds(&[("r5.tag", 0), ("r6", 3)]),
        put("a tag with its low word diagnostic makes a value that", 2),
        put("a tag with its upper word diagnostic too", 8),
        row(
            "puttags makes a number of a diagnostic word",
            None,
            "{ puttags,2 %r4, 0, %r5 ; puttags,5 3, 0, %r6 }\n{ adds,2 %r5, 0, %empty ; adds,5 %r6, 0, %empty }",
        ),
        row(
            "a word with another tag makes a value diagnostic",
            Some(DiagnosticOperand),
            "{ puttags,2 0, 3, %r5 }\n{ addd,0 %dr5, 0, %empty }",
        ),
    ]
}

fn qualifiers() -> Vec<Row> {
    let doubt = |text: &str| {
        format!("{{ cmpedb,0,sm 0, %dr4, %pred2 ; addd,1 0, 0, %dr5 }}\n{{ nop 2 }}\n{text}")
    };
    let condition = Some(DiagnosticCondition);
    vec![
        row(
            "a speculative operation under a diagnostic qualifier passes",
            None,
            &doubt("{ addd,0,sm 0, 1, %dr5 ? %pred2 }"),
        )
        .finds(&[("r5.tag", 5)]),
        row("one that is not speculative fails", condition, &doubt("{ addd,0 0, 1, %dr5 ? %pred2 }")),
        row(
            "predicate logic passes diagnostic predicates on",
            condition,
            &doubt(
                "{ cmpedb,1,sm 0, 0, %pred3 }
                 { nop 2 }
                 { pass %pred2, @p0 ; pass %pred3, @p1 ; landp @p0, @p1, @p4 ; pass @p4, %pred5 }
                 { nop 2 }
                 { addd,0 0, 1, %dr5 ? %pred5 }",
            ),
        ),
        row(
            "a result under a diagnostic qualifier has two bits set",
            None,
            &doubt("{ addd,0,sm 0, 0, %dr5 ? %pred2 }\n{ puttagd,2 %dr5, 0, %dr6 ; gettagd,5 %dr5, %r7 }\n{ adds,0 %r7, 0, %r8 }"),
        )
        .finds(&[("r6", 0x4000_0000_4000_0000), ("r5.tag", 5)]),
        row(
            "a diagnostic qualifier beside a stage that is not reached is not looked at",
            None,
            "rwd 1 << 48 | 1 << 37 | 1, %lsr
             { cmpedb,0,sm 0, %dr4, %pred2 }
             { nop 3 }
             { loop_mode ; addd,0 0, 0, %empty ? %pred2, %pcnt0 }",
        ),
        row(
            "what a doubtful operation wrote is diagnostic",
            Some(DiagnosticOperand),
            &doubt("{ addd,0,sm 0, 1, %dr5 ? %pred2 }\n{ addd,0 %dr5, 1, %dr6 }"),
        ),
        row(
            "a transfer register is not prepared under a diagnostic qualifier",
            Some(ExceptionKind::IllegalOpcode),
            &doubt("{ movtd,0,sm 0, %ctpr2 ? %pred2 }"),
        ),
        row(
            "a copy under one passes if it is speculative",
            None,
            &doubt("{ movtd,0,sm 0, %dr5 ? %pred2 }"),
        )
        .finds(&[("r5.tag", 5)]),
        row(
            "a state register is not written under one, speculative or not",
            condition,
            &doubt("{ rwd,0,sm 0, %lsr ? %pred2 }"),
        ),
        row(
            "a doubtful result with the bits set already stays",
            None,
            &doubt("{ subd,0,sm 0, 1, %dr5 ? %pred2 }\n{ puttagd,2 %dr5, 0, %dr6 }"),
        )
        .finds(&[("r6", u64::MAX), ("r5.tag", 5)]),
        row(
            "a doubtful store is made, with the bits set",
            None,
            &doubt(
                "{ addd,0 0, out, %dr6 ; addd,1 0, 1, %dr7 }
                 { std,2,sm %dr7, [ %dr6 + 0 ] ? %pred2 }",
            ),
        )
        .with("out: .dword 0")
        .finds(&[("out", 0x4000_0000_4000_0001)]),
    ]
}

fn transfers() -> Vec<Row> {
    let doubt = "{ cmpedb,0,sm 0, %dr4, %pred2 }\n{ disp %ctpr1, there }\n{ nop 2 }\n";
    let refused = Some(DiagnosticTransferCondition);
    vec![
        row(
            "a call is not made under a diagnostic predicate",
            refused,
            &format!("{doubt}{{ call %ctpr1, wbs=12 ? %pred2 }}\nthere: {{ nop 1 }}"),
        ),
        row(
            "nor a transfer",
            refused,
            &format!("{doubt}{{ ct %ctpr1 ? %pred2 }}\nthere: {{ nop 1 }}"),
        ),
        row(
            "unless the state of the loop decides",
            None,
            &format!(
                "rwd 1 << 48 | 1 << 37 | 1, %lsr
                 {doubt}{{ ct %ctpr1 ? %pred2 && #NOT_LOOP_END }}\nthere: {{ nop 1 }}"
            ),
        ),
        row(
            "nor an immediate one",
            refused,
            &format!("{doubt}{{ ibranch there ? %pred2 }}\nthere: {{ nop 1 }}"),
        ),
    ]
}
