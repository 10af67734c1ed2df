//! Operations across lanes: horizontal sums, sums of differences, minima, comparisons to one predicate.

use elnic_isa::Op;

use super::lanes::{bytes, doubles, halves, words};
use super::{Packed, PackedRelation};

/// Pairs of neighbouring lanes of `a`, then of `b`.
fn half_pairs<const BITS: usize>(a: u128, b: u128, f: fn(u16, u16) -> u16) -> u128 {
    let (a, b) = (halves::split(a), halves::split(b));
    let lanes = a[..BITS / 16].chunks_exact(2).chain(b[..BITS / 16].chunks_exact(2));
    halves::join(lanes.map(|pair| f(pair[0], pair[1])))
}

fn word_pairs<const BITS: usize>(a: u128, b: u128, f: fn(u32, u32) -> u32) -> u128 {
    let (a, b) = (words::split(a), words::split(b));
    let lanes = a[..BITS / 32].chunks_exact(2).chain(b[..BITS / 32].chunks_exact(2));
    words::join(lanes.map(|pair| f(pair[0], pair[1])))
}

fn add_saturating(a: u16, b: u16) -> u16 {
    (a as i16).saturating_add(b as i16) as u16
}

fn sub_saturating(a: u16, b: u16) -> u16 {
    (a as i16).saturating_sub(b as i16) as u16
}

/// Sum of the differences of the bytes, for each 64 bits.
fn psadbw(a: u128, b: u128, _: u128) -> u128 {
    doubles::zip(a, b, |a, b| {
        a.to_le_bytes()
            .into_iter()
            .zip(b.to_le_bytes())
            .map(|(a, b)| u64::from(a.abs_diff(b)))
            .sum()
    })
}

/// Four bytes of `b` against the windows of four bytes that start at the bytes 0 to 3 of `a`.
fn mpsadbh(a: u128, b: u128, _: u128) -> u128 {
    let (a, b) = (bytes::split(a), bytes::split(b));
    halves::join(
        a.windows(4)
            .take(4)
            .map(|window| window.iter().zip(b).map(|(a, b)| u16::from(a.abs_diff(b))).sum()),
    )
}

/// Both 64-bit halves of `a` against one block.
fn qpmpsadbh(a: u128, b: u128, _: u128) -> u128 {
    mpsadbh(a, b, 0) | mpsadbh(a >> 64, b, 0) << 64
}

/// Least unsigned half of `a` and `b` and its place, `a` first: here, unlike elsewhere, the second source is the upper half.
fn minimum<const BITS: usize>(a: u128, b: u128, _: u128) -> u128 {
    let (a, b) = (halves::split(a), halves::split(b));
    let lanes = a[..BITS / 16].iter().chain(&b[..BITS / 16]).zip(0_u128..);
    lanes
        .min_by_key(|(value, _)| **value)
        .map_or(0, |(value, place)| u128::from(*value) | place << 16)
}

/// Operations of this class.
pub(super) fn operation(op: Op) -> Option<Packed> {
    let operation: Packed = match op {
        Op::Phaddh => |a, b, _| half_pairs::<64>(a, b, u16::wrapping_add),
        Op::Qphaddh => |a, b, _| half_pairs::<128>(a, b, u16::wrapping_add),
        Op::Phaddsh => |a, b, _| half_pairs::<64>(a, b, add_saturating),
        Op::Qphaddsh => |a, b, _| half_pairs::<128>(a, b, add_saturating),
        Op::Phaddw => |a, b, _| word_pairs::<64>(a, b, u32::wrapping_add),
        Op::Qphaddw => |a, b, _| word_pairs::<128>(a, b, u32::wrapping_add),
        Op::Phsubh => |a, b, _| half_pairs::<64>(a, b, u16::wrapping_sub),
        Op::Qphsubh => |a, b, _| half_pairs::<128>(a, b, u16::wrapping_sub),
        Op::Phsubsh => |a, b, _| half_pairs::<64>(a, b, sub_saturating),
        Op::Qphsubsh => |a, b, _| half_pairs::<128>(a, b, sub_saturating),
        Op::Phsubw => |a, b, _| word_pairs::<64>(a, b, u32::wrapping_sub),
        Op::Qphsubw => |a, b, _| word_pairs::<128>(a, b, u32::wrapping_sub),
        Op::Psadbw | Op::Qpsadbw => psadbw,
        Op::Mpsadbh => mpsadbh,
        Op::Qpmpsadbh => qpmpsadbh,
        Op::Phminposuh => minimum::<64>,
        Op::Qphminposuh => minimum::<128>,
        _ => return None,
    };
    Some(operation)
}

const LOW: u128 = u64::MAX as u128;

fn any<const ALL: u128>(mask: u128) -> bool {
    mask & ALL != 0
}

fn all<const ALL: u128>(mask: u128) -> bool {
    mask & ALL == ALL
}

macro_rules! comparisons {
    ($op:expr; $($lanes:ident $signed:ty:
        $eq_any:ident $eq_all:ident $gt_any:ident $gt_all:ident
        $qeq_any:ident $qeq_all:ident $qgt_any:ident $qgt_all:ident;)*) => {
        match $op {
            $(
                Op::$eq_any => |a, b| any::<LOW>($lanes::mask(a, b, |a, b| a == b)),
                Op::$eq_all => |a, b| all::<LOW>($lanes::mask(a, b, |a, b| a == b)),
                Op::$gt_any => |a, b| any::<LOW>($lanes::mask(a, b, |a, b| a as $signed > b as $signed)),
                Op::$gt_all => |a, b| all::<LOW>($lanes::mask(a, b, |a, b| a as $signed > b as $signed)),
                Op::$qeq_any => |a, b| any::<{ u128::MAX }>($lanes::mask(a, b, |a, b| a == b)),
                Op::$qeq_all => |a, b| all::<{ u128::MAX }>($lanes::mask(a, b, |a, b| a == b)),
                Op::$qgt_any => |a, b| any::<{ u128::MAX }>($lanes::mask(a, b, |a, b| a as $signed > b as $signed)),
                Op::$qgt_all => |a, b| all::<{ u128::MAX }>($lanes::mask(a, b, |a, b| a as $signed > b as $signed)),
            )*
            _ => return None,
        }
    };
}

/// Comparisons of all lanes to one predicate: some lane (`op`) or all lanes (`ap`).
pub(crate) fn relation(op: Op) -> Option<PackedRelation> {
    let relation: PackedRelation = comparisons! { op;
        bytes i8:
            Pcmpeqbop Pcmpeqbap Pcmpgtbop Pcmpgtbap Qpcmpeqbop Qpcmpeqbap Qpcmpgtbop Qpcmpgtbap;
        halves i16:
            Pcmpeqhop Pcmpeqhap Pcmpgthop Pcmpgthap Qpcmpeqhop Qpcmpeqhap Qpcmpgthop Qpcmpgthap;
        words i32:
            Pcmpeqwop Pcmpeqwap Pcmpgtwop Pcmpgtwap Qpcmpeqwop Qpcmpeqwap Qpcmpgtwop Qpcmpgtwap;
        doubles i64:
            Pcmpeqdop Pcmpeqdap Pcmpgtdop Pcmpgtdap Qpcmpeqdop Qpcmpeqdap Qpcmpgtdop Qpcmpgtdap;
    };
    Some(relation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_source_fills_the_low_half_of_horizontal_sums() {
        assert_eq!(half_pairs::<64>(0x0002_0001, 0x0004_0003, u16::wrapping_add), 0x7_0000_0003);
    }

    #[test]
    fn narrow_comparisons_do_not_look_at_the_upper_half() {
        let (eq_all, eq_any) = (relation(Op::Pcmpeqbap).unwrap(), relation(Op::Pcmpeqbop).unwrap());
        assert!(eq_all(1 << 100 | 5, 5));
        assert!(!eq_any(u64::MAX.into(), 0));
        assert!(relation(Op::Qpcmpeqbop).unwrap()(u64::MAX.into(), 0));
    }

    #[test]
    fn the_first_of_equal_minima_counts() {
        assert_eq!(minimum::<64>(0x0002_0003_0001_0002, 0x0000_0002_0000_0000, 0), 0x4_0000);
    }
}
