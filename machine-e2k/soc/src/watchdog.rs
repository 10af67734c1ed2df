//! The watchdog of the system timer: counts up while it has a limit, and says so when nobody wrote its counter in time.
//!
//! Sources name its registers and bits (e2k-machine.md §6.5) and little more. Here it counts steps of 10 MHz, as many times
//! slower as the prescaler says plus one, from 0 each time WD_COUNTER or WD_LIMIT is written; at the limit it sets EVENT and
//! stands, and with MODE its interrupt line is high until EVENT is written away. Left out: resetting the machine.

use elnic_contract::{ClockHz, Cycles, Field, Mode, VTime};
use serde::{Deserialize, Serialize};

pub(crate) const COUNTER: &[Field] =
    &[Field::new("COUNT", 0, 32, Mode::Rw, "counts; a write begins at 0").volatile()];
pub(crate) const PRESCALER: &[Field] =
    &[Field::new("DIVIDE", 0, 16, Mode::Rw, "a count takes so many steps and one")];
pub(crate) const LIMIT: &[Field] = &[Field::new("LIMIT", 0, 32, Mode::Rw, "0: it stands")];
pub(crate) const CONTROL: &[Field] = &[
    Field::new("MODE", 0, 1, Mode::Rw, "the limit interrupts"),
    Field::new("OUT_ENABLE", 1, 1, Mode::NotModelled, "the limit resets the machine"),
    Field::new("EVENT", 2, 1, Mode::W1c, "the limit was reached").volatile(),
];
/// MODE and EVENT: the interrupt line is high with both.
pub(crate) const INTERRUPTS: u64 = 1 | EVENT;
pub(crate) const EVENT: u64 = 1 << 2;

/// The watchdog's time. The count is never stored: it follows from when it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Watchdog {
    began: Option<VTime>,
}

/// Steps that `counts` take.
fn steps(counts: u64, prescaler: u64) -> Cycles {
    Cycles(counts.saturating_mul(prescaler + 1))
}

impl Watchdog {
    /// Begins at 0; the instant at which the limit is reached, if there is one.
    pub(crate) fn begin(
        &mut self,
        clock: ClockHz,
        at: VTime,
        limit: u64,
        prescaler: u64,
    ) -> Option<VTime> {
        self.began = (limit != 0).then_some(at);
        self.began.map(|at| at + clock.span(steps(limit, prescaler)))
    }

    /// The limit has been reached.
    pub(crate) const fn stop(&mut self) {
        self.began = None;
    }

    /// The count; 0 when it stands.
    pub(crate) fn count(&self, clock: ClockHz, now: VTime, prescaler: u64) -> u64 {
        self.began.map_or(0, |began| clock.cycles_in(now.since(began)).0 / (prescaler + 1))
    }
}
