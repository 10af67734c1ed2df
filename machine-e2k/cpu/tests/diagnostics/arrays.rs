//! The array access unit: stores that advance an index, prefetched elements, their sizes and places.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::{DiagnosticOperand, IllegalOpcode};

/// An operation and the format of elements as long as its result.
const MOVES: [(&str, u8, &str); 4] =
    [("movab", 1, ".byte"), ("movah", 2, ".hword"), ("movaw", 3, ".word"), ("movad", 4, ".dword")];

/// Starts a prefetch program of one area over the array at `elements`, in `format`.
fn prefetch(format: u8) -> String {
    format!(
        "{{ addd,0 0, elements, %dr2 ; ldisp %ctpr2, program }}
         {{ addd,0 0, 0, %dr3 ; aaurwd,2 %dr2, %aad4 }}
         {{ bap }}
         {{ nop 7 }}
         ibranch over
         .align 8
         program: {{ fapb ct=1, dcd=0, fmt={format}, mrng=16, d=4, incr=0, ind=0, asz=3, abs=0, disp=0 }}
         over:\n"
    )
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![advancing()];
    rows.extend(MOVES.map(|(operation, format, directive)| sum(operation, format, directive)));
    for (operation, needed, _) in MOVES {
        rows.extend((0..=5).map(|format| sized(operation, needed, format)));
    }
    for (operation, format, _) in MOVES.into_iter().skip(1) {
        rows.push(fails_unaligned(operation, format));
        rows.push(takes_unaligned(operation, format));
    }
    rows
}

fn advancing() -> Row {
    halts(
        "staa of each size advances its index by its own size",
        "{ addd,0 0, bytes, %dr4 ; addd,1 0, halves, %dr5 }
         { addd,0 0, words, %dr6 ; addd,1 0, doubles, %dr7 }
         { addd,0 0, 0, %dr2 ; disp %ctpr1, again }
         { aaurwd,2 %dr4, %aad1 ; aaurwd,5 %dr5, %aad2 }
         { aaurwd,2 %dr6, %aad3 ; aaurwd,5 %dr7, %aad6 }
         { aaurwd,2 %dr2, %aasti1 ; aaurwd,5 %dr2, %aasti2 }
         { aaurwd,2 %dr2, %aasti3 ; aaurwd,5 %dr2, %aasti6 }
         rwd 1 << 37 | 4, %lsr
         again:
         { staab,2 %r2, %aad1 [ %aasti1 ] ; incr,2 %aaincr0 ; staah,5 %r2, %aad2 [ %aasti2 ] ; incr,5 %aaincr0 }
         { addd,0 %dr2, 3, %dr2 ; staaw,2 %r2, %aad3 [ %aasti3 ] ; incr,2 %aaincr0
           staad,5 %dr2, %aad6 [ %aasti6 ] ; incr,5 %aaincr0
           alc alcf=1, alct=1 ; ct %ctpr1 ? #NOT_LOOP_END }",
    )
    .with("bytes: .dword 0\nhalves: .dword 0\nwords: .dword 0, 0\ndoubles: .dword 0, 0, 0, 0, -1")
    .finds(&[
        ("r2", 12),
        ("bytes", 0x0906_0300),
        ("halves", 0x0009_0006_0003_0000),
        ("words", 0x3_0000_0000),
        ("words+8", 0x9_0000_0006),
        ("doubles", 0),
        ("doubles+8", 3),
        ("doubles+16", 6),
        ("doubles+24", 9),
        ("doubles+32", u64::MAX),
    ])
}

fn sum(operation: &str, format: u8, directive: &str) -> Row {
    let text = format!(
        "rwd 1 << 37 | 5, %lsr
         {{ disp %ctpr1, again }}
         {}again:
         {{ {operation},0 area=0, ind=0, am=1, be=0, %r4 }}
         {{ addd,0 %dr3, %dr4, %dr3 ; alc alcf=0, alct=1 ; ct %ctpr1 ? #NOT_LOOP_END }}
         {{ eap }}",
        prefetch(format)
    );
    halts(format!("{operation} takes one element after the other"), text)
        .with(format!("elements: {directive} 3, 5, 7, 11, 13, 17, 19, 23"))
        .finds(&[("r3", 3 + 5 + 7 + 11 + 13)])
}

fn take(operation: &str, format: u8) -> String {
    format!(
        "{}{{ {operation},0 area=0, ind=0, am=1, be=0, %r4 }}\n{{ addd,0 %dr4, 0, %dr4 }}",
        prefetch(format)
    )
}

fn sized(operation: &str, needed: u8, format: u8) -> Row {
    let text = take(operation, format);
    let data = "elements: .dword 0x5a, 0";
    if format >= needed {
        let name = format!("{operation} takes from elements of format {format}");
        halts(name, text).with(data).finds(&[("r4", 0x5a)])
    } else if format == 0 {
        let name = format!("{operation} takes a diagnostic value from an area of no format");
        fails(name, DiagnosticOperand, text).with(data).tagged()
    } else {
        let name = format!("{operation} takes no part of an element of format {format} and more");
        fails(name, IllegalOpcode, text).with(data)
    }
}

/// An array one byte past a boundary.
const ODD: &str = ".byte 0\nelements: .byte 0x5a, 0, 0, 0, 0, 0, 0, 0, 0";

fn fails_unaligned(operation: &str, format: u8) -> Row {
    fails(
        format!(
            "{operation} takes a diagnostic value where elements are not aligned, before version 5"
        ),
        DiagnosticOperand,
        take(operation, format),
    )
    .with(ODD)
    .versions(2..=4)
    .tagged()
}

fn takes_unaligned(operation: &str, format: u8) -> Row {
    halts(format!("{operation} takes elements anywhere from version 5 on"), take(operation, format))
        .with(ODD)
        .finds(&[("r4", 0x5a)])
        .versions(5..=6)
}
