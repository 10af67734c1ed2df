//! The device's timers.

use elnic_contract::TimerId;
use elnic_mac::Deadlines;

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
    /// The early part of a frame has moved.
    ReceiveEarly,
    /// The PHY has negotiated.
    Negotiation,
    /// TCTR comes to TIMERINT.
    Count,
    /// CR.RST clears itself.
    Reset,
    /// The EEPROM is loaded.
    AutoLoad,
    /// The tally counters are in memory.
    Dump,
    /// A received PAUSE ends.
    Pause,
    /// The EEPROM has programmed what it was told to.
    Programming,
}

impl Timer {
    pub(crate) const ALL: [Self; 12] = [
        Self::TransmitDma,
        Self::TransmitLine,
        Self::ReceiveLine,
        Self::ReceiveDma,
        Self::ReceiveEarly,
        Self::Negotiation,
        Self::Count,
        Self::Reset,
        Self::AutoLoad,
        Self::Dump,
        Self::Pause,
        Self::Programming,
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
        assert_eq!(Timer::from_id(TimerId(12)), None);
    }
}
