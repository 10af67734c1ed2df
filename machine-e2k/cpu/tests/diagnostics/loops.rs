//! The loop status: how often a loop runs, what its stores do, when a written status counts.

use crate::row::{Row, halts};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        iterations(
            "a loop whose counter goes on beside its transfer runs so often",
            "{ addd,0 COUNT, 1, COUNT ; alc alcf=1, alct=1 ; ct %ctpr1 ? #NOT_LOOP_END }",
            [1, 1, 2, 3, 8, 2, 10, 9],
        ),
        iterations(
            "a loop whose counter goes on before its transfer runs once less",
            "{ addd,0 COUNT, 1, COUNT }\n{ alc alcf=1, alct=1 }\n{ ct %ctpr1 ? #NOT_LOOP_END }",
            [1, 1, 1, 2, 7, 1, 9, 8],
        ),
        halts(
            "alc counts the prologue down and not the epilogue before its time, taken or not",
            "rwd 5 << 48 | 3 << 32, %lsr
             { alc alcf=1, alct=0 }
             { alc alcf=1, alct=0 ; ibranch on }
             on: { alc alcf=0, alct=1 ; ibranch further }
             further:
             { rrd,0 %lsr, %dr4 }
             { getfd,0 %dr4, 32 | 5 << 6, %dr5 ; getfd,1 %dr4, 48 | 5 << 6, %dr6 }",
        )
        .finds(&[("r5", 3), ("r6", 3)]),
        written("a status written three cycles before the transfer counts", 2),
        written("a status written four cycles before the transfer counts", 3),
        suppressed(),
        pipelined(),
    ]
}

/// Counts the turns of a loop with `body` for eight states: prologue, counter, epilogue.
fn iterations(name: &str, body: &str, turns: [u64; 8]) -> Row {
    let states =
        [(0, 0, 0), (0, 1, 0), (0, 2, 0), (0, 3, 0), (4, 8, 0), (8, 2, 0), (4, 8, 2), (4, 0, 8)];
    let mut text = String::new();
    for (number, (prologue, counter, epilogue)) in (0..).zip(states) {
        text += &format!(
            "rwd {prologue} << 48 | 1 << 37 | {epilogue} << 32 | {counter}, %lsr
             {{ addd,0 0, 0, %dr{register} ; disp %ctpr1, again{number} }}
             {{ nop 4 }}
             again{number}: {}\n",
            body.replace("COUNT", &format!("%dr{}", number + 4)),
            register = number + 4
        );
    }
    let names = ["r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"];
    let finds: Vec<(&'static str, u64)> = names.into_iter().zip(turns).collect();
    halts(name, text).finds(&finds)
}

/// A loop of two turns, because a status of two was written after one of one.
fn written(name: &str, idle: u8) -> Row {
    halts(
        name,
        format!(
            "{{ disp %ctpr1, again ; addd,1 0, 0, %dr5 }}
             {{ nop 3 ; rwd,0 1 << 37 | 1, %lsr ; addd,1 0, 0, %dr4 }}
             {{ nop {idle} ; rwd,0 1 << 37 | 2, %lsr ; addd,1 0, 0, %dr4 }}
             again: {{ addd,0 %dr4, 1, %dr4 ; alc alcf=1, alct=1 ; ct %ctpr1 ? #NOT_LOOP_END }}"
        ),
    )
    .finds(&[("r4", 2)])
}

/// Two stores of one byte in `loop_mode`, 0x11 and 0x22 over 0xff, for states (status valid, prologue, counter, epilogue, remainder).
fn suppressed() -> Row {
    let states: [(u64, u64, u64, u64, u64, u8); 12] = [
        (0, 0, 0, 0, 0, 0x22),
        (0, 0, 0, 0, 1, 0x22),
        (0, 1, 0, 0, 0, 0xff),
        (1, 0, 0, 0, 0, 0xff),
        (1, 0, 0, 0, 1, 0x11),
        (1, 0, 0, 0, 2, 0x22),
        (1, 0, 1, 0, 0, 0xff),
        (1, 0, 1, 0, 1, 0x11),
        (1, 0, 2, 0, 0, 0x22),
        (1, 0, 0, 1, 0, 0x22),
        (1, 1, 0, 0, 1, 0xff),
        (1, 1, 2, 1, 1, 0xff),
    ];
    let mut text =
        "{ addd,0 0, out, %dr4 ; addd,1 0, 0x11, %dr5 ; addd,3 0, 0x22, %dr6 }\n".to_owned();
    let mut bytes = [0xff_u8; 16];
    for (number, (valid, prologue, counter, epilogue, remainder, expected)) in
        states.into_iter().enumerate()
    {
        text += &format!(
            "rwd {remainder} << 53 | {prologue} << 48 | {valid} << 37 | {epilogue} << 32 | {counter}, %lsr
             {{ loop_mode ; stb,2 %dr5, [ %dr4 + {number} ] ; stb,5 %dr6, [ %dr4 + {number} ] }}\n"
        );
        bytes[number] = expected;
    }
    let word = |at: usize| {
        let bytes: [u8; 8] = bytes[at..at + 8].try_into().expect("eight bytes");
        u64::from_le_bytes(bytes)
    };
    halts(
        "stores in a loop are left out in the prologue, and at the end but for the remainder",
        text,
    )
    .with("out: .dword -1, -1")
    .finds(&[("out", word(0)), ("out+8", word(8))])
}

/// Three stages: an index, a load, a store of twice what was loaded.
fn pipelined() -> Row {
    halts(
        "a pipelined loop stores nothing before its last stage is reached, and all it should",
        "{ setwd wsz=20, nfx=1 ; setbn rsz=7, rbs=12, rcur=0 ; disp %ctpr1, again }
         rwd 2 << 53 | 2 << 48 | 1 << 37 | 2 << 32 | 4, %lsr
         { addd,0 0, 0, %db[0] ; addd,1 0, 0, %db[1] ; addd,2 0, 0, %db[2] ; addd,3 0, 0, %db[3] ; addd,4 0, 0, %db[4] ; addd,5 0, 0, %db[5] }
         { addd,0 0, in, %dr4 ; addd,1 0, out, %dr5 ; addd,3 0, 0, %db[6] }
         { nop 4 }
         again:
         { loop_mode ; alc alcf=1, alct=1 ; abn abnf=0, abnt=1
           addd,1 %db[0], 8, %db[14] ; ldd,0,sm [ %dr4 + %db[0] ], %db[1]
           std,2 %db[5], [ %dr5 + %db[4] ]
           ct %ctpr1 ? #NOT_LOOP_END }",
    )
    .with("in: .dword 3, 5, 7, 11, 13, 17\nout: .dword 0, 0, 0, 0, 0, 0")
    .finds(&[("out", 3), ("out+8", 5), ("out+16", 7), ("out+24", 11), ("out+32", 0)])
}
