//! The IPv6 header and its extension headers (RFC 8200 §3, §4). The walk over extensions is bounded.

use crate::bytes::{put_u16, u8_at, u16_at};
use crate::checksum::{self, Sum};

/// Length of the fixed header.
pub const HEADER_LENGTH: usize = 40;
/// So many extension headers are looked at; a chain that is longer has no transport for us.
pub const MAX_EXTENSIONS: usize = 8;

/// Next-header values of the extensions that are walked over.
mod next_header {
    pub(super) const HOP_BY_HOP: u8 = 0;
    pub(super) const ROUTING: u8 = 43;
    pub(super) const FRAGMENT: u8 = 44;
    pub(super) const DESTINATION: u8 = 60;
}

/// A checked view of an IPv6 header.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    packet: &'a [u8],
    fixed: &'a [u8; HEADER_LENGTH],
}

/// What stands behind the extension headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transport {
    /// The protocol number.
    pub protocol: u8,
    /// Where it starts, in bytes from the start of the packet.
    pub at: usize,
    /// A fragment header says that this is a part of a datagram.
    pub fragment: bool,
    /// A routing header is there, so that the destination of the pseudo header is another one.
    pub routed: bool,
}

impl<'a> Header<'a> {
    /// A view of the header at the start of `packet`.
    pub fn new(packet: &'a [u8]) -> Option<Self> {
        let fixed = packet.first_chunk()?;
        (u8_at(packet, 0)? >> 4 == 6).then_some(Self { packet, fixed })
    }

    /// Length of what follows the fixed header, as the header has it.
    pub fn payload_length(&self) -> usize {
        usize::from(u16_at(self.fixed, 4).unwrap_or(0))
    }

    /// The source address.
    pub fn source(&self) -> [u8; 16] {
        self.fixed.get(8..24).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
    }

    /// The destination address.
    pub fn destination(&self) -> [u8; 16] {
        self.fixed.get(24..40).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
    }

    /// Walks over the extension headers. `None` if the packet ends among them or they are too many.
    pub fn transport(&self) -> Option<Transport> {
        let mut protocol = u8_at(self.fixed, 6)?;
        let mut at = HEADER_LENGTH;
        let (mut fragment, mut routed) = (false, false);
        for _ in 0..=MAX_EXTENSIONS {
            let length = match protocol {
                next_header::HOP_BY_HOP | next_header::ROUTING | next_header::DESTINATION => {
                    routed |= protocol == next_header::ROUTING;
                    let units = u8_at(self.packet, at.checked_add(1)?)?;
                    usize::from(units).saturating_add(1).saturating_mul(8)
                }
                next_header::FRAGMENT => {
                    fragment |= u16_at(self.packet, at.checked_add(2)?)? & 0xfff9 != 0;
                    8
                }
                _ => return Some(Transport { protocol, at, fragment, routed }),
            };
            protocol = u8_at(self.packet, at)?;
            at = at.checked_add(length)?;
        }
        None
    }

    /// The pseudo header of an upper layer of `length` bytes.
    pub fn pseudo_header(&self, protocol: u8, length: u32) -> Sum {
        checksum::pseudo_v6(self.source(), self.destination(), protocol, length)
    }
}

/// Sets the payload length of the header that starts at `at` of `frame`.
pub fn set_payload_length(frame: &mut [u8], at: usize, length: u16) -> Option<()> {
    put_u16(frame, at.checked_add(4)?, length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(extensions: &[(u8, &[u8])], protocol: u8) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_LENGTH];
        bytes[0] = 0x60;
        bytes[6] = extensions.first().map_or(protocol, |(kind, _)| *kind);
        for (index, (_, body)) in extensions.iter().enumerate() {
            let next = extensions.get(index + 1).map_or(protocol, |(kind, _)| *kind);
            let start = bytes.len();
            bytes.extend_from_slice(body);
            bytes[start] = next;
        }
        bytes
    }

    #[test]
    fn extensions_are_walked_over() {
        let hop = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let fragment = [0, 0, 0, 0x08, 0, 0, 0, 1];
        let bytes = packet(&[(0, &hop), (44, &fragment)], 6);
        let transport = Header::new(&bytes).unwrap().transport();
        assert_eq!(
            transport,
            Some(Transport { protocol: 6, at: 64, fragment: true, routed: false })
        );
        assert_eq!(Header::new(&bytes[..60]).unwrap().transport().map(|found| found.at), Some(64));
        assert_eq!(Header::new(&bytes[..57]).unwrap().transport(), None);
    }

    #[test]
    fn an_endless_chain_ends() {
        let extension: (u8, &[u8]) = (60, &[0; 8]);
        let fits = vec![extension; MAX_EXTENSIONS];
        let too_many = vec![extension; MAX_EXTENSIONS + 1];
        assert!(Header::new(&packet(&fits, 17)).unwrap().transport().is_some());
        assert!(Header::new(&packet(&too_many, 17)).unwrap().transport().is_none());
    }

    proptest! {
        #[test]
        fn hostile_packets_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(header) = Header::new(&bytes) {
                let _ = (header.transport(), header.payload_length(), header.source(), header.destination());
            }
        }
    }
}
