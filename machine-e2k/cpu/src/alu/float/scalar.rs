//! Arithmetic of 32 and 64 bits, scalar and packed; a scalar operation is a packed one with a single lane.

use elnic_isa::Op;

use super::lanes::{alternating, each, lane, lanes, pairs, width};
use super::number::{DOUBLE, Environment, Format, SINGLE};
use super::{Float, arithmetic, relation};

/// Operations of this class.
pub(super) fn operation(op: Op) -> Option<Float> {
    arithmetic_of(op).or_else(|| masks(op)).or_else(|| fused(op))
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

macro_rules! packed_lanes {
    ($f:expr; $format:expr, $count:expr) => {
        |env, a, b, _| each(env, $format, $count, $f, a, b)
    };
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
