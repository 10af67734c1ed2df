//! A 128-bit value as lanes of one width, little-endian.

macro_rules! lanes {
    ($($(#[$doc:meta])* $module:ident $lane:ty, $count:literal;)*) => {$(
        $(#[$doc])*
        pub(super) mod $module {
            /// The lanes of a value.
            pub(crate) const COUNT: usize = $count;

            /// Lane 0 first.
            pub(crate) fn split(value: u128) -> [$lane; COUNT] {
                let mut lanes = [0; COUNT];
                for (number, lane) in lanes.iter_mut().enumerate() {
                    *lane = (value >> (number as u32 * <$lane>::BITS)) as $lane;
                }
                lanes
            }

            /// The value of the lanes, the first lowest.
            pub(crate) fn join(lanes: impl IntoIterator<Item = $lane>) -> u128 {
                lanes.into_iter().zip(0_u32..).fold(0, |value, (lane, number)| {
                    value | u128::from(lane) << (number * <$lane>::BITS)
                })
            }

            /// Lane by lane.
            pub(crate) fn zip(a: u128, b: u128, f: impl Fn($lane, $lane) -> $lane) -> u128 {
                let (a, b) = (split(a), split(b));
                join(a.into_iter().zip(b).map(|(a, b)| f(a, b)))
            }

            /// All ones where `f` holds.
            pub(crate) fn mask(a: u128, b: u128, f: impl Fn($lane, $lane) -> bool) -> u128 {
                zip(a, b, |a, b| if f(a, b) { <$lane>::MAX } else { 0 })
            }
        }
    )*};
}

lanes! {
    /// Sixteen lanes of 8 bits.
    bytes u8, 16;
    /// Eight lanes of 16 bits.
    halves u16, 8;
    /// Four lanes of 32 bits.
    words u32, 4;
    /// Two lanes of 64 bits.
    doubles u64, 2;
}
