//! What of a bundle is written when an operation of it raises an exception.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::{DataPage, DiagnosticCondition, DiagnosticOperand, Division};

const FLAG: &str = "flag: .dword 0\nvalues: .dword 0x1234, 0x5678, 0x9abc";

/// Registers that are zero before.
const CLEAR: &str = "{ addd,0 0, 0, %dr4 ; addd,1 0, 0, %dr5 ; addd,2 0, 0, %dr6 ; addd,3 0, NOWHERE, %dr8 ; addd,4 0, flag, %dr9 }
     { addd,0 0, values, %dr10 ; addd,1 0, 0x77, %dr7 }\n";

fn after(text: &str) -> String {
    format!("{CLEAR}{text}")
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = page_faults();
    rows.extend(whole_bundles());
    rows.extend(others());
    rows
}

/// Memory faults leave out the access and nothing else, but for one case.
fn page_faults() -> Vec<Row> {
    vec![
        fails(
            "a load that fails on channel 5 leaves the store on channel 2 done",
            DataPage,
            after("{ stb,2 %r7, [ %dr9 + 0 ] ; ldb,5 [ %dr8 + 0 ], %empty }"),
        )
        .finds(&[("flag", 0x77)]),
        fails(
            "a load that fails on channel 0 keeps the store on channel 2 from being made",
            DataPage,
            after("{ ldb,0 [ %dr8 + 0 ], %empty ; stb,2 %r7, [ %dr9 + 0 ] }"),
        )
        .finds(&[("flag", 0)]),
        fails(
            "loads on channels 0, 2 and 3 are written where that on channel 5 fails",
            DataPage,
            after(
                "{ ldd,0 [ %dr10 + 0 ], %dr4 ; ldd,2 [ %dr10 + 8 ], %dr5 ; ldd,3 [ %dr10 + 16 ], %dr6
                   ldd,5 [ %dr8 + 0 ], %empty }",
            ),
        )
        .finds(&[("r4", 0x1234), ("r5", 0x5678), ("r6", 0x9abc)]),
        fails(
            "loads on channels 2, 3 and 5 are written where that on channel 0 fails",
            DataPage,
            after(
                "{ ldd,0 [ %dr8 + 0 ], %empty ; ldd,2 [ %dr10 + 0 ], %dr4 ; ldd,3 [ %dr10 + 8 ], %dr5
                   ldd,5 [ %dr10 + 16 ], %dr6 }",
            ),
        )
        .finds(&[("r4", 0x1234), ("r5", 0x5678), ("r6", 0x9abc)]),
        fails(
            "arithmetic before and behind a load that fails is written",
            DataPage,
            after("{ addd,0 0, 0x44, %dr4 ; ldd,2 [ %dr8 + 0 ], %empty ; addd,5 0, 0x55, %dr5 }"),
        )
        .finds(&[("r4", 0x44), ("r5", 0x55)]),
        fails(
            "a load without a page reaches the trap table",
            DataPage,
            after("{ ldb,5 [ %dr8 + 0 ], %empty }"),
        ),
    ]
    .into_iter()
    .map(|row| row.mapped().with(FLAG))
    .collect()
}

/// A diagnostic value keeps everything of the bundle from happening.
fn whole_bundles() -> Vec<Row> {
    let poisoned = |text: &str| after(&format!("INVALID(%dr11)\n{text}"));
    vec![
        fails(
            "arithmetic beside a diagnostic operand is not written",
            DiagnosticOperand,
            poisoned("{ addd,0 0, 0x44, %dr4 ; addd,2 0, %dr11, %empty ; addd,5 0, 0x55, %dr5 }"),
        )
        .finds(&[("r4", 0), ("r5", 0)]),
        fails(
            "a store beside a diagnostic operand is not made",
            DiagnosticOperand,
            poisoned("{ stb,2 %r7, [ %dr9 + 0 ] ; addd,5 %dr11, 0, %empty }"),
        )
        .finds(&[("flag", 0)]),
        fails(
            "a store beside a diagnostic qualifier is not made",
            DiagnosticCondition,
            poisoned(
                "{ cmpedb,0,sm %dr11, 0, %pred3 }
                 { nop 2 }
                 { stb,2 %r7, [ %dr9 + 0 ] ; addd,0 0, 0, %empty ? %pred3 }",
            ),
        )
        .finds(&[("flag", 0)]),
    ]
    .into_iter()
    .map(|row| row.mapped().tagged().with(FLAG))
    .collect()
}

fn others() -> Vec<Row> {
    vec![
        fails(
            "a store beside a division without quotient is made",
            Division,
            after("{ stb,2 %r7, [ %dr9 + 0 ] ; udivs,5 0, 0, %empty }"),
        )
        .mapped()
        .with(FLAG)
        .finds(&[("flag", 0x77)]),
        halts(
            "of results for one register that of the highest channel stays, however long it takes",
            "{ addd,0 0, 10, %dr4 ; addd,1 0, 11, %dr4 ; addd,2 0, 12, %dr4 ; addd,3 0, 13, %dr4
               addd,4 0, 14, %dr4 ; addd,5 0, 15, %dr4 }
             { ldd,0 [ 0 + word ], %dr5 ; addd,1 0, 11, %dr5 ; addd,4 0, 14, %dr5 }
             { addd,0 0, 10, %dr6 ; addd,4 0, 14, %dr6 ; udivd,5 12, 4, %dr6 }",
        )
        .with("word: .dword 99")
        .finds(&[("r4", 15), ("r5", 14), ("r6", 3)]),
        halts("a program that does nothing ends well", "{ nop 1 }"),
        fails(
            "a program can say that it failed",
            elnic_cpu::ExceptionKind::SoftwareTrap,
            "{ setsft }",
        ),
        halts(
            "a program can leave a message",
            "{ addd,0 0, message, %dr4 ; addd,1 0, 0x6f6c6c6568, %dr5 }
             { std,2 %dr5, [ %dr4 + 0 ] }",
        )
        .with("message: .dword 0")
        .finds(&[("message", 0x6f_6c6c_6568)]),
    ]
}
