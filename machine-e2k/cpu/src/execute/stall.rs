//! The scoreboard: when registers, predicates and targets are ready (e2k-isa.md §11.2).
//!
//! Only with [`crate::Timing::interlocks`]. It is no architectural state, and stored beside it, so that a run goes on in step.

use elnic_isa::ControlCondition;

use super::context::Context;
use crate::bus::Bus;
use crate::decode::{Bundle, Class, Operation, Prepare, Target, Transfer};
use crate::state::registers::{CELLS, Cell, GLOBALS, RING};
use crate::state::{InFlightV1, State};
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

impl Scoreboard {
    /// What is not ready yet at the state's cycle.
    pub(super) fn save(&self, state: &State) -> InFlightV1 {
        let waits = |ready: u64| ready.saturating_sub(state.cycles);
        let count = state.window.base.wrapping_sub(state.resident_from);
        let count = count.saturating_add(state.window.size.into()).min(RING as u64);
        let windowed = (0..count).map(|number| {
            waits(self.registers[Cell::windowed(state.resident_from.wrapping_add(number)).index()])
        });
        let globals = (0..GLOBALS as u8).map(|n| waits(self.registers[Cell::global(n).index()]));
        InFlightV1 {
            windowed: windowed.collect(),
            globals: globals.collect(),
            predicates: self.predicates.map(waits),
            targets: self.targets.map(waits),
        }
    }

    /// The scoreboard that was stored with `state`.
    pub(super) fn restore(saved: &InFlightV1, state: &State) -> Self {
        let mut scoreboard = Self::default();
        let ready = |wait: u64| state.cycles.saturating_add(wait);
        for (number, wait) in (0..RING as u64).zip(&saved.windowed) {
            let cell = Cell::windowed(state.resident_from.wrapping_add(number));
            scoreboard.registers[cell.index()] = ready(*wait);
        }
        for (number, wait) in (0..GLOBALS as u8).zip(&saved.globals) {
            scoreboard.registers[Cell::global(number).index()] = ready(*wait);
        }
        scoreboard.predicates = saved.predicates.map(ready);
        scoreboard.targets = saved.targets.map(ready);
        scoreboard
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
