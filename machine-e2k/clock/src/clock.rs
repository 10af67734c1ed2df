//! Virtual time as a function of executed processor cycles.

use elnic_contract::{ClockHz, Cycles, VTime};
use serde::{Deserialize, Serialize};

use crate::conversion::Conversion;

/// The machine's clock: a frequency and a running total of cycles.
///
/// Time is always converted from the total, never accumulated cycle by cycle, so no rounding error adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(ClockHz, Cycles)", into = "(ClockHz, Cycles)")]
pub struct Clock {
    conversion: Conversion,
    cycles: Cycles,
}

impl From<(ClockHz, Cycles)> for Clock {
    fn from((frequency, cycles): (ClockHz, Cycles)) -> Self {
        Self { cycles, ..Self::new(frequency) }
    }
}

impl From<Clock> for (ClockHz, Cycles) {
    fn from(clock: Clock) -> Self {
        (clock.frequency(), clock.cycles)
    }
}

impl Clock {
    /// A clock of that frequency at power-on.
    pub fn new(frequency: ClockHz) -> Self {
        Self { conversion: Conversion::new(frequency), cycles: Cycles(0) }
    }

    /// The frequency.
    pub const fn frequency(&self) -> ClockHz {
        self.conversion.frequency()
    }

    /// Cycles since power-on.
    pub const fn cycles(&self) -> Cycles {
        self.cycles
    }

    /// The present instant.
    #[inline]
    pub fn now(&self) -> VTime {
        VTime::ZERO + self.conversion.span(self.cycles)
    }

    /// The instant `ahead` cycles from now: the time of a bundle inside a running slice.
    #[inline]
    pub fn after(&self, ahead: Cycles) -> VTime {
        VTime::ZERO + self.conversion.span(Cycles(self.cycles.0.saturating_add(ahead.0)))
    }

    /// Cycles from now to the first cycle boundary at or after `deadline`; 0 if that has passed.
    pub fn cycles_until(&self, deadline: VTime) -> Cycles {
        let covering = self.frequency().cycles_covering(deadline.since(VTime::ZERO));
        Cycles(covering.0.saturating_sub(self.cycles.0))
    }

    /// Moves on by `cycles`.
    pub fn advance(&mut self, cycles: Cycles) {
        self.cycles = Cycles(self.cycles.0.saturating_add(cycles.0));
    }

    /// Moves on to the first cycle boundary at or after `deadline`; never back.
    pub fn advance_to(&mut self, deadline: VTime) {
        self.advance(self.cycles_until(deadline));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::VDuration;
    use proptest::prelude::*;

    const CPU: ClockHz = ClockHz::hz(1_300_000_000);

    #[test]
    fn the_first_second_ends_after_as_many_cycles_as_the_frequency_says() {
        let mut clock = Clock::new(CPU);
        clock.advance(Cycles(1_300_000_000));
        assert_eq!(clock.now(), VTime::from_nanos(1_000_000_000));
    }

    #[test]
    fn a_passed_deadline_moves_nothing() {
        let mut clock = Clock::new(CPU);
        clock.advance(Cycles(1000));
        let before = clock;
        clock.advance_to(VTime::ZERO);
        assert_eq!(clock, before);
    }

    #[test]
    fn a_clock_survives_a_saved_state() {
        let mut clock = Clock::new(CPU);
        clock.advance(Cycles(u64::MAX / 3));
        let stored = serde_json::to_string(&clock).unwrap();
        assert_eq!(serde_json::from_str::<Clock>(&stored).unwrap(), clock);
        assert!(serde_json::from_str::<Clock>("[[0,1],7]").is_err(), "a clock that stands still");
    }

    proptest! {
        #[test]
        fn advancing_to_a_deadline_overshoots_by_less_than_a_cycle(
            start in 0_u64..1 << 50,
            ahead in 0_u64..1 << 50,
        ) {
            let mut clock = Clock::new(CPU);
            clock.advance(Cycles(start));
            let deadline = clock.now() + VDuration::from_picos(ahead);
            clock.advance_to(deadline);
            prop_assert!(clock.now() >= deadline);
            prop_assert!(clock.now().since(deadline) <= CPU.span(Cycles(1)));
        }

        #[test]
        fn slices_do_not_matter(slices in prop::collection::vec(0_u64..1 << 40, 0..20)) {
            let mut clock = Clock::new(CPU);
            for slice in &slices {
                clock.advance(Cycles(*slice));
            }
            let total = Cycles(slices.iter().sum());
            prop_assert_eq!(clock.now(), Clock::new(CPU).after(total));
        }
    }
}
