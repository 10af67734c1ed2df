//! The 80-bit unit (x87): arithmetic with mixed widths, comparisons to flags, moves of parts.

use elnic_isa::Op;

use super::lanes::{Lane, lane};
use super::number::{DOUBLE, EXTENDED, Environment, Format, SINGLE};
use super::{Float, arithmetic, conversion, convert, relation};

/// An 80-bit operation: `b` is widened, the result rounded to `to`.
fn x87(env: &mut Environment, f: Lane, (b_format, to): (Format, Format), a: u128, b: u128) -> u128 {
    let b = convert::convert(env, b_format, EXTENDED, lane(b, b_format, 0));
    let result = f(env, EXTENDED, lane(a, EXTENDED, 0), b);
    if to == EXTENDED { result } else { convert::convert(env, EXTENDED, to, result) }
}

macro_rules! x87_operations {
    ($op:expr; $($f:expr => $ss:ident $dd:ident $sx:ident $dx:ident $($xx:ident $xd:ident $xs:ident)?;)*) => {
        match $op {
            $(
                Op::$ss => |env, a, b, _| x87(env, $f, (SINGLE, SINGLE), a, b),
                Op::$dd => |env, a, b, _| x87(env, $f, (DOUBLE, DOUBLE), a, b),
                Op::$sx => |env, a, b, _| x87(env, $f, (SINGLE, EXTENDED), a, b),
                Op::$dx => |env, a, b, _| x87(env, $f, (DOUBLE, EXTENDED), a, b),
                $(
                    Op::$xx => |env, a, b, _| x87(env, $f, (EXTENDED, EXTENDED), a, b),
                    Op::$xd => |env, a, b, _| x87(env, $f, (EXTENDED, DOUBLE), a, b),
                    Op::$xs => |env, a, b, _| x87(env, $f, (EXTENDED, SINGLE), a, b),
                )?
            )*
            _ => return other($op),
        }
    };
}

/// Operations of the 80-bit unit.
pub(super) fn operation(op: Op) -> Option<Float> {
    let function: Float = x87_operations! { op;
        arithmetic::add => Fxaddss Fxadddd Fxaddsx Fxadddx Fxaddxx Fxaddxd Fxaddxs;
        arithmetic::sub => Fxsubss Fxsubdd Fxsubsx Fxsubdx Fxsubxx Fxsubxd Fxsubxs;
        arithmetic::mul => Fxmulss Fxmuldd Fxmulsx Fxmuldx Fxmulxx Fxmulxd Fxmulxs;
        arithmetic::div => Fxdivss Fxdivdd Fxdivsx Fxdivdx Fxdivxx Fxdivxd Fxdivxs;
        arithmetic::rsub => Fxrsubss Fxrsubdd Fxrsubsx Fxrsubdx;
    };
    Some(function)
}

/// `a` of `from` by the 80-bit `b`, rounded to `to`.
fn last_quotient(env: &mut Environment, from: Format, to: Format, a: u128, b: u128) -> u128 {
    let a = convert::convert(env, from, EXTENDED, lane(a, from, 0));
    let result = arithmetic::div(env, EXTENDED, a, lane(b, EXTENDED, 0));
    if to == EXTENDED { result } else { convert::convert(env, EXTENDED, to, result) }
}

/// `value` of `from` in 80 bits; what it raises is raised by the last step.
fn widened(env: &mut Environment, from: Format, value: u128) -> u128 {
    let flags = env.flags;
    let value = convert::convert(env, from, EXTENDED, lane(value, from, 0));
    env.flags = flags;
    value
}

/// The root of `value` of `from`, rounded by the control register.
fn root(env: &mut Environment, from: Format, value: u128) -> u128 {
    let value = convert::convert(env, from, EXTENDED, lane(value, from, 0));
    arithmetic::sqrt(env, EXTENDED, value)
}

fn other(op: Op) -> Option<Float> {
    fn flags_of(env: &mut Environment, b_format: Format, quiet: bool, a: u128, b: u128) -> u128 {
        let b = convert::convert(env, b_format, EXTENDED, lane(b, b_format, 0));
        relation::flags(env, EXTENDED, lane(a, EXTENDED, 0), b, quiet)
    }
    let function: Float = match op {
        Op::Fxdivtss => |env, a, b, _| last_quotient(env, SINGLE, SINGLE, a, b),
        Op::Fxdivtdd => |env, a, b, _| last_quotient(env, DOUBLE, DOUBLE, a, b),
        Op::Fxdivtsx => |env, a, b, _| last_quotient(env, SINGLE, EXTENDED, a, b),
        Op::Fxdivtdx => |env, a, b, _| last_quotient(env, DOUBLE, EXTENDED, a, b),
        // The first two steps of a root hand their operand on, the third does the work.
        Op::Fxsqrtisx => |env, _, b, _| widened(env, SINGLE, b),
        Op::Fxsqrtidx => |env, _, b, _| widened(env, DOUBLE, b),
        Op::Fxsqrtixx | Op::Fxsqrtusx | Op::Fxsqrtudx | Op::Fxsqrtuxx => |_, _, b, _| b,
        Op::Fxsqrttsx => |env, a, _, _| root(env, SINGLE, a),
        Op::Fxsqrttdx => |env, a, _, _| root(env, DOUBLE, a),
        Op::Fxsqrttxx => |env, a, _, _| root(env, EXTENDED, a),
        Op::Fxscalesx => {
            |env, a, b, _| arithmetic::scale(env, EXTENDED, lane(a, EXTENDED, 0), b as u32 as i32)
        }
        Op::Fxcmpodsf => |env, a, b, _| flags_of(env, SINGLE, false, a, b),
        Op::Fxcmpudsf => |env, a, b, _| flags_of(env, SINGLE, true, a, b),
        Op::Fxcmpoddf => |env, a, b, _| flags_of(env, DOUBLE, false, a, b),
        Op::Fxcmpuddf => |env, a, b, _| flags_of(env, DOUBLE, true, a, b),
        Op::Fxcmpodxf => |env, a, b, _| flags_of(env, EXTENDED, false, a, b),
        Op::Fxcmpudxf => |env, a, b, _| flags_of(env, EXTENDED, true, a, b),
        // These three move bits and raise nothing.
        Op::Movx => |_, _, b, _| b,
        Op::Movxa => |_, _, b, _| b & !EXTENDED.sign_bit(),
        Op::Movxc => |_, _, b, _| b ^ EXTENDED.sign_bit(),
        Op::Movif => |_, a, b, _| a & u128::from(u64::MAX) | (b & 0xffff) << 64,
        Op::Movfi => |_, _, b, _| b >> 64 & 0xffff,
        _ => return conversion::extended(op),
    };
    Some(function)
}
