//! Cutting a large packet into segments: what changes in the headers of each.
//!
//! A NIC that segments (e1000 TSO) knows the layers from its descriptors, software that stands in for one (a peer
//! without GSO) finds them itself ([`crate::offload`]); both then call [`adapt`] on each segment, which does what
//! hardware does (Intel 8254x manual §3.5.9): IPv4 length and identification, IPv6 payload length, TCP sequence number and
//! flags, UDP length. Checksums are left to the caller, for they too are found in different ways.

use crate::layout::{Network, Transport};
use crate::{ipv4, ipv6, tcp, udp};

/// Where the layers of the packet to be cut start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The network header, in bytes from the start of the frame.
    pub network: (Network, usize),
    /// The transport header.
    pub transport: (Transport, usize),
}

/// Which segment this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its number, from 0.
    pub index: u32,
    /// Payload bytes in the segments before it.
    pub offset: u32,
    /// Nothing follows.
    pub last: bool,
    /// TCP CWR stands in the first segment only (RFC 3168 §6.1.2), as senders with ECN want it.
    pub ecn: bool,
}

/// Why a segment cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// A header that should be changed lies outside the frame.
    #[error("a header lies outside the frame")]
    HeaderOutside,
    /// The segment is longer than a length field can say.
    #[error("the segment is longer than its length field can say")]
    TooLong,
}

/// Changes the headers of `frame` (a copy of all headers and this segment's payload) to those of segment `piece`.
///
/// # Errors
/// A header lies outside the frame or a length does not fit; the frame is then half changed and of no use.
pub fn adapt(frame: &mut [u8], shape: &Shape, piece: Piece) -> Result<(), SegmentError> {
    let length_from = |at: usize| {
        let length = frame.len().checked_sub(at).ok_or(SegmentError::HeaderOutside)?;
        u16::try_from(length).map_err(|_| SegmentError::TooLong)
    };
    let (network, network_at) = shape.network;
    let (transport, transport_at) = shape.transport;
    let datagram = length_from(transport_at)?;
    let done = match network {
        Network::V4 => {
            let total_length = length_from(network_at)?;
            // The identification counts segments, modulo 2¹⁶.
            let identification_step = (piece.index & 0xffff) as u16;
            ipv4::change(frame, network_at, ipv4::Change { total_length, identification_step })
        }
        Network::V6 => {
            let behind = network_at.saturating_add(ipv6::HEADER_LENGTH);
            let length = length_from(behind)?;
            ipv6::set_payload_length(frame, network_at, length)
        }
    };
    done.ok_or(SegmentError::HeaderOutside)?;
    let done = match transport {
        Transport::Tcp => {
            let ending = if piece.last { 0 } else { tcp::flags::FIN | tcp::flags::PSH };
            let congestion = if piece.ecn && piece.index > 0 { tcp::flags::CWR } else { 0 };
            tcp::change(frame, transport_at, piece.offset, ending | congestion)
        }
        Transport::Udp => udp::set_length(frame, transport_at, datagram),
    };
    done.ok_or(SegmentError::HeaderOutside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    const MIDDLE: Piece = Piece { index: 2, offset: 200, last: false, ecn: true };

    #[test]
    fn a_middle_tcp_segment_loses_its_endings_and_counts_on() {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([1; 4], [2; 4], 9)
            .tcp(1, 2, 0xffff_ff9c, 4)
            .fin()
            .psh()
            .ack(7)
            .write(&mut frame, &[0; 100])
            .unwrap();
        let shape = Shape { network: (Network::V4, 14), transport: (Transport::Tcp, 34) };
        let whole = frame.clone();
        adapt(&mut frame, &shape, MIDDLE).unwrap();
        let ip = ipv4::Header::new(&frame[14..]).unwrap();
        let before = ipv4::Header::new(&whole[14..]).unwrap();
        assert_eq!(ip.total_length(), 140);
        assert_eq!(ip.identification(), before.identification().wrapping_add(2));
        let tcp = tcp::Header::new(&frame[34..]).unwrap();
        assert_eq!((tcp.sequence(), tcp.flags()), (100, 0x10));

        let mut last = whole.clone();
        adapt(&mut last, &shape, Piece { last: true, ..MIDDLE }).unwrap();
        assert_eq!(tcp::Header::new(&last[34..]).unwrap().flags(), 0x19);
    }

    #[test]
    fn a_udp_segment_over_ipv6_gets_both_lengths() {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv6([1; 16], [2; 16], 9)
            .udp(1, 2)
            .write(&mut frame, &[0; 100])
            .unwrap();
        frame.truncate(frame.len() - 60);
        let shape = Shape { network: (Network::V6, 14), transport: (Transport::Udp, 54) };
        adapt(&mut frame, &shape, MIDDLE).unwrap();
        assert_eq!(ipv6::Header::new(&frame[14..]).unwrap().payload_length(), 48);
        assert_eq!(udp::Header::new(&frame[54..]).unwrap().length(), 48);
    }

    #[test]
    fn headers_outside_the_frame_are_refused() {
        for (network_at, transport_at) in [(60, 34), (14, 60), (14, 55), (usize::MAX, 34)] {
            for network in [Network::V4, Network::V6] {
                for transport in [Transport::Tcp, Transport::Udp] {
                    let shape = Shape {
                        network: (network, network_at),
                        transport: (transport, transport_at),
                    };
                    let refused = adapt(&mut [0; 60], &shape, MIDDLE);
                    assert!(
                        refused == Err(SegmentError::HeaderOutside)
                            || (transport == Transport::Udp
                                && transport_at == 55
                                && refused.is_ok())
                    );
                }
            }
        }
        let shape = Shape { network: (Network::V4, 14), transport: (Transport::Tcp, 34) };
        assert_eq!(adapt(&mut vec![0; 66_000], &shape, MIDDLE), Err(SegmentError::TooLong));
    }
}
