//! Virtual time: one unit fine enough for every clock of the machine.
//!
//! The unit is 10⁻²⁷ s in a `u128`. A nanosecond and a picosecond are whole numbers of it, so wire times are exact. A
//! 1.3 GHz cycle is not, and its rounding error of half a unit, accumulated cycle by cycle, is 0.06 ps after a day; the
//! range is ten thousand years. `docs/adr/0002-virtual-time.md` compares the alternatives.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64, NonZeroU128};
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

const UNITS_PER_SECOND: u128 = 1_000_000_000_000_000_000_000_000_000;
const UNITS_PER_NANOSECOND: u128 = UNITS_PER_SECOND / 1_000_000_000;
const UNITS_PER_PICOSECOND: u128 = UNITS_PER_SECOND / 1_000_000_000_000;

/// An instant of virtual time, counted from power-on of the machine.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct VTime(#[serde(with = "units")] u128);

/// A span of virtual time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct VDuration(#[serde(with = "units")] u128);

/// Units as a decimal string: a JSON number ends at 2⁶⁴, which is 18 ns.
mod units {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(units: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(units)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u128, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl VTime {
    /// Power-on.
    pub const ZERO: Self = Self(0);
    /// Later than every deadline: about ten thousand years after power-on.
    pub const MAX: Self = Self(u128::MAX);

    /// The instant `nanoseconds` after power-on.
    pub const fn from_nanos(nanoseconds: u64) -> Self {
        Self(VDuration::from_nanos(nanoseconds).0)
    }

    /// Whole nanoseconds since power-on, rounded down; saturates after 584 years.
    pub fn as_nanos(self) -> u64 {
        self.since(Self::ZERO).as_nanos()
    }

    /// The span from `earlier` to `self`; zero if `earlier` lies later.
    pub const fn since(self, earlier: Self) -> VDuration {
        VDuration(self.0.saturating_sub(earlier.0))
    }
}

impl VDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole nanoseconds.
    pub const fn from_nanos(nanoseconds: u64) -> Self {
        Self((nanoseconds as u128).saturating_mul(UNITS_PER_NANOSECOND))
    }

    /// A span of whole picoseconds.
    pub const fn from_picos(picoseconds: u64) -> Self {
        Self((picoseconds as u128).saturating_mul(UNITS_PER_PICOSECOND))
    }

    /// A span of whole microseconds.
    pub const fn from_micros(microseconds: u64) -> Self {
        Self::from_nanos(microseconds.saturating_mul(1_000))
    }

    /// A span of whole milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self::from_nanos(milliseconds.saturating_mul(1_000_000))
    }

    /// Whole nanoseconds, rounded down; saturates after 584 years.
    pub fn as_nanos(self) -> u64 {
        u64::try_from(self.0 / UNITS_PER_NANOSECOND).unwrap_or(u64::MAX)
    }

    /// Whole picoseconds, rounded down; saturates after 213 days.
    pub fn as_picos(self) -> u64 {
        u64::try_from(self.0 / UNITS_PER_PICOSECOND).unwrap_or(u64::MAX)
    }

    /// `self` taken `count` times.
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count as u128))
    }
}

impl Add<VDuration> for VTime {
    type Output = Self;

    fn add(self, span: VDuration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<VDuration> for VTime {
    fn add_assign(&mut self, span: VDuration) {
        self.0 = self.0.saturating_add(span.0);
    }
}

impl Add for VDuration {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for VDuration {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl Sub for VDuration {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for VDuration {
    /// Seconds with twelve decimals, `0.000001024000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let picoseconds = self.0 / UNITS_PER_PICOSECOND;
        let (whole, rest) = (picoseconds / 1_000_000_000_000, picoseconds % 1_000_000_000_000);
        write!(f, "{whole}.{rest:012}")
    }
}

impl fmt::Display for VTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.since(Self::ZERO).fmt(f)
    }
}

/// A count of cycles of some [`ClockHz`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Cycles(pub u64);

/// The frequency of a clock, as a fraction so that 33⅓ MHz is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(u64, u32)", into = "(u64, u32)")]
pub struct ClockHz {
    numerator: NonZeroU64,
    denominator: NonZeroU32,
}

/// Why a frequency was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a clock of {numerator}/{denominator} Hz is outside 1 Hz to 100 GHz or has a divisor outside 1 to 1000"
)]
pub struct ClockHzError {
    /// Hertz times `denominator`.
    pub numerator: u64,
    /// The divisor.
    pub denominator: u32,
}

impl ClockHz {
    const HIGHEST: u64 = 100_000_000_000;

    /// A whole number of hertz; the caller vouches for 1 Hz to 100 GHz (checked when evaluated as a constant).
    pub const fn hz(hertz: u64) -> Self {
        assert!(hertz >= 1 && hertz <= Self::HIGHEST, "a clock lies between 1 Hz and 100 GHz");
        match Self::ratio(hertz, 1) {
            Ok(clock) => clock,
            Err(_) => Self { numerator: NonZeroU64::MIN, denominator: NonZeroU32::MIN },
        }
    }

    /// `numerator / denominator` hertz.
    ///
    /// # Errors
    /// Outside 1 Hz to 100 GHz, or a divisor outside 1 to 1000.
    pub const fn ratio(numerator: u64, denominator: u32) -> Result<Self, ClockHzError> {
        match (NonZeroU64::new(numerator), NonZeroU32::new(denominator)) {
            (Some(hertz), Some(divisor))
                if denominator <= 1_000
                    && numerator >= denominator as u64
                    && numerator <= Self::HIGHEST =>
            {
                Ok(Self { numerator: hertz, denominator: divisor })
            }
            _ => Err(ClockHzError { numerator, denominator }),
        }
    }

    /// How long `cycles` of this clock last, rounded down to the unit of [`VTime`].
    ///
    /// Convert a running total, not single cycles, and no error accumulates at all.
    pub fn span(self, cycles: Cycles) -> VDuration {
        let numerator = NonZeroU128::from(self.numerator);
        // At most 2⁶⁴ × 1000: no overflow. The remainder times 10²⁷ stays below 10³⁸.
        let cycles = u128::from(cycles.0).saturating_mul(NonZeroU128::from(self.denominator).get());
        let (seconds, rest) = (cycles / numerator, cycles % numerator);
        let fraction = rest.saturating_mul(UNITS_PER_SECOND) / numerator;
        VDuration(seconds.saturating_mul(UNITS_PER_SECOND).saturating_add(fraction))
    }

    /// How many whole cycles of this clock fit into `span`.
    pub fn cycles_in(self, span: VDuration) -> Cycles {
        let (numerator, denominator) =
            (NonZeroU128::from(self.numerator).get(), NonZeroU128::from(self.denominator));
        let (seconds, rest) = (span.0 / UNITS_PER_SECOND, span.0 % UNITS_PER_SECOND);
        let whole = seconds.saturating_mul(numerator);
        let part = rest.saturating_mul(numerator) / UNITS_PER_SECOND;
        Cycles(u64::try_from(whole.saturating_add(part) / denominator).unwrap_or(u64::MAX))
    }

    /// The first whole cycle that ends at or after `span`.
    pub fn cycles_covering(self, span: VDuration) -> Cycles {
        let cycles = self.cycles_in(span);
        if self.span(cycles) < span { Cycles(cycles.0.saturating_add(1)) } else { cycles }
    }
}

impl TryFrom<(u64, u32)> for ClockHz {
    type Error = ClockHzError;

    fn try_from((numerator, denominator): (u64, u32)) -> Result<Self, ClockHzError> {
        Self::ratio(numerator, denominator)
    }
}

impl From<ClockHz> for (u64, u32) {
    fn from(clock: ClockHz) -> Self {
        (clock.numerator.get(), clock.denominator.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: ClockHz = ClockHz::hz(1_300_000_000);
    const GMII: ClockHz = ClockHz::hz(125_000_000);

    #[test]
    fn an_octet_at_gigabit_is_eight_nanoseconds() {
        assert_eq!(GMII.span(Cycles(1)), VDuration::from_nanos(8));
    }

    #[test]
    fn single_cycles_accumulated_for_a_day_drift_less_than_a_picosecond() {
        let day = CPU.span(Cycles(1_300_000_000 * 86_400));
        assert_eq!(day, VDuration::from_millis(86_400_000));
        let cycle_by_cycle = CPU.span(Cycles(1)).times(1_300_000_000 * 86_400);
        assert!(day - cycle_by_cycle < VDuration::from_picos(1));
    }

    #[test]
    fn pci_clock_of_a_third_is_exact_over_a_century() {
        let pci = ClockHz::ratio(100_000_000, 3).unwrap();
        assert_eq!(pci.span(Cycles(100_000_000)), VDuration::from_millis(3_000));
        let century = 100_000_000 / 3 * 36_525 * 86_400_u64;
        assert!(pci.span(Cycles(century)).as_nanos() > 3_155_000_000_000_000_000);
    }

    #[test]
    fn cycles_and_spans_convert_there_and_back() {
        for clock in [CPU, GMII, ClockHz::ratio(100_000_000, 3).unwrap()] {
            for cycles in [0, 1, 2, 3, 999, 1_300_000_001, u64::from(u32::MAX)] {
                let span = clock.span(Cycles(cycles));
                assert_eq!(clock.cycles_covering(span), Cycles(cycles), "{clock:?} {cycles}");
            }
        }
    }

    #[test]
    fn a_century_fits() {
        let century = VTime::from_nanos(3_155_760_000_000_000_000);
        assert!(century < VTime::MAX);
        assert_eq!(century.as_nanos(), 3_155_760_000_000_000_000);
    }

    #[test]
    fn times_survive_a_saved_state() {
        let times = (VTime::from_nanos(u64::MAX), VDuration::from_picos(1), VTime::MAX);
        let stored = serde_json::to_value(times).unwrap();
        assert_eq!(serde_json::from_value::<(VTime, VDuration, VTime)>(stored).unwrap(), times);
        for hostile in ["-1", "1.5", "", "340282366920938463463374607431768211456"] {
            assert!(serde_json::from_value::<VTime>(hostile.into()).is_err(), "{hostile}");
        }
    }

    #[test]
    fn absurd_clocks_are_refused() {
        for (numerator, denominator) in
            [(0, 1), (1, 0), (1, 2), (1_000, 1_001), (100_000_000_001, 1)]
        {
            assert!(ClockHz::ratio(numerator, denominator).is_err());
        }
    }
}
