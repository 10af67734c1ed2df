//! The operations on single numbers: sum, product, quotient, root, fused product and sum, scaling.

use super::number::{
    Class, DIVIDE, Environment, Format, Number, invalid, nan, round, shift_sticky, unpack,
};

/// `a + b`.
pub(super) fn add(env: &mut Environment, format: Format, a: u128, b: u128) -> u128 {
    let (x, y) = (unpack(format, a), unpack(format, b));
    nan(env, format, &[(a, x), (b, y)]).unwrap_or_else(|| match sum(env, x, y) {
        Some(sum) => round(env, format, sum),
        None => invalid(env, format),
    })
}

/// `a − b`.
pub(super) fn sub(env: &mut Environment, format: Format, a: u128, b: u128) -> u128 {
    let (x, y) = (unpack(format, a), unpack(format, b));
    nan(env, format, &[(a, x), (b, y)]).unwrap_or_else(|| {
        match sum(env, x, Number { sign: !y.sign, ..y }) {
            Some(difference) => round(env, format, difference),
            None => invalid(env, format),
        }
    })
}

/// `a · b`.
pub(super) fn mul(env: &mut Environment, format: Format, a: u128, b: u128) -> u128 {
    let (x, y) = (unpack(format, a), unpack(format, b));
    nan(env, format, &[(a, x), (b, y)]).unwrap_or_else(|| match product(x, y) {
        Some(product) => round(env, format, product),
        None => invalid(env, format),
    })
}

/// `a / b`.
pub(super) fn div(env: &mut Environment, format: Format, a: u128, b: u128) -> u128 {
    let (x, y) = (unpack(format, a), unpack(format, b));
    nan(env, format, &[(a, x), (b, y)]).unwrap_or_else(|| match quotient(env, x, y) {
        Some(quotient) => round(env, format, quotient),
        None => invalid(env, format),
    })
}

/// `a · b + c` with one rounding.
pub(super) fn fused(env: &mut Environment, format: Format, a: u128, b: u128, c: u128) -> u128 {
    let (x, y, z) = (unpack(format, a), unpack(format, b), unpack(format, c));
    nan(env, format, &[(a, x), (b, y), (c, z)]).unwrap_or_else(|| {
        match product(x, y).and_then(|product| sum(env, product, z)) {
            Some(result) => round(env, format, result),
            None => invalid(env, format),
        }
    })
}

/// √b.
pub(super) fn sqrt(env: &mut Environment, format: Format, b: u128) -> u128 {
    let y = unpack(format, b);
    nan(env, format, &[(b, y)]).unwrap_or_else(|| match (y.class, y.sign) {
        (Class::Zero, _) => b,
        (_, true) => invalid(env, format),
        (Class::Infinity, _) => b,
        _ => round(env, format, root(y)),
    })
}

/// `a · 2^b`.
pub(super) fn scale(env: &mut Environment, format: Format, a: u128, b: i32) -> u128 {
    let x = unpack(format, a);
    nan(env, format, &[(a, x)]).unwrap_or_else(|| {
        // Far enough to leave every format from its other end.
        let exponent = x.exponent.saturating_add(b.clamp(-0x1_0000, 0x1_0000));
        round(env, format, Number { exponent, ..x })
    })
}

/// The exact sum, or one with a sticky bit far below what any format keeps; `None` for ∞ − ∞.
fn sum(env: &Environment, x: Number, y: Number) -> Option<Number> {
    let negative_zero = env.rounding == super::Rounding::Down;
    match (x.class, y.class) {
        (Class::Infinity, Class::Infinity) if x.sign != y.sign => None,
        (Class::Infinity, _) => Some(x),
        (_, Class::Infinity) => Some(y),
        (Class::Zero, Class::Zero) => {
            let sign = if x.sign == y.sign { x.sign } else { negative_zero };
            Some(Number { sign, ..x })
        }
        (Class::Zero, _) => Some(y),
        (_, Class::Zero) => Some(x),
        _ => {
            let (large, small) = if (x.exponent, x.significand) >= (y.exponent, y.significand) {
                (x, y)
            } else {
                (y, x)
            };
            // One bit of room for the carry. The lowest bits of operands are zero, so this loses nothing.
            let distance = (large.exponent - small.exponent) as u32;
            let (a, b) = (large.significand >> 1, shift_sticky(small.significand >> 1, distance));
            let total = if large.sign == small.sign { a + b } else { a - b };
            if total == 0 {
                return Some(Number::normalised(negative_zero, 0, 0));
            }
            Some(Number::normalised(large.sign, large.exponent + 1, total))
        }
    }
}

/// The exact product; `None` for 0 · ∞. Operands have 64 significant bits at most.
fn product(x: Number, y: Number) -> Option<Number> {
    let sign = x.sign != y.sign;
    match (x.class, y.class) {
        (Class::Infinity, Class::Zero) | (Class::Zero, Class::Infinity) => None,
        (Class::Infinity, _) | (Class::Zero, _) => Some(Number { sign, ..x }),
        (_, Class::Infinity | Class::Zero) => Some(Number { sign, ..y }),
        _ => {
            let significand = (x.significand >> 64) * (y.significand >> 64);
            Some(Number::normalised(sign, x.exponent + y.exponent + 1, significand))
        }
    }
}

/// The quotient with a sticky bit; `None` for 0/0 and ∞/∞.
fn quotient(env: &mut Environment, x: Number, y: Number) -> Option<Number> {
    let sign = x.sign != y.sign;
    match (x.class, y.class) {
        (Class::Infinity, Class::Infinity) | (Class::Zero, Class::Zero) => None,
        (Class::Infinity, _) | (Class::Zero, _) => Some(Number { sign, ..x }),
        (_, Class::Infinity) => Some(Number::normalised(sign, 0, 0)),
        (_, Class::Zero) => {
            env.raise(DIVIDE);
            Some(Number { class: Class::Infinity, sign, ..y })
        }
        _ => {
            let (a, b) = (x.significand >> 64 << 64, y.significand >> 64);
            let (high, rest) = (a / b, a % b);
            // 62 more bits, and whether anything is left.
            let (low, rest) = ((rest << 62) / b, (rest << 62) % b);
            let significand = high << 62 | low | u128::from(rest != 0);
            Some(Number::normalised(sign, x.exponent - y.exponent + 1, significand))
        }
    }
}

/// The root of a positive finite number with a sticky bit.
fn root(y: Number) -> Number {
    let odd = y.exponent & 1 != 0;
    let radicand = if odd { y.significand } else { y.significand >> 1 };
    let root = radicand.isqrt();
    let rest = radicand - root * root;
    // The next bit of the root, then whether anything is left.
    let significand = root << 64 | u128::from(rest > root) << 63 | u128::from(rest != 0);
    Number::normalised(false, y.exponent >> 1, significand)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::number::{DOUBLE, EXTENDED, Rounding, SINGLE};
    use super::*;

    fn nearest() -> Environment {
        Environment { rounding: Rounding::Nearest, precision: 64, flush: false, flags: 0 }
    }

    fn same(a: u64, b: f64) -> bool {
        a == b.to_bits() || f64::from_bits(a).is_nan() && b.is_nan()
    }

    proptest! {
        // Any two bit patterns, and any with neighbouring exponents.
        #[test]
        fn double_arithmetic_agrees_with_the_host(a: u64, b: u64, c: u64, near in -60_i64..60) {
            let close = (a & 1 << 63)
                | (((a >> 52 & 0x7ff) as i64 + near).clamp(0, 0x7fe) as u64) << 52
                | b & ((1 << 52) - 1);
            for b in [b, close, close ^ 1 << 63] {
                let (x, y, z) = (f64::from_bits(a), f64::from_bits(b), f64::from_bits(c));
                let (m, n, o) = (u128::from(a), u128::from(b), u128::from(c));
                let env = &mut nearest();
                prop_assert!(same(add(env, DOUBLE, m, n) as u64, x + y));
                prop_assert!(same(sub(env, DOUBLE, m, n) as u64, x - y));
                prop_assert!(same(mul(env, DOUBLE, m, n) as u64, x * y));
                prop_assert!(same(div(env, DOUBLE, m, n) as u64, x / y));
                prop_assert!(same(sqrt(env, DOUBLE, n) as u64, y.sqrt()));
                prop_assert!(same(fused(env, DOUBLE, m, n, o) as u64, x.mul_add(y, z)));
            }
        }

        #[test]
        fn single_arithmetic_agrees_with_the_host(a: u32, b: u32, c: u32) {
            let (x, y, z) = (f32::from_bits(a), f32::from_bits(b), f32::from_bits(c));
            let (m, n, o) = (u128::from(a), u128::from(b), u128::from(c));
            let env = &mut nearest();
            let same = |a: u128, b: f32| {
                a as u32 == b.to_bits() || f32::from_bits(a as u32).is_nan() && b.is_nan()
            };
            prop_assert!(same(add(env, SINGLE, m, n), x + y));
            prop_assert!(same(mul(env, SINGLE, m, n), x * y));
            prop_assert!(same(div(env, SINGLE, m, n), x / y));
            prop_assert!(same(sqrt(env, SINGLE, n), y.sqrt()));
            prop_assert!(same(fused(env, SINGLE, m, n, o), x.mul_add(y, z)));
        }
    }

    #[test]
    fn directed_rounding_obeys_precision_control() {
        let env = |rounding| Environment { rounding, precision: 24, ..nearest() };
        let (x, y) = (0x4002_f487_25b6_c6f8_a841, 0x4000_d984_8a46_5c65_e248);
        assert_eq!(div(&mut env(Rounding::Up), EXTENDED, x, y), 0x4001_8fe4_f500_0000_0000);
        assert_eq!(div(&mut env(Rounding::Down), EXTENDED, x, y), 0x4001_8fe4_f400_0000_0000);
        let (x, y) = (0x400b_c3b4_1318_6688_cb2a, 0x7ffe_ffff_ffff_ffff_ffff);
        assert_eq!(sub(&mut env(Rounding::Down), EXTENDED, x, y), EXTENDED.infinity(true));
    }

    #[test]
    fn precision_control_shortens_80_bit_results() {
        let third = |precision| {
            let mut env = Environment { precision, ..nearest() };
            div(&mut env, EXTENDED, 0x3fff_8000_0000_0000_0000, 0x4000_c000_0000_0000_0000)
        };
        assert_eq!(third(64), 0x3ffd_aaaa_aaaa_aaaa_aaab);
        assert_eq!(third(53), 0x3ffd_aaaa_aaaa_aaaa_a800);
        assert_eq!(third(24), 0x3ffd_aaaa_ab00_0000_0000);
    }
}
