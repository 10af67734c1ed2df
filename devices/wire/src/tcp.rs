//! The TCP header (RFC 9293 §3.1).

use crate::bytes::{put_u32, u8_at, u32_at};

/// The protocol number.
pub const PROTOCOL: u8 = 6;
/// Length of a header without options.
pub const MIN_HEADER_LENGTH: usize = 20;
/// Where the checksum stands.
pub const CHECKSUM_AT: usize = 16;

/// Bits of the flags byte.
pub mod flags {
    /// No more data from sender.
    pub const FIN: u8 = 0x01;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// Congestion window reduced.
    pub const CWR: u8 = 0x80;
}

/// A checked view of a TCP header.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    bytes: &'a [u8],
}

impl<'a> Header<'a> {
    /// A view of the header at the start of `segment`.
    pub fn new(segment: &'a [u8]) -> Option<Self> {
        let length = usize::from(u8_at(segment, 12)? >> 4).saturating_mul(4);
        let bytes = segment.get(..length)?;
        (length >= MIN_HEADER_LENGTH).then_some(Self { bytes })
    }

    /// Length of the header with options, in bytes.
    pub const fn header_length(&self) -> usize {
        self.bytes.len()
    }

    /// Sequence number.
    pub fn sequence(&self) -> u32 {
        u32_at(self.bytes, 4).unwrap_or(0)
    }

    /// The flags byte.
    pub fn flags(&self) -> u8 {
        u8_at(self.bytes, 13).unwrap_or(0)
    }
}

/// Adds `step` to the sequence number and clears the flags in `clear` of the header at `at` of `frame`. `None`, and
/// nothing changed, if it does not fit.
pub fn change(frame: &mut [u8], at: usize, step: u32, clear: u8) -> Option<()> {
    let sequence_at = at.checked_add(4)?;
    let sequence = u32_at(frame, sequence_at)?;
    let flags = frame.get_mut(at.checked_add(13)?)?;
    *flags &= !clear;
    put_u32(frame, sequence_at, sequence.wrapping_add(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_and_changed() {
        let mut bytes = vec![0; 24];
        bytes[12] = 0x60;
        bytes[13] = 0x19;
        bytes[4..8].copy_from_slice(&0xffff_fff0_u32.to_be_bytes());
        change(&mut bytes, 0, 0x20, flags::FIN | flags::PSH).unwrap();
        let header = Header::new(&bytes).unwrap();
        assert_eq!((header.header_length(), header.sequence(), header.flags()), (24, 0x10, 0x10));
        assert!(Header::new(&bytes[..23]).is_none());
        bytes[12] = 0x40;
        assert!(Header::new(&bytes).is_none());
        let before = bytes.clone();
        assert_eq!(change(&mut bytes[..13], 0, 1, 0xff), None);
        assert_eq!(bytes, before);
    }
}
