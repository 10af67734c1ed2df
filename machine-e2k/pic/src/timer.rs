//! The timer of a local interrupt controller: counts down cycles of a clock, divided.

use elnic_contract::{ClockHz, Cycles, VTime};
use serde::{Deserialize, Serialize};

/// A countdown. The count is never stored: it follows from when the countdown began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timer {
    clock: ClockHz,
    began: Option<Countdown>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Countdown {
    at: VTime,
    from: u32,
    /// Cycles of the clock a step takes: 1 to 128.
    divider: u8,
}

impl Countdown {
    fn cycles(&self) -> Cycles {
        Cycles(u64::from(self.from) * u64::from(self.divider))
    }
}

/// What TDCR means: bits 3, 1 and 0 hold 0 to 7 for 2 to 128 and 1.
pub(crate) const fn divider(tdcr: u64) -> u8 {
    match (tdcr >> 3 & 1) << 2 | tdcr & 3 {
        7 => 1,
        power => 2 << power,
    }
}

impl Timer {
    pub(crate) const fn new(clock: ClockHz) -> Self {
        Self { clock, began: None }
    }

    pub(crate) const fn stop(&mut self) {
        self.began = None;
    }

    /// Starts counting down from `from`; the instant at which 0 is reached.
    pub(crate) fn start(&mut self, at: VTime, from: u32, divider: u8) -> VTime {
        let countdown = Countdown { at, from, divider: divider.clamp(1, 128) };
        self.began = Some(countdown);
        at + self.clock.span(countdown.cycles())
    }

    /// The count at `now`; 0 when stopped or over.
    pub(crate) fn count(&self, now: VTime) -> u32 {
        let Some(countdown) = self.began else { return 0 };
        let passed = self.clock.cycles_in(now.since(countdown.at)).0;
        let steps = passed / u64::from(countdown.divider);
        u32::try_from(steps).map_or(0, |steps| countdown.from.saturating_sub(steps))
    }

    /// The count changes its pace and keeps its value.
    pub(crate) fn change_divider(&mut self, now: VTime, divider: u8) -> Option<VTime> {
        let left = self.count(now);
        (left > 0).then(|| self.start(now, left, divider))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dividers_are_those_of_the_register() {
        let wanted = [(0, 2), (1, 4), (2, 8), (3, 16), (8, 32), (9, 64), (10, 128), (11, 1)];
        for (tdcr, divisor) in wanted {
            assert_eq!(divider(tdcr), divisor, "{tdcr:#x}");
        }
    }

    #[test]
    fn the_count_falls_with_time_and_ends_at_the_deadline() {
        let mut timer = Timer::new(ClockHz::hz(100_000_000));
        let end = timer.start(VTime::from_nanos(1_000), 50, 4);
        assert_eq!(end, VTime::from_nanos(3_000));
        assert_eq!(timer.count(VTime::from_nanos(1_000)), 50);
        assert_eq!(timer.count(VTime::from_nanos(1_039)), 50);
        assert_eq!(timer.count(VTime::from_nanos(1_040)), 49);
        assert_eq!(timer.count(end), 0);
        assert_eq!(timer.count(VTime::from_nanos(9_000)), 0);
        let half = VTime::from_nanos(2_000);
        assert_eq!(timer.change_divider(half, 8), Some(VTime::from_nanos(4_000)));
    }
}
