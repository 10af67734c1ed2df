//! VLAN tags (IEEE 802.1Q-2022 §9).

use crate::bytes::u16_at;

/// Length of a tag, in bytes.
pub const TAG_LENGTH: usize = 4;
/// Where a tag stands: behind the two addresses.
pub const TAG_AT: usize = 12;

/// Tag control information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tci(pub u16);

impl Tci {
    /// VLAN identifier, 0 to 4095.
    pub const fn vid(self) -> u16 {
        self.0 & 0x0fff
    }

    /// Drop eligible; formerly the canonical format indicator.
    pub const fn cfi(self) -> bool {
        self.0 & 0x1000 != 0
    }

    /// Priority, 0 to 7.
    pub const fn priority(self) -> u8 {
        // Three bits.
        (self.0 >> 13) as u8
    }
}

/// The tag of `frame` if its type field is `tpid` and the frame is long enough to hold a tag.
pub fn tag(frame: &[u8], tpid: u16) -> Option<Tci> {
    if u16_at(frame, TAG_AT)? != tpid {
        return None;
    }
    u16_at(frame, TAG_AT.saturating_add(2)).map(Tci)
}

/// Puts a tag behind the addresses; a frame without room for addresses is left alone.
pub fn insert(frame: &mut Vec<u8>, tpid: u16, tci: Tci) {
    if frame.len() < TAG_AT {
        return;
    }
    let ([a, b], [c, d]) = (tpid.to_be_bytes(), tci.0.to_be_bytes());
    frame.splice(TAG_AT..TAG_AT, [a, b, c, d]);
}

/// The frame without its tag, in two parts; `None` if there is no room for one.
pub fn without_tag(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let behind = frame.get(TAG_AT.saturating_add(TAG_LENGTH)..)?;
    Some((frame.get(..TAG_AT)?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_put_in_is_found_and_taken_out() {
        let original: Vec<u8> = (0..60).collect();
        let mut frame = original.clone();
        insert(&mut frame, 0x8100, Tci(0xb123));
        let tci = tag(&frame, 0x8100).unwrap();
        assert_eq!((tci.vid(), tci.cfi(), tci.priority()), (0x123, true, 5));
        assert_eq!(tag(&frame, 0x88a8), None);
        let (head, tail) = without_tag(&frame).unwrap();
        assert_eq!([head, tail].concat(), original);
    }

    #[test]
    fn short_frames_have_no_tag() {
        for length in 0..16 {
            let frame = vec![0; length];
            assert_eq!(tag(&frame, 0), None);
            assert!(without_tag(&frame).is_none());
            let mut grown = frame.clone();
            insert(&mut grown, 0x8100, Tci(1));
            assert_eq!(grown.len(), if length < 12 { length } else { length + 4 });
        }
    }
}
