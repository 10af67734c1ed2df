//! The UDP header (RFC 768).

use crate::bytes::{put_u16, u16_at};

/// The protocol number.
pub const PROTOCOL: u8 = 17;
/// Length of the header.
pub const HEADER_LENGTH: usize = 8;
/// Where the checksum stands.
pub const CHECKSUM_AT: usize = 6;

/// A checked view of a UDP header.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    bytes: &'a [u8; HEADER_LENGTH],
}

impl<'a> Header<'a> {
    /// A view of the header at the start of `datagram`.
    pub fn new(datagram: &'a [u8]) -> Option<Self> {
        Some(Self { bytes: datagram.first_chunk()? })
    }

    /// Length of header and payload, as the header has it.
    pub fn length(&self) -> usize {
        usize::from(u16_at(self.bytes, 4).unwrap_or(0))
    }

    /// The checksum; 0 means that the sender made none.
    pub fn checksum(&self) -> u16 {
        u16_at(self.bytes, CHECKSUM_AT).unwrap_or(0)
    }
}

/// Sets the length of the header at `at` of `frame`.
pub fn set_length(frame: &mut [u8], at: usize, length: u16) -> Option<()> {
    put_u16(frame, at.checked_add(4)?, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read() {
        let mut bytes = [0, 7, 0, 9, 0, 12, 0xab, 0xcd, 1, 2, 3, 4];
        set_length(&mut bytes, 0, 0x102).unwrap();
        let header = Header::new(&bytes).unwrap();
        assert_eq!((header.length(), header.checksum()), (0x102, 0xabcd));
        assert!(Header::new(&bytes[..7]).is_none());
    }
}
