//! `filter-buffer`: keeps frames and lets them go all at once, again and again.

use elnic_contract::{Frame, VDuration, VTime};

use crate::filter::{Direction, FilterFault, NetFilter};

/// Keeps every frame until the next multiple of its interval, counted in virtual time from its making.
pub struct FilterBuffer {
    interval: VDuration,
    release_at: VTime,
    kept: Vec<(Direction, Frame)>,
}

/// Why there is no such buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Property 'filter-buffer.interval' requires a positive value")]
pub struct IntervalError;

impl FilterBuffer {
    /// A buffer that is emptied every `microseconds`, the first time that long after `now`.
    ///
    /// # Errors
    /// An interval of nothing.
    pub fn new(microseconds: u32, now: VTime) -> Result<Self, IntervalError> {
        if microseconds == 0 {
            return Err(IntervalError);
        }
        let interval = VDuration::from_micros(u64::from(microseconds));
        Ok(Self { interval, release_at: now + interval, kept: Vec::new() })
    }
}

impl NetFilter for FilterBuffer {
    fn kind(&self) -> &'static str {
        "filter-buffer"
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        vec![("interval", (self.interval.as_nanos() / 1_000).to_string())]
    }

    fn pass(
        &mut self,
        _now: VTime,
        direction: Direction,
        frame: Frame,
        _out: &mut Vec<Frame>,
    ) -> Result<(), FilterFault> {
        self.kept.push((direction, frame));
        Ok(())
    }

    fn tick(&mut self, now: VTime, out: &mut Vec<(Direction, Frame)>) -> Result<(), FilterFault> {
        if now >= self.release_at {
            out.append(&mut self.kept);
            let late = now.since(self.release_at).as_nanos();
            let intervals = late / self.interval.as_nanos().max(1) + 1;
            self.release_at += self.interval.times(intervals);
        }
        Ok(())
    }

    fn next_event(&self) -> Option<VTime> {
        (!self.kept.is_empty()).then_some(self.release_at)
    }

    fn give_up(&mut self, out: &mut Vec<(Direction, Frame)>) {
        out.append(&mut self.kept);
    }
}
