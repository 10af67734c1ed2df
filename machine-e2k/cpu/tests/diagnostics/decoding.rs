//! Words that are bundles and words that are not.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::IllegalOpcode;

const WORDS: &str = "words: .dword 0x0706050403020100";

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        halts(
            "channels 2 and 5 have extensions of their own from version 4 on",
            "{ adds,0 0, 0x40a00000, %r4 ; adds,1 0, 0x40400000, %r5 }
             { fsubs,2 %r4, %r5, %r6 ; fmuls,5 %r4, %r5, %r7 }
             { fadds,2 %r4, %r5, %r8 ; fdivs,5 %r4, %r4, %r9 }
             { puttagd,2 %dr4, 0, %dr10 ; fadds,5 %r5, %r5, %r11 }
             { fadds,5 %r4, %r4, %r12 }
             { fadds,2 %r5, %r4, %r13 }
             { addd,0 %dr10, 0, %dr10 ; adds,1 %r6, 0, %r6 ; adds,2 %r7, 0, %r7 }
             { sxt,0 6, %r6, %dr6 ; sxt,1 6, %r7, %dr7 ; sxt,2 6, %r8, %dr8 ; sxt,3 6, %r9, %dr9 ; sxt,4 6, %r11, %dr11 }
             { sxt,0 6, %r12, %dr12 ; sxt,1 6, %r13, %dr13 }",
        )
        .versions(4..=6)
        .finds(&[
            ("r6", 0x4000_0000),
            ("r7", 0x4170_0000),
            ("r8", 0x4100_0000),
            ("r9", 0x3f80_0000),
            ("r11", 0x40c0_0000),
            ("r12", 0x4120_0000),
            ("r13", 0x4100_0000),
        ]),
        literals(),
        halts(
            "accesses go together: four loads, a store between loads of both kinds, two stores",
            "{ addd,0 0, words, %dr4 ; addd,1 0, 0x99, %dr5 }
             { ldb,0 [ %dr4 + 0 ], %dr6 ; ldb,2 [ %dr4 + 1 ], %dr7 ; ldb,3 [ %dr4 + 2 ], %dr8 ; ldb,5 [ %dr4 + 3 ], %dr9 }
             { ldb,0 [ %dr4 + 4 ], %dr10 ; stb,2 %dr5, [ %dr4 + 4 ] ; ldb,5 [ %dr4 + 5 ], %dr11 }
             { ldb,2 [ %dr4 + 6 ], %dr12 ; ldb,3 [ %dr4 + 7 ], %dr13 ; stb,5 %dr5, [ %dr4 + 5 ] }
             { stb,2 %dr5, [ %dr4 + 6 ] ; stb,5 %dr5, [ %dr4 + 7 ] }",
        )
        .with(WORDS)
        .finds(&[
            ("r6", 0),
            ("r7", 1),
            ("r8", 2),
            ("r9", 3),
            ("r10", 4),
            ("r11", 5),
            ("r12", 6),
            ("r13", 7),
            ("words", 0x9999_9999_0302_0100),
        ]),
        // The assembler refuses these two, so they come as words: stb,2 %r4, [ 0 + 0 ] ; ldb,3 [ 0 + 0 ], %empty and
        // ldb,0 [ 0 + 0 ], %empty ; stb,5 %r4, [ 0 + 0 ].
        fails(
            "a store on channel 2 excludes a load on channel 3",
            IllegalOpcode,
            ".word 0x30000012, 0x24c0c084, 0x64c0c0df, 0",
        ),
        fails(
            "a store on channel 5 excludes a load on channel 0",
            IllegalOpcode,
            ".word 0x84000012, 0x64c0c0df, 0x24c0c084, 0",
        ),
    ];
    rows.extend(misplaced());
    rows
}

fn literals() -> Row {
    let halves = ["lts0lo", "lts0hi", "lts1lo", "lts1hi"];
    let mut text = String::new();
    for (number, place) in (0..).zip(halves) {
        text += &format!(
            "{{ addd,0 0, _f16s,_{place} 0x7ffe, %dr{} ; addd,1 0, 0, %dr31 }}
             {{ addd,0 0, _f16s,_{place} 0x8001, %dr{} }}\n",
            2 + number,
            6 + number
        );
        text += &format!(
            "{{ addd,0 0, _f32s,_lts{number} 0x7ffffffe, %dr{} }}
             {{ addd,0 0, _f32s,_lts{number} 0x80000001, %dr{} }}\n",
            10 + number,
            14 + number
        );
    }
    for number in 0..3 {
        text +=
            &format!("{{ addd,0 0, _f64,_lts{number} 0x8000000000000001, %dr{} }}\n", 18 + number);
    }
    let (half, word) = (0xffff_ffff_ffff_8001, 0xffff_ffff_8000_0001);
    halts("literals of 16 and 32 bits are extended by their sign, wherever they stand", text).finds(
        &[
            ("r2", 0x7ffe),
            ("r3", 0x7ffe),
            ("r4", 0x7ffe),
            ("r5", 0x7ffe),
            ("r6", half),
            ("r7", half),
            ("r8", half),
            ("r9", half),
            ("r10", 0x7fff_fffe),
            ("r13", 0x7fff_fffe),
            ("r14", word),
            ("r15", word),
            ("r16", word),
            ("r17", word),
            ("r18", 1 << 63 | 1),
            ("r19", 1 << 63 | 1),
            ("r20", 1 << 63 | 1),
        ],
    )
}

/// Bundles begin at multiples of eight: an address between them is that of the multiple before, where no bundle is.
fn misplaced() -> Vec<Row> {
    // ibranch, one byte late.
    let odd = ".byte 0, 0x12, 0x50, 0, 0, 0x20, 0, 0, 0xc0, 2, 0, 0, 0, 0, 0, 0";
    vec![
        fails(
            "a program does not begin between multiples of eight",
            IllegalOpcode,
            format!(
                "{{ addd,0 0, there, %dr4 }}\n{{ movtd,0 %dr4, %ctpr1 }}\n{{ ct %ctpr1 }}\n.align 8\nthere = . + 1\n{odd}"
            ),
        ),
        fails(
            "an immediate transfer does not lead between them",
            IllegalOpcode,
            format!("{{ ibranch there }}\n.align 8\nthere:\n{odd}"),
        ),
        fails(
            "nor one through a register",
            IllegalOpcode,
            format!("{{ disp %ctpr1, there }}\n{{ ct %ctpr1 }}\n.align 8\nthere:\n{odd}"),
        ),
        fails(
            "nor a call",
            IllegalOpcode,
            format!("{{ disp %ctpr1, there }}\n{{ call %ctpr1, wbs=12 }}\n.align 8\nthere:\n{odd}"),
        ),
    ]
}
