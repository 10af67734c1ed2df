//! Diagnostic values (e2k-isa.md §8.4): what a bundle does with them is decided before it does anything.
//!
//! Only where tags are kept. A diagnostic operand or predicate raises an exception of the whole bundle, unless the operation is speculative,
//! which makes its result one.

use elnic_isa::ControlCondition;

use super::context::Context;
use crate::bus::Bus;
use crate::decode::{Action, Bundle, Condition, Operation};
use crate::exception::ExceptionKind;
use crate::trap::{Reason, Trap};

impl<B: Bus> Context<'_, B> {
    /// Raises what diagnostic values raise; else notes which results become diagnostic.
    pub(super) fn check_tags(
        &mut self,
        bundle: &Bundle,
        predicates: u32,
        stages: u32,
    ) -> Result<(), Trap> {
        self.poison = 0;
        let invalid = self.state.rotation.predicates(self.state.predicates.invalid);
        for operation in &bundle.operations {
            if self.is_poisoned(operation, predicates, stages, invalid)? {
                self.poison |= 1 << operation.channel;
            }
        }
        self.check_transfer(bundle.condition, invalid)
    }

    fn is_poisoned(
        &self,
        operation: &Operation,
        predicates: u32,
        stages: u32,
        invalid: u32,
    ) -> Result<bool, Trap> {
        let guard = operation.guard;
        if !guard.stages.is_empty() && !guard.stages.holds(stages) {
            return Ok(false);
        }
        let uses = |condition: Condition| (condition.wanted | condition.unwanted) & invalid != 0;
        let doubtful = uses(guard.predicates) || uses(operation.merge.predicates);
        let strict = matches!(operation.action, Action::WriteState(_) | Action::Prepare);
        if doubtful && (!operation.speculative || strict) {
            return Err(Trap::on_channel(
                ExceptionKind::DiagnosticCondition,
                operation.channel,
                Reason::Text("the predicate of an operation is a diagnostic value"),
            ));
        }
        if !doubtful && !guard.is_always() && !guard.allows(predicates, stages) {
            return Ok(false);
        }
        let bad = |number: usize| {
            self.read_tag(&operation.sources[number]) & operation.tagged[number] != 0
        };
        let invalid = match operation.action {
            Action::GetTag | Action::PutTag => false,
            Action::Merge => {
                let chosen =
                    operation.merge.allows(predicates, stages) && !operation.merge.is_always();
                bad(usize::from(chosen))
            }
            _ => (0..3).any(bad),
        };
        let copies = operation.name.starts_with("movt") && !strict;
        if invalid && !operation.speculative && !copies {
            return Err(Trap::on_channel(
                ExceptionKind::DiagnosticOperand,
                operation.channel,
                Reason::Text("an operand is a diagnostic value"),
            ));
        }
        Ok(invalid || doubtful)
    }

    fn check_transfer(&self, condition: ControlCondition, invalid: u32) -> Result<(), Trap> {
        let number = match condition {
            ControlCondition::Predicate(number) | ControlCondition::NotPredicate(number) => number,
            ControlCondition::PredicateOrLoopEnd(number)
            | ControlCondition::NotPredicateOrLoopEnd(number)
                if !self.state.lsr.prologue() && !self.state.lsr.loop_end() =>
            {
                number
            }
            ControlCondition::PredicateAndNotLoopEnd(number)
            | ControlCondition::NotPredicateAndNotLoopEnd(number)
                if !self.state.lsr.prologue() && !self.state.lsr.loop_end() =>
            {
                number
            }
            _ => return Ok(()),
        };
        if invalid >> (number & 31) & 1 != 0 {
            return Err(Trap::new(
                ExceptionKind::DiagnosticTransferCondition,
                Reason::Text("the predicate of a transfer is a diagnostic value"),
            ));
        }
        Ok(())
    }
}
