//! Comparisons to a predicate.

use elnic_isa::Op;

use super::lanes::lane;
use super::number::{DOUBLE, EXTENDED, Environment, Format, SINGLE};
use super::{FloatRelation, Unit, convert, relation};

macro_rules! comparisons {
    ($op:expr; $($code:literal: $fs:ident $fd:ident $xs:ident $xd:ident $xx:ident;)*) => {
        match $op {
            $(
                Op::$fs => (|env, a, b| holds::<$code>(env, SINGLE, SINGLE, a, b), Unit::Packed),
                Op::$fd => (|env, a, b| holds::<$code>(env, DOUBLE, DOUBLE, a, b), Unit::Packed),
                Op::$xs => (|env, a, b| holds::<$code>(env, EXTENDED, SINGLE, a, b), Unit::X87),
                Op::$xd => (|env, a, b| holds::<$code>(env, EXTENDED, DOUBLE, a, b), Unit::X87),
                Op::$xx => (|env, a, b| holds::<$code>(env, EXTENDED, EXTENDED, a, b), Unit::X87),
            )*
            _ => return None,
        }
    };
}

/// `a` in one format against `b` in another, which is widened.
fn holds<const CODE: u8>(
    env: &mut Environment,
    format: Format,
    b_format: Format,
    a: u128,
    b: u128,
) -> bool {
    let b = lane(b, b_format, 0);
    let b = if format == b_format { b } else { convert::convert(env, b_format, format, b) };
    relation::holds(env, format, lane(a, format, 0), b, CODE)
}

/// Comparisons to a predicate and whose control they obey.
pub(crate) fn comparison(op: Op) -> Option<(FloatRelation, Unit)> {
    let relation: (FloatRelation, Unit) = comparisons! { op;
        0: Fcmpeqsb Fcmpeqdb Fxcmpeqsb Fxcmpeqdb Fxcmpeqxb;
        1: Fcmpltsb Fcmpltdb Fxcmpltsb Fxcmpltdb Fxcmpltxb;
        2: Fcmplesb Fcmpledb Fxcmplesb Fxcmpledb Fxcmplexb;
        3: Fcmpuodsb Fcmpuoddb Fxcmpuodsb Fxcmpuoddb Fxcmpuodxb;
        4: Fcmpneqsb Fcmpneqdb Fxcmpneqsb Fxcmpneqdb Fxcmpneqxb;
        5: Fcmpnltsb Fcmpnltdb Fxcmpnltsb Fxcmpnltdb Fxcmpnltxb;
        6: Fcmpnlesb Fcmpnledb Fxcmpnlesb Fxcmpnledb Fxcmpnlexb;
        7: Fcmpodsb Fcmpoddb Fxcmpodsb Fxcmpoddb Fxcmpodxb;
    };
    Some(relation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alu::float::number::Rounding;

    #[test]
    fn relations_are_those_of_their_codes() {
        let mut env =
            Environment { rounding: Rounding::Nearest, precision: 64, flush: false, flags: 0 };
        let (one, two) = (u128::from(1_f32.to_bits()), u128::from(2_f32.to_bits()));
        let mut holds =
            |op, a, b| comparison(op).is_some_and(|(relation, _)| relation(&mut env, a, b));
        for (op, expected) in [
            (Op::Fcmpeqsb, false),
            (Op::Fcmpltsb, true),
            (Op::Fcmplesb, true),
            (Op::Fcmpuodsb, false),
            (Op::Fcmpneqsb, true),
            (Op::Fcmpnltsb, false),
            (Op::Fcmpnlesb, false),
            (Op::Fcmpodsb, true),
        ] {
            assert_eq!(holds(op, one, two), expected, "{op:?}");
        }
    }
}
