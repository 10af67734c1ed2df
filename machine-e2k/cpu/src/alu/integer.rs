//! Addition, subtraction, logic and counting of bits.
//!
//! Source: e2k-opcodes.tsv, tables short and EXT. The carries of `addcd_c` and `subcd_c` are the true ones (e2k-isa.md §13).

use elnic_isa::Op;

use super::{Binary, Ternary};

pub(crate) fn add(a: u64, b: u64) -> u64 {
    a.wrapping_add(b)
}

pub(crate) fn sub(a: u64, b: u64) -> u64 {
    a.wrapping_sub(b)
}

pub(crate) fn and(a: u64, b: u64) -> u64 {
    a & b
}

pub(crate) fn andn(a: u64, b: u64) -> u64 {
    a & !b
}

pub(crate) fn or(a: u64, b: u64) -> u64 {
    a | b
}

pub(crate) fn orn(a: u64, b: u64) -> u64 {
    a | !b
}

pub(crate) fn xor(a: u64, b: u64) -> u64 {
    a ^ b
}

pub(crate) fn xorn(a: u64, b: u64) -> u64 {
    a ^ !b
}

/// Second operand of the one-operand operations: `movt`.
fn second(_: u64, b: u64) -> u64 {
    b
}

fn bitrev32(_: u64, b: u64) -> u64 {
    u64::from((b as u32).reverse_bits())
}

fn bitrev64(_: u64, b: u64) -> u64 {
    b.reverse_bits()
}

fn lzcnt32(_: u64, b: u64) -> u64 {
    u64::from((b as u32).leading_zeros())
}

fn lzcnt64(_: u64, b: u64) -> u64 {
    u64::from(b.leading_zeros())
}

fn popcnt32(_: u64, b: u64) -> u64 {
    u64::from((b as u32).count_ones())
}

fn popcnt64(_: u64, b: u64) -> u64 {
    u64::from(b.count_ones())
}

/// `sxt`: `a[1:0]` names the width of `b`, `a[2]` zero extension.
fn sxt(a: u64, b: u64) -> u64 {
    match a & 7 {
        0 => b as i8 as u64,
        1 => b as i16 as u64,
        2 | 3 => b as i32 as u64,
        4 => b & 0xff,
        5 => b & 0xffff,
        _ => b & 0xffff_ffff,
    }
}

fn addc(a: u64, b: u64, c: u64) -> u64 {
    a.wrapping_add(b).wrapping_add(c & 1)
}

fn addc_carry(a: u64, b: u64, c: u64) -> u64 {
    let sum = u128::from(a) + u128::from(b) + u128::from(c & 1);
    u64::from(sum >> 64 != 0)
}

fn subc(a: u64, b: u64, c: u64) -> u64 {
    a.wrapping_sub(b).wrapping_sub(c & 1)
}

fn subc_borrow(a: u64, b: u64, c: u64) -> u64 {
    u64::from(u128::from(a) < u128::from(b) + u128::from(c & 1))
}

/// Operations of two sources in this class.
pub(crate) fn binary(op: Op) -> Option<Binary> {
    Some(match op {
        Op::Adds | Op::Addd => add,
        Op::Subs | Op::Subd => sub,
        Op::Ands | Op::Andd | Op::Pandd => and,
        Op::Andns | Op::Andnd | Op::Pandnd => andn,
        Op::Ors | Op::Ord | Op::Pord => or,
        Op::Orns | Op::Ornd => orn,
        Op::Xors | Op::Xord | Op::Pxord => xor,
        Op::Xorns | Op::Xornd => xorn,
        Op::Movts | Op::Movtcs | Op::Movtrs | Op::Movtrcs => second,
        Op::Movtd | Op::Movtcd | Op::Movtrd | Op::Movtrcd => second,
        // Each slot of a pair moves its own half.
        Op::Movtq | Op::Movtcq | Op::Movtrq | Op::Movtrcq => second,
        Op::Bitrevs => bitrev32,
        Op::Bitrevd => bitrev64,
        Op::Lzcnts => lzcnt32,
        Op::Lzcntd => lzcnt64,
        Op::Popcnts => popcnt32,
        Op::Popcntd => popcnt64,
        Op::Sxt => sxt,
        _ => return None,
    })
}

/// Operations of three sources in this class.
pub(crate) fn ternary(op: Op) -> Option<Ternary> {
    Some(match op {
        Op::Addcd => addc,
        Op::AddcdC => addc_carry,
        Op::Subcd => subc,
        Op::SubcdC => subc_borrow,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_are_true_even_when_the_operand_is_all_ones() {
        assert_eq!(addc_carry(5, u64::MAX, 1), 1);
        assert_eq!(addc(5, u64::MAX, 1), 5);
        assert_eq!(addc_carry(0, u64::MAX, 0), 0);
        assert_eq!(subc_borrow(5, u64::MAX, 1), 1);
        assert_eq!(subc_borrow(5, 4, 1), 0);
        assert_eq!(subc_borrow(5, 5, 1), 1);
    }

    #[test]
    fn extension_takes_its_width_from_the_first_operand() {
        assert_eq!(sxt(0, 0x80), u64::MAX << 7);
        assert_eq!(sxt(5, 0xffff_8000), 0x8000);
        assert_eq!(sxt(3, 0x8000_0000), 0xffff_ffff_8000_0000);
        assert_eq!(sxt(7, 0x1_8000_0000), 0x8000_0000);
    }
}
