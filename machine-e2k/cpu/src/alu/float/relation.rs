//! Comparisons, minimum and maximum.

use std::cmp::Ordering;

use super::number::{Class, DENORMAL, Environment, Format, INVALID, Number, unpack};

/// How `a` relates to `b`; `None` if a NaN is among them.
pub(super) fn compare(
    env: &mut Environment,
    format: Format,
    a: u128,
    b: u128,
    quiet: bool,
) -> Option<Ordering> {
    let (x, y) = (unpack(format, a), unpack(format, b));
    if x.is_nan() || y.is_nan() {
        let signals =
            |number: &Number| matches!(number.class, Class::SignalingNan | Class::Unsupported);
        if !quiet || signals(&x) || signals(&y) {
            env.raise(INVALID);
        }
        return None;
    }
    if x.denormal || y.denormal {
        env.raise(DENORMAL);
    }
    Some(rank(&x).cmp(&rank(&y)))
}

/// Numbers in order: sign, then magnitude; both zeroes are one.
fn rank(number: &Number) -> (i32, i32, i128) {
    let (exponent, significand) = match number.class {
        Class::Zero => return (0, 0, 0),
        Class::Infinity => (i32::MAX, 0),
        _ => (number.exponent, (number.significand >> 1) as i128),
    };
    if number.sign { (-1, -exponent, -significand) } else { (1, exponent, significand) }
}

/// The eight relations in the order of their codes: eq lt le uod neq nlt nle od.
pub(super) fn holds(env: &mut Environment, format: Format, a: u128, b: u128, relation: u8) -> bool {
    // Order comparisons mind quiet NaNs, equality does not.
    let quiet = matches!(relation & 3, 0 | 3);
    let order = compare(env, format, a, b, quiet);
    let holds = match relation & 3 {
        0 => order == Some(Ordering::Equal),
        1 => order == Some(Ordering::Less),
        2 => order.is_some_and(Ordering::is_le),
        _ => order.is_none(),
    };
    holds != (relation & 4 != 0)
}

/// The result of a comparison in the form of x86 flags: CF 0, PF 2, ZF 6.
pub(super) fn flags(env: &mut Environment, format: Format, a: u128, b: u128, quiet: bool) -> u128 {
    match compare(env, format, a, b, quiet) {
        Some(Ordering::Greater) => 0,
        Some(Ordering::Less) => 0x01,
        Some(Ordering::Equal) => 0x40,
        None => 0x45,
    }
}

/// `a < b ? a : b`: the second operand wins ties and NaNs.
pub(super) fn min(env: &mut Environment, format: Format, a: u128, b: u128) -> u128 {
    if compare(env, format, a, b, false) == Some(Ordering::Less) { a } else { b }
}

/// `a > b ? a : b`.
pub(super) fn max(env: &mut Environment, format: Format, a: u128, b: u128) -> u128 {
    if compare(env, format, a, b, false) == Some(Ordering::Greater) { a } else { b }
}
