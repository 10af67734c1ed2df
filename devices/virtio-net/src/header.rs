//! `virtio_net_hdr`: the header before each frame (virtio 1.3 §5.1.6).
//!
//! Its length on the ring and the work it speaks of are apart: the length follows from the features alone
//! ([`Header::length`], CVE-2023-6693, CVE-2026-63321), and a header is read into a value once.

use elnic_contract::{Checksum, DropReason, Frame, GsoKind, Offload, Segmentation, VTime};
use elnic_virtio::feature::VERSION_1;
use elnic_wire::layout::{Layout, Network, Transport};
use elnic_wire::{tcp, udp};
use serde::{Deserialize, Serialize};

use crate::features::{
    self, CSUM, GSO, HASH_REPORT, HOST_ECN, HOST_TSO4, HOST_TSO6, HOST_UFO, HOST_USO, MRG_RXBUF,
};

/// Flags.
const NEEDS_CSUM: u8 = 1;
const DATA_VALID: u8 = 2;
/// The checksum fields count segments and acknowledgements instead.
const RSC_INFO: u8 = 4;

/// Kinds of large frames.
const GSO_TCP_V4: u8 = 1;
const GSO_UDP: u8 = 3;
const GSO_TCP_V6: u8 = 4;
const GSO_UDP_L4: u8 = 5;
const GSO_ECN: u8 = 0x80;

/// Bytes of the part that all headers have.
pub(crate) const COMMON: usize = 10;
/// Bytes of the longest header.
pub(crate) const LONGEST: usize = 20;

/// A header as a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    flags: u8,
    gso_type: u8,
    header_length: u16,
    gso_size: u16,
    checksum_start: u16,
    checksum_offset: u16,
    /// Hash of the frame.
    pub(crate) hash: u32,
    /// Over what it was computed.
    pub(crate) hash_report: u16,
}

/// Why a frame cannot be sent as its header wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    /// It asks for what was not negotiated; what it asks for is ignored or, if it matters, the frame dropped.
    NotNegotiated,
    /// It does not fit the frame.
    Wrong,
}

impl Header {
    /// Bytes of the header on the ring: `num_buffers` is there with the standard or merged buffers, the hash if it was
    /// negotiated.
    pub(crate) const fn length(negotiated: u64) -> usize {
        if negotiated & HASH_REPORT != 0 {
            LONGEST
        } else if negotiated & (VERSION_1 | MRG_RXBUF) != 0 {
            COMMON + 2
        } else {
            COMMON
        }
    }

    /// Reads the part that all headers have.
    pub(crate) const fn parse(bytes: [u8; COMMON]) -> Self {
        let [flags, gso_type, a, b, c, d, e, f, g, h] = bytes;
        Self {
            flags,
            gso_type,
            header_length: u16::from_le_bytes([a, b]),
            gso_size: u16::from_le_bytes([c, d]),
            checksum_start: u16::from_le_bytes([e, f]),
            checksum_offset: u16::from_le_bytes([g, h]),
            hash: 0,
            hash_report: 0,
        }
    }

    /// The longest header, of which as many bytes are written as were negotiated.
    pub(crate) const fn bytes(&self, buffers: u16) -> [u8; LONGEST] {
        let [a, b] = self.header_length.to_le_bytes();
        let [c, d] = self.gso_size.to_le_bytes();
        let [e, f] = self.checksum_start.to_le_bytes();
        let [g, h] = self.checksum_offset.to_le_bytes();
        let [i, j] = buffers.to_le_bytes();
        let [k, l, m, n] = self.hash.to_le_bytes();
        let [o, p] = self.hash_report.to_le_bytes();
        [self.flags, self.gso_type, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, 0, 0]
    }

    /// Whether it asks for anything.
    pub(crate) const fn asks(&self) -> bool {
        self.flags & NEEDS_CSUM != 0 || self.gso_type != 0
    }

    /// Whether it speaks of a large frame.
    pub(crate) const fn is_large(&self) -> bool {
        self.gso_type & !GSO_ECN != 0
    }

    /// Whether it leaves a checksum to the driver, or vouches for one: (needs, valid).
    pub(crate) const fn checksum_flags(&self) -> (bool, bool) {
        (self.flags & NEEDS_CSUM != 0, self.flags & DATA_VALID != 0)
    }

    /// The frame that a driver sends behind this header.
    pub(crate) fn frame(
        &self,
        bytes: Vec<u8>,
        now: VTime,
        negotiated: u64,
    ) -> Result<Frame, HeaderError> {
        let offload =
            if self.asks() { self.offload(&bytes, negotiated)? } else { Offload::default() };
        Frame::with_offload(bytes, now, offload).map_err(|_| HeaderError::Wrong)
    }

    fn offload(&self, frame: &[u8], negotiated: u64) -> Result<Offload, HeaderError> {
        if negotiated & CSUM == 0 {
            return Err(HeaderError::NotNegotiated);
        }
        let checksum = if self.flags & NEEDS_CSUM != 0 {
            Checksum::Partial { start: self.checksum_start, offset: self.checksum_offset }
        } else {
            Checksum::Complete
        };
        let segmentation =
            self.is_large().then(|| self.segmentation(frame, negotiated)).transpose()?;
        Ok(Offload { checksum, segmentation })
    }

    fn segmentation(&self, frame: &[u8], negotiated: u64) -> Result<Segmentation, HeaderError> {
        let (kind, needs) = match self.gso_type & !GSO_ECN {
            GSO_TCP_V4 => (GsoKind::TcpV4, HOST_TSO4 | GSO),
            GSO_TCP_V6 => (GsoKind::TcpV6, HOST_TSO6 | GSO),
            GSO_UDP => (GsoKind::UdpFragment, HOST_UFO | GSO),
            GSO_UDP_L4 => (GsoKind::UdpSegment, HOST_USO),
            _ => return Err(HeaderError::Wrong),
        };
        let ecn = self.gso_type & GSO_ECN != 0;
        if negotiated & needs == 0 || ecn && negotiated & (HOST_ECN | GSO) == 0 {
            return Err(HeaderError::Wrong);
        }
        // What the driver says of the headers' length is a hint only (§5.1.6.2.1).
        let length = headers(frame).ok_or(HeaderError::Wrong)?;
        let header_length = u16::try_from(length).map_err(|_| HeaderError::Wrong)?;
        Ok(Segmentation { kind, size: self.gso_size, header_length, ecn })
    }

    /// The header of a received frame with this work left in it, if the driver takes such; `offloads` are the features
    /// it has switched on.
    pub(crate) fn for_driver(frame: &Frame, offloads: u64) -> Option<Self> {
        let Offload { checksum, segmentation } = frame.offload();
        let mut header = Self::default();
        if segmentation.is_some() && !matches!(checksum, Checksum::Partial { .. }) {
            // A large frame leaves its checksum too (§5.1.6.4.1).
            return None;
        }
        match checksum {
            Checksum::Complete => {}
            Checksum::Valid if offloads & features::GUEST_CSUM != 0 => header.flags = DATA_VALID,
            Checksum::Valid => {}
            Checksum::Partial { start, offset } => {
                if offloads & features::GUEST_CSUM == 0 || is_dhcp(frame.data()) {
                    return None;
                }
                header.flags = NEEDS_CSUM;
                (header.checksum_start, header.checksum_offset) = (start, offset);
            }
        }
        if let Some(Segmentation { kind, size, header_length, ecn }) = segmentation {
            let (gso_type, needs) = match kind {
                GsoKind::TcpV4 => (GSO_TCP_V4, features::GUEST_TSO4),
                GsoKind::TcpV6 => (GSO_TCP_V6, features::GUEST_TSO6),
                GsoKind::UdpFragment => (GSO_UDP, features::GUEST_UFO),
                GsoKind::UdpSegment => match Layout::of(frame.data())?.network {
                    Network::V4 => (GSO_UDP_L4, features::GUEST_USO4),
                    Network::V6 => (GSO_UDP_L4, features::GUEST_USO6),
                },
            };
            if offloads & needs == 0 || ecn && offloads & features::GUEST_ECN == 0 {
                return None;
            }
            header.gso_type = gso_type | if ecn { GSO_ECN } else { 0 };
            (header.gso_size, header.header_length) = (size, header_length);
        }
        Some(header)
    }

    /// The header of `segments` TCP segments of at most `size` payload bytes put together (§5.1.6.4.2).
    pub(crate) const fn coalesced(v6: bool, size: u16, segments: u16, duplicates: u16) -> Self {
        Self {
            flags: RSC_INFO | DATA_VALID,
            gso_type: if v6 { GSO_TCP_V6 } else { GSO_TCP_V4 },
            header_length: 0,
            gso_size: size,
            checksum_start: segments,
            checksum_offset: duplicates,
            hash: 0,
            hash_report: 0,
        }
    }
}

/// Bytes of all headers up to the payload of TCP or UDP.
pub(crate) fn headers(frame: &[u8]) -> Option<usize> {
    let (kind, at) = Layout::of(frame)?.transport?;
    let length = match kind {
        Transport::Tcp => tcp::Header::new(frame.get(at..)?)?.header_length(),
        Transport::Udp => udp::HEADER_LENGTH,
    };
    at.checked_add(length)
}

/// Whether a frame comes from a DHCP server: its clients read raw frames and take an unfinished checksum for a wrong one,
/// so QEMU finishes it for them.
fn is_dhcp(frame: &[u8]) -> bool {
    const SERVER: [u8; 2] = [0, 67];
    if !(64..1500).contains(&frame.len()) {
        return false;
    }
    let udp = Layout::of(frame)
        .filter(|layout| layout.network == Network::V4)
        .and_then(|layout| layout.transport);
    let Some((Transport::Udp, at)) = udp else { return false };
    frame.get(at..).is_some_and(|datagram| datagram.starts_with(&SERVER))
}

impl HeaderError {
    /// As what the frame is lost.
    pub(crate) const fn reason(self) -> DropReason {
        DropReason::BadDescriptor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_follows_from_the_features_alone() {
        assert_eq!(Header::length(0), 10);
        assert_eq!(Header::length(MRG_RXBUF), 12);
        assert_eq!(Header::length(VERSION_1), 12);
        assert_eq!(Header::length(VERSION_1 | MRG_RXBUF | HASH_REPORT), 20);
    }

    #[test]
    fn bytes_and_values_are_inverse() {
        let bytes = [1, 0x84, 54, 0, 0xb4, 5, 34, 0, 16, 0];
        let header = Header::parse(bytes);
        assert_eq!(header.bytes(3)[..12], [1, 0x84, 54, 0, 0xb4, 5, 34, 0, 16, 0, 3, 0]);
        assert!(header.asks() && header.is_large());
    }
}
