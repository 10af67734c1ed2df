//! Integer arithmetic, comparisons and state registers.

use crate::row::{Row, fails, halts};
use elnic_cpu::ExceptionKind::IllegalOpcode;

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![binary(), reversed(), fields(), insertion(), extension(), comparisons()];
    rows.extend(registers());
    rows
}

/// A program that computes each `(operation, first, second, result)` and ends in a trap at the first that is not as expected.
fn table(cases: &[(&str, u64, u64, u64)], wide: bool) -> String {
    let mut text = String::new();
    let compare = if wide { "cmpedb" } else { "cmpesb" };
    let (register, mask) = if wide { ("%dr", u64::MAX) } else { ("%r", 0xffff_ffff) };
    for (operation, first, second, result) in cases {
        text += &format!(
            "{{ addd,0 0, {first:#x}, %dr4 ; addd,1 0, {second:#x}, %dr5 }}
             {{ {operation},0 {register}4, {register}5, {register}6 ; addd,1 0, {:#x}, %dr7 }}
             {{ {compare},0 {register}6, {register}7, %pred1 }}
             {{ nop 2 }}
             {{ addd,0 %dr8, 1, %dr8 ? %pred1 }}\n",
            result & mask
        );
    }
    text
}

fn checked(name: &str, cases: &[(&str, u64, u64, u64)], wide: bool) -> Row {
    let text = format!("{{ addd,0 0, 0, %dr8 }}\n{}", table(cases, wide));
    halts(name, text).finds_count(cases.len())
}

fn binary() -> Row {
    let (a, b) = (0xc3a5_0f1e_8000_0001_u64, 0x5);
    let (x, y) = (0x8000_0001_u64, 0x5_u64);
    let narrow: [(&str, u64, u64, u64); 12] = [
        ("ands", x, y, x & y),
        ("ors", x, y, x | y),
        ("xors", x, y, x ^ y),
        ("andns", x, y, x & !y),
        ("orns", x, y, x | !y),
        ("xorns", x, y, !x ^ y),
        ("adds", x, 0xffff_ffff, 0x8000_0000),
        ("subs", 0, 1, 0xffff_ffff),
        ("shls", x, 33, 2),
        ("sars", x, 36, 0xf800_0000),
        ("scls", x, 4, 0x18),
        ("scrs", x, 31, 3),
    ];
    let wide: [(&str, u64, u64, u64); 14] = [
        ("andd", a, b, a & b),
        ("ord", a, b, a | b),
        ("xord", a, b, a ^ b),
        ("andnd", a, b, a & !b),
        ("ornd", a, b, a | !b),
        ("xornd", a, b, !a ^ b),
        ("addd", a, u64::MAX, a - 1),
        ("subd", 0, 1, u64::MAX),
        ("shld", a, 65, a << 1),
        ("shrd", a, 68, a >> 4),
        ("sard", a, 64 + 60, 0xffff_ffff_ffff_fffc),
        ("scld", a, 4, a.rotate_left(4)),
        ("scrd", a, 127, a.rotate_right(63)),
        ("muld", a, 3, a.wrapping_mul(3)),
    ];
    let text = format!("{{ addd,0 0, 0, %dr8 }}\n{}{}", table(&narrow, false), table(&wide, true));
    halts("logic, shifts by more than the width, sums and products", text)
        .finds_count(narrow.len() + wide.len())
}

fn reversed() -> Row {
    let text = "{ addd,0 0, 0, %dr4 ; addd,1 0, 0, %dr5 ; addd,2 0, 0, %dr6 ; addd,3 0, 0, %dr7 }
         { bitrevs,0 0x80000001, %r4 ; bitrevs,1 0x0000ffff, %r5 }
         { bitrevs,3 0x40302010, %r6 ; bitrevs,4 0x00000002, %r7 }
         { bitrevd,0 0x1, %dr10 ; bitrevd,1 0xf0, %dr11 }
         { bitrevd,3 0x8000000000000001, %dr12 ; bitrevd,4 0x123456789abcdef0, %dr13 }";
    halts("bits are reversed on channels 0, 1, 3 and 4", text).finds(&[
        ("r4", 0x8000_0001),
        ("r5", 0xffff_0000),
        ("r6", 0x4030_2010_u32.reverse_bits().into()),
        ("r7", 0x4000_0000),
        ("r10", 1 << 63),
        ("r11", 0x0f << 56),
        ("r12", 1 << 63 | 1),
        ("r13", 0x1234_5678_9abc_def0_u64.reverse_bits()),
    ])
}

/// The selector of `getfd`: offset, length, whether the sign is taken, and the byte whose top it is before version 5.
const fn field(offset: u64, length: u64, signed: bool, byte: u64) -> u64 {
    offset | length << 6 | (signed as u64) << 12 | byte << 13
}

fn fields() -> Row {
    let value = 0x0123_4567_89ab_cdef_u64;
    let cases: Vec<(&str, u64, u64, u64)> = vec![
        ("getfd", value, field(0, 0, false, 0), 0),
        ("getfd", value, field(4, 8, false, 0), 0xde),
        ("getfd", value, field(36, 12, false, 0), 0x456),
        ("getfd", value, field(56, 8, false, 0), 1),
        ("getfd", value, field(0, 8, true, 0), 0xffff_ffff_ffff_ffef),
        ("getfd", value, field(8, 8, true, 1), 0xffff_ffff_ffff_ffcd),
        ("getfd", value, field(24, 8, true, 3), 0xffff_ffff_ffff_ff89),
        ("getfd", value, field(32, 16, true, 5), 0x4567),
    ];
    let mut text = format!("{{ addd,0 0, 0, %dr8 }}\n{}", table(&cases, true));
    // The sign of a field whose top is not at the end of the byte that is named.
    let odd = |result| table(&[("getfd", 0x80_8080, field(0, 32, true, 1), result)], true);
    text +=
        &format!("#if ISA >= 5\n{}#else\n{}#endif\n", odd(0x80_8080), odd(0xffff_ffff_0080_8080));
    halts("fields of a word, with the sign that the version takes", text)
        .finds_count(cases.len() + 1)
}

fn insertion() -> Row {
    // insfd a, selector, b: a is rotated so that its low bits stand at the field, b beside.
    let text = "{ addd,0 0, 0x1111111122222222, %dr4 ; addd,1 0, 0x3333333344444444, %dr5 }
         { insfd,0 %dr4, (16 << 6) | 0, %dr5, %dr10 ; insfd,1 %dr4, (32 << 6) | 0, %dr5, %dr11 }
         { insfd,3 %dr4, (32 << 6) | 8, %dr5, %dr12 ; insfd,4 %dr4, (64 << 6) | 0, %dr5, %dr13 }";
    halts("a field is put into a word and the word turned", text).finds(&[
        ("r10", 0x1111_1111_2222_4444),
        ("r11", 0x1111_1111_4444_4444),
        ("r12", 0x2211_1111_4444_4444),
    ])
}

fn extension() -> Row {
    let value = 0xfedc_ba98_8765_8493_u64;
    let cases = [
        ("sxt", 0, value, 0xffff_ffff_ffff_ff93),
        ("sxt", 1, value, 0xffff_ffff_ffff_8493),
        ("sxt", 2, value, 0xffff_ffff_8765_8493),
        ("sxt", 3, value, 0xffff_ffff_8765_8493),
        ("sxt", 4, value, 0x93),
        ("sxt", 5, value, 0x8493),
        ("sxt", 6, value, 0x8765_8493),
        ("sxt", 7, value, 0x8765_8493),
        ("sxt", 0, 0x7fff_7f7f, 0x7f),
        ("sxt", 1, 0x7fff_7f7f, 0x7f7f),
    ];
    checked("values of 8, 16 and 32 bits are extended with and without sign", &cases, true)
}

/// Every relation between values at the edges, against Rust's own.
fn comparisons() -> Row {
    let edges = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, i64::MAX as u64, 1 << 63, u64::MAX];
    type Relation = fn(u64, u64) -> bool;
    let relations: [(&str, Relation); 8] = [
        ("cmpodb", |a, b| (a as i64).checked_sub(b as i64).is_none()),
        ("cmpbdb", |a, b| a < b),
        ("cmpedb", |a, b| a == b),
        ("cmpbedb", |a, b| a <= b),
        ("cmpsdb", |a, b| (a.wrapping_sub(b) as i64) < 0),
        ("cmppdb", |a, b| (a.wrapping_sub(b) as u8).count_ones().is_multiple_of(2)),
        ("cmpldb", |a, b| (a as i64) < b as i64),
        ("cmpledb", |a, b| a as i64 <= b as i64),
    ];
    let mut text = "{ addd,0 0, 0, %dr8 }\n".to_owned();
    let mut count = 0;
    for (operation, relation) in relations {
        for a in edges {
            for b in edges {
                let sense = if relation(a, b) { "" } else { "~" };
                text += &format!(
                    "{{ addd,0 0, {a:#x}, %dr4 ; addd,1 0, {b:#x}, %dr5 }}
                     {{ {operation},0 %dr4, %dr5, %pred1 }}
                     {{ nop 2 }}
                     {{ addd,0 %dr8, 1, %dr8 ? {sense}%pred1 }}\n"
                );
                count += 1;
            }
        }
    }
    halts("relations between 64-bit values at the edges", text).finds_count(count)
}

fn registers() -> Vec<Row> {
    vec![
        halts(
            "of two writes of a state register the second stays",
            "rwd 7, %lsr\nrwd 3, %lsr\n{ rrd,0 %lsr, %dr4 }",
        )
        .finds(&[("r4", 3)]),
        halts(
            "a counter goes on from what was written",
            "rwd 12, %lsr\nrwd 6, %lsr\n{ alc alcf=1, alct=1 }\n{ rrd,0 %lsr, %dr4 ; andd,1 0, 0, %dr5 }
             { getfd,0 %dr4, 32 << 6, %dr4 }",
        )
        .finds(&[("r4", 5)]),
        halts(
            "transfer registers are written by movtd and movtcd",
            "{ movtd,0 0, %ctpr2 }\n{ nop 4 }\n{ movtcd,0 0, %ctpr2 }",
        ),
        // The assembler refuses it: addd,0 0, 0, %ctpr1.
        fails(
            "and by no arithmetic",
            IllegalOpcode,
            ".word 0x04000001, 0x11c0c0d1",
        ),
    ]
}
