//! Packed values as lanes of one format.

use super::number::{Environment, Format};

/// An operation of two operands in one format.
pub(super) type Lane = fn(&mut Environment, Format, u128, u128) -> u128;

/// Bits of a lane.
pub(super) const fn width(format: Format) -> u32 {
    format.width()
}

/// One lane of a value.
pub(super) fn lane(value: u128, format: Format, number: u32) -> u128 {
    value >> (number * width(format)) & (u128::MAX >> (128 - width(format)))
}

/// `f` over `count` lanes.
pub(super) fn lanes(
    env: &mut Environment,
    format: Format,
    count: u32,
    mut f: impl FnMut(&mut Environment, u32) -> u128,
) -> u128 {
    (0..count).fold(0, |result, number| result | f(env, number) << (number * width(format)))
}

/// Lane by lane.
pub(super) fn each(
    env: &mut Environment,
    format: Format,
    count: u32,
    f: Lane,
    a: u128,
    b: u128,
) -> u128 {
    lanes(env, format, count, |env, n| f(env, format, lane(a, format, n), lane(b, format, n)))
}

/// Pairs of neighbouring lanes of `a`, then of `b`.
pub(super) fn pairs(
    env: &mut Environment,
    format: Format,
    count: u32,
    f: Lane,
    a: u128,
    b: u128,
) -> u128 {
    lanes(env, format, count, |env, n| {
        let (source, first) = if n < count / 2 { (a, 2 * n) } else { (b, 2 * n - count) };
        f(env, format, lane(source, format, first), lane(source, format, first + 1))
    })
}

/// Odd lanes by `odd`, even ones by `even`.
pub(super) fn alternating(
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
