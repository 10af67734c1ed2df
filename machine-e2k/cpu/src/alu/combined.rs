//! Two-in-one integer operations: `op2(src3, op1(src1, src2))` (e2k-isa.md §2.5).
//!
//! Which two is told by the encoding, not by the name: `cop[4:1]` is the first, the table (ICMB0 to ICMB3) with `cop[6:5]` the second and
//! `cop[0]` the width. The second stages of ICMB2 and ICMB3 that shift, and those that merge, exist in v1 only.

use elnic_isa::Operation;

use super::{Binary, field, integer, shift};

/// What the first stage does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum First {
    /// A function of the first two sources.
    Compute(Binary),
    /// One of them, by the merge condition.
    Merge,
}

const ICMB0: u8 = 0x08;
const ICMB3: u8 = 0x0b;

fn rsub(a: u64, b: u64) -> u64 {
    b.wrapping_sub(a)
}

fn by_width(double: bool, single: Binary, wide: Binary) -> Binary {
    if double { wide } else { single }
}

fn first(cop: u8) -> Option<First> {
    let double = cop & 1 != 0;
    Some(First::Compute(match cop >> 1 & 0xf {
        0x0 => integer::and,
        0x1 => integer::andn,
        0x2 => integer::or,
        0x3 => integer::orn,
        0x4 => integer::xor,
        0x5 => integer::xorn,
        0x7 => return Some(First::Merge),
        0x8 => integer::add,
        0x9 => integer::sub,
        0xa => by_width(double, shift::scl32, shift::scl64),
        0xb => by_width(double, shift::scr32, shift::scr64),
        0xc => by_width(double, shift::shl32, shift::shl64),
        0xd => by_width(double, shift::shr32, shift::shr64),
        0xe => by_width(double, shift::sar32, shift::sar64),
        0xf => by_width(double, field::getf32, field::getf64),
        _ => return None,
    }))
}

fn second(table: u8, cop: u8) -> Option<Binary> {
    let double = cop & 1 != 0;
    Some(match (table, cop >> 5) {
        (0, 0) => integer::and,
        (0, 1) => integer::andn,
        (0, 2) => integer::or,
        (0, 3) => integer::orn,
        (1, 0) => integer::xor,
        (1, 1) => integer::xorn,
        (1, 2) => rsub,
        (2, 0) => integer::add,
        (2, 1) => integer::sub,
        (2, 2) => by_width(double, shift::scl32, shift::scl64),
        (2, 3) => by_width(double, shift::scr32, shift::scr64),
        (3, 0) => by_width(double, shift::shl32, shift::shl64),
        (3, 1) => by_width(double, shift::shr32, shift::shr64),
        (3, 2) => by_width(double, shift::sar32, shift::sar64),
        (3, 3) => by_width(double, field::getf32, field::getf64),
        _ => return None,
    })
}

/// The two stages, if `operation` is one of this class.
pub(crate) fn stages(operation: &Operation) -> Option<(First, Binary)> {
    let table = operation.extension.filter(|extension| (ICMB0..=ICMB3).contains(extension))?;
    Some((first(operation.opcode)?, second(table - ICMB0, operation.opcode)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compute(mnemonic: &str, a: u64, b: u64, c: u64) -> Option<u64> {
        let operation = Operation::by_mnemonic(mnemonic).first()?;
        match stages(operation)? {
            (First::Compute(first), second) => Some(second(c, first(a, b))),
            (First::Merge, second) => Some(second(c, b)),
        }
    }

    #[test]
    fn the_third_source_is_the_left_operand_of_the_second_stage() {
        assert_eq!(compute("add_subd", 1, 2, 10), Some(7));
        assert_eq!(compute("add_rsubd", 1, 2, 10), Some(7_u64.wrapping_neg()));
        assert_eq!(compute("shl_andnd", 1, 4, 0xff), Some(0xef));
        assert_eq!(compute("merge_xord", 1, 4, 0xff), Some(0xfb));
    }

    #[test]
    fn insertion_shares_the_table_but_is_no_pair() {
        assert!(Operation::by_mnemonic("insfd").iter().all(|row| stages(row).is_none()));
    }
}
