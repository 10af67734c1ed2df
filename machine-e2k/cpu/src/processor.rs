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
    /// The program waits for an interrupt (`wait int=1`, `wait trap=1`): nothing happens until one comes. Not with a pin raised, masked or
    /// not: what is pending ends the wait.
    Idle,
    /// The program left through the simulator convention, if [`crate::Config::simulator_halt`] is on.
    Halted {
        /// What it left with.
        code: u32,
    },
    /// An exception that is not delivered to the program, because it has no trap table or the table itself fails. `ip` still addresses
    /// the bundle.
    Exception(Box<Exception>),
}

/// An input of the processor that a machine drives.
///
/// Both are levels: what they stand for is found out, acknowledged and taken away by the program at the interrupt controller
/// (e2k-machine.md §6.2). A machine drives them between runs; a program that changes them in the middle of one does so by an access to a
/// device, after which the machine asks for [`crate::Attention::STOP`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pin {
    /// Maskable interrupts: `exc_interrupt`.
    Interrupt,
    /// Non-maskable interrupts: `exc_nm_interrupt`.
    NonMaskable,
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

    /// Drives a pin. A raised one is delivered before the next bundle that `%psr` and `%upsr` allow it before, if there is a trap table.
    fn set_pin(&mut self, pin: Pin, high: bool);

    /// Another processor keeps decoded code of the 4096-byte page at `page`: from now on writes to it are told to [`Bus::wrote_code`].
    fn note_code(&mut self, page: u64);

    /// Code in `length` bytes from physical address `start` may have changed: forget what was decoded of it.
    fn forget_code(&mut self, start: u64, length: u64);
}
