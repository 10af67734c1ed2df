//! How virtual time follows the host's.

use std::time::{Duration, Instant};

use elnic_contract::VTime;

/// How fast virtual time runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the host can: idle time is skipped.
    #[default]
    Fast,
    /// Never faster than the host's clock: idle time is waited for.
    RealTime,
}

/// Holds virtual time back to the host's.
///
/// It learns the host's time from its caller and answers with a span to wait; nothing of it reaches the guest.
#[derive(Clone, Copy, Debug)]
pub struct Pacer {
    pace: Pace,
    /// The host's time at which virtual time was `origin`.
    started: Instant,
    origin: VTime,
}

impl Pacer {
    /// A pacer for which virtual time `origin` happens at the host's `started`.
    pub const fn new(pace: Pace, started: Instant, origin: VTime) -> Self {
        Self { pace, started, origin }
    }

    /// The pace.
    pub const fn pace(&self) -> Pace {
        self.pace
    }

    /// How long to wait at the host's `host` until virtual `deadline` is due; zero if it is, or if nobody waits.
    pub fn wait(&self, deadline: VTime, host: Instant) -> Duration {
        match self.pace {
            Pace::Fast => Duration::ZERO,
            Pace::RealTime => {
                let due = Duration::from_nanos(deadline.since(self.origin).as_nanos());
                due.saturating_sub(host.saturating_duration_since(self.started))
            }
        }
    }

    /// The virtual time that the host's `host` stands for: how far an idle machine may move on.
    pub fn reached(&self, host: Instant) -> VTime {
        let elapsed = host.saturating_duration_since(self.started);
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.origin + elnic_contract::VDuration::from_nanos(nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_never_waits() {
        let start = Instant::now();
        let pacer = Pacer::new(Pace::Fast, start, VTime::ZERO);
        assert_eq!(pacer.wait(VTime::from_nanos(1_000_000), start), Duration::ZERO);
    }

    #[test]
    fn real_time_waits_for_what_is_left() {
        let start = Instant::now();
        let pacer = Pacer::new(Pace::RealTime, start, VTime::from_nanos(1_000));
        let half = start + Duration::from_nanos(500);
        assert_eq!(pacer.wait(VTime::from_nanos(2_000), half), Duration::from_nanos(500));
        assert_eq!(pacer.wait(VTime::from_nanos(1_200), half), Duration::ZERO);
        assert_eq!(pacer.reached(half), VTime::from_nanos(1_500));
    }
}
