//! x86 flags of arithmetic (`adds_fb` and its like): CF 0, PF 2, AF 4, ZF 6, SF 7, OF 11, as `cctop` reads them.
//!
//! Source: e2k-opcodes.tsv; what each flag means is x86's. No emulator has these operations, so where x86 leaves a flag undefined it is what
//! the plain rule gives. Increments keep the carry of the third source, shifts by zero all of it, rotations all but CF and OF.

use super::Ternary;

const CARRY: u64 = 1;
const PARITY: u64 = 1 << 2;
const ADJUST: u64 = 1 << 4;
const ZERO: u64 = 1 << 6;
const SIGN: u64 = 1 << 7;
const OVERFLOW: u64 = 1 << 11;
const ALL: u64 = CARRY | PARITY | ADJUST | ZERO | SIGN | OVERFLOW;

const fn mask(width: u32) -> u64 {
    u64::MAX >> (64 - width)
}

const fn top(value: u64, width: u32) -> bool {
    value >> (width - 1) & 1 != 0
}

const fn flag(on: bool, flag: u64) -> u64 {
    if on { flag } else { 0 }
}

/// PF, ZF and SF of a result.
const fn of_result(value: u64, width: u32) -> u64 {
    let value = value & mask(width);
    flag((value as u8).count_ones().is_multiple_of(2), PARITY)
        | flag(value == 0, ZERO)
        | flag(top(value, width), SIGN)
}

fn add<const W: u32>(a: u64, b: u64, _: u64) -> u64 {
    let (a, b) = (a & mask(W), b & mask(W));
    let sum = a.wrapping_add(b) & mask(W);
    of_result(sum, W)
        | flag(sum < a, CARRY)
        | flag((a ^ b ^ sum) & 0x10 != 0, ADJUST)
        | flag(top(!(a ^ b) & (a ^ sum), W), OVERFLOW)
}

fn sub<const W: u32>(a: u64, b: u64, _: u64) -> u64 {
    let (a, b) = (a & mask(W), b & mask(W));
    let difference = a.wrapping_sub(b) & mask(W);
    of_result(difference, W)
        | flag(a < b, CARRY)
        | flag((a ^ b ^ difference) & 0x10 != 0, ADJUST)
        | flag(top((a ^ b) & (a ^ difference), W), OVERFLOW)
}

fn increment<const W: u32>(a: u64, b: u64, before: u64) -> u64 {
    let _ = b;
    add::<W>(a, 1, 0) & !CARRY | before & CARRY
}

fn decrement<const W: u32>(a: u64, b: u64, before: u64) -> u64 {
    let _ = b;
    sub::<W>(a, 1, 0) & !CARRY | before & CARRY
}

fn multiply<const W: u32>(a: u64, b: u64, _: u64) -> u64 {
    let product = u128::from(a & mask(W)) * u128::from(b & mask(W));
    of_result(product as u64, W) | flag(product >> W != 0, CARRY | OVERFLOW)
}

fn signed_multiply<const W: u32>(a: u64, b: u64, _: u64) -> u64 {
    let extend = |value: u64| i128::from((value << (64 - W)) as i64 >> (64 - W));
    let product = extend(a) * extend(b);
    of_result(product as u64, W) | flag(extend(product as u64) != product, CARRY | OVERFLOW)
}

/// Shift counts are taken modulo 32, or 64 for 64 bits.
const fn count(width: u32, b: u64) -> u32 {
    (b & if width == 64 { 63 } else { 31 }) as u32
}

fn shift_left<const W: u32>(a: u64, b: u64, before: u64) -> u64 {
    let (a, n) = (a & mask(W), count(W, b));
    if n == 0 {
        return before & ALL;
    }
    let wide = u128::from(a) << n;
    let (value, carry) = (wide as u64 & mask(W), wide >> W & 1 != 0);
    of_result(value, W) | flag(carry, CARRY) | flag(top(value, W) != carry, OVERFLOW)
}

fn shift_right<const W: u32>(a: u64, b: u64, before: u64) -> u64 {
    let (a, n) = (a & mask(W), count(W, b));
    if n == 0 {
        return before & ALL;
    }
    let (value, carry) = (u128::from(a) >> n, u128::from(a) >> (n - 1) & 1 != 0);
    of_result(value as u64, W) | flag(carry, CARRY) | flag(top(a, W), OVERFLOW)
}

fn shift_arithmetic<const W: u32>(a: u64, b: u64, before: u64) -> u64 {
    let (a, n) = ((a << (64 - W)) as i64 >> (64 - W), count(W, b));
    if n == 0 {
        return before & ALL;
    }
    of_result((a >> n) as u64, W) | flag(a >> (n - 1) & 1 != 0, CARRY)
}

fn rotate_left<const W: u32>(a: u64, b: u64, before: u64) -> u64 {
    let (a, n) = (a & mask(W), count(W, b));
    if n == 0 {
        return before & ALL;
    }
    let n = n % W;
    let value = if n == 0 { a } else { (a << n | a >> (W - n)) & mask(W) };
    let carry = value & 1 != 0;
    let kept = before & ALL & !(CARRY | OVERFLOW);
    kept | flag(carry, CARRY) | flag(top(value, W) != carry, OVERFLOW)
}

fn rotate_right<const W: u32>(a: u64, b: u64, before: u64) -> u64 {
    let (a, n) = (a & mask(W), count(W, b));
    if n == 0 {
        return before & ALL;
    }
    let n = n % W;
    let value = if n == 0 { a } else { (a >> n | a << (W - n)) & mask(W) };
    let kept = before & ALL & !(CARRY | OVERFLOW);
    let overflow = top(value, W) != top(value << 1, W);
    kept | flag(top(value, W), CARRY) | flag(overflow, OVERFLOW)
}

macro_rules! logic {
    ($f:expr) => {
        |a, b, _| {
            let f: fn(u64, u64) -> u64 = $f;
            of_result(f(a, b), W)
        }
    };
}

/// The narrow operations of one width, named by the last argument of [`operation`]'s table.
fn of_width<const W: u32>(name: &str) -> Option<Ternary> {
    let function: Ternary = match name {
        "add" => add::<W>,
        "sub" => sub::<W>,
        "inc" => increment::<W>,
        "dec" => decrement::<W>,
        "umulx" => multiply::<W>,
        "smulx" => signed_multiply::<W>,
        "shl" => shift_left::<W>,
        "shr" => shift_right::<W>,
        "sar" => shift_arithmetic::<W>,
        "scl" => rotate_left::<W>,
        "scr" => rotate_right::<W>,
        "and" => logic!(|a, b| a & b),
        "andn" => logic!(|a, b| a & !b),
        "or" => logic!(|a, b| a | b),
        "orn" => logic!(|a, b| a | !b),
        "xor" => logic!(|a, b| a ^ b),
        "xorn" => logic!(|a, b| a ^ !b),
        _ => return None,
    };
    Some(function)
}

/// Operations of this class, by mnemonic: the name of the plain operation, its width, and that of the flags.
pub(crate) fn operation(mnemonic: &str) -> Option<Ternary> {
    let (plain, width) = mnemonic.split_once("_f")?;
    let name = plain.strip_suffix(['s', 'd']).unwrap_or(plain);
    match width {
        "b" => of_width::<8>(name),
        "h" => of_width::<16>(name),
        "w" => of_width::<32>(name),
        "d" => of_width::<64>(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(mnemonic: &str, a: u64, b: u64, before: u64) -> u64 {
        operation(mnemonic).unwrap()(a, b, before)
    }

    #[test]
    fn additions_and_subtractions_are_those_of_x86() {
        assert_eq!(flags("adds_fb", 0xff, 1, 0), CARRY | PARITY | ADJUST | ZERO);
        assert_eq!(flags("adds_fb", 0x7f, 1, 0), ADJUST | SIGN | OVERFLOW);
        assert_eq!(flags("adds_fh", 0xff, 1, 0), ADJUST | PARITY);
        assert_eq!(flags("subs_fw", 0, 1, 0), CARRY | PARITY | ADJUST | SIGN);
        assert_eq!(flags("subd_fd", 1 << 63, 1, 0), OVERFLOW | ADJUST | PARITY);
        assert_eq!(flags("incs_fb", 0xff, 0, CARRY), CARRY | PARITY | ADJUST | ZERO);
        assert_eq!(flags("decs_fb", 0, 0, 0), PARITY | ADJUST | SIGN);
    }

    #[test]
    fn shifts_by_nothing_change_nothing() {
        for mnemonic in ["shls_fb", "shrs_fh", "sars_fw", "scld_fd", "scrs_fb"] {
            assert_eq!(flags(mnemonic, 0x80, 0, CARRY | ZERO), CARRY | ZERO, "{mnemonic}");
        }
        assert_eq!(flags("shls_fb", 0x81, 1, 0), CARRY | OVERFLOW);
        assert_eq!(flags("shrs_fb", 0x81, 1, 0), CARRY | OVERFLOW);
        assert_eq!(flags("sars_fb", 0x81, 1, 0), CARRY | SIGN | PARITY);
        assert_eq!(flags("scls_fb", 0x81, 1, ZERO), CARRY | OVERFLOW | ZERO);
    }

    #[test]
    fn products_that_do_not_fit_carry() {
        assert_eq!(flags("umulx_fb", 16, 16, 0) & (CARRY | OVERFLOW), CARRY | OVERFLOW);
        assert_eq!(flags("smulx_fb", 0xff, 0xff, 0) & (CARRY | OVERFLOW), 0, "-1 times -1");
        assert!(operation("addd").is_none());
    }
}
