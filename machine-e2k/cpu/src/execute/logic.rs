//! The predicate logic unit (e2k-isa.md §5.2).
//!
//! Values carry a second bit: invalid. `andp` and a first operand of `movep` hand it on; `landp` does not look at its second operand if the
//! first is a valid false one.

use elnic_isa::{ElementSource, LogicOperation};

use super::context::Context;
use crate::bus::Bus;
use crate::decode::Logic;
use crate::state::number;
use crate::trap::Trap;

/// A predicate with its tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Local {
    value: bool,
    invalid: bool,
}

/// What the unit will write, by names of predicates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Results {
    /// Bit n: `%pred(n)` is written.
    pub(super) written: u32,
    /// With this value.
    pub(super) values: u32,
    /// As a diagnostic value.
    pub(super) invalid: u32,
    /// Bit n: the result of step n, committed or not.
    pub(super) steps: u8,
}

impl<B: Bus> Context<'_, B> {
    /// Evaluates `logic` over the predicates as they were before the bundle (`predicates`, `invalid`, by name).
    pub(super) fn evaluate_logic(
        &self,
        logic: &Logic,
        predicates: u32,
        invalid: u32,
    ) -> Result<Results, Trap> {
        let mut locals = [Local::default(); 7];
        for (local, element) in locals.iter_mut().zip(logic.elements) {
            *local = match element {
                None => Local::default(),
                Some(element) => self.element(element, predicates, invalid)?,
            };
        }
        let mut results = Results::default();
        for step in &logic.steps {
            let combination = step.combination;
            let operand = |operand: elnic_isa::LocalPredicate| {
                let local = locals[usize::from(operand.number % 7)];
                Local { value: local.value != operand.negated, ..local }
            };
            let (first, second) = (operand(combination.first), operand(combination.second));
            let (local, writes) = combine(combination.operation, first, second);
            locals[usize::from(step.result % 7)] = local;
            results.steps |= u8::from(local.value) << (step.result & 3);
            if let Some(number) = combination.commit.filter(|_| writes) {
                let bit = 1 << (number & 31);
                let put = |bits: u32, on: bool| if on { bits | bit } else { bits & !bit };
                results.written |= bit;
                results.values = put(results.values, local.value);
                results.invalid = put(results.invalid, local.invalid);
            }
        }
        Ok(results)
    }

    fn element(
        &self,
        element: ElementSource,
        predicates: u32,
        invalid: u32,
    ) -> Result<Local, Trap> {
        Ok(match element {
            ElementSource::Predicate(number) => Local {
                value: predicates >> (number & 31) & 1 != 0,
                invalid: invalid >> (number & 31) & 1 != 0,
            },
            ElementSource::LoopCounterExpired => {
                Local { value: self.state.lsr.expired(), invalid: false }
            }
            // Bit i of the mask asks whether the result of channel i is a diagnostic one.
            ElementSource::Speculative(mask) => {
                Local { value: self.poison & mask != 0, invalid: false }
            }
            ElementSource::Random(number) => Local {
                value: self.state.system[usize::from(number::RNDPR)] >> (number & 0xf) & 1 != 0,
                invalid: false,
            },
            ElementSource::GlobalRotation => return Err(Trap::unimplemented("pass %bgrpred")),
        })
    }
}

/// The result, and whether `movep` writes it.
fn combine(operation: LogicOperation, first: Local, second: Local) -> (Local, bool) {
    let both =
        Local { value: first.value && second.value, invalid: first.invalid || second.invalid };
    match operation {
        LogicOperation::And => (both, true),
        LogicOperation::LogicalAnd if !first.invalid && !first.value => {
            (Local { value: false, invalid: false }, true)
        }
        LogicOperation::LogicalAnd => (both, true),
        LogicOperation::Move if first.invalid => {
            (Local { value: second.value, invalid: true }, true)
        }
        LogicOperation::Move => (second, first.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUE: Local = Local { value: true, invalid: false };
    const FALSE: Local = Local { value: false, invalid: false };
    const BAD: Local = Local { value: true, invalid: true };

    #[test]
    fn a_valid_false_hides_an_invalid_second_operand_from_landp_only() {
        assert_eq!(combine(LogicOperation::LogicalAnd, FALSE, BAD), (FALSE, true));
        assert!(combine(LogicOperation::And, FALSE, BAD).0.invalid);
        assert!(combine(LogicOperation::LogicalAnd, TRUE, BAD).0.invalid);
    }

    #[test]
    fn movep_writes_only_if_the_first_operand_holds() {
        assert_eq!(combine(LogicOperation::Move, TRUE, FALSE), (FALSE, true));
        assert!(!combine(LogicOperation::Move, FALSE, TRUE).1);
        assert!(combine(LogicOperation::Move, BAD, TRUE).0.invalid);
    }
}
