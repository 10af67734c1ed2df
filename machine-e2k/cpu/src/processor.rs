//! What a machine drives: something that executes bundles until there is a reason not to.
//!
//! The interpreter is the first implementation. A translator would be the second and has to pass the same tests: everything observable goes
//! through this trait, and the state in between is the plain value [`State`].

use elnic_contract::Cycles;

use crate::bus::Bus;
use crate::exception::Exception;
use crate::state::State;

/// Why [`Processor::run`] returned. The state is that between two bundles in every case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The cycles given are used up.
    Budget,
    /// [`Bus::attention`] asked for it; the bundle that caused it is complete.
    Attention,
    /// The program waits for an interrupt (`wait int=1`): nothing happens until one comes.
    Idle,
    /// The program left through the simulator convention, if [`crate::Config::simulator_halt`] is on.
    Halted {
        /// What it left with.
        code: u32,
    },
    /// An exception that is not delivered to the program. `ip` still addresses the bundle.
    Exception(Box<Exception>),
}

/// A processor.
pub trait Processor {
    /// Executes bundles until `budget` cycles have passed or something stops it earlier.
    ///
    /// At least one bundle is executed if the budget is not zero, and the last one may exceed it, so the caller looks at
    /// [`Processor::cycles`] for the time that really passed.
    fn run<B: Bus>(&mut self, bus: &mut B, budget: Cycles) -> Stop;

    /// Executes one bundle.
    fn step<B: Bus>(&mut self, bus: &mut B) -> Stop {
        self.run(bus, Cycles(1))
    }

    /// Cycles since reset (`%clkr`).
    fn cycles(&self) -> Cycles;

    /// Bundles executed since this processor was made; a statistic, no part of the state.
    fn bundles(&self) -> u64;

    /// The architectural state.
    fn state(&self) -> &State;

    /// The architectural state, to be changed between runs: loading an image, a debugger.
    fn state_mut(&mut self) -> &mut State;

    /// Code in `length` bytes from physical address `start` may have changed: forget what was decoded of it.
    fn forget_code(&mut self, start: u64, length: u64);
}
