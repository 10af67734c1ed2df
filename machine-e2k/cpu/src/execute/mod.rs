//! The interpreter: one bundle after the other.
//!
//! The run loop keeps the decoded page it is in and leaves it only to look up the next one, to react to the bus, or to stop. All that a bundle
//! does happens in [`step`]; what it needs of the world is gathered in [`context::Context`].

mod arrays;
mod bounds;
mod context;
mod float;
mod logic;
mod memory;
mod operations;
mod rare;
mod speculation;
mod stacks;
mod stall;
mod state_registers;
mod step;
mod transfer;

use elnic_contract::Cycles;

use crate::bus::{Attention, Bus};
use crate::config::Config;
use crate::decode::{self, CodeCache};
use crate::exception::Exception;
use crate::processor::{Processor, Stop};
use crate::state::{CpuStateV1, State, StateError};
use crate::trap::Trap;
use context::{Context, Written};
use stall::Scoreboard;

/// The interpreting processor.
#[derive(Debug)]
pub struct Interpreter {
    state: State,
    config: Config,
    cache: CodeCache,
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
    Trap(Trap),
}

impl Interpreter {
    /// A processor after reset that will start at `entry`.
    pub fn new(config: Config, entry: u64) -> Self {
        Self {
            state: State::at_reset(entry, config.idr),
            config,
            cache: CodeCache::default(),
            scoreboard: Scoreboard::default(),
            bundles: 0,
        }
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
        self.scoreboard = Scoreboard::default();
    }

    /// Runs bundles of the page at `ip` until `end`.
    fn run_page<B: Bus>(&mut self, bus: &mut B, end: u64) -> Left {
        let Self { state, config, cache, scoreboard, bundles } = self;
        let slot = match cache.locate(state.ip, bus, config) {
            Ok(slot) => slot,
            Err(trap) => return Left::Trap(trap),
        };
        let page = cache.page(slot);
        let interlocks = config.timing.interlocks;
        let mut cx = Context::new(state, bus, config, cache.filter());
        let mut count = 0_u64;
        let left = loop {
            let Some(bundle) = page.bundle(cx.state.ip) else {
                // A call may have spilled frames.
                break if cx.written.is_empty() { Left::Page } else { Left::Written(cx.written) };
            };
            let ip = cx.state.ip;
            if interlocks {
                scoreboard.issue(&mut cx, bundle);
            }
            if bundle.memory {
                cx.bus.moment(Cycles(cx.state.cycles));
            }
            if let Err(trap) = step::step(&mut cx, bundle) {
                break Left::Trap(trap);
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

    /// `trap` as the caller sees it.
    fn exception<B: Bus>(&self, bus: &mut B, trap: &Trap) -> Stop {
        let address = self.state.ip;
        let bytes = decode::read(address, bus)
            .map(|(bytes, length)| bytes[..length].to_vec())
            .unwrap_or_default();
        let text = elnic_isa::Bundle::from_bytes(&bytes, self.config.isa)
            .map(|(bundle, _)| mnemonics(&bundle))
            .unwrap_or_default();
        Stop::Exception(Box::new(Exception {
            kind: trap.kind,
            address,
            channels: trap.channels,
            bytes,
            text,
            reason: trap.reason.to_string(),
        }))
    }
}

/// The operations of a bundle by name and channel; the bytes say the rest.
fn mnemonics(bundle: &elnic_isa::Bundle) -> String {
    let operations = (0..).zip(&bundle.alu).filter_map(|(channel, instruction): (u8, _)| {
        let instruction = instruction.as_ref()?;
        let speculative = if instruction.speculative { ",sm" } else { "" };
        Some(format!("{},{channel}{speculative}", instruction.operation.mnemonic))
    });
    operations.collect::<Vec<_>>().join(" ; ")
}

impl Processor for Interpreter {
    fn run<B: Bus>(&mut self, bus: &mut B, budget: Cycles) -> Stop {
        let end = self.state.cycles.saturating_add(budget.0);
        if budget.0 == 0 {
            return Stop::Budget;
        }
        loop {
            match self.run_page(bus, end) {
                Left::Page => {}
                Left::Written(written) => {
                    for (start, length) in written.ranges() {
                        self.cache.forget_written(start, length);
                    }
                    if self.attend(bus) {
                        return Stop::Attention;
                    }
                }
                Left::Attention => {
                    if self.attend(bus) {
                        return Stop::Attention;
                    }
                }
                Left::Stop(stop) => return stop,
                Left::Trap(trap) => return self.exception(bus, &trap),
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

    fn forget_code(&mut self, start: u64, length: u64) {
        self.cache.forget_written(start, length);
    }
}
