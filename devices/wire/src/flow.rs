//! Flows, and the hash over them by which receivers with many queues choose one (Toeplitz; Microsoft, "RSS hashing
//! types"; virtio 1.3 §5.1.6.4.3).

use crate::bytes::{u8_at, u16_at};
use crate::ethernet::{self, ether_type};
use crate::layout::{MAX_TAGS, Transport};
use crate::{ipv4, ipv6, vlan};

/// Source and destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// IPv4.
    V4([u8; 4], [u8; 4]),
    /// IPv6.
    V6([u8; 16], [u8; 16]),
}

/// What a packet and its fellows have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Addresses of the network header.
    pub addresses: Addresses,
    /// Home address and address of a routing header of type 2 where IPv6 extensions have them, else the header's.
    pub home: Addresses,
    /// There are IPv6 extension headers.
    pub extended: bool,
    /// Source and destination port; not of fragments.
    pub ports: Option<(Transport, u16, u16)>,
}

const NEXT_ROUTING: u8 = 43;
const NEXT_DESTINATION: u8 = 60;
const NEXT_HOP_BY_HOP: u8 = 0;
const OPTION_PAD1: u8 = 0;
const OPTION_HOME_ADDRESS: u8 = 0xc9;
const ROUTING_MOBILE: u8 = 2;

impl Flow {
    /// The flow that `frame` belongs to; `None` if it carries no IP.
    pub fn of(frame: &[u8]) -> Option<Self> {
        let mut found = ethernet::protocol(frame, vlan::TAG_AT)?;
        for _ in 0..MAX_TAGS {
            if !matches!(found.ether_type, ether_type::VLAN | ether_type::SERVICE_VLAN) {
                break;
            }
            found = ethernet::protocol(frame, found.at.checked_add(2)?)?;
        }
        let packet = frame.get(found.at..)?;
        match found.ether_type {
            ether_type::IPV4 => Self::v4(packet),
            ether_type::IPV6 => Self::v6(packet),
            _ => None,
        }
    }

    fn v4(packet: &[u8]) -> Option<Self> {
        let header = ipv4::Header::new(packet)?;
        let addresses = Addresses::V4(header.source(), header.destination());
        let kind = Transport::from_protocol(header.protocol()).filter(|_| !header.is_fragment());
        let ports = kind.and_then(|kind| ports(packet, kind, header.header_length()));
        Some(Self { addresses, home: addresses, extended: false, ports })
    }

    fn v6(packet: &[u8]) -> Option<Self> {
        let header = ipv6::Header::new(packet)?;
        let addresses = Addresses::V6(header.source(), header.destination());
        let found = header.transport();
        let kind = found.filter(|found| !found.fragment);
        let ports = kind
            .and_then(|found| ports(packet, Transport::from_protocol(found.protocol)?, found.at));
        let end = found.map_or(packet.len(), |found| found.at);
        let extended = found.is_none_or(|found| found.at != ipv6::HEADER_LENGTH);
        let home = if extended {
            let (source, destination) = home(packet, end);
            let source = source.unwrap_or_else(|| header.source());
            Addresses::V6(source, destination.unwrap_or_else(|| header.destination()))
        } else {
            addresses
        };
        Some(Self { addresses, home, extended, ports })
    }

    /// The same flow as the other side sends it.
    #[must_use]
    pub fn reversed(self) -> Self {
        let turn = |addresses| match addresses {
            Addresses::V4(from, to) => Addresses::V4(to, from),
            Addresses::V6(from, to) => Addresses::V6(to, from),
        };
        let ports = self.ports.map(|(kind, from, to)| (kind, to, from));
        Self { addresses: turn(self.addresses), home: turn(self.home), ports, ..self }
    }
}

fn ports(packet: &[u8], kind: Transport, at: usize) -> Option<(Transport, u16, u16)> {
    Some((kind, u16_at(packet, at)?, u16_at(packet, at.checked_add(2)?)?))
}

/// Home address option and routing header of type 2 (RFC 6275 §6.3, §6.4) among the extensions before `end`.
fn home(packet: &[u8], end: usize) -> (Option<[u8; 16]>, Option<[u8; 16]>) {
    let (mut source, mut destination) = (None, None);
    let mut next = u8_at(packet, 6).unwrap_or(NEXT_HOP_BY_HOP);
    let mut at = ipv6::HEADER_LENGTH;
    while at < end {
        let units = usize::from(u8_at(packet, at.saturating_add(1)).unwrap_or(0));
        let length = units.saturating_add(1).saturating_mul(8);
        let Some(extension) = packet.get(at..).map(|rest| rest.get(..length).unwrap_or(rest))
        else {
            break;
        };
        match next {
            NEXT_DESTINATION => source = source.or_else(|| home_address(extension)),
            NEXT_ROUTING if u8_at(extension, 2) == Some(ROUTING_MOBILE) => {
                destination = extension.get(8..24).and_then(|bytes| bytes.try_into().ok());
            }
            _ => {}
        }
        next = u8_at(packet, at).unwrap_or(NEXT_HOP_BY_HOP);
        at = at.saturating_add(length);
    }
    (source, destination)
}

fn home_address(extension: &[u8]) -> Option<[u8; 16]> {
    let mut at = 2_usize;
    loop {
        let kind = u8_at(extension, at)?;
        let value = at.checked_add(2)?;
        if kind == OPTION_PAD1 {
            at = at.checked_add(1)?;
            continue;
        }
        if kind == OPTION_HOME_ADDRESS {
            return extension.get(value..)?.first_chunk().copied();
        }
        at = value.checked_add(usize::from(u8_at(extension, at.checked_add(1)?)?))?;
    }
}

/// The Toeplitz hash over `input` with `key`, whose bits behind the end count as zero.
pub fn toeplitz(key: &[u8], input: impl IntoIterator<Item = u8>) -> u32 {
    let mut rest = key.iter().copied();
    let mut window = 0_u64;
    for _ in 0..5 {
        window = window << 8 | u64::from(rest.next().unwrap_or(0));
    }
    // Bits 39 to 8 are the 32 bits of the key that belong to the first bit of the next byte.
    let mut hash = 0_u64;
    for byte in input {
        for bit in 0..8 {
            if byte & 0x80_u8 >> bit != 0 {
                hash ^= window << bit >> 8;
            }
        }
        window = (window << 8 | u64::from(rest.next().unwrap_or(0))) & 0xff_ffff_ffff;
    }
    u32::try_from(hash & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    /// The key of Microsoft's verification suite.
    const KEY: [u8; 40] = [
        0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f,
        0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
        0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
    ];

    fn input(source: &[u8], destination: &[u8], ports: &[u16]) -> Vec<u8> {
        let ports = ports.iter().flat_map(|port| port.to_be_bytes());
        source.iter().chain(destination).copied().chain(ports).collect()
    }

    #[test]
    fn the_hash_is_that_of_the_verification_suite() {
        for (destination, to, source, from, plain, tcp) in [
            ([161, 142, 100, 80], 1766, [66, 9, 149, 187], 2794, 0x323e_8fc2, 0x51cc_c178),
            ([65, 69, 140, 83], 4739, [199, 92, 111, 2], 14230, 0xd718_262a, 0xc626_b0ea),
            ([12, 22, 207, 184], 38024, [24, 19, 198, 95], 12898, 0xd2d0_a5de, 0x5c2b_394a),
        ] {
            assert_eq!(toeplitz(&KEY, input(&source, &destination, &[])), plain);
            assert_eq!(toeplitz(&KEY, input(&source, &destination, &[from, to])), tcp);
        }
        let source = "3ffe:2501:200:1fff::7".parse::<core::net::Ipv6Addr>().unwrap().octets();
        let to = "3ffe:2501:200:3::1".parse::<core::net::Ipv6Addr>().unwrap().octets();
        assert_eq!(toeplitz(&KEY, input(&source, &to, &[])), 0x2cc1_8cd5);
        assert_eq!(toeplitz(&KEY, input(&source, &to, &[2794, 1766])), 0x4020_7d3d);
    }

    #[test]
    fn flows_are_found_and_turned_round() {
        let mut bytes = Vec::new();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([1; 4], [2; 4], 9);
        builder.udp(5, 6).write(&mut bytes, &[0; 9]).unwrap();
        let flow = Flow::of(&bytes).unwrap();
        assert_eq!(flow.addresses, Addresses::V4([1; 4], [2; 4]));
        assert_eq!(flow.ports, Some((Transport::Udp, 5, 6)));
        assert_eq!(flow.reversed().ports, Some((Transport::Udp, 6, 5)));
        assert_eq!(flow.reversed().reversed(), flow);
        assert_eq!(Flow::of(&[0; 60]), None);
    }

    #[test]
    fn mobile_addresses_are_found_among_the_extensions() {
        let mut frame = vec![0; 14];
        frame[12..14].copy_from_slice(&[0x86, 0xdd]);
        let mut packet = vec![0x60, 0, 0, 0, 0, 76, 60, 64];
        packet.extend([[1; 16], [2; 16]].concat());
        // Destination options: next is routing, 24 bytes, padding, home address.
        packet.extend([43, 2, 1, 2, 0, 0, 0xc9, 16]);
        packet.extend([7; 16]);
        // Routing header of type 2: next is TCP, 24 bytes.
        packet.extend([6, 2, 2, 1, 0, 0, 0, 0]);
        packet.extend([8; 16]);
        packet.extend([0, 80, 0, 90]);
        packet.extend([0; 16]);
        frame.extend(packet);
        let flow = Flow::of(&frame).unwrap();
        assert_eq!(flow.addresses, Addresses::V6([1; 16], [2; 16]));
        assert_eq!(flow.home, Addresses::V6([7; 16], [8; 16]));
        assert_eq!((flow.extended, flow.ports), (true, Some((Transport::Tcp, 80, 90))));
    }

    proptest! {
        #[test]
        fn hostile_packets_do_not_panic(mut bytes in proptest::collection::vec(any::<u8>(), 14..140), v6: bool) {
            bytes[12..14].copy_from_slice(if v6 { &[0x86, 0xdd] } else { &[8, 0] });
            if let Some(first) = bytes.get_mut(14) {
                *first = if v6 { 0x60 } else { 0x45 };
            }
            let _ = Flow::of(&bytes);
        }

        #[test]
        fn the_hash_is_linear(a in proptest::collection::vec(any::<u8>(), 12), b in proptest::collection::vec(any::<u8>(), 12)) {
            let both = a.iter().zip(&b).map(|(a, b)| a ^ b);
            prop_assert_eq!(toeplitz(&KEY, both), toeplitz(&KEY, a.clone()) ^ toeplitz(&KEY, b.clone()));
        }
    }
}
