//! Integer and carry-less multiplication.

use elnic_isa::Op;

use super::Binary;

fn mul(a: u64, b: u64) -> u64 {
    a.wrapping_mul(b)
}

fn umulx(a: u64, b: u64) -> u64 {
    (a & 0xffff_ffff) * (b & 0xffff_ffff)
}

fn smulx(a: u64, b: u64) -> u64 {
    (i64::from(a as i32) * i64::from(b as i32)) as u64
}

fn umulh(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> 64) as u64
}

fn smulh(a: u64, b: u64) -> u64 {
    ((i128::from(a as i64) * i128::from(b as i64)) >> 64) as u64
}

fn carry_less(a: u64, b: u64) -> u128 {
    (0..64).filter(|bit| b >> bit & 1 != 0).fold(0, |sum, bit| sum ^ u128::from(a) << bit)
}

fn clmull(a: u64, b: u64) -> u64 {
    carry_less(a, b) as u64
}

fn clmulh(a: u64, b: u64) -> u64 {
    (carry_less(a, b) >> 64) as u64
}

/// Operations of this class.
pub(crate) fn binary(op: Op) -> Option<Binary> {
    Some(match op {
        Op::Muls | Op::Muld => mul,
        Op::Umulx => umulx,
        Op::Smulx => smulx,
        Op::Umulhd => umulh,
        Op::Smulhd => smulh,
        Op::Clmull => clmull,
        Op::Clmulh => clmulh,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_halves_know_their_sign() {
        assert_eq!(umulh(u64::MAX, 2), 1);
        assert_eq!(smulh(u64::MAX, 2), u64::MAX);
        assert_eq!(smulx(0xffff_ffff, 3), 3_u64.wrapping_neg());
    }

    #[test]
    fn carry_less_products_xor_their_rows() {
        assert_eq!(clmull(0b101, 0b11), 0b1111);
        assert_eq!(clmulh(1 << 63, 0b10), 1);
    }
}
