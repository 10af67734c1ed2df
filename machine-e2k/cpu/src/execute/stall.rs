//! The scoreboard: when registers, predicates and targets are ready (e2k-isa.md §11.2).
//!
//! Only with [`crate::Timing::interlocks`]. It is no architectural state: after a restore everything counts as ready.

use elnic_isa::ControlCondition;

use super::context::Context;
use crate::bus::Bus;
use crate::decode::{Bundle, Class, Operation, Prepare, Target, Transfer};
use crate::state::registers::CELLS;
use crate::timing::Latencies;

/// Cycle from which each thing can be used.
#[derive(Clone, Debug)]
pub(super) struct Scoreboard {
    registers: Box<[u64; CELLS]>,
    /// For conditions of transfers, by physical number.
    predicates: [u64; 32],
    targets: [u64; 3],
}

impl Default for Scoreboard {
    fn default() -> Self {
        Self { registers: Box::new([0; CELLS]), predicates: [0; 32], targets: [0; 3] }
    }
}

const fn latency(latencies: &Latencies, class: Class) -> u64 {
    (match class {
        Class::Integer => latencies.integer,
        Class::Load => latencies.load,
        Class::Multiply => latencies.multiply,
        Class::Divide => latencies.divide,
        Class::Packed => latencies.packed,
        Class::Float => latencies.float,
        Class::FloatDivide => latencies.float_divide,
        Class::Compare => latencies.compare_to_transfer,
        Class::FloatCompare => latencies.float_compare_to_transfer,
    }) as u64
}

const fn predicate_of(condition: ControlCondition) -> Option<u8> {
    match condition {
        ControlCondition::Predicate(number)
        | ControlCondition::NotPredicate(number)
        | ControlCondition::PredicateOrLoopEnd(number)
        | ControlCondition::NotPredicateOrLoopEnd(number)
        | ControlCondition::PredicateAndNotLoopEnd(number)
        | ControlCondition::NotPredicateAndNotLoopEnd(number) => Some(number),
        _ => None,
    }
}

impl Scoreboard {
    /// Lets the time pass that `bundle` waits, and notes when its results are ready.
    pub(super) fn issue<B: Bus>(&mut self, cx: &mut Context<'_, B>, bundle: &Bundle) {
        let latencies = cx.config.timing.latencies;
        let mut start = cx.state.cycles;
        for operation in &bundle.operations {
            for source in &operation.sources {
                if let Some(cell) = cx.source_cell(source) {
                    start = start.max(self.registers[cell.index()]);
                }
            }
        }
        if let Some(number) = predicate_of(bundle.condition) {
            let number = cx.state.rotation.predicate(number & 31);
            start = start.max(self.predicates[usize::from(number & 31)]);
        }
        if let Transfer::Through(register) | Transfer::Call(register, _) = bundle.transfer {
            start = start.max(self.targets[usize::from(register.min(2))]);
        }
        cx.state.cycles = start;
        for operation in &bundle.operations {
            self.result(cx, operation, start + latency(&latencies, operation.class));
        }
        let (register, wait) = match bundle.setup.prepare {
            Some(Prepare::Disp(register, _) | Prepare::Sdisp(register, _)) => {
                (register, latencies.disp)
            }
            Some(Prepare::Ldisp(_)) => (1, latencies.disp),
            Some(Prepare::Return) => (2, latencies.return_),
            None => return,
        };
        self.targets[usize::from(register.min(2))] = start + u64::from(wait);
    }

    fn result<B: Bus>(&mut self, cx: &Context<'_, B>, operation: &Operation, ready: u64) {
        match operation.target {
            Target::Predicate(number) => {
                let number = cx.state.rotation.predicate(number & 31);
                self.predicates[usize::from(number & 31)] = ready;
            }
            Target::Ctpr(register) => {
                let disp = u64::from(cx.config.timing.latencies.disp);
                self.targets[usize::from(register.min(2))] = cx.state.cycles + disp;
            }
            register => {
                if let Some(cell) = cx.target_cell(register) {
                    self.registers[cell.index()] = ready;
                }
            }
        }
    }

    /// What a taken branch without preparation costs beyond its own cycle.
    pub(super) fn branch<B: Bus>(cx: &mut Context<'_, B>, bundle: &Bundle, from: u64) {
        let next = from.wrapping_add(bundle.length.into());
        if matches!(bundle.transfer, Transfer::Branch(_)) && cx.state.ip != next {
            let latencies = cx.config.timing.latencies;
            cx.state.cycles += u64::from(latencies.ibranch.saturating_sub(1));
        }
    }
}
