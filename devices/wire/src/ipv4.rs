//! The IPv4 header (RFC 791 §3.1).

use crate::bytes::{put_u16, u8_at, u16_at};
use crate::checksum::{self, Sum};

/// Length of a header without options.
pub const MIN_HEADER_LENGTH: usize = 20;

/// A checked view of an IPv4 header: version 4, all header bytes there, total length at least the header.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    bytes: &'a [u8],
    fixed: &'a [u8; MIN_HEADER_LENGTH],
    total_length: usize,
}

impl<'a> Header<'a> {
    /// A view of the header at the start of `packet`.
    pub fn new(packet: &'a [u8]) -> Option<Self> {
        let first = u8_at(packet, 0)?;
        let length = usize::from(first & 0xf).saturating_mul(4);
        if first >> 4 != 4 || length < MIN_HEADER_LENGTH {
            return None;
        }
        let total_length = usize::from(u16_at(packet, 2)?);
        let bytes = packet.get(..length)?;
        (total_length >= length).then_some(Self {
            bytes,
            fixed: bytes.first_chunk()?,
            total_length,
        })
    }

    /// Length of the header with options, in bytes.
    pub const fn header_length(&self) -> usize {
        self.bytes.len()
    }

    /// Length of the packet as the header has it, which need not be what arrived.
    pub const fn total_length(&self) -> usize {
        self.total_length
    }

    /// Identification, shared by the fragments of a datagram.
    pub fn identification(&self) -> u16 {
        u16_at(self.bytes, 4).unwrap_or(0)
    }

    /// Flags and fragment offset.
    fn fragment_word(&self) -> u16 {
        u16_at(self.bytes, 6).unwrap_or(0)
    }

    /// Whether this is a fragment: more follow, or it is not the first.
    pub fn is_fragment(&self) -> bool {
        self.fragment_word() & 0x3fff != 0
    }

    /// The protocol number of the payload.
    pub const fn protocol(&self) -> u8 {
        let [_, _, _, _, _, _, _, _, _, protocol, ..] = *self.fixed;
        protocol
    }

    /// The source address.
    pub const fn source(&self) -> [u8; 4] {
        let [.., a, b, c, d, _, _, _, _] = *self.fixed;
        [a, b, c, d]
    }

    /// The destination address.
    pub const fn destination(&self) -> [u8; 4] {
        let [.., a, b, c, d] = *self.fixed;
        [a, b, c, d]
    }

    /// Whether the header's checksum is right.
    pub fn checksum_is_right(&self) -> bool {
        Sum::new().bytes(self.bytes).folded() == 0xffff
    }

    /// The pseudo header of an upper layer of `length` bytes.
    pub fn pseudo_header(&self, length: u32) -> Sum {
        checksum::pseudo_v4(self.source(), self.destination(), self.protocol(), length)
    }
}

/// What segmentation changes in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// New total length.
    pub total_length: u16,
    /// Added to the identification, wrapping.
    pub identification_step: u16,
}

/// Changes the header that starts at `at` of `frame`; the checksum is left to the caller. `None`, and nothing changed,
/// if it does not fit.
pub fn change(frame: &mut [u8], at: usize, change: Change) -> Option<()> {
    let identification = u16_at(frame, at.checked_add(4)?)?;
    put_u16(frame, at.checked_add(2)?, change.total_length)?;
    put_u16(frame, at.checked_add(4)?, identification.wrapping_add(change.identification_step))
}

/// Computes the checksum of the header that starts at `at` of `frame` and puts it there.
pub fn complete_checksum(frame: &mut [u8], at: usize) -> Option<()> {
    let length = Header::new(frame.get(at..)?)?.header_length();
    let place = at.checked_add(10)?;
    put_u16(frame, place, 0)?;
    checksum::insert(frame, at, at.checked_add(length), place).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet() -> Vec<u8> {
        let builder = etherparse::PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(7, 9);
        let mut bytes = Vec::new();
        builder.write(&mut bytes, &[1, 2, 3]).unwrap();
        bytes
    }

    #[test]
    fn a_header_written_by_another_library_is_read() {
        let bytes = packet();
        let header = Header::new(&bytes).unwrap();
        assert_eq!((header.header_length(), header.total_length()), (20, 31));
        assert_eq!((header.source(), header.destination()), ([10, 0, 0, 1], [10, 0, 0, 2]));
        assert_eq!(header.protocol(), 17);
        assert!(header.checksum_is_right() && !header.is_fragment());
    }

    #[test]
    fn bad_headers_are_refused() {
        let bytes = packet();
        assert!(Header::new(&bytes[..19]).is_none(), "too short");
        for (at, value) in [(0, 0x65), (0, 0x44), (0, 0x4f), (3, 19)] {
            let mut bad = bytes.clone();
            bad[at] = value;
            assert!(Header::new(&bad).is_none(), "{at} {value:#x}");
        }
        let mut damaged = bytes.clone();
        damaged[8] ^= 1;
        assert!(!Header::new(&damaged).unwrap().checksum_is_right());
        for (at, value) in [(6, 0x20), (7, 1)] {
            let mut fragment = bytes.clone();
            fragment[at] |= value;
            assert!(Header::new(&fragment).unwrap().is_fragment());
        }
    }

    #[test]
    fn a_changed_header_sums_right_after_completion() {
        let mut bytes = packet();
        let wanted = Change { total_length: 25, identification_step: 0xffff };
        let before = Header::new(&bytes).unwrap().identification();
        change(&mut bytes, 0, wanted).unwrap();
        complete_checksum(&mut bytes, 0).unwrap();
        let header = Header::new(&bytes).unwrap();
        assert_eq!((header.total_length(), header.identification()), (25, before.wrapping_sub(1)));
        assert!(header.checksum_is_right());
        assert_eq!(change(&mut bytes, usize::MAX, wanted), None);
        assert_eq!(complete_checksum(&mut bytes, 30), None);
    }
}
