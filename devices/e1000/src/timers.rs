//! The device's timers, with the deadlines it is waiting for.
//!
//! The deadlines are state: a timer call that nobody waits for (a stale or hostile one) is ignored.

use elnic_contract::{Cx, TimerId, VTime};
use serde::{Deserialize, Serialize};

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Timer {
    /// The transmit engine goes on.
    TransmitDma,
    /// The last bit of a frame leaves.
    TransmitLine,
    /// The last bit of a frame arrives.
    ReceiveLine,
    /// The receive engine goes on.
    ReceiveDma,
    /// The PHY has negotiated.
    Negotiation,
    /// The throttled interrupt may be asserted.
    Throttle,
    /// RDTR.
    ReceiveDelay,
    /// RADV.
    ReceiveAbsolute,
    /// TIDV.
    TransmitDelay,
    /// TADV.
    TransmitAbsolute,
    /// The word of EERD is read.
    Eeprom,
    /// The access of MDIC has ended.
    Mdio,
    /// A received PAUSE ends.
    Pause,
}

impl Timer {
    pub(crate) const ALL: [Self; 13] = [
        Self::TransmitDma,
        Self::TransmitLine,
        Self::ReceiveLine,
        Self::ReceiveDma,
        Self::Negotiation,
        Self::Throttle,
        Self::ReceiveDelay,
        Self::ReceiveAbsolute,
        Self::TransmitDelay,
        Self::TransmitAbsolute,
        Self::Eeprom,
        Self::Mdio,
        Self::Pause,
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
    #[inline]
    fn slot(&mut self, timer: Timer) -> Option<&mut Option<VTime>> {
        self.deadlines.get_mut(timer as usize)
    }

    /// When `timer` fires.
    #[inline]
    pub(crate) fn deadline(&self, timer: Timer) -> Option<VTime> {
        self.deadlines.get(timer as usize).copied().flatten()
    }

    /// Whether `timer` is armed.
    #[inline]
    pub(crate) fn pending(&self, timer: Timer) -> bool {
        self.deadline(timer).is_some()
    }

    /// Arms `timer`, or moves it.
    #[inline]
    pub(crate) fn arm(&mut self, cx: &mut Cx<'_>, timer: Timer, at: VTime) {
        if let Some(slot) = self.slot(timer) {
            *slot = Some(at);
        }
        cx.outbox.arm(timer.id(), at);
    }

    /// Disarms `timer`.
    #[inline]
    pub(crate) fn cancel(&mut self, cx: &mut Cx<'_>, timer: Timer) {
        if self.slot(timer).and_then(Option::take).is_some() {
            cx.outbox.cancel(timer.id());
        }
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
        assert_eq!(Timer::from_id(TimerId(13)), None);
    }
}
