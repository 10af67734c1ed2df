//! The interpreter: one bundle after the other.
//!
//! The run loop keeps the decoded page it is in and leaves it only to look up the next one, to react to the bus, or to stop. All that a bundle
//! does happens in [`step`]; what it needs of the world is gathered in [`context::Context`].

mod arrays;
mod bounds;
mod cellar;
mod context;
mod entry;
mod fault;
mod float;
mod logic;
mod memory;
mod operations;
mod pointers;
mod rare;
mod speculation;
mod stacks;
mod stall;
mod state_registers;
mod step;
mod transfer;
mod translation;

use elnic_contract::Cycles;

use crate::bus::{Attention, Bus};
use crate::config::Config;
use crate::decode::{CodeCache, PAGE, Paths};
use crate::mmu::Tlb;
use crate::processor::{Pin, Processor, Stop};
use crate::state::tir::TrapCause;
use crate::state::{CpuStateV1, State, StateError};
use context::{Context, Written};
use entry::{Fault, Pins};
use stall::Scoreboard;
use translation::code_address;

/// The interpreting processor.
#[derive(Debug)]
pub struct Interpreter {
    state: State,
    config: Config,
    cache: CodeCache,
    tlb: Tlb,
    pins: Pins,
    scoreboard: Scoreboard,
    bundles: u64,
}

/// What ended a stretch of bundles within one page.
enum Left {
    /// The next bundle is elsewhere or not decoded.
    Page,
    /// Bytes were written where decoded code may be.
    Written(Written),
    /// The bus wants to be heard.
    Attention,
    Stop(Stop),
    Trap(Fault),
}

impl Interpreter {
    /// A processor after reset that will start at `entry`.
    pub fn new(config: Config, entry: u64) -> Self {
        Self {
            state: State::at_reset(entry, config.idr),
            config,
            cache: CodeCache::default(),
            tlb: Tlb::default(),
            pins: Pins::default(),
            scoreboard: Scoreboard::default(),
            bundles: 0,
        }
    }

    /// The same, without any short cut: every bundle is evaluated as a whole before it writes anything. Slower, and for comparing: nothing
    /// a program or its machine can see is different.
    pub fn without_short_cuts(config: Config, entry: u64) -> Self {
        Self { cache: CodeCache::new(Paths::General), ..Self::new(config, entry) }
    }

    /// How it was put together.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Back to the state after reset.
    pub fn reset(&mut self, entry: u64) {
        self.replace(State::at_reset(entry, self.config.idr));
    }

    /// The state as it is stored.
    pub fn save(&self) -> CpuStateV1 {
        self.state.save()
    }

    /// Continues from a stored state.
    ///
    /// # Errors
    /// No processor can be in that state; this one stays as it is.
    pub fn restore(&mut self, saved: &CpuStateV1) -> Result<(), StateError> {
        self.replace(State::restore(saved)?);
        Ok(())
    }

    fn replace(&mut self, state: State) {
        self.state = state;
        self.cache.forget_all();
        self.tlb.flush();
        self.scoreboard = Scoreboard::default();
    }

    /// Runs bundles of the page at `ip` until `end`.
    fn run_page<B: Bus>(&mut self, bus: &mut B, end: u64) -> Left {
        let Self { state, config, cache, tlb, scoreboard, bundles, .. } = self;
        let ip = state.ip;
        let located = code_address((state, tlb, config), bus, ip).and_then(|address| {
            let next = (ip & !(PAGE - 1)).wrapping_add(PAGE);
            cache.locate(address, bus, config, |bus| code_address((state, tlb, config), bus, next))
        });
        let slot = match located {
            Ok(slot) => slot,
            Err(trap) => return Left::Trap(Fault { trap, ip }),
        };
        let page = cache.page(slot);
        let interlocks = config.timing.interlocks;
        let mut cx = Context::new(state, bus, config, tlb, cache.filter());
        let mut count = 0_u64;
        let left = loop {
            let ip = cx.state.ip;
            let inside = ip & !(PAGE - 1) == cx.page;
            let Some(bundle) = page.bundle(ip).filter(|_| inside) else {
                // A call may have spilled frames.
                break if cx.written.is_empty() { Left::Page } else { Left::Written(cx.written) };
            };
            if interlocks {
                scoreboard.issue(&mut cx, bundle);
            }
            if bundle.memory {
                cx.bus.moment(Cycles(cx.state.cycles), ip);
            }
            if let Err(trap) = step::step(&mut cx, bundle) {
                let fault = cellar::settle(&mut cx, bundle, trap);
                break Left::Trap(fault);
            }
            if interlocks {
                Scoreboard::branch(&mut cx, bundle, ip);
            }
            count = count.wrapping_add(1);
            cx.state.cycles = cx.state.cycles.wrapping_add(bundle.cycles.into());
            if bundle.memory {
                if let Some(stop) = cx.stop.take() {
                    break Left::Stop(stop);
                }
                if !cx.written.is_empty() {
                    break Left::Written(cx.written);
                }
                if !cx.bus.attention().is_none() {
                    break Left::Attention;
                }
            }
            if cx.state.cycles >= end {
                break Left::Stop(Stop::Budget);
            }
        };
        *bundles = bundles.wrapping_add(count);
        left
    }

    /// What the bus has to say; whether to stop.
    fn attend<B: Bus>(&mut self, bus: &mut B) -> bool {
        let attention = bus.attention();
        if attention.has(Attention::CODE) {
            while let Some(page) = bus.take_written_code() {
                self.cache.forget_page(page);
            }
        }
        attention.has(Attention::STOP)
    }

    /// Delivers what a pin asks for, if it may; whether it was.
    fn interrupt<B: Bus>(&mut self, bus: &mut B) -> Result<bool, Stop> {
        let Some(kind) = self.pins.deliverable(&self.state) else { return Ok(false) };
        let Some(entry) = self.state.trap_entry() else { return Ok(false) };
        let ip = self.state.ip;
        let cause = TrapCause { exceptions: 1 << kind.number(), ip, ..TrapCause::default() };
        self.enter(bus, entry, &[cause])?;
        Ok(true)
    }

    /// Delivers `fault` to the program, or ends the run with it.
    fn raise<B: Bus>(&mut self, bus: &mut B, fault: &Fault) -> Result<(), Stop> {
        match self.state.trap_entry() {
            // The first bundle of the handler would fail again and again.
            Some(entry) if fault.ip != entry => self.enter(bus, entry, &[fault.cause()]),
            _ => Err(self.exception(bus, &fault.trap, fault.ip)),
        }
    }

    fn enter<B: Bus>(&mut self, bus: &mut B, entry: u64, causes: &[TrapCause]) -> Result<(), Stop> {
        let Self { state, config, cache, tlb, .. } = self;
        let mut cx = Context::new(state, bus, config, tlb, cache.filter());
        let result = cx.enter_trap(entry, causes);
        let written = cx.written;
        self.forget(written);
        result.map_err(|trap| self.exception(bus, &trap, self.state.ip))
    }

    fn forget(&mut self, written: Written) {
        for (start, length) in written.ranges() {
            self.cache.forget_written(start, length);
        }
    }
}

impl Processor for Interpreter {
    fn run<B: Bus>(&mut self, bus: &mut B, budget: Cycles) -> Stop {
        let end = self.state.cycles.saturating_add(budget.0);
        if budget.0 == 0 {
            return Stop::Budget;
        }
        loop {
            if self.pins.any() {
                match self.interrupt(bus) {
                    Ok(delivered) if delivered && self.state.cycles >= end => return Stop::Budget,
                    Ok(_) => {}
                    Err(stop) => return stop,
                }
            }
            match self.run_page(bus, end) {
                Left::Page => {}
                Left::Written(written) => {
                    self.forget(written);
                    if self.attend(bus) {
                        return Stop::Attention;
                    }
                }
                Left::Attention => {
                    if self.attend(bus) {
                        return Stop::Attention;
                    }
                }
                Left::Stop(Stop::Idle) if self.pins.any() => {}
                Left::Stop(stop) => return stop,
                Left::Trap(fault) => {
                    if let Err(stop) = self.raise(bus, &fault) {
                        return stop;
                    }
                }
            }
            if self.state.cycles >= end {
                return Stop::Budget;
            }
        }
    }

    fn cycles(&self) -> Cycles {
        Cycles(self.state.cycles)
    }

    fn bundles(&self) -> u64 {
        self.bundles
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn set_pin(&mut self, pin: Pin, high: bool) {
        self.pins.set(pin, high);
    }

    fn forget_code(&mut self, start: u64, length: u64) {
        self.cache.forget_written(start, length);
    }
}
