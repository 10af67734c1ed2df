//! A machine, and the loop that runs it.
//!
//! One thread runs processors, devices and time. Processors run in rounds ([`crate::processors`]); between two of them
//! three things happen, in this order: due deadlines are served, host input is taken in if this is an input point, and
//! what the guest said about itself is looked at. Input points are every [`INPUT_INTERVAL`], after each frame sent, and when the bell was rung; all but the
//! last depend on the guest alone, so with netdevs and terminals that answer by themselves two runs are identical.

use std::time::{Duration, Instant};

use elnic_clock::{Pace, Pacer};
use elnic_contract::{Cycles, GuestEvent, VDuration, VTime};
use elnic_cpu::{Attention, Exception, Interpreter, IsaVersion, Processor, State, Stop};
use elnic_memory::GuestRam;
use elnic_netclient::NetCore;

use crate::control::Again;
use crate::doorbell::StopButton;
use crate::fault::{self, GuestFault};
use crate::interrupts::Activity;
use crate::loader::Start;
use crate::models::MachineModel;
use crate::processors::{Processors, Round};
use crate::trace::{Trace, TraceSummary};
use crate::world::World;

/// Virtual time between two input points, if there is anything to take input from.
pub const INPUT_INTERVAL: VDuration = VDuration::from_micros(100);
/// The longest slice: serial output is handed on at its end.
const LONGEST_SLICE: VDuration = VDuration::from_millis(10);
/// How long an idle machine without any deadline waits for its bell before it lets the guest look again.
const IDLE_WAIT: Duration = Duration::from_millis(10);

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
    pub(crate) processors: Processors,
    pub(crate) isa: IsaVersion,
    pub(crate) model: &'static MachineModel,
    pub(crate) world: World,
    pub(crate) start: Option<Start>,
    pub(crate) pacer: Pacer,
    pub(crate) next_input: VTime,
    /// The round that was interrupted from outside, if one was.
    pub(crate) round: Option<Round>,
    /// Cycles that processors run in turn.
    pub(crate) quantum: Cycles,
    /// What a reset needs.
    pub(crate) again: Again,
}

/// What became of a round.
enum Ended {
    /// There is another.
    Over,
    /// No processor runs.
    Asleep,
    /// The machine stops here.
    With(Outcome),
}

impl Machine {
    /// Runs until the guest ends, faults, or virtual time reaches `limit`.
    ///
    /// While several processors run, a round is finished first: time is then up to a quantum beyond `limit`, and where a
    /// run was interrupted makes no difference to the guest.
    pub fn run(&mut self, limit: VTime) -> Outcome {
        if self.start.is_none() {
            return Outcome::NoProgram;
        }
        self.world.hold_rings(false);
        let outcome = loop {
            if let Some(outcome) = self.between_slices(limit) {
                break outcome;
            }
            match self.round(limit) {
                Ended::Over => self.hold_back(),
                Ended::Asleep => self.idle(limit),
                Ended::With(outcome) => break outcome,
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
        if self.round.is_none() {
            self.world.attention = Attention::NONE;
            self.world.slice_end = VTime::MAX;
            self.world.serve_deadlines();
        }
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
        (now >= limit && self.round.is_none()).then_some(Outcome::Limit)
    }

    /// When something happens by itself.
    fn next_wakeup(&self) -> Option<VTime> {
        let input = self.world.has_inputs().then_some(self.next_input);
        [self.next_deadline(), input].into_iter().flatten().min()
    }

    /// A new round: who takes part, and until when.
    fn begin_round(&mut self, limit: VTime) -> Option<Round> {
        let now = self.world.clock.cycles();
        self.processors.catch_up(now.0);
        self.wake();
        let runs = |index: &usize| self.world.activity(*index) == Activity::Runs;
        let running = (0..self.processors.count()).filter(runs).count();
        let shared = running > 1;
        let deadline = if shared {
            // Where input is taken and where runs end shall make no difference to who runs when.
            self.next_deadline().unwrap_or(VTime::MAX)
        } else {
            let longest = self.world.now() + LONGEST_SLICE;
            self.next_wakeup().into_iter().fold(limit.min(longest), VTime::min)
        };
        let mut cycles = self.world.clock.cycles_until(deadline).0.max(1);
        if shared {
            let quantum = self.quantum.0.max(1);
            cycles = cycles.min(quantum - now.0 % quantum);
        }
        if self.world.input_due {
            cycles = 1;
        }
        self.world.slice_end = deadline;
        self.world.slice_start = now;
        (running > 0).then_some(Round { end: now.0.saturating_add(cycles), next: 0, shared })
    }

    /// Processors that wait run again when something is pending for them; those that were never started, when told where.
    fn wake(&mut self) {
        for index in 0..self.processors.count() {
            if !self.world.inputs_of(index).any() {
                continue;
            }
            match self.world.activity(index) {
                Activity::Runs => {}
                Activity::Waits => self.world.set_activity(index, Activity::Runs),
                Activity::Parked => {
                    if let Some(entry) = self.world.take_startup(index) {
                        self.processors.start(index, entry, self.start);
                        self.world.set_activity(index, Activity::Runs);
                    }
                }
            }
        }
    }

    /// Everybody's turn, up to the same instant.
    fn round(&mut self, limit: VTime) -> Ended {
        let resumed = self.round.take();
        let Some(mut round) = resumed.or_else(|| self.begin_round(limit)) else {
            return Ended::Asleep;
        };
        let mut last = round.end;
        while round.next < self.processors.count() {
            let index = round.next;
            let begun = self.processors.position(index);
            if self.world.activity(index) != Activity::Runs || begun >= round.end {
                round.next += 1;
                continue;
            }
            let stop = self.processors.turn(&mut self.world, index, round.end, round.shared);
            last = self.processors.position(index);
            self.world.ahead = Cycles(0);
            match stop {
                Stop::Budget => {}
                Stop::Attention if self.world.attention.is_none() => {
                    // The host wants to be heard: the guest's round goes on afterwards as if nothing had been.
                    self.round = Some(round);
                    return Ended::Over;
                }
                Stop::Attention => round.end = round.end.min(last),
                Stop::Idle => self.world.set_activity(index, Activity::Waits),
                Stop::Halted { code } => {
                    self.finish(last);
                    // Exit codes of a process have eight bits.
                    let event = GuestEvent::Shutdown { code: code as u8 };
                    return Ended::With(Outcome::Exit(event));
                }
                Stop::Exception(exception) => {
                    self.finish(last);
                    let fault = self.fault(index, *exception);
                    return Ended::With(Outcome::Fault(fault));
                }
            }
            if self.world.guest_event.is_some() {
                round.end = last;
                break;
            }
            self.world.attention = Attention::NONE;
            round.next += 1;
        }
        let runs = |index| self.world.activity(index) == Activity::Runs;
        let asleep = !(0..self.processors.count()).any(runs);
        self.finish(if round.shared && !asleep { round.end } else { last });
        if asleep { Ended::Asleep } else { Ended::Over }
    }

    /// The machine's clock moves on to `cycle`.
    fn finish(&mut self, cycle: u64) {
        let passed = cycle.saturating_sub(self.world.clock.cycles().0);
        self.world.clock.advance(Cycles(passed));
    }

    /// All processors wait: time passes until something happens. Without an interrupt they then look again by
    /// themselves, which a program that waits has to reckon with anyway.
    fn idle(&mut self, limit: VTime) {
        if !self.sleep(limit) {
            return;
        }
        for index in 0..self.processors.count() {
            if self.world.activity(index) == Activity::Waits {
                self.world.set_activity(index, Activity::Runs);
            }
        }
    }

    /// Lets time pass; says whether that for which all waited has come, or nothing ever comes. Where the host interrupts
    /// the sleep, or a run ends in it, makes no difference to the guest.
    fn sleep(&mut self, limit: VTime) -> bool {
        if self.world.bell.is_rung() {
            return false;
        }
        let now = self.world.now();
        let (until, awake) = match (self.next_wakeup(), self.pacer.pace()) {
            (Some(wakeup), Pace::Fast) => (wakeup.min(limit), wakeup <= limit),
            (Some(wakeup), Pace::RealTime) => {
                let end = wakeup.min(limit);
                self.world.bell.wait(self.pacer.wait(end, Instant::now()));
                let until = self.pacer.reached(Instant::now()).clamp(now, end.max(now));
                (until, wakeup <= until)
            }
            (None, Pace::Fast) if limit < VTime::MAX => (limit, false),
            (None, _) => {
                self.world.bell.wait(IDLE_WAIT);
                (self.pacer.reached(Instant::now()).max(now).min(limit), true)
            }
        };
        let passed = self.world.clock.cycles_until(until);
        self.world.clock.advance(passed);
        self.processors.catch_up(self.world.clock.cycles().0);
        awake
    }

    /// With a real-time pace, waits for the host's time to catch up.
    fn hold_back(&mut self) {
        let wait = self.pacer.wait(self.world.now(), Instant::now());
        if wait > Duration::from_millis(1) {
            self.world.bell.wait(wait);
        }
    }

    fn fault(&mut self, index: usize, exception: Exception) -> Box<GuestFault> {
        let several = self.processors.count() > 1;
        let place = (several.then_some(index), self.world.now());
        let symbols = self.again.program.symbols();
        let (calls, state) = match self.processors.get_mut(index) {
            Some(cpu) => (cpu.back_trace(&mut self.world, fault::DEEPEST), cpu.state()),
            None => (Vec::new(), &State::at_reset(0, 0)),
        };
        Box::new(GuestFault::new(exception, place, state, (&calls, &symbols), self.isa))
    }

    /// The present instant.
    pub fn now(&self) -> VTime {
        self.world.now()
    }

    /// Bundles executed so far.
    pub fn bundles(&self) -> u64 {
        self.processors.bundles()
    }

    /// How many processors there are.
    pub const fn processors(&self) -> usize {
        self.processors.count()
    }

    /// Processor number `index`; the first boots.
    pub fn cpu(&self, index: usize) -> Option<&Interpreter> {
        self.processors.get(index)
    }

    /// The same, to be changed between runs.
    pub fn cpu_mut(&mut self, index: usize) -> Option<&mut Interpreter> {
        self.processors.get_mut(index)
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
