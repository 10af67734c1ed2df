//! Diagnostic values (e2k-isa.md §8.4): what a bundle does with them is decided before it does anything.
//!
//! Only where tags are kept. A diagnostic operand or predicate raises an exception of the whole bundle, unless the operation is speculative,
//! which makes its result one.

use elnic_isa::ControlCondition;

use super::context::Context;
use crate::bus::Bus;
use crate::decode::{Action, Bundle, Condition, Effect, Operation};
use crate::exception::ExceptionKind;
use crate::state::registers::TAG_LOW;
use crate::trap::{Reason, Trap};

/// What the result of an operation whose qualifier is a diagnostic value has set.
const DOUBTED_BITS: u64 = 0x4000_0000_4000_0000;

/// What diagnostic values make of an operation that may execute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing.
    Sound,
    /// Its result is one.
    Poisoned,
    /// So is its qualifier.
    Doubted,
}

impl<B: Bus> Context<'_, B> {
    /// Raises what diagnostic values raise; else notes which results become diagnostic.
    pub(super) fn check_tags(
        &mut self,
        bundle: &Bundle,
        predicates: u32,
        stages: u32,
    ) -> Result<(), Trap> {
        let invalid = self.state.rotation.predicates(self.state.predicates.invalid);
        let mut lsr = self.state.lsr;
        for operation in &bundle.operations {
            // A store that is not made asks for nothing.
            if bundle.loop_stores && operation.stores() && lsr.suppresses_store() {
                continue;
            }
            match self.fate(operation, predicates, stages, invalid)? {
                Fate::Sound => {}
                Fate::Poisoned => self.poison |= 1 << operation.channel,
                Fate::Doubted => {
                    self.poison |= 1 << operation.channel;
                    self.doubted |= 1 << operation.channel;
                }
            }
        }
        self.check_transfer(bundle.condition, invalid)
    }

    /// Whether the qualifier of `operation` is a diagnostic value; it executes then, whatever the value of the qualifier.
    pub(super) const fn is_doubted(&self, operation: &Operation) -> bool {
        self.doubted >> operation.channel & 1 != 0
    }

    /// What becomes of the result of an operation whose qualifier is a diagnostic value.
    pub(super) const fn doubt(&self, operation: &Operation, result: u64) -> u64 {
        match operation.effect {
            Effect::Register | Effect::Memory if self.is_doubted(operation) => {
                result | DOUBTED_BITS
            }
            _ => result,
        }
    }

    fn fate(
        &self,
        operation: &Operation,
        predicates: u32,
        stages: u32,
        invalid: u32,
    ) -> Result<Fate, Trap> {
        let guard = operation.guard;
        if !guard.stages.is_empty() && !guard.stages.holds(stages) {
            return Ok(Fate::Sound);
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
            return Ok(Fate::Sound);
        }
        let tagged = self.tags_that_matter(operation);
        let bad = |number: usize| self.read_tag(&operation.sources[number]) & tagged[number] != 0;
        let invalid = match operation.action {
            Action::GetTag | Action::PutTag => false,
            Action::Merge => {
                let chosen =
                    operation.merge.allows(predicates, stages) && !operation.merge.is_always();
                bad(usize::from(chosen))
            }
            _ => (0..3).any(bad),
        };
        // A transfer through the register that is prepared with it fails later.
        let copies = operation.name.starts_with("movt")
            && !matches!(operation.action, Action::WriteState(_));
        if invalid && !operation.speculative && !copies {
            return Err(Trap::on_channel(
                ExceptionKind::DiagnosticOperand,
                operation.channel,
                Reason::Text("an operand is a diagnostic value"),
            ));
        }
        Ok(match (uses(guard.predicates), invalid || doubtful) {
            (true, _) => Fate::Doubted,
            (false, true) => Fate::Poisoned,
            (false, false) => Fate::Sound,
        })
    }

    /// The part of each source's tag that matters. The selector of `insfd` says whether the upper half of a source is looked at.
    fn tags_that_matter(&self, operation: &Operation) -> [u8; 3] {
        let [first, second, third] = operation.tagged;
        if operation.name != "insfd" {
            return [first, second, third];
        }
        let selector = self.read(&operation.sources[1]);
        let limited = |tag: u8, bit: u8| if selector >> bit & 1 != 0 { tag & TAG_LOW } else { tag };
        [limited(first, 13), second, limited(third, 15)]
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
