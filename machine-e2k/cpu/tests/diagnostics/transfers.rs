//! Transfers, calls and returns, and the registers that prepare them.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::{DiagnosticCondition, DiagnosticInstructionAddress, WindowBounds};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        halts(
            "immediate transfers go forth and back",
            "{ addd,0 0, 1, %dr4 ; ibranch third }
             first: { shld,0 %dr4, 4, %dr4 ; ibranch second }
             last: { addd,0 %dr4, 4, %dr4 ; ibranch over }
             second: { addd,0 %dr4, 3, %dr4 ; ibranch last }
             third: { addd,0 %dr4, 2, %dr4 ; ibranch first }
             over:",
        )
        .finds(&[("r4", 0x37)]),
        halts(
            "three targets are prepared at once and kept over a transfer",
            "{ disp %ctpr1, first }
             { disp %ctpr2, second }
             { disp %ctpr3, third }
             { addd,0 0, 1, %dr4 ; ct %ctpr3 }
             second: { addd,0 %dr4, 3, %dr4 ; ct %ctpr1 }
             third: { shld,0 %dr4, 4, %dr4 ; ct %ctpr2 }
             first:",
        )
        .finds(&[("r4", 0x13)]),
        halts(
            "a call passes registers by moving the window and a return moves it back",
            "{ disp %ctpr1, scale }
             { addd,0 0, 0x31, %db[0] ; addd,1 0, 12, %db[1] ; addd,2 0, 0, %db[2] }
             { call %ctpr1, wbs=12 }
             ibranch over
             scale: { shld,0 %dr0, %dr1, %dr2 ; return %ctpr3 }
             { ct %ctpr3 }
             over:",
        )
        .finds(&[("b0", 0x31), ("b2", 0x31000)]),
        fails(
            "a call does not move the window behind its end",
            WindowBounds,
            "{ setwd wsz=8, nfx=1 ; disp %ctpr1, there }
             { call %ctpr1, wbs=16 }
             there: { nop 1 }",
        ),
        halts(
            "a predicate computed beside a call is there for the first bundle of the procedure",
            "{ cmpedb,0 0, 1, %pred4 ; addd,1 0, 0, %dr24 ; disp %ctpr1, there }
             { cmpedb,0 0, 0, %pred4 ; call %ctpr1, wbs=12 }
             ibranch over
             there: { addd,0 0, 9, %dr0 ? %pred4 ; return %ctpr3 }
             { ct %ctpr3 }
             over:",
        )
        .finds(&[("r24", 9)]),
        fails(
            "and if it is a diagnostic value, that",
            DiagnosticCondition,
            "{ disp %ctpr1, there }
             INVALID(%dr4)
             { cmpedb,0,sm 0, %dr4, %pred4 ; call %ctpr1, wbs=12 }
             there: { addd,0 0, 9, %dr0 ? %pred4 }",
        )
        .tagged(),
    ];
    rows.extend([1, 2, 3].map(forgotten_by_call));
    rows.extend([1, 2, 3].map(forgotten_by_return));
    rows
}

/// What is prepared before a call is not for the procedure.
fn forgotten_by_call(register: u8) -> Row {
    let other = if register == 1 { 2 } else { 1 };
    fails(
        format!("a call forgets what %ctpr{register} was prepared for"),
        DiagnosticInstructionAddress,
        format!(
            "{{ disp %ctpr{other}, there }}
             {{ disp %ctpr{register}, back }}
             {{ call %ctpr{other}, wbs=12 }}
             back: {{ nop 1 }}
             HALT(1)
             there: {{ ct %ctpr{register} }}"
        ),
    )
}

/// What a procedure prepares is not for its caller.
fn forgotten_by_return(register: u8) -> Row {
    let prepare = if register == 3 { "" } else { "{ disp %ctprN, back }" };
    fails(
        format!("a return forgets what %ctpr{register} was prepared for"),
        DiagnosticInstructionAddress,
        format!(
            "{{ disp %ctpr1, there }}
             {{ call %ctpr1, wbs=12 }}
             back: {{ ct %ctpr{register} }}
             HALT(1)
             there: {{ return %ctpr3 }}
             {}
             {{ ct %ctpr3 }}",
            prepare.replace('N', &register.to_string())
        ),
    )
}
