//! The Ethernet header and what follows it: Ethernet II, or 802.3 length with LLC and SNAP (IEEE 802.3-2022 §3,
//! RFC 1042).

use elnic_contract::MacAddr;

use crate::bytes::{u8_at, u16_at};

/// Length of the two addresses and the type field.
pub const HEADER_LENGTH: usize = 14;
/// Shortest frame without frame check sequence.
pub const MIN_LENGTH: usize = 60;
/// Shortest frame on the cable, with frame check sequence.
pub const MIN_LENGTH_WITH_FCS: usize = 64;
/// Largest value of the type field that is a length (IEEE 802.3-2022 §3.2.6).
pub const MAX_LENGTH_FIELD: u16 = 1500;
/// Bits on the cable beside the frame itself: preamble, start of frame and the inter-packet gap.
pub const OVERHEAD_BITS: u64 = 160;

/// Values of the type field.
pub mod ether_type {
    /// Internet Protocol version 4.
    pub const IPV4: u16 = 0x0800;
    /// Address Resolution Protocol.
    pub const ARP: u16 = 0x0806;
    /// Customer VLAN tag (IEEE 802.1Q).
    pub const VLAN: u16 = 0x8100;
    /// Internet Protocol version 6.
    pub const IPV6: u16 = 0x86dd;
    /// MAC control (IEEE 802.3-2022 §31).
    pub const MAC_CONTROL: u16 = 0x8808;
    /// Service VLAN tag (IEEE 802.1ad).
    pub const SERVICE_VLAN: u16 = 0x88a8;
}

/// A checked view of an Ethernet header.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    addresses: &'a Address,
    frame: &'a [u8],
    type_field: u16,
}

/// The first twelve bytes: destination, then source.
pub type Address = [u8; 12];

impl<'a> Header<'a> {
    /// A view of `frame`; `None` if it is shorter than a header.
    pub fn new(frame: &'a [u8]) -> Option<Self> {
        Some(Self { addresses: frame.first_chunk()?, frame, type_field: u16_at(frame, 12)? })
    }

    /// The destination address.
    pub fn destination(&self) -> MacAddr {
        let [a, b, c, d, e, f, ..] = *self.addresses;
        MacAddr([a, b, c, d, e, f])
    }

    /// The source address.
    pub fn source(&self) -> MacAddr {
        let [.., a, b, c, d, e, f] = *self.addresses;
        MacAddr([a, b, c, d, e, f])
    }

    /// The type field: a type or, up to [`MAX_LENGTH_FIELD`], a length.
    pub const fn type_field(&self) -> u16 {
        self.type_field
    }

    /// What follows the type field.
    pub fn payload(&self) -> &'a [u8] {
        self.frame.get(HEADER_LENGTH..).unwrap_or_default()
    }
}

/// The protocol whose packet starts at offset `at` behind a type field that stands at `type_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// The type, from the type field or from a SNAP header.
    pub ether_type: u16,
    /// Where its packet starts.
    pub at: usize,
}

/// Reads the type field at `type_at`, through LLC and SNAP if it is a length. `None` if the frame ends too early or
/// carries LLC without SNAP.
pub fn protocol(frame: &[u8], type_at: usize) -> Option<Protocol> {
    let ether_type = u16_at(frame, type_at)?;
    let at = type_at.checked_add(2)?;
    if ether_type > MAX_LENGTH_FIELD {
        return Some(Protocol { ether_type, at });
    }
    // DSAP and SSAP of SNAP, unnumbered information, and the organisation code of RFC 1042.
    let llc = frame.get(at..at.checked_add(6)?)?;
    if llc != [0xaa, 0xaa, 0x03, 0, 0, 0] {
        return None;
    }
    let type_at = at.checked_add(6)?;
    Some(Protocol { ether_type: u16_at(frame, type_at)?, at: type_at.checked_add(2)? })
}

/// Whether the first byte addresses a group.
pub fn is_group(frame: &[u8]) -> bool {
    u8_at(frame, 0).is_some_and(|byte| byte & 1 != 0)
}

/// Bits that a frame of `length` bytes (without FCS) takes on the cable, preamble and inter-packet gap included; what is
/// too short is counted as padded.
pub fn wire_bits(length: usize) -> u64 {
    let with_fcs = length.max(MIN_LENGTH).saturating_add(crate::fcs::LENGTH);
    (with_fcs as u64).saturating_mul(8).saturating_add(OVERHEAD_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read() {
        let mut frame = [0; 60];
        frame[..14].copy_from_slice(&[0xff, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x86, 0xdd]);
        let header = Header::new(&frame).unwrap();
        assert_eq!(header.destination(), MacAddr([0xff, 2, 3, 4, 5, 6]));
        assert_eq!(header.source(), MacAddr([7, 8, 9, 10, 11, 12]));
        assert_eq!(header.type_field(), ether_type::IPV6);
        assert_eq!(header.payload().len(), 46);
        assert!(Header::new(&frame[..13]).is_none());
        assert!(is_group(&frame) && !is_group(&[]));
    }

    #[test]
    fn snap_names_a_protocol_and_plain_llc_does_not() {
        let mut frame = vec![0; 12];
        frame.extend([0, 46, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45]);
        assert_eq!(protocol(&frame, 12), Some(Protocol { ether_type: ether_type::IPV4, at: 22 }));
        frame[14] = 0x42;
        assert_eq!(protocol(&frame, 12), None);
        assert_eq!(protocol(&frame[..15], 12), None);
        assert_eq!(protocol(&[], usize::MAX), None);
    }

    #[test]
    fn wire_times_of_the_classic_frames() {
        assert_eq!([60, 508, 1514, 1518, 9014].map(wire_bits), [672, 4256, 12304, 12336, 72304]);
        assert_eq!(wire_bits(1), 672);
    }
}
