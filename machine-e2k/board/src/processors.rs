//! The processors of a machine, and whose turn it is.
//!
//! Processors run one after the other, each up to the same instant, the end of the round. A round ends after a quantum of
//! cycles, at multiples of it, and earlier when a device wants something at an earlier instant; so who runs when is a
//! function of the machine's state alone, and two runs are identical. A processor that waits for an interrupt, or to be
//! started, takes no turns; with one processor left there is nothing to share and rounds are as long as devices allow.
//!
//! Between its turns a processor's locked access is broken, as by a store of another, so that `%MLOCK` sends the program
//! back; a turn that ends between the halves of one lasts a few bundles longer, so that every attempt cannot be the one
//! that fails.

use elnic_contract::Cycles;
use elnic_cpu::{
    Config as CpuConfig, CpuStateV1, Interpreter, Pin, Processor, State, StateError, Stop,
};
use serde::{Deserialize, Serialize};

use crate::interrupts::Inputs;
use crate::loader::Start;
use crate::world::World;

/// Bundles by which a turn is prolonged to complete a locked access.
const GRACE: u32 = 64;
/// Where the boot block's address is passed (e2k-machine.md §2.2).
const BOOTBLOCK_REGISTER: u16 = 1;

/// One processor.
struct Cpu {
    interpreter: Interpreter,
    /// How many pages of others' code it knows.
    pages: usize,
}

/// All processors; the first boots.
pub(crate) struct Processors {
    cpus: Vec<Cpu>,
    /// The one whose state holds the tags of memory, which belong to all.
    tags_with: usize,
}

/// Processors as they are stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedProcessors {
    pub(crate) cpus: Vec<CpuStateV1>,
    tags_with: usize,
}

/// The round that is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Round {
    /// The cycle at which it ends.
    pub(crate) end: u64,
    /// Whose turn is next.
    pub(crate) next: usize,
    /// Several processors take part in it.
    pub(crate) shared: bool,
}

impl Processors {
    pub(crate) fn new(count: u8, config: CpuConfig, start: Option<Start>) -> Self {
        let cpu = |number: u8| {
            let config = CpuConfig { idr: identity(config.idr, number, count), ..config };
            Cpu { interpreter: Interpreter::new(config, 0), pages: 0 }
        };
        let mut processors = Self { cpus: (0..count.max(1)).map(cpu).collect(), tags_with: 0 };
        processors.reset(start);
        processors
    }

    /// All processors as after reset, about to start as `start` says. Their clocks go on.
    pub(crate) fn reset(&mut self, start: Option<Start>) {
        let entry = start.map_or(0, |start| start.entry);
        for number in 0..self.cpus.len() {
            self.start(number, entry, start);
        }
        self.tags_with = 0;
    }

    pub(crate) const fn count(&self) -> usize {
        self.cpus.len()
    }

    /// Processor number `index`.
    pub(crate) fn get(&self, index: usize) -> Option<&Interpreter> {
        self.cpus.get(index).map(|cpu| &cpu.interpreter)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut Interpreter> {
        self.cpus.get_mut(index).map(|cpu| &mut cpu.interpreter)
    }

    /// The cycle that processor `index` has reached.
    pub(crate) fn position(&self, index: usize) -> u64 {
        self.get(index).map_or(0, |cpu| cpu.cycles().0)
    }

    /// Bundles executed by all of them.
    pub(crate) fn bundles(&self) -> u64 {
        self.cpus.iter().fold(0, |sum, cpu| sum.wrapping_add(cpu.interpreter.bundles()))
    }

    /// The clocks of processors that did not run are those of the machine.
    pub(crate) fn catch_up(&mut self, cycle: u64) {
        for cpu in &mut self.cpus {
            let cycles = &mut cpu.interpreter.state_mut().cycles;
            *cycles = (*cycles).max(cycle);
        }
    }

    /// Processor `index` as after reset, about to start at `entry`. Its clock goes on.
    pub(crate) fn start(&mut self, index: usize, entry: u64, start: Option<Start>) {
        let Some(cpu) = self.get_mut(index) else { return };
        let cycles = cpu.state().cycles;
        cpu.reset(entry);
        let state = cpu.state_mut();
        state.cycles = cycles;
        if let Some(bootblock) = start.and_then(|start| start.bootblock) {
            let cell = state.window_cell(BOOTBLOCK_REGISTER);
            state.registers.set_low(cell, bootblock);
        }
        if let Some(system) = start.and_then(|start| start.system) {
            system.prepare(state, index as u64);
        }
    }

    /// Runs processor `index` until `end`; `shared` says whether others run in turn.
    pub(crate) fn turn(&mut self, world: &mut World, index: usize, end: u64, shared: bool) -> Stop {
        self.hand_over_tags(index);
        world.begin_turn(index);
        let Some(cpu) = self.cpus.get_mut(index) else { return Stop::Budget };
        cpu.learn(world, index);
        let Inputs { interrupt, non_maskable } = world.inputs_of(index);
        let cpu = &mut cpu.interpreter;
        cpu.set_pin(Pin::Interrupt, interrupt);
        cpu.set_pin(Pin::NonMaskable, non_maskable);
        let stop = run_until(cpu, world, end);
        if shared && stop == Stop::Budget { complete(cpu, world) } else { stop }
    }

    /// All states, by number.
    pub(crate) fn save(&self) -> SavedProcessors {
        let cpus = self.cpus.iter().map(|cpu| cpu.interpreter.save()).collect();
        SavedProcessors { cpus, tags_with: self.tags_with }
    }

    /// Takes over stored states, of as many processors.
    ///
    /// # Errors
    /// Number of the first whose state is impossible, and why; none has changed.
    pub(crate) fn restore(&mut self, saved: &SavedProcessors) -> Result<(), (usize, StateError)> {
        for (number, state) in saved.cpus.iter().enumerate() {
            State::restore(state).map_err(|error| (number, error))?;
        }
        for (number, (cpu, state)) in self.cpus.iter_mut().zip(&saved.cpus).enumerate() {
            cpu.interpreter.restore(state).map_err(|error| (number, error))?;
        }
        self.tags_with = saved.tags_with.min(self.cpus.len().saturating_sub(1));
        Ok(())
    }

    fn hand_over_tags(&mut self, to: usize) {
        if self.tags_with != to && to < self.cpus.len() {
            let tags = self
                .cpus
                .get_mut(self.tags_with)
                .map(|cpu| std::mem::take(&mut cpu.interpreter.state_mut().memory_tags));
            if let (Some(tags), Some(cpu)) = (tags, self.cpus.get_mut(to)) {
                cpu.interpreter.state_mut().memory_tags = tags;
            }
            self.tags_with = to;
        }
    }
}

impl Cpu {
    /// Learns what others decoded and wrote since its last turn.
    fn learn(&mut self, world: &mut World, index: usize) {
        let pages = world.coherence.pages_after(self.pages);
        self.pages += pages.len();
        for page in pages {
            self.interpreter.note_code(*page);
        }
        for (start, length) in world.coherence.take_stores(index) {
            self.interpreter.forget_code(start, length);
        }
    }
}

/// Bundle by bundle if the log wants each.
fn run_until(cpu: &mut Interpreter, world: &mut World, end: u64) -> Stop {
    loop {
        let left = end.saturating_sub(cpu.cycles().0).max(1);
        if !world.log.items().wants_bundles() {
            return cpu.run(world, Cycles(left));
        }
        world.note_position(cpu.cycles());
        crate::listing::log_bundle(cpu.state(), cpu.config().isa, world);
        let stop = cpu.run(world, Cycles(1));
        if stop != Stop::Budget || cpu.cycles().0 >= end {
            return stop;
        }
    }
}

/// Completes a locked access that was begun, or breaks it.
fn complete(cpu: &mut Interpreter, world: &mut World) -> Stop {
    for _ in 0..GRACE {
        if cpu.state().lock.is_none() {
            return Stop::Budget;
        }
        let end = cpu.cycles().0.saturating_add(1);
        match run_until(cpu, world, end) {
            Stop::Budget => {}
            other => return other,
        }
    }
    cpu.state_mut().lock = None;
    Stop::Budget
}

/// `%idr` of processor `number`: its core in bits 19 to 15, where a processor that is alone shows what it was given.
const fn identity(idr: u64, number: u8, count: u8) -> u64 {
    if count > 1 { idr & !(0x1f << 15) | (number as u64) << 15 } else { idr }
}

impl World {
    /// Processor `index` has the bus from now on.
    fn begin_turn(&mut self, index: usize) {
        self.running = index;
        // Processors are at most 16.
        let number = u8::try_from(index).unwrap_or(u8::MAX);
        if let Some(pic) = self.pic() {
            pic.view_from(number);
        }
        if self.coherence.is_shared() {
            while let Some(page) = self.ram.watched().take_written() {
                // Nobody has noticed: all are told.
                self.coherence.wrote(usize::MAX, page, elnic_memory::PAGE);
            }
        }
    }

    /// The running processor has reached `cycles`.
    fn note_position(&mut self, cycles: Cycles) {
        self.ahead = Cycles(cycles.0.saturating_sub(self.slice_start.0));
    }
}
