//! Whole IP packets and datagrams, built in one place.
//!
//! Wire formats are smoltcp's; this only puts the layers together. IPv4 identification is filled in by the link.

use std::net::{IpAddr, SocketAddr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, IpProtocol, IpRepr, UDP_HEADER_LEN, UdpPacket, UdpRepr};

/// TTL and hop limit of packets the stack originates (RFC 1700).
pub(crate) const HOP_LIMIT: u8 = 64;
/// TTL of ICMP messages, which QEMU's stack sends as far as they go.
pub(crate) const ICMP_HOP_LIMIT: u8 = 255;
/// The largest IP payload of any packet the stack builds, in bytes.
const LONGEST_PAYLOAD: usize = 65_515;

/// An IP packet around `length` bytes that `fill` writes. `None` if the families differ or the length does not fit.
pub(crate) fn ip(
    source: IpAddr,
    destination: IpAddr,
    protocol: IpProtocol,
    hop_limit: u8,
    length: usize,
    fill: impl FnOnce(&mut [u8]),
) -> Option<Vec<u8>> {
    if source.is_ipv4() != destination.is_ipv4() || length > LONGEST_PAYLOAD {
        return None;
    }
    let (source, destination) = (IpAddress::from(source), IpAddress::from(destination));
    let repr = IpRepr::new(source, destination, protocol, length, hop_limit);
    let mut packet = vec![0; repr.buffer_len()];
    let (header, payload) = packet.split_at_mut(repr.header_len());
    fill(payload);
    repr.emit(header, &ChecksumCapabilities::default());
    Some(packet)
}

/// An IP packet with a UDP datagram. `None` if the families differ or the payload does not fit.
pub(crate) fn datagram(
    source: SocketAddr,
    destination: SocketAddr,
    payload: &[u8],
) -> Option<Vec<u8>> {
    let length = UDP_HEADER_LEN + payload.len();
    let repr = UdpRepr { src_port: source.port(), dst_port: destination.port() };
    ip(source.ip(), destination.ip(), IpProtocol::Udp, HOP_LIMIT, length, |buffer| {
        repr.emit(
            &mut UdpPacket::new_unchecked(buffer),
            &source.ip().into(),
            &destination.ip().into(),
            payload.len(),
            |room| room.copy_from_slice(payload),
            &ChecksumCapabilities::default(),
        );
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::Ipv4Packet;

    #[test]
    fn a_datagram_carries_both_checksums() {
        let source: SocketAddr = "10.0.2.2:67".parse().unwrap();
        let destination: SocketAddr = "10.0.2.15:68".parse().unwrap();
        let packet = datagram(source, destination, b"payload").unwrap();
        let ip = Ipv4Packet::new_checked(&packet[..]).unwrap();
        assert!(ip.verify_checksum());
        let udp = UdpPacket::new_checked(ip.payload()).unwrap();
        assert!(udp.verify_checksum(&source.ip().into(), &destination.ip().into()));
        assert_eq!(udp.payload(), b"payload");
    }

    #[test]
    fn what_cannot_be_one_packet_is_none() {
        let v4: SocketAddr = "10.0.2.2:67".parse().unwrap();
        let v6: SocketAddr = "[fec0::2]:67".parse().unwrap();
        assert_eq!(datagram(v4, v6, b""), None);
        assert_eq!(datagram(v4, v4, &vec![0; 65_508]), None);
        assert!(datagram(v4, v4, &vec![0; 65_507]).is_some());
    }
}
