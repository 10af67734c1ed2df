//! Integer comparisons to a predicate (e2k-isa.md §5.1).
//!
//! The four relations on `a − b` that x86 knows as flags (o, b, s, p) come from the difference; the parity is that of its low byte.

use elnic_isa::Op;

use super::Relation;

fn parity(value: u64) -> bool {
    (value as u8).count_ones().is_multiple_of(2)
}

/// Operations of this class.
pub(crate) fn relation(op: Op) -> Option<Relation> {
    let relation: Relation = match op {
        Op::Cmposb => |a, b| (a as i32).checked_sub(b as i32).is_none(),
        Op::Cmpbsb => |a, b| (a as u32) < b as u32,
        Op::Cmpesb => |a, b| a as u32 == b as u32,
        Op::Cmpbesb => |a, b| a as u32 <= b as u32,
        Op::Cmpssb => |a, b| (a as i32).wrapping_sub(b as i32) < 0,
        Op::Cmppsb | Op::Cmppdb => |a, b| parity(a.wrapping_sub(b)),
        Op::Cmplsb => |a, b| (a as i32) < b as i32,
        Op::Cmplesb => |a, b| a as i32 <= b as i32,
        Op::Cmpodb => |a, b| (a as i64).checked_sub(b as i64).is_none(),
        Op::Cmpbdb => |a, b| a < b,
        Op::Cmpedb => |a, b| a == b,
        Op::Cmpbedb => |a, b| a <= b,
        Op::Cmpsdb => |a, b| (a as i64).wrapping_sub(b as i64) < 0,
        Op::Cmpldb => |a, b| (a as i64) < b as i64,
        Op::Cmpledb => |a, b| a as i64 <= b as i64,
        Op::Cmpandesb => |a, b| a as u32 & b as u32 == 0,
        Op::Cmpandssb => |a, b| ((a & b) as i32) < 0,
        Op::Cmpandpsb | Op::Cmpandpdb => |a, b| parity(a & b),
        Op::Cmpandlesb => |a, b| (a & b) as i32 <= 0,
        Op::Cmpandedb => |a, b| a & b == 0,
        Op::Cmpandsdb => |a, b| ((a & b) as i64) < 0,
        Op::Cmpandledb => |a, b| (a & b) as i64 <= 0,
        _ => return flags(op),
    };
    Some(relation)
}

/// `cctop`: conditions of an x86 flags word (CF 0, PF 2, ZF 6, SF 7, OF 11).
fn flags(op: Op) -> Option<Relation> {
    fn bit(flags: u64, number: u32) -> bool {
        flags >> number & 1 != 0
    }
    let relation: Relation = match op {
        Op::Cctopo => |_, f| bit(f, 11),
        Op::Cctopb => |_, f| bit(f, 0),
        Op::Cctope => |_, f| bit(f, 6),
        Op::Cctopbe => |_, f| bit(f, 0) | bit(f, 6),
        Op::Cctops => |_, f| bit(f, 7),
        Op::Cctopp => |_, f| bit(f, 2),
        Op::Cctopl => |_, f| bit(f, 7) != bit(f, 11),
        Op::Cctople => |_, f| bit(f, 6) | (bit(f, 7) != bit(f, 11)),
        _ => return None,
    };
    Some(relation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(op: Op, a: u64, b: u64) -> bool {
        relation(op).is_some_and(|relation| relation(a, b))
    }

    #[test]
    fn single_comparisons_ignore_the_upper_half() {
        assert!(holds(Op::Cmpesb, 0x1_0000_0001, 0x2_0000_0001));
        assert!(!holds(Op::Cmpedb, 0x1_0000_0001, 0x2_0000_0001));
        assert!(holds(Op::Cmplsb, 0xffff_ffff, 0));
        assert!(!holds(Op::Cmpldb, 0xffff_ffff, 0));
    }

    #[test]
    fn flag_like_relations_look_at_the_difference() {
        assert!(holds(Op::Cmposb, 0x8000_0000, 1));
        assert!(holds(Op::Cmpsdb, 0, 1));
        assert!(holds(Op::Cmppsb, 4, 1));
        assert!(holds(Op::Cctople, 0, 1 << 11));
    }
}
