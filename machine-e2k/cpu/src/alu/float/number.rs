//! Formats, numbers taken apart, rounding.

/// Invalid operation.
pub(crate) const INVALID: u8 = 1;
/// A denormal operand.
pub(crate) const DENORMAL: u8 = 1 << 1;
/// Division of a finite number by zero.
pub(crate) const DIVIDE: u8 = 1 << 2;
/// Overflow.
pub(crate) const OVERFLOW: u8 = 1 << 3;
/// Underflow: tiny and inexact.
pub(crate) const UNDERFLOW: u8 = 1 << 4;
/// Inexact.
pub(crate) const INEXACT: u8 = 1 << 5;

/// Rounding direction; the values are those of the control registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    Nearest,
    Down,
    Up,
    Zero,
}

impl Rounding {
    /// From the two bits `rc`.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::Nearest,
            1 => Self::Down,
            2 => Self::Up,
            _ => Self::Zero,
        }
    }

    /// Whether the magnitude `kept` followed by `rest` (a fraction: below, at, above one half) grows.
    fn grows(self, sign: bool, kept: u128, rest: std::cmp::Ordering, exact: bool) -> bool {
        match self {
            Self::Nearest => rest.is_gt() || rest.is_eq() && kept & 1 != 0,
            Self::Down => sign && !exact,
            Self::Up => !sign && !exact,
            Self::Zero => false,
        }
    }
}

/// Control and flags of a floating-point unit while it computes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment {
    pub(crate) rounding: Rounding,
    /// Significand bits of 80-bit results: 24, 53 or 64.
    pub(crate) precision: u32,
    /// Tiny results become zero.
    pub(crate) flush: bool,
    /// What happened, one bit each.
    pub(crate) flags: u8,
}

impl Environment {
    pub(super) fn raise(&mut self, flags: u8) {
        self.flags |= flags;
    }
}

/// A binary interchange format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) exponent_bits: u32,
    /// Significand bits, the leading one included.
    pub(super) precision: u32,
    /// The leading one is stored.
    pub(super) explicit: bool,
}

/// 32 bits.
pub(super) const SINGLE: Format = Format { exponent_bits: 8, precision: 24, explicit: false };
/// 64 bits.
pub(super) const DOUBLE: Format = Format { exponent_bits: 11, precision: 53, explicit: false };
/// 80 bits.
pub(super) const EXTENDED: Format = Format { exponent_bits: 15, precision: 64, explicit: true };

impl Format {
    pub(super) const fn bias(self) -> i32 {
        (1 << (self.exponent_bits - 1)) - 1
    }

    /// Stored bits of the significand.
    pub(super) const fn stored(self) -> u32 {
        if self.explicit { self.precision } else { self.precision - 1 }
    }

    pub(super) const fn width(self) -> u32 {
        1 + self.exponent_bits + self.stored()
    }

    pub(super) const fn sign_bit(self) -> u128 {
        1 << (self.width() - 1)
    }

    const fn top_exponent(self) -> u32 {
        (1 << self.exponent_bits) - 1
    }

    pub(super) const fn infinity(self, sign: bool) -> u128 {
        let lead = if self.explicit { 1 << (self.precision - 1) } else { 0 };
        (self.top_exponent() as u128) << self.stored()
            | lead
            | if sign { self.sign_bit() } else { 0 }
    }

    pub(super) const fn zero(self, sign: bool) -> u128 {
        if sign { self.sign_bit() } else { 0 }
    }

    const fn quiet_bit(self) -> u128 {
        1 << (self.precision - 2)
    }

    /// The result of an invalid operation.
    pub(super) const fn default_nan(self) -> u128 {
        self.infinity(true) | self.quiet_bit()
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Zero,
    /// The most significant bit of the significand is one.
    Finite,
    Infinity,
    QuietNan,
    SignalingNan,
    /// An 80-bit pattern that is no number.
    Unsupported,
}

/// A value taken apart: `significand / 2^127 · 2^exponent`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub(super) class: Class,
    pub(super) sign: bool,
    pub(super) exponent: i32,
    pub(super) significand: u128,
    /// It was stored with the lowest exponent.
    pub(super) denormal: bool,
}

impl Number {
    /// A finite number whose significand need not be normalised; zero if it is zero.
    pub(super) fn normalised(sign: bool, exponent: i32, significand: u128) -> Self {
        if significand == 0 {
            return Self { class: Class::Zero, sign, exponent: 0, significand, denormal: false };
        }
        let shift = significand.leading_zeros();
        Self {
            class: Class::Finite,
            sign,
            exponent: exponent - shift as i32,
            significand: significand << shift,
            denormal: false,
        }
    }

    pub(super) fn is_nan(&self) -> bool {
        matches!(self.class, Class::QuietNan | Class::SignalingNan | Class::Unsupported)
    }
}

/// Takes `bits` apart.
pub(super) fn unpack(format: Format, bits: u128) -> Number {
    let sign = bits & format.sign_bit() != 0;
    let stored = bits & ((1 << format.stored()) - 1);
    let exponent = (bits >> format.stored()) as u32 & format.top_exponent();
    let special = |class| Number { class, sign, exponent: 0, significand: stored, denormal: false };
    let lead = 1 << (format.precision - 1);
    let fraction = stored & (lead - 1);
    if exponent == format.top_exponent() {
        if format.explicit && stored & lead == 0 {
            return special(Class::Unsupported);
        }
        return special(match (fraction, fraction & format.quiet_bit()) {
            (0, _) => Class::Infinity,
            (_, 0) => Class::SignalingNan,
            _ => Class::QuietNan,
        });
    }
    if format.explicit && exponent != 0 && stored & lead == 0 {
        return special(Class::Unsupported);
    }
    let significand = if exponent == 0 || format.explicit { stored } else { stored | lead };
    let place = exponent.max(1) as i32 - format.bias();
    let number = Number::normalised(sign, place, significand << (128 - format.precision));
    Number { denormal: exponent == 0 && significand != 0, ..number }
}

/// The operand that decides a result because it is a NaN; raises what it raises. Patterns that are no numbers are invalid.
///
/// Of two NaNs a quiet one decides, of two alike the one with the larger significand, then the positive one; of three the first.
pub(super) fn nan(
    env: &mut Environment,
    format: Format,
    operands: &[(u128, Number)],
) -> Option<u128> {
    let of = |class| operands.iter().filter(move |(_, number)| number.class == class).count();
    let (unsupported, signaling, quiet) =
        (of(Class::Unsupported), of(Class::SignalingNan), of(Class::QuietNan));
    if unsupported + signaling > 0 {
        env.raise(INVALID);
    }
    if unsupported + signaling + quiet == 0 {
        if operands.iter().any(|(_, number)| number.denormal) {
            env.raise(DENORMAL);
        }
        return None;
    }
    if unsupported > 0 {
        return Some(format.default_nan());
    }
    let is_nan = |number: &Number| matches!(number.class, Class::SignalingNan | Class::QuietNan);
    let decides = match operands {
        [(a, x), (b, y)] if is_nan(x) && is_nan(y) => {
            let sign = format.sign_bit();
            let rank = |bits: u128, number: &Number| {
                (number.class == Class::QuietNan, bits & (sign - 1), bits & sign == 0)
            };
            if rank(*b, y) > rank(*a, x) { *b } else { *a }
        }
        _ => operands.iter().find(|(_, number)| is_nan(number)).map_or(0, |(bits, _)| *bits),
    };
    Some(decides | format.quiet_bit())
}

/// Raises invalid operation; its result.
pub(super) fn invalid(env: &mut Environment, format: Format) -> u128 {
    env.raise(INVALID);
    format.default_nan()
}

/// `value >> shift`, with what is lost collected in the lowest bit.
pub(super) fn shift_sticky(value: u128, shift: u32) -> u128 {
    match value.checked_shr(shift) {
        Some(shifted) if shift == 0 || value << (128 - shift) == 0 => shifted,
        Some(shifted) => shifted | 1,
        None => u128::from(value != 0),
    }
}

/// Splits the lowest `shift` bits off: what stays, how the rest compares with one half, whether it is zero.
pub(super) fn split(value: u128, shift: u32) -> (u128, std::cmp::Ordering, bool) {
    if shift == 0 {
        return (value, std::cmp::Ordering::Less, true);
    }
    if shift > 128 {
        return (0, std::cmp::Ordering::Less, value == 0);
    }
    let kept = value.checked_shr(shift).unwrap_or(0);
    let rest = if shift == 128 { value } else { value & ((1 << shift) - 1) };
    (kept, rest.cmp(&(1 << (shift - 1))), rest == 0)
}

/// Rounds `number` to `format`; only 80-bit results obey the precision control.
pub(super) fn round(env: &mut Environment, format: Format, number: Number) -> u128 {
    let sign = number.sign;
    match number.class {
        Class::Zero => return format.zero(sign),
        Class::Infinity => return format.infinity(sign),
        Class::QuietNan | Class::SignalingNan | Class::Unsupported => return format.default_nan(),
        Class::Finite => {}
    }
    let precision = if format.explicit { env.precision } else { format.precision };
    let least = 1 - format.bias();
    let below = least.saturating_sub(number.exponent).max(0) as u32;
    let (mut kept, rest, exact) = split(number.significand, 128 - precision + below.min(192));
    let mut exponent = number.exponent.max(least);
    // Whether it would still be tiny with an unbounded exponent.
    let mut tiny = below > 0;
    if tiny && below == 1 {
        let (full, rest, exact) = split(number.significand, 128 - precision);
        let carries = full == (1 << precision) - 1 && env.rounding.grows(sign, full, rest, exact);
        tiny = !carries;
    }
    if env.rounding.grows(sign, kept, rest, exact) {
        kept += 1;
        if kept >> precision != 0 {
            kept >>= 1;
            exponent += 1;
        }
    }
    if !exact {
        env.raise(INEXACT);
    }
    if tiny && !exact {
        env.raise(UNDERFLOW);
    }
    if tiny && env.flush {
        env.raise(UNDERFLOW | INEXACT);
        return format.zero(sign);
    }
    if exponent > format.bias() {
        return overflow(env, format, sign, precision);
    }
    let lead = 1 << (precision - 1);
    let biased = if kept & lead == 0 { 0 } else { (exponent + format.bias()) as u128 };
    let stored = (kept << (format.precision - precision)) & ((1 << format.stored()) - 1);
    biased << format.stored() | stored | format.zero(sign)
}

fn overflow(env: &mut Environment, format: Format, sign: bool, precision: u32) -> u128 {
    env.raise(OVERFLOW | INEXACT);
    let infinite = match env.rounding {
        Rounding::Nearest => true,
        Rounding::Down => sign,
        Rounding::Up => !sign,
        Rounding::Zero => false,
    };
    if infinite {
        return format.infinity(sign);
    }
    // The greatest finite number of this precision.
    let ones = ((1 << precision) - 1) << (format.precision - precision);
    let stored = ones & ((1 << format.stored()) - 1);
    (format.top_exponent() as u128 - 1) << format.stored() | stored | format.zero(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest() -> Environment {
        Environment { rounding: Rounding::Nearest, precision: 64, flush: false, flags: 0 }
    }

    #[test]
    fn numbers_survive_being_taken_apart() {
        for value in [1.0_f64, -0.0, 0.1, f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::INFINITY] {
            let mut env = nearest();
            let bits = u128::from(value.to_bits());
            assert_eq!(round(&mut env, DOUBLE, unpack(DOUBLE, bits)), bits, "{value}");
            assert_eq!(env.flags, 0);
        }
    }

    #[test]
    fn rounding_to_a_narrower_format_raises_what_it_should() {
        let narrowed = |value: f64| {
            let mut env = nearest();
            let bits = round(&mut env, SINGLE, unpack(DOUBLE, value.to_bits().into()));
            (f32::from_bits(bits as u32), env.flags)
        };
        assert_eq!(narrowed(0.1), (0.1_f32, INEXACT));
        assert_eq!(narrowed(1e300), (f32::INFINITY, OVERFLOW | INEXACT));
        assert_eq!(narrowed(1e-320), (0.0, UNDERFLOW | INEXACT));
        assert_eq!(narrowed(1e-40).0, 1e-40_f64 as f32);
    }

    #[test]
    fn default_nans_are_negative() {
        assert_eq!(SINGLE.default_nan(), 0xffc0_0000);
        assert_eq!(DOUBLE.default_nan(), 0xfff8_0000_0000_0000);
        assert_eq!(EXTENDED.default_nan(), 0xffff_c000_0000_0000_0000);
    }
}
