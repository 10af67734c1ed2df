//! The hardware stacks in memory, and what a system call does and does not look at.
//!
//! Their counterparts in the suite ask Linux for stacks and give it diagnostic arguments; here stands what the processor does for it.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::{AddressNotAligned, DiagnosticOperand, IllegalInstructionAddress};

/// A procedure that is called with a window of 24 registers behind it; its text, and what follows the return.
fn called(procedure: &str, afterwards: &str) -> String {
    format!(
        "{{ disp %ctpr1, procedure ; addd,0 0, 0x5151, %dr0 ; addd,1 0, 0x5252, %dr1 ; addd,3 0, 0, %dr24 }}
         {{ nop 4 ; cmpedb,0 0, 0, %pred0 }}
         {{ call %ctpr1, wbs=12 }}
         back: {afterwards}
         ibranch over
         procedure: {{ setwd wsz=12, nfx=1 }}
         {procedure}
         {{ return %ctpr3 }}
         {{ ct %ctpr3 }}
         over:"
    )
}

/// A gate at `entry`, called with `arguments` in `%dr24` and `%dr25`.
fn gate(entry: u64, arguments: &str, body: &str) -> String {
    format!(
        "rwd gates, %oscud.lo
         {{ nop 4 }}
         {{ sdisp %ctpr1, {entry} }}
         {arguments}
         {{ call %ctpr1, wbs=12 }}
         ibranch over
         .align 0x800
         gates: HALT(50)
         .org gates + 0x800 * {entry}
         {{ setwd wsz=8, nfx=1 }}
         {body}
         {{ return %ctpr3 }}
         {{ ct %ctpr3 }}
         over:"
    )
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = in_memory();
    rows.extend(system_calls());
    rows
}

fn in_memory() -> Vec<Row> {
    vec![
        halts(
            "the procedure stack holds sixteen bytes for each register of the caller",
            called("{ rrd,0 %psp.hi, %dr1 }\n{ andd,0 %dr1, _f64,_lts0 0xffffffff, %dr0 }", ""),
        )
        .finds(&[("r24", 24 * 16)]),
        halts(
            "the chain stack holds a frame for the call",
            called(
                "{ flushc }
                 { rrd,0 %pcsp.hi, %dr1 }
                 { andd,0 %dr1, _f64,_lts0 0xffffffff, %dr0 }",
                "",
            ),
        )
        .finds(&[("r24", 32)]),
        halts(
            "the chain register names the bundle behind the call, and the predicates",
            called(
                "{ rrd,0 %cr0.hi, %dr1 }
                 { rrd,0 %cr0.lo, %dr2 ; subd,1 %dr1, back, %dr0 }
                 { andd,0 %dr2, 1, %dr3 }
                 { addd,0 %dr0, %dr3, %dr0 }",
                "",
            ),
        )
        .finds(&[("r24", 1)]),
        halts(
            "registers of the caller can be read in memory",
            called(
                "{ flushr }
                 { rrd,0 %psp.lo, %dr1 }
                 { andd,0 %dr1, _f64,_lts0 0xffffffffffff, %dr1 }
                 { nop 2 ; ldd,0 [ %dr1 + 0 ], %dr0 }",
                "",
            ),
        )
        .finds(&[("r24", 0x5151)]),
        fails(
            "accesses are aligned where upsr.ac asks for it",
            AddressNotAligned,
            "rws 0x5, %upsr
             { nop 4 ; addd,0 0, odd, %dr4 ; addd,1 0, 0, %dr5 }
             { std,2 %dr5, [ %dr4 + 0 ] }",
        )
        .with(".byte 0\nodd: .dword 0"),
        halts(
            "what is written there reaches the caller",
            called(
                "{ rrd,0 %psp.lo, %dr1 }
                 { andd,0 %dr1, _f64,_lts0 0xffffffffffff, %dr1 ; addd,1 0, 0x6363, %dr2 }
                 { flushr }
                 { nop 2 }
                 { std,2 %dr2, [ %dr1 + 0 ] }",
                "{ addd,0 %dr0, 0, %dr4 }",
            ),
        )
        .finds(&[("r4", 0x6363)]),
    ]
}

fn system_calls() -> Vec<Row> {
    let diagnostic = "INVALID(%dr24)\nINVALID(%dr25)";
    let number_below = "INVALID(%dr24)\n{ adds,0 0, 60, %r24 ; addd,1 0, 5, %dr25 }";
    vec![
        halts(
            "a call may leave nothing of the window to the procedure",
            "rwd gates, %oscud.lo
             { nop 4 }
             { sdisp %ctpr1, 3 }
             { call %ctpr1, wbs=16 }
             ibranch over
             .align 0x800
             gates: HALT(50)
             .org gates + 0x1800
             { setwd wsz=2, nfx=1 }
             { addd,0 0, 0x33, %dg20 }
             { return %ctpr3 }
             { ct %ctpr3 }
             over:",
        )
        .finds(&[("g20", 0x33)]),
        // sdisp %ctpr1, 0x7ffffff ; call %ctpr1, wbs=12
        fails(
            "there is no gate beyond the 32 there are",
            IllegalInstructionAddress,
            "rwd gates, %oscud.lo
             { nop 4 }
             .word 0x00004001, 0x67ffffff
             { call %ctpr1, wbs=12 }
             .align 0x800
             gates: HALT(99)",
        ),
        fails(
            "a gate that uses a diagnostic number fails",
            DiagnosticOperand,
            gate(3, diagnostic, "{ addd,0 0, 0, %oscud_unused }").replace(
                "{ addd,0 0, 0, %oscud_unused }",
                "rwd 0, %oscud.lo\n{ addd,0 %dr0, 1, %dr0 }",
            ),
        )
        .tagged(),
        halts(
            "a number whose upper word alone is diagnostic is a number in 32 bits",
            gate(
                3,
                number_below,
                "{ adds,0 %r0, 1, %r2 }\n{ addd,0 0, 0, %dg20 ; sxt,1 6, %r2, %dg21 }",
            ),
        )
        .tagged()
        .finds(&[("g21", 61)]),
        halts(
            "a gate cleans a diagnostic argument by its tag",
            gate(
                3,
                diagnostic,
                "{ gettagd,2 %dr1, %r2 ; puttagd,5 %dr1, 0, %dr1 }
                 { sxt,0 6, %r2, %dg20 ; addd,1 %dr1, 0, %dg21 }",
            ),
        )
        .tagged()
        .finds(&[("g20", 5), ("g21.tag", 0)]),
        halts(
            "and one whose upper word is",
            gate(
                3,
                number_below,
                "{ gettagd,2 %dr0, %r2 ; puttagd,5 %dr0, 0, %dr0 }
                 { sxt,0 6, %r2, %dg20 ; sxt,1 6, %r0, %dg21 }",
            ),
        )
        .tagged()
        .finds(&[("g20", 4), ("g21", 60)]),
        halts(
            "each gate has its own entry, 0x800 bytes from the one before",
            gate(6, "{ addd,0 0, 7, %dr24 }", "{ addd,0 %dr0, 1, %dr0 }"),
        )
        .finds(&[("r24", 8)]),
    ]
}
