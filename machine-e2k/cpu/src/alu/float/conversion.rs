//! Which conversion is which function.

use elnic_isa::Op;

use super::lanes::{lane, lanes};
use super::number::{DOUBLE, EXTENDED, Environment, Format, Rounding, SINGLE};
use super::{Float, convert};

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

macro_rules! to_integers {
    ($from:expr, $count:expr, $bits:expr) => {
        |env, _, b, _| to_integers(env, ($from, $count, $bits), env.rounding, b)
    };
    ($from:expr, $count:expr, $bits:expr; truncating) => {
        |env, _, b, _| to_integers(env, ($from, $count, $bits), Rounding::Zero, b)
    };
}

/// Conversions of the scalar and packed unit.
pub(super) fn operation(op: Op) -> Option<Float> {
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

/// Conversions of the 80-bit unit.
pub(super) fn extended(op: Op) -> Option<Float> {
    let function: Float = match op {
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
        _ => return None,
    };
    Some(function)
}
