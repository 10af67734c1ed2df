//! Two-in-one operations (FCMB, PFCMB, QPFCMB): both stages round, the third source is the left operand of the second (e2k-isa.md §2.5).

use elnic_isa::{Kind, Operation};

use super::arithmetic;
use super::lanes::{alternating, each, pairs};
use super::number::{DOUBLE, Environment, Format, SINGLE};

/// Format and lanes, which follow from the name and the kind of the result.
fn shape(operation: &Operation) -> Option<(Format, u32)> {
    let single = operation.mnemonic.ends_with('s');
    let format = if single { SINGLE } else { DOUBLE };
    let count = match (operation.mnemonic.as_bytes().first()?, operation.dst, single) {
        (b'f', ..) => 1,
        (b'p', Kind::Double, true) => 2,
        (b'p', ..) => 1,
        (b'q', _, true) => 4,
        _ => 2,
    };
    Some((format, count))
}

/// What a stage of a two-in-one operation does in a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Add,
    Sub,
    Rsub,
    Mul,
    Hadd,
    Hsub,
    Addsub,
}

/// Both stages of a two-in-one operation and their shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stages {
    first: Step,
    second: Step,
    format: Format,
    count: u32,
}

impl Stages {
    /// `second(c, first(a, b))`.
    pub(crate) fn compute(self, env: &mut Environment, a: u128, b: u128, c: u128) -> u128 {
        let value = self.step(env, self.first, a, b);
        self.step(env, self.second, c, value)
    }

    fn step(self, env: &mut Environment, step: Step, a: u128, b: u128) -> u128 {
        let (format, count) = (self.format, self.count);
        match step {
            Step::Add => each(env, format, count, arithmetic::add, a, b),
            Step::Sub => each(env, format, count, arithmetic::sub, a, b),
            Step::Rsub => each(env, format, count, arithmetic::rsub, a, b),
            Step::Mul => each(env, format, count, arithmetic::mul, a, b),
            Step::Hadd => pairs(env, format, count, arithmetic::add, a, b),
            Step::Hsub => pairs(env, format, count, arithmetic::sub, a, b),
            Step::Addsub => {
                alternating(env, format, count, arithmetic::sub, arithmetic::add, (a, b))
            }
        }
    }
}

/// The stages of `operation`, if it is a two-in-one operation.
pub(crate) fn stages(operation: &Operation) -> Option<Stages> {
    let second = match (operation.extension?, operation.opcode >> 5) {
        (0x0c | 0x0e | 0x16, 0) => Step::Add,
        (0x0c | 0x0e | 0x16, 1) => Step::Sub,
        (0x0e | 0x16, 2) => Step::Hadd,
        (0x0e | 0x16, 3) => Step::Hsub,
        (0x0d | 0x0f | 0x17, 1) => Step::Rsub,
        (0x0f | 0x17, 3) => Step::Addsub,
        (0x0d | 0x0f, 0) => Step::Mul,
        _ => return None,
    };
    let first = match operation.opcode >> 1 & 0xf {
        0 => Step::Add,
        1 => Step::Sub,
        2 => Step::Hadd,
        3 => Step::Hsub,
        4 => Step::Mul,
        7 => Step::Addsub,
        _ => return None,
    };
    let (format, count) = shape(operation)?;
    Some(Stages { first, second, format, count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alu::float::number::Rounding;

    #[test]
    fn the_third_source_is_the_left_operand_of_the_second_stage() {
        let compute = |mnemonic, [a, b, c]: [f64; 3]| {
            let mut env =
                Environment { rounding: Rounding::Nearest, precision: 64, flush: false, flags: 0 };
            let row = Operation::by_mnemonic(mnemonic).first()?;
            let [a, b, c] = [a, b, c].map(|value| u128::from(value.to_bits()));
            Some(f64::from_bits(stages(row)?.compute(&mut env, a, b, c) as u64))
        };
        assert_eq!(compute("fmul_subd", [2.0, 3.0, 10.0]), Some(4.0));
        assert_eq!(compute("fmul_rsubd", [2.0, 3.0, 10.0]), Some(-4.0));
        assert_eq!(compute("faddd", [2.0, 3.0, 10.0]), None);
    }
}
