//! Windows, the rotating area, and what is outside of them.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::{
    DiagnosticCondition, DiagnosticOperand, IllegalOpcode, WindowBounds,
};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = sizes();
    rows.extend(contents());
    rows.extend(bounds());
    rows
}

fn sizes() -> Vec<Row> {
    vec![
        halts(
            "a result beside setwd goes into the new window",
            "{ setwd wsz=20, nfx=1 ; addd,0 0, 7, %dr36 }\n{ addd,0 %dr36, 1, %dr36 }",
        )
        .finds(&[("r36", 8)]),
        halts(
            "the largest window has 224 registers, of which %r names 64 and %b 128",
            "{ setwd wsz=112, nfx=1 ; setbn rsz=63, rbs=48, rcur=0 }
             { addd,0 0, 5, %dr63 ; addd,1 0, 6, %db[127] ; addd,2 0, 9, %db[0] }",
        )
        .finds(&[("r63", 5), ("b127", 6), ("r223", 6), ("r96", 9)]),
        halts(
            "a procedure may have as few registers as it was given",
            "{ disp %ctpr1, few }
             { call %ctpr1, wbs=14 }
             { disp %ctpr1, few }
             { call %ctpr1, wbs=16 }
             ibranch over
             few: { setwd wsz=2, nfx=1 ; return %ctpr3 }
             { ct %ctpr3 }
             over:",
        ),
        fails(
            "and no fewer",
            IllegalOpcode,
            "{ disp %ctpr1, few }
             { call %ctpr1, wbs=13 }
             few: { setwd wsz=2, nfx=1 }",
        ),
    ]
}

fn contents() -> Vec<Row> {
    vec![
        halts(
            "a rotating area that moves away and back leaves its registers as they were",
            "{ setbn rsz=0, rbs=15, rcur=0 }
             { addd,0 0, 4, %dr25 }
             { setbn rsz=3, rbs=12, rcur=0 }
             { addd,0 %db[1], 1, %dr4 }",
        )
        .finds(&[("r4", 5)]),
        fails(
            "diagnostic values among them too",
            DiagnosticOperand,
            "INVALID(%db[1])
             { setbn rsz=0, rbs=15, rcur=0 }
             { setbn rsz=3, rbs=12, rcur=0 }
             { addd,0 %db[1], 1, %dr4 }",
        )
        .tagged(),
        halts(
            "a rotating area of predicates that shrinks and grows leaves them as they were",
            "{ setbp psz=3 }
             { cmpedb,0 0, 0, %pred2 }
             { setbp psz=0 }
             { setbp psz=3 }
             { addd,0 0, 6, %dr4 ? %pred2 }",
        )
        .finds(&[("r4", 6), ("pred2", 1)]),
        fails(
            "diagnostic predicates too",
            DiagnosticCondition,
            "{ setbp psz=3 }
             INVALID(%dg18)
             { cmpedb,0,sm %dg18, 0, %pred2 }
             { setbp psz=0 }
             { setbp psz=3 }
             { addd,0 0, 6, %dr4 ? %pred2 }",
        )
        .tagged(),
        halts(
            "32-bit results keep the upper half without dbl and clear it with dbl",
            "{ subd,0 0, 1, %dr4 ; subd,1 0, 1, %dr5 ; subd,2 0, 1, %dg18 }
             { setwd wsz=16, nfx=0, dbl=0 ; adds,0 0, 1, %r4 }
             { adds,0 0, 2, %r5 ; adds,1 0, 3, %g18 }
             { addd,0 %dr4, 0, %dr6 ; addd,1 %dr5, 0, %dr7 ; addd,2 %dg18, 0, %dg19 }
             { subd,0 0, 1, %dr4 ; subd,1 0, 1, %dr5 ; subd,2 0, 1, %dg18 }
             { setwd wsz=16, nfx=0, dbl=1 ; adds,0 0, 1, %r4 }
             { adds,0 0, 2, %r5 ; adds,1 0, 3, %g18 }",
        )
        .versions(3..=6)
        .finds(&[
            ("r6", 0xffff_ffff_0000_0001),
            ("r7", 0xffff_ffff_0000_0002),
            ("g19", 0xffff_ffff_0000_0003),
            ("r4", 1),
            ("r5", 2),
            ("g18", 3),
        ]),
    ]
}

fn bounds() -> Vec<Row> {
    vec![
        fails(
            "a source beside setwd is looked for in the old window",
            WindowBounds,
            "{ setwd wsz=4, nfx=1 }\n{ setwd wsz=10, nfx=1 ; addd,0 %dr19, 0, %empty }",
        ),
        fails(
            "a rotating register behind the end of the area is outside",
            WindowBounds,
            "{ addd,0 %db[8], 0, %empty }",
        ),
        fails(
            "a source beside setbn is looked for in the old area",
            WindowBounds,
            "{ setbn rsz=3, rbs=4, rcur=0 }
             { setbn rsz=7, rbs=8, rcur=0 ; addd,0 %db[8], 0, %empty }",
        ),
        halts(
            "the base turns behind a bundle, as its transfer was taken or not",
            "{ addd,0 0, 0, %db[0] ; addd,1 0, 0, %db[1] ; addd,2 0, 0, %db[2] ; addd,3 0, 0, %db[3] }
             { addd,0 0, 0, %db[4] ; addd,1 0, 0, %db[5] ; addd,2 0, 0, %db[6] ; addd,3 0, 0, %db[7] }
             { addd,0 0, 11, %db[0] ; abn abnf=1, abnt=0 }
             { addd,0 0, 12, %db[0] ; abn abnf=0, abnt=1 ; ibranch behind }
             behind:
             { addd,0 0, 13, %db[0] ; abn abnf=0, abnt=1 }
             { addd,0 0, 14, %db[0] ; abn abnf=1, abnt=0 }",
        )
        .finds(&[
            ("r24", 11),
            ("r26", 0),
            ("r28", 14),
            ("r30", 12),
            ("b0", 0),
            ("b2", 14),
            ("b4", 12),
            ("b6", 11),
        ]),
        halts(
            "what is written by its window name is read by its rotating name",
            "{ ldd,0 [ 0 + word ], %empty ; addd,1 0, 0, %dr24 ; addd,2 0, 0, %dr25 }
             { ldd,0 [ 0 + word ], %dr24 ; ldd,2 [ 0 + word + 8 ], %dr25 }
             { addd,0 %db[0], 0, %dr4 ; addd,2 %db[1], 0, %dr5 }",
        )
        .with(WORDS)
        .finds(&[("r4", 0xfeed), ("r5", 0xface)]),
        halts(
            "and the other way round",
            "{ ldd,0 [ 0 + word ], %empty ; addd,1 0, 0, %db[0] ; addd,2 0, 0, %db[1] }
             { ldd,0 [ 0 + word ], %db[0] ; ldd,2 [ 0 + word + 8 ], %db[1] }
             { addd,0 %dr24, 0, %dr4 ; addd,2 %dr25, 0, %dr5 }",
        )
        .with(WORDS)
        .finds(&[("r4", 0xfeed), ("r5", 0xface)]),
    ]
}

const WORDS: &str = "word: .dword 0xfeed, 0xface";
