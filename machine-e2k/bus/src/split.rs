//! Takes an access apart into naturally aligned pieces.

use elnic_contract::Size;

/// A naturally aligned part of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it goes.
    pub address: u64,
    /// Its width.
    pub size: Size,
    /// Where its bits stand in the value of the whole access.
    pub shift: u32,
}

impl Piece {
    /// This piece's bits of the whole value.
    pub const fn take(self, whole: u64) -> u64 {
        (whole >> self.shift) & self.size.mask()
    }

    /// This piece's value at its place in the whole.
    pub const fn put(self, value: u64) -> u64 {
        (value & self.size.mask()) << self.shift
    }
}

/// The fewest naturally aligned pieces of an access, ascending. Addresses wrap at the end of the address space.
///
/// `within` says how many bytes from an address on one target serves; no piece is wider than that (an answer of 0 counts
/// as 1).
pub fn pieces(
    address: u64,
    size: Size,
    within: impl Fn(u64) -> u64,
) -> impl Iterator<Item = Piece> {
    let total = size.bytes();
    let mut done = 0_u8;
    std::iter::from_fn(move || {
        let left = total.checked_sub(done).filter(|left| *left > 0)?;
        let at = address.wrapping_add(u64::from(done));
        let limit = within(at).max(1);
        let fits = |size: &Size| {
            let bytes = size.bytes();
            bytes <= left && u64::from(bytes) <= limit && at.is_multiple_of(u64::from(bytes))
        };
        let widest = [Size::Double, Size::Word, Size::Half].into_iter().find(fits);
        let size = widest.unwrap_or(Size::Byte);
        let piece = Piece { address: at, size, shift: u32::from(done) * 8 };
        done += size.bytes();
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(address: u64, size: Size) -> Vec<(u64, u8)> {
        pieces(address, size, |_| u64::MAX).map(|p| (p.address, p.size.bytes())).collect()
    }

    #[test]
    fn an_aligned_access_stays_whole() {
        assert_eq!(whole(0x1000, Size::Double), [(0x1000, 8)]);
        assert_eq!(whole(0x1004, Size::Word), [(0x1004, 4)]);
    }

    #[test]
    fn a_misaligned_access_is_cut_at_natural_boundaries() {
        assert_eq!(
            whole(0x1001, Size::Double),
            [(0x1001, 1), (0x1002, 2), (0x1004, 4), (0x1008, 1)]
        );
        assert_eq!(whole(u64::MAX, Size::Half), [(u64::MAX, 1), (0, 1)]);
    }

    #[test]
    fn a_target_s_end_cuts_too() {
        let ends_at_two = |at: u64| if at < 0x1002 { 0x1002 - at } else { u64::MAX };
        let cut: Vec<u8> =
            pieces(0x1000, Size::Word, ends_at_two).map(|piece| piece.size.bytes()).collect();
        assert_eq!(cut, [2, 2]);
    }

    proptest! {
        #[test]
        fn pieces_cover_the_access_once_and_carry_all_of_its_value(
            address: u64,
            size in prop::sample::select(&[Size::Byte, Size::Half, Size::Word, Size::Double]),
            value: u64,
            limit in 0_u64..9,
        ) {
            let value = value & size.mask();
            let (mut next, mut copied, mut bytes) = (address, 0, 0);
            for piece in pieces(address, size, |_| limit) {
                prop_assert_eq!(piece.address, next);
                prop_assert!(piece.address.is_multiple_of(u64::from(piece.size.bytes())));
                prop_assert!(u64::from(piece.size.bytes()) <= limit.max(1));
                copied |= piece.put(piece.take(value));
                bytes += piece.size.bytes();
                next = next.wrapping_add(u64::from(piece.size.bytes()));
            }
            prop_assert_eq!(bytes, size.bytes());
            prop_assert_eq!(copied, value);
        }
    }
}
