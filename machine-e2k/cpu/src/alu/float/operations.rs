//! Which operation is which function.
//!
//! A scalar operation is a packed one with a single lane. Three tables are computed from the encoding as e2k-isa.md §2.5 describes it:
//! the two-in-one operations (FCMB, PFCMB, QPFCMB).

use elnic_isa::{Kind, Op, Operation};

use super::number::{DOUBLE, EXTENDED, Environment, Format, Rounding, SINGLE};
use super::{arithmetic, convert, relation};

/// Up to three sources of up to 128 bits.
pub(crate) type Float = fn(&mut Environment, u128, u128, u128) -> u128;
/// Two sources, a truth value.
pub(crate) type FloatRelation = fn(&mut Environment, u128, u128) -> bool;

/// Whose control register counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// `%pfpfr`.
    Packed,
    /// `%fpcr` and `%fpsr`.
    X87,
}

/// An operation of two operands in one format.
type Lane = fn(&mut Environment, Format, u128, u128) -> u128;

const fn width(format: Format) -> u32 {
    format.width()
}

fn lane(value: u128, format: Format, number: u32) -> u128 {
    value >> (number * width(format)) & (u128::MAX >> (128 - width(format)))
}

/// `f` over `COUNT` lanes.
fn lanes(
    env: &mut Environment,
    format: Format,
    count: u32,
    mut f: impl FnMut(&mut Environment, u32) -> u128,
) -> u128 {
    (0..count).fold(0, |result, number| result | f(env, number) << (number * width(format)))
}

fn each(env: &mut Environment, format: Format, count: u32, f: Lane, a: u128, b: u128) -> u128 {
    lanes(env, format, count, |env, n| f(env, format, lane(a, format, n), lane(b, format, n)))
}

/// Pairs of neighbouring lanes of `a`, then of `b`.
fn pairs(env: &mut Environment, format: Format, count: u32, f: Lane, a: u128, b: u128) -> u128 {
    lanes(env, format, count, |env, n| {
        let (source, first) = if n < count / 2 { (a, 2 * n) } else { (b, 2 * n - count) };
        f(env, format, lane(source, format, first), lane(source, format, first + 1))
    })
}

/// Odd lanes by `odd`, even ones by `even`.
fn alternating(
    env: &mut Environment,
    format: Format,
    count: u32,
    even: Lane,
    odd: Lane,
    (a, b): (u128, u128),
) -> u128 {
    lanes(env, format, count, |env, n| {
        let f = if n & 1 == 0 { even } else { odd };
        f(env, format, lane(a, format, n), lane(b, format, n))
    })
}

fn rsub(env: &mut Environment, format: Format, a: u128, b: u128) -> u128 {
    arithmetic::sub(env, format, b, a)
}

/// All ones where the relation `CODE` holds.
fn mask<const CODE: u8>(env: &mut Environment, format: Format, a: u128, b: u128) -> u128 {
    if relation::holds(env, format, a, b, CODE) { u128::MAX >> (128 - width(format)) } else { 0 }
}

/// `a·b + c`; the parameters negate the product, and the sum's third operand in even and odd lanes.
fn fused_lanes<const PRODUCT: bool, const EVEN: bool, const ODD: bool>(
    env: &mut Environment,
    format: Format,
    count: u32,
    [a, b, c]: [u128; 3],
) -> u128 {
    let negated =
        |value: u128, negate: bool| if negate { value ^ format.sign_bit() } else { value };
    lanes(env, format, count, |env, n| {
        let third = if n & 1 == 0 { EVEN } else { ODD };
        arithmetic::fused(
            env,
            format,
            negated(lane(a, format, n), PRODUCT),
            lane(b, format, n),
            negated(lane(c, format, n), third),
        )
    })
}

fn to_integers(
    env: &mut Environment,
    (from, count, bits): (Format, u32, u32),
    rounding: Rounding,
    b: u128,
) -> u128 {
    (0..count).fold(0, |result, n| {
        let value = convert::to_integer(env, from, lane(b, from, n), bits, rounding);
        result | value << (n * bits)
    })
}

fn from_integers(env: &mut Environment, (to, count, bits): (Format, u32, u32), b: u128) -> u128 {
    lanes(env, to, count, |env, n| {
        convert::from_integer(env, to, b >> (n * bits) & (u128::MAX >> (128 - bits)), bits)
    })
}

fn converted(env: &mut Environment, from: Format, to: Format, count: u32, b: u128) -> u128 {
    lanes(env, to, count, |env, n| convert::convert(env, from, to, lane(b, from, n)))
}

/// An 80-bit operation: `b` is widened, the result rounded to `to`.
fn x87(env: &mut Environment, f: Lane, (b_format, to): (Format, Format), a: u128, b: u128) -> u128 {
    let b = convert::convert(env, b_format, EXTENDED, lane(b, b_format, 0));
    let result = f(env, EXTENDED, lane(a, EXTENDED, 0), b);
    if to == EXTENDED { result } else { convert::convert(env, EXTENDED, to, result) }
}

/// A test operation: the lanes and the format follow from the kinds.
fn shape(operation: &Operation) -> Option<(Format, u32)> {
    let single = operation.mnemonic.ends_with('s');
    let format = if single { SINGLE } else { DOUBLE };
    let count = match (operation.mnemonic.as_bytes().first()?, operation.dst, single) {
        (b'f', ..) => 1,
        (b'p', Kind::Double, true) => 2,
        (b'p', ..) => 1,
        (b'q', _, true) => 4,
        _ => 2,
    };
    Some((format, count))
}

/// What a stage of a two-in-one operation does in a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Add,
    Sub,
    Rsub,
    Mul,
    Hadd,
    Hsub,
    Addsub,
}

/// Both stages of a two-in-one operation and their shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stages {
    first: Step,
    second: Step,
    format: Format,
    count: u32,
}

impl Stages {
    /// `second(c, first(a, b))`.
    pub(crate) fn compute(self, env: &mut Environment, a: u128, b: u128, c: u128) -> u128 {
        let value = self.step(env, self.first, a, b);
        self.step(env, self.second, c, value)
    }

    fn step(self, env: &mut Environment, step: Step, a: u128, b: u128) -> u128 {
        let (format, count) = (self.format, self.count);
        match step {
            Step::Add => each(env, format, count, arithmetic::add, a, b),
            Step::Sub => each(env, format, count, arithmetic::sub, a, b),
            Step::Rsub => each(env, format, count, rsub, a, b),
            Step::Mul => each(env, format, count, arithmetic::mul, a, b),
            Step::Hadd => pairs(env, format, count, arithmetic::add, a, b),
            Step::Hsub => pairs(env, format, count, arithmetic::sub, a, b),
            Step::Addsub => {
                alternating(env, format, count, arithmetic::sub, arithmetic::add, (a, b))
            }
        }
    }
}

/// The stages of `operation`, if it is a two-in-one operation.
pub(crate) fn stages(operation: &Operation) -> Option<Stages> {
    let second = match (operation.extension?, operation.opcode >> 5) {
        (0x0c | 0x0e | 0x16, 0) => Step::Add,
        (0x0c | 0x0e | 0x16, 1) => Step::Sub,
        (0x0e | 0x16, 2) => Step::Hadd,
        (0x0e | 0x16, 3) => Step::Hsub,
        (0x0d | 0x0f | 0x17, 1) => Step::Rsub,
        (0x0f | 0x17, 3) => Step::Addsub,
        (0x0d | 0x0f, 0) => Step::Mul,
        _ => return None,
    };
    let first = match operation.opcode >> 1 & 0xf {
        0 => Step::Add,
        1 => Step::Sub,
        2 => Step::Hadd,
        3 => Step::Hsub,
        4 => Step::Mul,
        7 => Step::Addsub,
        _ => return None,
    };
    let (format, count) = shape(operation)?;
    Some(Stages { first, second, format, count })
}

macro_rules! packed_lanes {
    ($f:expr; $format:expr, $count:expr) => {
        |env, a, b, _| each(env, $format, $count, $f, a, b)
    };
}

/// Operations of this class and whose control they obey.
pub(crate) fn operation(op: Op) -> Option<(Float, Unit)> {
    arithmetic_of(op)
        .or_else(|| masks(op))
        .or_else(|| fused(op))
        .or_else(|| conversion(op))
        .map(|function| (function, Unit::Packed))
        .or_else(|| extended(op).map(|function| (function, Unit::X87)))
}

fn arithmetic_of(op: Op) -> Option<Float> {
    use arithmetic::{add, div, mul, sqrt, sub};
    use relation::{max, min};
    let function: Float = match op {
        Op::Fadds => packed_lanes!(add; SINGLE, 1),
        Op::Faddd | Op::Pfaddd => packed_lanes!(add; DOUBLE, 1),
        Op::Pfadds => packed_lanes!(add; SINGLE, 2),
        Op::Qpfadds => packed_lanes!(add; SINGLE, 4),
        Op::Qpfaddd => packed_lanes!(add; DOUBLE, 2),
        Op::Fsubs => packed_lanes!(sub; SINGLE, 1),
        Op::Fsubd | Op::Pfsubd => packed_lanes!(sub; DOUBLE, 1),
        Op::Pfsubs => packed_lanes!(sub; SINGLE, 2),
        Op::Qpfsubs => packed_lanes!(sub; SINGLE, 4),
        Op::Qpfsubd => packed_lanes!(sub; DOUBLE, 2),
        Op::Fmuls => packed_lanes!(mul; SINGLE, 1),
        Op::Fmuld | Op::Pfmuld => packed_lanes!(mul; DOUBLE, 1),
        Op::Pfmuls => packed_lanes!(mul; SINGLE, 2),
        Op::Qpfmuls => packed_lanes!(mul; SINGLE, 4),
        Op::Qpfmuld => packed_lanes!(mul; DOUBLE, 2),
        Op::Fmins => packed_lanes!(min; SINGLE, 1),
        Op::Fmind | Op::Pfmind => packed_lanes!(min; DOUBLE, 1),
        Op::Pfmins => packed_lanes!(min; SINGLE, 2),
        Op::Qpfmins => packed_lanes!(min; SINGLE, 4),
        Op::Qpfmind => packed_lanes!(min; DOUBLE, 2),
        Op::Fmaxs => packed_lanes!(max; SINGLE, 1),
        Op::Fmaxd | Op::Pfmaxd => packed_lanes!(max; DOUBLE, 1),
        Op::Pfmaxs => packed_lanes!(max; SINGLE, 2),
        Op::Qpfmaxs => packed_lanes!(max; SINGLE, 4),
        Op::Qpfmaxd => packed_lanes!(max; DOUBLE, 2),
        Op::Fdivs | Op::Pfdivs => packed_lanes!(div; SINGLE, 1),
        Op::Fdivd | Op::Pfdivd => packed_lanes!(div; DOUBLE, 1),
        Op::Fsqrts | Op::Pfsqrts => |env, _, b, _| sqrt(env, SINGLE, lane(b, SINGLE, 0)),
        // The first step hands its operand on, the second does the work.
        Op::Fsqrtid => |_, _, b, _| b,
        Op::Fsqrttd | Op::Pfsqrttd => |env, a, _, _| sqrt(env, DOUBLE, lane(a, DOUBLE, 0)),
        Op::Frcps => |env, _, b, _| div(env, SINGLE, ONE_SINGLE, lane(b, SINGLE, 0)),
        Op::Frsqrts => |env, _, b, _| {
            let root = sqrt(env, SINGLE, lane(b, SINGLE, 0));
            div(env, SINGLE, ONE_SINGLE, root)
        },
        Op::Pfhadds => |env, a, b, _| pairs(env, SINGLE, 2, add, a, b),
        Op::Qpfhadds => |env, a, b, _| pairs(env, SINGLE, 4, add, a, b),
        Op::Pfhsubs => |env, a, b, _| pairs(env, SINGLE, 2, sub, a, b),
        Op::Qpfhsubs => |env, a, b, _| pairs(env, SINGLE, 4, sub, a, b),
        Op::Pfaddsubs => |env, a, b, _| alternating(env, SINGLE, 2, sub, add, (a, b)),
        Op::Qpfaddsubs => |env, a, b, _| alternating(env, SINGLE, 4, sub, add, (a, b)),
        Op::Qpfaddsubd => |env, a, b, _| alternating(env, DOUBLE, 2, sub, add, (a, b)),
        Op::Fscales => {
            |env, a, b, _| arithmetic::scale(env, SINGLE, lane(a, SINGLE, 0), b as u32 as i32)
        }
        Op::Fscaled => {
            |env, a, b, _| arithmetic::scale(env, DOUBLE, lane(a, DOUBLE, 0), b as u32 as i32)
        }
        _ => return None,
    };
    Some(function)
}

const ONE_SINGLE: u128 = 0x3f80_0000;

macro_rules! relations {
    ($op:expr; $($code:literal: $fs:ident $fd:ident $ps:ident $pd:ident $qs:ident $qd:ident;)*) => {
        match $op {
            $(
                Op::$fs => packed_lanes!(mask::<$code>; SINGLE, 1),
                Op::$fd | Op::$pd => packed_lanes!(mask::<$code>; DOUBLE, 1),
                Op::$ps => packed_lanes!(mask::<$code>; SINGLE, 2),
                Op::$qs => packed_lanes!(mask::<$code>; SINGLE, 4),
                Op::$qd => packed_lanes!(mask::<$code>; DOUBLE, 2),
            )*
            Op::Fcmpodsf => |env, a, b, _| {
                relation::flags(env, SINGLE, lane(a, SINGLE, 0), lane(b, SINGLE, 0), false)
            },
            Op::Fcmpudsf => |env, a, b, _| {
                relation::flags(env, SINGLE, lane(a, SINGLE, 0), lane(b, SINGLE, 0), true)
            },
            Op::Fcmpoddf => |env, a, b, _| {
                relation::flags(env, DOUBLE, lane(a, DOUBLE, 0), lane(b, DOUBLE, 0), false)
            },
            Op::Fcmpuddf => |env, a, b, _| {
                relation::flags(env, DOUBLE, lane(a, DOUBLE, 0), lane(b, DOUBLE, 0), true)
            },
            _ => return None,
        }
    };
}

fn masks(op: Op) -> Option<Float> {
    let function: Float = relations! { op;
        0: Fcmpeqs Fcmpeqd Pfcmpeqs Pfcmpeqd Qpfcmpeqs Qpfcmpeqd;
        1: Fcmplts Fcmpltd Pfcmplts Pfcmpltd Qpfcmplts Qpfcmpltd;
        2: Fcmples Fcmpled Pfcmples Pfcmpled Qpfcmples Qpfcmpled;
        3: Fcmpuods Fcmpuodd Pfcmpuods Pfcmpuodd Qpfcmpuods Qpfcmpuodd;
        4: Fcmpneqs Fcmpneqd Pfcmpneqs Pfcmpneqd Qpfcmpneqs Qpfcmpneqd;
        5: Fcmpnlts Fcmpnltd Pfcmpnlts Pfcmpnltd Qpfcmpnlts Qpfcmpnltd;
        6: Fcmpnles Fcmpnled Pfcmpnles Pfcmpnled Qpfcmpnles Qpfcmpnled;
        7: Fcmpods Fcmpodd Pfcmpods Pfcmpodd Qpfcmpods Qpfcmpodd;
    };
    Some(function)
}

macro_rules! fused_lanes {
    ($product:literal $even:literal $odd:literal; $format:expr, $count:expr) => {
        |env, a, b, c| fused_lanes::<$product, $even, $odd>(env, $format, $count, [a, b, c])
    };
}

fn fused(op: Op) -> Option<Float> {
    let function: Float = match op {
        Op::Fmas => fused_lanes!(false false false; SINGLE, 1),
        Op::Fmad => fused_lanes!(false false false; DOUBLE, 1),
        Op::Fmss => fused_lanes!(false true true; SINGLE, 1),
        Op::Fmsd => fused_lanes!(false true true; DOUBLE, 1),
        Op::Fnmas => fused_lanes!(true false false; SINGLE, 1),
        Op::Fnmad => fused_lanes!(true false false; DOUBLE, 1),
        Op::Fnmss => fused_lanes!(true true true; SINGLE, 1),
        Op::Fnmsd => fused_lanes!(true true true; DOUBLE, 1),
        Op::Qpfmas => fused_lanes!(false false false; SINGLE, 4),
        Op::Qpfmad => fused_lanes!(false false false; DOUBLE, 2),
        Op::Qpfmss => fused_lanes!(false true true; SINGLE, 4),
        Op::Qpfmsd => fused_lanes!(false true true; DOUBLE, 2),
        Op::Qpfnmas => fused_lanes!(true false false; SINGLE, 4),
        Op::Qpfnmad => fused_lanes!(true false false; DOUBLE, 2),
        Op::Qpfnmss => fused_lanes!(true true true; SINGLE, 4),
        Op::Qpfnmsd => fused_lanes!(true true true; DOUBLE, 2),
        Op::Qpfmass => fused_lanes!(false false true; SINGLE, 4),
        Op::Qpfmasd => fused_lanes!(false false true; DOUBLE, 2),
        Op::Qpfmsas => fused_lanes!(false true false; SINGLE, 4),
        Op::Qpfmsad => fused_lanes!(false true false; DOUBLE, 2),
        _ => return None,
    };
    Some(function)
}

macro_rules! to_integers {
    ($from:expr, $count:expr, $bits:expr) => {
        |env, _, b, _| to_integers(env, ($from, $count, $bits), env.rounding, b)
    };
    ($from:expr, $count:expr, $bits:expr; truncating) => {
        |env, _, b, _| to_integers(env, ($from, $count, $bits), Rounding::Zero, b)
    };
}

fn conversion(op: Op) -> Option<Float> {
    let function: Float = match op {
        Op::Fstois => to_integers!(SINGLE, 1, 32),
        Op::Fstoid => to_integers!(SINGLE, 1, 64),
        Op::Fdtois | Op::Pfdtois => to_integers!(DOUBLE, 1, 32),
        Op::Fdtoid => to_integers!(DOUBLE, 1, 64),
        Op::Pfstois => to_integers!(SINGLE, 2, 32),
        Op::Qpfstois => to_integers!(SINGLE, 4, 32),
        Op::Qpfstoid => to_integers!(SINGLE, 2, 64),
        Op::Qpfdtois => to_integers!(DOUBLE, 2, 32),
        Op::Qpfdtoid => to_integers!(DOUBLE, 2, 64),
        Op::Fstoistr => to_integers!(SINGLE, 1, 32; truncating),
        Op::Fstoidtr => to_integers!(SINGLE, 1, 64; truncating),
        Op::Fdtoistr | Op::Pfdtoistr => to_integers!(DOUBLE, 1, 32; truncating),
        Op::Fdtoidtr => to_integers!(DOUBLE, 1, 64; truncating),
        Op::Pfstoistr => to_integers!(SINGLE, 2, 32; truncating),
        Op::Qpfstoistr => to_integers!(SINGLE, 4, 32; truncating),
        Op::Qpfstoidtr => to_integers!(SINGLE, 2, 64; truncating),
        Op::Qpfdtoistr => to_integers!(DOUBLE, 2, 32; truncating),
        Op::Qpfdtoidtr => to_integers!(DOUBLE, 2, 64; truncating),
        Op::Istofs => |env, _, b, _| from_integers(env, (SINGLE, 1, 32), b),
        Op::Istofd => |env, _, b, _| from_integers(env, (DOUBLE, 1, 32), b),
        Op::Idtofs => |env, _, b, _| from_integers(env, (SINGLE, 1, 64), b),
        Op::Idtofd => |env, _, b, _| from_integers(env, (DOUBLE, 1, 64), b),
        Op::Pistofs => |env, _, b, _| from_integers(env, (SINGLE, 2, 32), b),
        Op::Qpistofs => |env, _, b, _| from_integers(env, (SINGLE, 4, 32), b),
        Op::Qpistofd => |env, _, b, _| from_integers(env, (DOUBLE, 2, 32), b),
        Op::Qpidtofs => |env, _, b, _| from_integers(env, (SINGLE, 2, 64), b),
        Op::Qpidtofd => |env, _, b, _| from_integers(env, (DOUBLE, 2, 64), b),
        Op::Fstofd | Op::Pfstofd => |env, _, b, _| converted(env, SINGLE, DOUBLE, 1, b),
        Op::Fdtofs | Op::Pfdtofs => |env, _, b, _| converted(env, DOUBLE, SINGLE, 1, b),
        Op::Qpfstofd => |env, _, b, _| converted(env, SINGLE, DOUBLE, 2, b),
        Op::Qpfdtofs => |env, _, b, _| converted(env, DOUBLE, SINGLE, 2, b),
        Op::Fstoifs => |env, a, b, _| integral(env, SINGLE, 1, a, b),
        Op::Fdtoifd | Op::Pfdtoifd => |env, a, b, _| integral(env, DOUBLE, 1, a, b),
        Op::Pfstoifs => |env, a, b, _| integral(env, SINGLE, 2, a, b),
        Op::Qpfstoifs => |env, a, b, _| integral(env, SINGLE, 4, a, b),
        Op::Qpfdtoifd => |env, a, b, _| integral(env, DOUBLE, 2, a, b),
        _ => return None,
    };
    Some(function)
}

fn integral(env: &mut Environment, format: Format, count: u32, control: u128, b: u128) -> u128 {
    lanes(env, format, count, |env, n| {
        convert::round_integral(env, format, control, lane(b, format, n))
    })
}

macro_rules! x87_operations {
    ($op:expr; $($f:expr => $ss:ident $dd:ident $sx:ident $dx:ident $($xx:ident $xd:ident $xs:ident)?;)*) => {
        match $op {
            $(
                Op::$ss => |env, a, b, _| x87(env, $f, (SINGLE, SINGLE), a, b),
                Op::$dd => |env, a, b, _| x87(env, $f, (DOUBLE, DOUBLE), a, b),
                Op::$sx => |env, a, b, _| x87(env, $f, (SINGLE, EXTENDED), a, b),
                Op::$dx => |env, a, b, _| x87(env, $f, (DOUBLE, EXTENDED), a, b),
                $(
                    Op::$xx => |env, a, b, _| x87(env, $f, (EXTENDED, EXTENDED), a, b),
                    Op::$xd => |env, a, b, _| x87(env, $f, (EXTENDED, DOUBLE), a, b),
                    Op::$xs => |env, a, b, _| x87(env, $f, (EXTENDED, SINGLE), a, b),
                )?
            )*
            _ => return extended_other($op),
        }
    };
}

fn extended(op: Op) -> Option<Float> {
    let function: Float = x87_operations! { op;
        arithmetic::add => Fxaddss Fxadddd Fxaddsx Fxadddx Fxaddxx Fxaddxd Fxaddxs;
        arithmetic::sub => Fxsubss Fxsubdd Fxsubsx Fxsubdx Fxsubxx Fxsubxd Fxsubxs;
        arithmetic::mul => Fxmulss Fxmuldd Fxmulsx Fxmuldx Fxmulxx Fxmulxd Fxmulxs;
        arithmetic::div => Fxdivss Fxdivdd Fxdivsx Fxdivdx Fxdivxx Fxdivxd Fxdivxs;
        rsub => Fxrsubss Fxrsubdd Fxrsubsx Fxrsubdx;
    };
    Some(function)
}

fn extended_other(op: Op) -> Option<Float> {
    fn flags_of(env: &mut Environment, b_format: Format, quiet: bool, a: u128, b: u128) -> u128 {
        let b = convert::convert(env, b_format, EXTENDED, lane(b, b_format, 0));
        relation::flags(env, EXTENDED, lane(a, EXTENDED, 0), b, quiet)
    }
    let function: Float = match op {
        Op::Fxscalesx => {
            |env, a, b, _| arithmetic::scale(env, EXTENDED, lane(a, EXTENDED, 0), b as u32 as i32)
        }
        Op::Fxtois => to_integers!(EXTENDED, 1, 32),
        Op::Fxtoid => to_integers!(EXTENDED, 1, 64),
        Op::Fxtoistr => to_integers!(EXTENDED, 1, 32; truncating),
        Op::Fxtoidtr => to_integers!(EXTENDED, 1, 64; truncating),
        Op::Istofx => |env, _, b, _| from_integers(env, (EXTENDED, 1, 32), b),
        Op::Idtofx => |env, _, b, _| from_integers(env, (EXTENDED, 1, 64), b),
        Op::Fstofx => |env, _, b, _| converted(env, SINGLE, EXTENDED, 1, b),
        Op::Fdtofx => |env, _, b, _| converted(env, DOUBLE, EXTENDED, 1, b),
        Op::Fxtofs => |env, _, b, _| converted(env, EXTENDED, SINGLE, 1, b),
        Op::Fxtofd => |env, _, b, _| converted(env, EXTENDED, DOUBLE, 1, b),
        Op::Fxcmpodsf => |env, a, b, _| flags_of(env, SINGLE, false, a, b),
        Op::Fxcmpudsf => |env, a, b, _| flags_of(env, SINGLE, true, a, b),
        Op::Fxcmpoddf => |env, a, b, _| flags_of(env, DOUBLE, false, a, b),
        Op::Fxcmpuddf => |env, a, b, _| flags_of(env, DOUBLE, true, a, b),
        Op::Fxcmpodxf => |env, a, b, _| flags_of(env, EXTENDED, false, a, b),
        Op::Fxcmpudxf => |env, a, b, _| flags_of(env, EXTENDED, true, a, b),
        // These three move bits and raise nothing.
        Op::Movx => |_, _, b, _| b,
        Op::Movxa => |_, _, b, _| b & !EXTENDED.sign_bit(),
        Op::Movxc => |_, _, b, _| b ^ EXTENDED.sign_bit(),
        Op::Movif => |_, a, b, _| a & u128::from(u64::MAX) | (b & 0xffff) << 64,
        Op::Movfi => |_, _, b, _| b >> 64 & 0xffff,
        _ => return None,
    };
    Some(function)
}

macro_rules! comparisons {
    ($op:expr; $($code:literal: $fs:ident $fd:ident $xs:ident $xd:ident $xx:ident;)*) => {
        match $op {
            $(
                Op::$fs => (|env, a, b| holds::<$code>(env, SINGLE, SINGLE, a, b), Unit::Packed),
                Op::$fd => (|env, a, b| holds::<$code>(env, DOUBLE, DOUBLE, a, b), Unit::Packed),
                Op::$xs => (|env, a, b| holds::<$code>(env, EXTENDED, SINGLE, a, b), Unit::X87),
                Op::$xd => (|env, a, b| holds::<$code>(env, EXTENDED, DOUBLE, a, b), Unit::X87),
                Op::$xx => (|env, a, b| holds::<$code>(env, EXTENDED, EXTENDED, a, b), Unit::X87),
            )*
            _ => return None,
        }
    };
}

/// `a` in one format against `b` in another, which is widened.
fn holds<const CODE: u8>(
    env: &mut Environment,
    format: Format,
    b_format: Format,
    a: u128,
    b: u128,
) -> bool {
    let b = lane(b, b_format, 0);
    let b = if format == b_format { b } else { convert::convert(env, b_format, format, b) };
    relation::holds(env, format, lane(a, format, 0), b, CODE)
}

/// Comparisons to a predicate and whose control they obey.
pub(crate) fn comparison(op: Op) -> Option<(FloatRelation, Unit)> {
    let relation: (FloatRelation, Unit) = comparisons! { op;
        0: Fcmpeqsb Fcmpeqdb Fxcmpeqsb Fxcmpeqdb Fxcmpeqxb;
        1: Fcmpltsb Fcmpltdb Fxcmpltsb Fxcmpltdb Fxcmpltxb;
        2: Fcmplesb Fcmpledb Fxcmplesb Fxcmpledb Fxcmplexb;
        3: Fcmpuodsb Fcmpuoddb Fxcmpuodsb Fxcmpuoddb Fxcmpuodxb;
        4: Fcmpneqsb Fcmpneqdb Fxcmpneqsb Fxcmpneqdb Fxcmpneqxb;
        5: Fcmpnltsb Fcmpnltdb Fxcmpnltsb Fxcmpnltdb Fxcmpnltxb;
        6: Fcmpnlesb Fcmpnledb Fxcmpnlesb Fxcmpnledb Fxcmpnlexb;
        7: Fcmpodsb Fcmpoddb Fxcmpodsb Fxcmpoddb Fxcmpodxb;
    };
    Some(relation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_those_of_their_codes() {
        let mut env =
            Environment { rounding: Rounding::Nearest, precision: 64, flush: false, flags: 0 };
        let (one, two) = (u128::from(1_f32.to_bits()), u128::from(2_f32.to_bits()));
        let mut holds =
            |op, a, b| comparison(op).is_some_and(|(relation, _)| relation(&mut env, a, b));
        for (op, expected) in [
            (Op::Fcmpeqsb, false),
            (Op::Fcmpltsb, true),
            (Op::Fcmplesb, true),
            (Op::Fcmpuodsb, false),
            (Op::Fcmpneqsb, true),
            (Op::Fcmpnltsb, false),
            (Op::Fcmpnlesb, false),
            (Op::Fcmpodsb, true),
        ] {
            assert_eq!(holds(op, one, two), expected, "{op:?}");
        }
    }
}
