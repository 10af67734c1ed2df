//! A machine, and the loop that runs it.
//!
//! One thread runs processor, devices and time. Between two slices of the processor three things happen, in this order:
//! due deadlines are served, host input is taken in if this is an input point, and what the guest said about itself is
//! looked at. Input points are every [`INPUT_INTERVAL`], after each frame sent, and when the bell was rung; all but the
//! last depend on the guest alone, so with netdevs and terminals that answer by themselves two runs are identical.

use std::time::{Duration, Instant};

use elnic_clock::{Pace, Pacer};
use elnic_contract::{Cycles, GuestEvent, VDuration, VTime};
use elnic_cpu::{Attention, Exception, Interpreter, IsaVersion, Pin, Processor, Stop};
use elnic_memory::GuestRam;
use elnic_netclient::NetCore;

use crate::control::Again;
use crate::doorbell::StopButton;
use crate::fault::{self, GuestFault};
use crate::interrupts::Inputs;
use crate::loader::Start;
use crate::models::MachineModel;
use crate::trace::{Trace, TraceSummary};
use crate::world::World;

/// Virtual time between two input points, if there is anything to take input from.
pub const INPUT_INTERVAL: VDuration = VDuration::from_micros(100);
/// The longest slice: serial output is handed on at its end.
const LONGEST_SLICE: VDuration = VDuration::from_millis(10);
/// How long an idle machine without any deadline waits for its bell before it lets the guest look again.
const IDLE_WAIT: Duration = Duration::from_millis(10);
/// Where the boot block's address is passed (e2k-machine.md §2.2).
const BOOTBLOCK_REGISTER: u16 = 1;

/// Why a machine stopped running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The guest ended the emulation, or said it cannot go on.
    Exit(GuestEvent),
    /// The guest raised an exception that nothing delivers.
    Fault(Box<GuestFault>),
    /// The given instant was reached.
    Limit,
    /// There is no program.
    NoProgram,
    /// Somebody pressed the [`crate::CallButton`].
    Called,
    /// Somebody pressed the [`StopButton`].
    Stopped,
}

/// A machine. Everything it is lies in values; the host's ends of cables and lines are all that is not.
pub struct Machine {
    pub(crate) cpu: Interpreter,
    pub(crate) isa: IsaVersion,
    pub(crate) model: &'static MachineModel,
    pub(crate) world: World,
    pub(crate) start: Option<Start>,
    pub(crate) pacer: Pacer,
    pub(crate) next_input: VTime,
    /// What a reset needs.
    pub(crate) again: Again,
}

impl Machine {
    pub(crate) fn new(
        mut cpu: Interpreter,
        model: &'static MachineModel,
        world: World,
        start: Option<Start>,
        pacer: Pacer,
        again: Again,
    ) -> Self {
        pass_bootblock(&mut cpu, start);
        let (isa, next_input) = (again.cpu.isa, VTime::ZERO);
        Self { cpu, isa, model, world, start, pacer, next_input, again }
    }

    /// Runs until the guest ends, faults, or virtual time reaches `limit`.
    pub fn run(&mut self, limit: VTime) -> Outcome {
        if self.start.is_none() {
            return Outcome::NoProgram;
        }
        let outcome = loop {
            if let Some(outcome) = self.between_slices(limit) {
                break outcome;
            }
            match self.slice(limit) {
                Stop::Budget | Stop::Attention => self.hold_back(),
                Stop::Idle => self.idle(limit),
                Stop::Halted { code } => {
                    // Exit codes of a process have eight bits.
                    break Outcome::Exit(GuestEvent::Shutdown { code: code as u8 });
                }
                Stop::Exception(exception) => break Outcome::Fault(self.fault(*exception)),
            }
        };
        self.world.flush();
        outcome
    }

    /// The button that ends a run from another thread.
    pub fn stop_button(&self) -> StopButton {
        self.world.bell.stop_button()
    }

    /// Serves what is due; the outcome, if the machine stops here.
    fn between_slices(&mut self, limit: VTime) -> Option<Outcome> {
        self.world.attention = Attention::NONE;
        self.world.slice_end = VTime::MAX;
        self.world.serve_deadlines();
        let now = self.world.now();
        let rung = self.world.bell.answer();
        let network_due = self.world.net.next_event().is_some_and(|due| due <= now);
        let due = self.world.input_due || rung || network_due;
        if due || (self.world.has_inputs() && now >= self.next_input) {
            self.next_input = now + INPUT_INTERVAL;
            self.world.take_input();
        }
        self.follow_standbys();
        self.world.hand_on();
        if let Some(event) = self.world.guest_event.take() {
            return Some(Outcome::Exit(event));
        }
        if self.world.bell.is_stopped() {
            return Some(Outcome::Stopped);
        }
        if self.world.bell.take_call() || !self.world.notices.is_empty() {
            return Some(Outcome::Called);
        }
        (now >= limit).then_some(Outcome::Limit)
    }

    /// The instant at which the running slice ends at the latest.
    fn slice_end(&self, limit: VTime) -> VTime {
        let longest = self.world.now() + LONGEST_SLICE;
        self.next_wakeup().into_iter().fold(limit.min(longest), VTime::min)
    }

    /// When something happens by itself.
    fn next_wakeup(&self) -> Option<VTime> {
        let input = self.world.has_inputs().then_some(self.next_input);
        let deadlines = [self.world.events.next_deadline(), self.world.net.next_event(), input];
        deadlines.into_iter().flatten().min()
    }

    fn slice(&mut self, limit: VTime) -> Stop {
        let end = self.slice_end(limit);
        let start = self.cpu.cycles();
        let mut budget = self.world.clock.cycles_until(end).0.max(1);
        if self.world.input_due || self.world.log.items().wants_bundles() {
            budget = 1;
        }
        self.log_bundle();
        self.world.slice_end = end;
        self.world.slice_start = start;
        let Inputs { interrupt, non_maskable } = self.world.inputs;
        self.cpu.set_pin(Pin::Interrupt, interrupt);
        self.cpu.set_pin(Pin::NonMaskable, non_maskable);
        let stop = self.cpu.run(&mut self.world, Cycles(budget));
        let passed = self.cpu.cycles().0.saturating_sub(start.0);
        self.world.clock.advance(Cycles(passed));
        self.world.ahead = Cycles(0);
        stop
    }

    /// The processor waits: time passes until something happens. Without an interrupt the guest then looks again by
    /// itself, which a program that waits has to reckon with anyway.
    fn idle(&mut self, limit: VTime) {
        let wakeup = self.next_wakeup().map(|wakeup| wakeup.min(limit));
        if self.world.bell.is_rung() {
            return;
        }
        let now = self.world.now();
        let until = match (wakeup, self.pacer.pace()) {
            (Some(wakeup), Pace::Fast) => wakeup,
            (Some(wakeup), Pace::RealTime) => {
                self.world.bell.wait(self.pacer.wait(wakeup, Instant::now()));
                self.pacer.reached(Instant::now()).clamp(now, wakeup.max(now))
            }
            (None, Pace::Fast) if limit < VTime::MAX => limit,
            (None, _) => {
                self.world.bell.wait(IDLE_WAIT);
                self.pacer.reached(Instant::now()).max(now).min(limit)
            }
        };
        let passed = self.world.clock.cycles_until(until);
        self.world.clock.advance(passed);
        // The cycle counter runs on while the processor waits.
        let cycles = &mut self.cpu.state_mut().cycles;
        *cycles = cycles.saturating_add(passed.0);
    }

    /// With a real-time pace, waits for the host's time to catch up.
    fn hold_back(&mut self) {
        let wait = self.pacer.wait(self.world.now(), Instant::now());
        if wait > Duration::from_millis(1) {
            self.world.bell.wait(wait);
        }
    }

    fn fault(&mut self, exception: Exception) -> Box<GuestFault> {
        let registers = fault::registers(self.cpu.state());
        let bundle = crate::listing::bundle(&exception.bytes, exception.address, self.isa);
        Box::new(GuestFault { exception, at: self.world.now(), bundle, registers })
    }

    fn log_bundle(&mut self) {
        if self.world.log.items().wants_bundles() {
            crate::listing::log_bundle(self.cpu.state(), self.isa, &mut self.world);
        }
    }

    /// The present instant.
    pub fn now(&self) -> VTime {
        self.world.now()
    }

    /// Bundles executed so far.
    pub fn bundles(&self) -> u64 {
        self.cpu.bundles()
    }

    /// The processor.
    pub const fn cpu(&self) -> &Interpreter {
        &self.cpu
    }

    /// The processor, to be changed between runs.
    pub const fn cpu_mut(&mut self) -> &mut Interpreter {
        &mut self.cpu
    }

    /// Guest RAM.
    pub const fn ram(&self) -> &GuestRam {
        &self.world.ram
    }

    /// The net core: `info network`, `set_link`, counters.
    pub const fn net(&mut self) -> &mut NetCore {
        &mut self.world.net
    }

    /// The net core, to look at.
    pub const fn net_core(&self) -> &NetCore {
        &self.world.net
    }

    /// What the trace amounts to so far, if there is one.
    pub fn trace(&self) -> Option<TraceSummary> {
        self.world.trace.as_ref().map(Trace::summary)
    }

    /// Interrupt inputs that were ever raised: number, level, how often it rose.
    pub fn interrupts(&self) -> impl Iterator<Item = (u8, bool, u64)> + '_ {
        self.world.wires.seen().map(|(input, high, count)| (input.number(), high, count))
    }

    /// Why each network interface that takes no frame takes none, by name.
    pub fn held(&self) -> impl Iterator<Item = (&str, elnic_contract::NotReady)> {
        self.world.held()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.world.flush();
    }
}

/// Tells a program where its boot block is.
pub(crate) fn pass_bootblock(cpu: &mut Interpreter, start: Option<Start>) {
    if let Some(bootblock) = start.and_then(|start| start.bootblock) {
        let state = cpu.state_mut();
        let cell = state.window_cell(BOOTBLOCK_REGISTER);
        state.registers.set_low(cell, bootblock);
    }
}
