//! Bitwise operations, also those given by a truth table.

use elnic_isa::Op;

use super::Packed;

/// `plog`, `qplog`: bit `a << 2 | b << 1 | c` of `table` is the result where the sources have the bits a, b, c.
pub(crate) fn truth_table(table: u8, a: u128, b: u128, c: u128) -> u128 {
    let pick = |value: u128, wanted: bool| if wanted { value } else { !value };
    (0..8_u8).filter(|row| table >> row & 1 != 0).fold(0, |result, row| {
        result | pick(a, row & 4 != 0) & pick(b, row & 2 != 0) & pick(c, row & 1 != 0)
    })
}

/// Operations of this class.
pub(super) fn operation(op: Op) -> Option<Packed> {
    let operation: Packed = match op {
        Op::Qpand => |a, b, _| a & b,
        Op::Qpandn => |a, b, _| a & !b,
        Op::Qpor => |a, b, _| a | b,
        Op::Qpxor => |a, b, _| a ^ b,
        _ => return None,
    };
    Some(operation)
}

#[cfg(test)]
mod tests {
    use super::truth_table;

    #[test]
    fn tables_are_read_from_the_first_source_down() {
        let (a, b, c) = (0b1111_0000, 0b1100_1100, 0b1010_1010);
        for table in 0..=255 {
            assert_eq!(truth_table(table, a, b, c) & 0xff, table.into());
        }
    }
}
