//! Whether the operations of a bundle can be executed one after the other.
//!
//! All operations of a bundle read before any writes. Executing them in sequence comes to the same if no operation reads what an earlier
//! one wrote, and if writes to one place keep their order (the highest channel wins). What may raise an exception goes first: one operation of
//! any kind, or plain loads before stores, which can be repeated as long as no load overwrites its own address. So nothing has to be held back
//! but the results of several loads, until the last of them is known to succeed.

use super::action::Operation;
use super::operand::{Operand, Target};

/// Whether `operand` may name the register `target` does. Windowed and rotating names may meet anywhere.
fn may_meet(operand: Operand, target: Target) -> bool {
    match (operand, target) {
        (Operand::Window(a), Target::Window(b))
        | (Operand::Based(a), Target::Based(b))
        | (Operand::Global(a), Target::Global(b)) => a == b,
        (Operand::Window(_), Target::Based(_)) | (Operand::Based(_), Target::Window(_)) => true,
        _ => false,
    }
}

fn reads(reader: &Operation, target: Target) -> bool {
    reader.sources.iter().any(|source| may_meet(*source, target))
}

fn same_place(a: Target, b: Target) -> bool {
    match (a, b) {
        (Target::Nothing, _) | (_, Target::Nothing) => false,
        (Target::Window(_), Target::Based(_)) | (Target::Based(_), Target::Window(_)) => true,
        _ => a == b,
    }
}

/// Whether `first` must be executed before `second`, which stands on a higher channel or a lower one.
fn must_precede(first: &Operation, second: &Operation) -> bool {
    if reads(first, second.target) && !std::ptr::eq(first, second) {
        return true;
    }
    first.channel < second.channel && same_place(first.target, second.target)
}

/// In which order kinds of operations come.
fn rank(operation: &Operation) -> u8 {
    match (operation.is_plain(), operation.stores()) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

/// Whether `operations`, of which several may fail, can be repeated from the start after some of them have been executed.
fn repeatable(operations: &[Operation]) -> bool {
    operations.iter().filter(|operation| !operation.is_plain()).all(|operation| {
        operation.is_simple_store()
            || operation.is_simple_load() && !reads(operation, operation.target)
    })
}

/// Puts `operations` into an order in which they can be executed directly; `false` leaves them by channel.
pub(crate) fn arrange(operations: &mut Vec<Operation>) -> bool {
    if operations.len() < 2 {
        return true;
    }
    let risky = operations.iter().filter(|operation| !operation.is_plain()).count();
    if risky > 1 && !repeatable(operations) {
        return false;
    }
    let mut left: Vec<Operation> = operations.clone();
    let mut arranged = Vec::with_capacity(left.len());
    while let Some(wanted) = left.iter().map(rank).min() {
        let free = |candidate: &Operation| {
            rank(candidate) == wanted
                && left
                    .iter()
                    .all(|other| std::ptr::eq(other, candidate) || !must_precede(other, candidate))
        };
        let Some(next) = left.iter().position(free) else { return false };
        arranged.push(left.remove(next));
    }
    *operations = arranged;
    true
}

#[cfg(test)]
mod tests {
    use elnic_isa::Mas;

    use super::*;
    use crate::decode::action::{Action, Class};
    use crate::decode::operand::{Guard, Width};

    fn operation(channel: u8, sources: &[u8], target: u8, action: Action) -> Operation {
        let mut operands = [Operand::Constant(0); 3];
        for (operand, source) in operands.iter_mut().zip(sources) {
            *operand = Operand::Window(*source);
        }
        Operation {
            action,
            sources: operands,
            target: Target::Window(target),
            width: Width::Double,
            channel,
            speculative: false,
            guarded: false,
            effect: action.effect(),
            mas: Mas(0),
            class: Class::Integer,
            tagged: [0; 3],
            guard: Guard::default(),
            merge: Guard::default(),
            name: "addd",
        }
    }

    fn channels(operations: &[Operation]) -> Vec<u8> {
        operations.iter().map(|operation| operation.channel).collect()
    }

    #[test]
    fn readers_go_before_writers() {
        let mut operations = vec![
            operation(0, &[1], 2, Action::Add),
            operation(1, &[2], 3, Action::Add),
            operation(2, &[3], 4, Action::Add),
        ];
        assert!(arrange(&mut operations));
        assert_eq!(channels(&operations), [2, 1, 0]);
    }

    #[test]
    fn an_exchange_has_no_order() {
        let mut operations =
            vec![operation(0, &[1], 2, Action::Add), operation(1, &[2], 1, Action::Add)];
        assert!(!arrange(&mut operations));
        assert_eq!(channels(&operations), [0, 1]);
    }

    #[test]
    fn writers_of_one_register_keep_their_order() {
        let mut operations =
            vec![operation(0, &[5], 1, Action::Add), operation(1, &[6], 1, Action::Add)];
        assert!(arrange(&mut operations));
        assert_eq!(channels(&operations), [0, 1]);
    }

    #[test]
    fn loads_go_before_what_needs_their_old_targets_gone() {
        let load = Action::Load(elnic_contract::Size::Double);
        let mut operations = vec![
            operation(0, &[4], 5, load),
            operation(1, &[1], 1, Action::Add),
            operation(2, &[4], 6, load),
        ];
        assert!(arrange(&mut operations));
        assert_eq!(channels(&operations), [0, 2, 1]);
        let mut operations = vec![operation(0, &[4], 4, load), operation(2, &[5], 6, load)];
        assert!(!arrange(&mut operations), "a load over its own address cannot be repeated");
    }

    #[test]
    fn what_may_fail_goes_first_or_nothing_is_direct() {
        let mut operations = vec![
            operation(0, &[1], 2, Action::Add),
            operation(5, &[1], 3, Action::Divide(|_, _| None)),
        ];
        assert!(arrange(&mut operations));
        assert_eq!(channels(&operations), [5, 0]);
        let mut operations = vec![
            operation(0, &[3], 2, Action::Add),
            operation(5, &[1], 3, Action::Divide(|_, _| None)),
        ];
        assert!(!arrange(&mut operations));
    }
}
