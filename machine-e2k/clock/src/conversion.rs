//! From cycles to virtual time, fast and exact.
//!
//! A device is told the time with every access, so this stands in the machine's most frequent path, and the general
//! conversion divides 128-bit numbers. But a processor's clock agrees with the unit of time every few cycles: 13 cycles of
//! 1.3 GHz are 10 ns and not a unit more or less. Whole groups of cycles are therefore counted and multiplied, and what is
//! left of a group is looked up. The result is that of [`ClockHz::span`] to the last unit, which is the test of this file.

use std::num::NonZeroU64;

use elnic_contract::{ClockHz, Cycles, VDuration};

/// Units of virtual time in a second.
const UNITS_PER_SECOND: u128 = 1_000_000_000_000_000_000_000_000_000;
/// Cycles of the longest group. Clocks that agree with the unit more rarely are converted the general way.
const LONGEST: usize = 16;

/// How cycles of one clock become time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conversion {
    frequency: ClockHz,
    group: Option<Group>,
}

/// The fewest cycles that last a whole number of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    cycles: NonZeroU64,
    span: VDuration,
    /// How long so many cycles last, for fewer than a group.
    parts: [VDuration; LONGEST],
}

impl Conversion {
    /// The conversion for a clock.
    pub(crate) fn new(frequency: ClockHz) -> Self {
        let (hertz, divisor) = frequency.into();
        // `cycles * divisor * units / hertz` is whole for multiples of this.
        let common = greatest_common_divisor(hertz.into(), u128::from(divisor) * UNITS_PER_SECOND);
        let cycles = u64::try_from(u128::from(hertz) / common).ok().and_then(NonZeroU64::new);
        let cycles = cycles.filter(|cycles| cycles.get() <= LONGEST as u64);
        let group = cycles.map(|cycles| Group {
            cycles,
            span: frequency.span(Cycles(cycles.get())),
            parts: std::array::from_fn(|count| frequency.span(Cycles(count as u64))),
        });
        Self { frequency, group }
    }

    /// The clock.
    pub(crate) const fn frequency(&self) -> ClockHz {
        self.frequency
    }

    /// How long `cycles` last: what [`ClockHz::span`] says.
    #[inline]
    pub(crate) fn span(&self, cycles: Cycles) -> VDuration {
        let Some(Group { cycles: group, span, parts }) = &self.group else {
            return self.frequency.span(cycles);
        };
        let (groups, rest) = (cycles.0 / *group, cycles.0 % *group);
        // Less than a group, hence inside the table; below 2⁴, hence no loss.
        parts.get(rest as usize).map_or(VDuration::ZERO, |rest| span.times(groups) + *rest)
    }
}

const fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Frequencies of the processors there are, and some that agree with no unit soon.
    const HERTZ: [u64; 9] = [
        500_000_000,
        800_000_000,
        1_000_000_000,
        1_300_000_000,
        1_500_000_000,
        2_000_000_000,
        1,
        33_333_333,
        1_234_567_891,
    ];

    fn frequency() -> impl Strategy<Value = ClockHz> {
        prop_oneof![
            3 => prop::sample::select(&HERTZ).prop_map(|hertz| ClockHz::ratio(hertz, 1).unwrap()),
            1 => (1_u64..=100_000_000_000, 1_u32..=1000)
                .prop_filter_map("below one hertz", |(n, d)| ClockHz::ratio(n, d).ok()),
        ]
    }

    proptest! {
        #[test]
        fn the_short_way_leads_where_the_long_one_does(
            frequency in frequency(),
            cycles in prop_oneof![any::<u64>(), 0_u64..1 << 40, 0_u64..100],
        ) {
            let conversion = Conversion::new(frequency);
            prop_assert_eq!(conversion.span(Cycles(cycles)), frequency.span(Cycles(cycles)));
        }
    }

    #[test]
    fn processors_take_the_short_way_and_odd_clocks_the_long_one() {
        let group = |hertz| {
            Conversion::new(ClockHz::ratio(hertz, 1).unwrap()).group.map(|group| group.cycles.get())
        };
        assert_eq!(group(1_300_000_000), Some(13));
        assert_eq!(group(1_500_000_000), Some(3));
        assert_eq!(group(2_000_000_000), Some(1));
        assert_eq!(group(1_234_567_891), None);
        let third = Conversion::new(ClockHz::ratio(100_000_000, 3).unwrap());
        assert_eq!(third.group.map(|group| group.span), Some(VDuration::from_nanos(30)));
    }
}
