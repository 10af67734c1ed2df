//! The device's timers.

use elnic_contract::TimerId;
use elnic_mac::Deadlines;

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
}

impl From<Timer> for TimerId {
    fn from(timer: Timer) -> Self {
        Self(timer as u8)
    }
}

/// The deadlines.
pub(crate) type Timers = Deadlines<{ Timer::ALL.len() }>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_positions() {
        for (position, timer) in Timer::ALL.into_iter().enumerate() {
            assert_eq!(timer as usize, position);
            assert_eq!(Timer::from_id(timer.into()), Some(timer));
        }
        assert_eq!(Timer::from_id(TimerId(7)), None);
    }
}
