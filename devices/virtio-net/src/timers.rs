//! The device's timers, with the deadlines it is waiting for.
//!
//! The deadlines are state: a timer call that nobody waits for (a stale or hostile one) is ignored.

use elnic_contract::{Cx, TimerId, VTime};
use serde::{Deserialize, Serialize};

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Timer {
    /// Work that gave way goes on.
    Resume,
    /// The last bit of a frame leaves.
    TransmitLine,
    /// The last bit of a frame arrives.
    ReceiveLine,
    /// A frame is in memory.
    ReceiveDma,
    /// An interrupt that was held back is due.
    Moderation,
    /// Segments that were put together leave.
    Coalescing,
    /// `tx=timer`: transmission begins.
    TransmitDelay,
}

impl Timer {
    pub(crate) const ALL: [Self; 7] = [
        Self::Resume,
        Self::TransmitLine,
        Self::ReceiveLine,
        Self::ReceiveDma,
        Self::Moderation,
        Self::Coalescing,
        Self::TransmitDelay,
    ];

    pub(crate) fn from_id(id: TimerId) -> Option<Self> {
        Self::ALL.get(usize::from(id.0)).copied()
    }

    const fn id(self) -> TimerId {
        TimerId(self as u8)
    }
}

/// The deadlines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Timers {
    deadlines: [Option<VTime>; Timer::ALL.len()],
}

impl Timers {
    /// When `timer` fires.
    pub(crate) fn deadline(&self, timer: Timer) -> Option<VTime> {
        self.deadlines.get(timer as usize).copied().flatten()
    }

    /// Whether `timer` is armed.
    pub(crate) fn pending(&self, timer: Timer) -> bool {
        self.deadline(timer).is_some()
    }

    fn slot(&mut self, timer: Timer) -> Option<&mut Option<VTime>> {
        self.deadlines.get_mut(timer as usize)
    }

    /// Arms `timer`, or moves it.
    pub(crate) fn arm(&mut self, cx: &mut Cx<'_>, timer: Timer, at: VTime) {
        if let Some(slot) = self.slot(timer) {
            *slot = Some(at);
        }
        cx.outbox.arm(timer.id(), at);
    }

    /// Disarms `timer`.
    pub(crate) fn cancel(&mut self, cx: &mut Cx<'_>, timer: Timer) {
        if self.slot(timer).and_then(Option::take).is_some() {
            cx.outbox.cancel(timer.id());
        }
    }

    /// Disarms all.
    pub(crate) fn cancel_all(&mut self, cx: &mut Cx<'_>) {
        Timer::ALL.into_iter().for_each(|timer| self.cancel(cx, timer));
    }

    /// Takes the deadline of `timer` if it has come. One that has not is armed again.
    pub(crate) fn take_due(&mut self, cx: &mut Cx<'_>, timer: Timer) -> Option<VTime> {
        let at = self.deadline(timer)?;
        if at > cx.now {
            cx.outbox.arm(timer.id(), at);
            return None;
        }
        self.slot(timer).and_then(Option::take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_positions() {
        for (position, timer) in Timer::ALL.into_iter().enumerate() {
            assert_eq!(timer as usize, position);
            assert_eq!(Timer::from_id(timer.id()), Some(timer));
        }
        assert_eq!(Timer::from_id(TimerId(7)), None);
    }
}
