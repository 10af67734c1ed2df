//! Conversions between formats and integers, and rounding to an integral value.

use super::number::{
    Class, Environment, Format, INEXACT, INVALID, Number, Rounding, nan, round, split, unpack,
};

/// `b` in another format.
pub(super) fn convert(env: &mut Environment, from: Format, to: Format, b: u128) -> u128 {
    let y = unpack(from, b);
    if nan(env, from, &[(b, y)]).is_some() {
        if y.class == Class::Unsupported {
            return to.default_nan();
        }
        // The payload keeps its upper bits; the result is quiet.
        let payload = y.significand & ((1 << (from.precision - 1)) - 1);
        let payload = if to.precision >= from.precision {
            payload << (to.precision - from.precision)
        } else {
            payload >> (from.precision - to.precision)
        };
        return to.infinity(y.sign) | 1 << (to.precision - 2) | payload;
    }
    exactly(env, |env| round(env, to, y))
}

/// Precision control is for arithmetic: 80 bits hold every integer and every narrower number.
fn exactly<T>(env: &mut Environment, f: impl FnOnce(&mut Environment) -> T) -> T {
    let precision = std::mem::replace(&mut env.precision, 64);
    let value = f(env);
    env.precision = precision;
    value
}

/// `y` rounded to an integer: magnitude and whether it was exact; `None` if it has no 128 bits.
fn integral(y: Number, rounding: Rounding) -> Option<(u128, bool)> {
    if y.exponent > 126 {
        return None;
    }
    let shift = (127 - y.exponent).clamp(0, 192) as u32;
    let (kept, rest, exact) = split(y.significand, shift);
    let grows = match rounding {
        Rounding::Nearest => rest.is_gt() || rest.is_eq() && kept & 1 != 0,
        Rounding::Down => y.sign && !exact,
        Rounding::Up => !y.sign && !exact,
        Rounding::Zero => false,
    };
    Some((kept + u128::from(grows), exact))
}

/// `b` as a signed integer of `bits` bits; the smallest one if there is none.
pub(super) fn to_integer(
    env: &mut Environment,
    from: Format,
    b: u128,
    bits: u32,
    rounding: Rounding,
) -> u128 {
    let y = unpack(from, b);
    let limit = 1 << (bits - 1);
    let mask = (1 << bits) - 1;
    if y.class == Class::Zero {
        return 0;
    }
    let result = match y.class {
        Class::Finite => integral(y, rounding),
        _ => None,
    };
    match result {
        Some((magnitude, exact)) if magnitude < limit || y.sign && magnitude == limit => {
            if !exact {
                env.raise(INEXACT);
            }
            (if y.sign { magnitude.wrapping_neg() } else { magnitude }) & mask
        }
        _ => {
            env.raise(INVALID);
            limit
        }
    }
}

/// A signed integer of `bits` bits as a number.
pub(super) fn from_integer(env: &mut Environment, to: Format, b: u128, bits: u32) -> u128 {
    let value = (b << (128 - bits)) as i128 >> (128 - bits);
    exactly(env, |env| round(env, to, Number::normalised(value < 0, 127, value.unsigned_abs())))
}

/// `b` rounded to an integral value. `control`: rounding in bits 1:0, bit 2 takes the current one, bit 3 keeps inexact quiet.
pub(super) fn round_integral(
    env: &mut Environment,
    format: Format,
    control: u128,
    b: u128,
) -> u128 {
    let y = unpack(format, b);
    if let Some(result) = nan(env, format, &[(b, y)]) {
        return result;
    }
    let rounding =
        if control & 4 != 0 { env.rounding } else { Rounding::from_bits(control as u32) };
    if y.class != Class::Finite || y.exponent >= format.precision as i32 - 1 {
        return b;
    }
    let Some((magnitude, exact)) = integral(y, rounding) else { return b };
    if !exact && control & 8 == 0 {
        env.raise(INEXACT);
    }
    let flags = env.flags;
    let result = round(env, format, Number::normalised(y.sign, 127, magnitude));
    env.flags = flags;
    result
}

#[cfg(test)]
mod tests {
    use super::super::number::{DOUBLE, SINGLE};
    use super::*;

    fn nearest() -> Environment {
        Environment { rounding: Rounding::Nearest, precision: 64, flush: false, flags: 0 }
    }

    #[test]
    fn what_does_not_fit_is_the_smallest_integer() {
        let convert = |value: f64, rounding| {
            let mut env = nearest();
            let result = to_integer(&mut env, DOUBLE, value.to_bits().into(), 32, rounding);
            (result as u32 as i32, env.flags)
        };
        assert_eq!(convert(2.5, Rounding::Nearest), (2, INEXACT));
        assert_eq!(convert(-2.5, Rounding::Down), (-3, INEXACT));
        assert_eq!(convert(-2_147_483_648.0, Rounding::Zero), (i32::MIN, 0));
        assert_eq!(convert(2_147_483_648.0, Rounding::Zero), (i32::MIN, INVALID));
        assert_eq!(convert(f64::NAN, Rounding::Zero), (i32::MIN, INVALID));
    }

    #[test]
    fn integers_round_as_they_must() {
        let value = from_integer(&mut nearest(), SINGLE, 0x0100_0001, 32);
        assert_eq!(f32::from_bits(value as u32), 16_777_216.0);
        let value = from_integer(&mut nearest(), DOUBLE, u128::from(i64::MIN as u64), 64);
        assert_eq!(f64::from_bits(value as u64), i64::MIN as f64);
    }

    #[test]
    fn rounding_to_integral_keeps_the_sign_of_zero() {
        let value = round_integral(&mut nearest(), DOUBLE, 0, u128::from((-0.4_f64).to_bits()));
        assert_eq!(value as u64, (-0.0_f64).to_bits());
    }
}
