//! Finds the layers of a frame: through VLAN tags, LLC/SNAP and IPv6 extensions to the transport header.

use crate::checksum::Sum;
use crate::ethernet::{self, ether_type};
use crate::{ipv4, ipv6, tcp, udp, vlan};

/// So many VLAN tags are looked behind.
pub const MAX_TAGS: usize = 2;

/// The network layer of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// The transport layer of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// The transport of that protocol number.
    pub const fn from_protocol(protocol: u8) -> Option<Self> {
        match protocol {
            tcp::PROTOCOL => Some(Self::Tcp),
            udp::PROTOCOL => Some(Self::Udp),
            _ => None,
        }
    }

    /// Where the checksum stands in the header.
    pub const fn checksum_at(self) -> usize {
        match self {
            Self::Tcp => tcp::CHECKSUM_AT,
            Self::Udp => udp::CHECKSUM_AT,
        }
    }
}

/// Where the layers of a frame start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The network layer.
    pub network: Network,
    /// Where it starts, in bytes from the start of the frame.
    pub network_at: usize,
    /// The transport and where it starts, unless it is another one or this is a fragment.
    pub transport: Option<(Transport, usize)>,
    /// Where the packet ends, as its headers have it; at most the length of the frame.
    pub end: usize,
    /// The whole packet is there.
    pub complete: bool,
    /// Sum of the pseudo header but for the length; meaningless without a transport.
    pseudo: Sum,
}

/// What a checksum turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Right.
    Good,
    /// Wrong.
    Bad,
    /// There is none to check: no such layer, a fragment, or a UDP sender that made none.
    Absent,
}

impl Layout {
    /// The layout of `frame`; `None` if it carries no IP.
    pub fn of(frame: &[u8]) -> Option<Self> {
        let mut type_at = vlan::TAG_AT;
        let mut found = ethernet::protocol(frame, type_at)?;
        for _ in 0..MAX_TAGS {
            if !matches!(found.ether_type, ether_type::VLAN | ether_type::SERVICE_VLAN) {
                break;
            }
            type_at = found.at.checked_add(2)?;
            found = ethernet::protocol(frame, type_at)?;
        }
        let packet = frame.get(found.at..)?;
        match found.ether_type {
            ether_type::IPV4 => Self::v4(packet, found.at),
            ether_type::IPV6 => Self::v6(packet, found.at),
            _ => None,
        }
    }

    fn v4(packet: &[u8], network_at: usize) -> Option<Self> {
        let header = ipv4::Header::new(packet)?;
        let transport = Transport::from_protocol(header.protocol())
            .filter(|_| !header.is_fragment())
            .map(|kind| (kind, network_at.saturating_add(header.header_length())));
        Some(Self {
            network: Network::V4,
            network_at,
            transport,
            end: network_at.checked_add(header.total_length().min(packet.len()))?,
            complete: header.total_length() <= packet.len(),
            pseudo: header.pseudo_header(0),
        })
    }

    fn v6(packet: &[u8], network_at: usize) -> Option<Self> {
        let header = ipv6::Header::new(packet)?;
        let total = header.payload_length().saturating_add(ipv6::HEADER_LENGTH);
        let found = header.transport().filter(|found| !found.fragment && !found.routed);
        let transport = found.and_then(|found| {
            let kind = Transport::from_protocol(found.protocol)?;
            Some((kind, network_at.saturating_add(found.at)))
        });
        Some(Self {
            network: Network::V6,
            network_at,
            transport,
            end: network_at.checked_add(total.min(packet.len()))?,
            complete: total <= packet.len(),
            pseudo: header.pseudo_header(found.map_or(0, |found| found.protocol), 0),
        })
    }

    /// Checks the IPv4 header's checksum.
    pub fn network_checksum(&self, frame: &[u8]) -> Verified {
        let header = frame.get(self.network_at..).and_then(ipv4::Header::new);
        match (self.network, header) {
            (Network::V4, Some(header)) if header.checksum_is_right() => Verified::Good,
            (Network::V4, Some(_)) => Verified::Bad,
            _ => Verified::Absent,
        }
    }

    /// The sum of pseudo header and transport of `frame`; 0xffff if the checksum is right.
    fn transport_sum(&self, frame: &[u8], at: usize) -> Option<u16> {
        let segment = frame.get(at..self.end)?;
        let length = u32::try_from(segment.len()).ok()?;
        Some(self.pseudo.length(length).bytes(segment).folded())
    }

    /// Checks the checksum of TCP or UDP.
    pub fn transport_checksum(&self, frame: &[u8]) -> Verified {
        let Some((kind, at)) = self.transport.filter(|_| self.complete) else {
            return Verified::Absent;
        };
        let Some(segment) = frame.get(at..self.end) else { return Verified::Absent };
        let readable = match kind {
            Transport::Tcp => tcp::Header::new(segment).is_some(),
            // RFC 768: a checksum of zero means that there is none.
            Transport::Udp => udp::Header::new(segment).is_some_and(|udp| udp.checksum() != 0),
        };
        match self.transport_sum(frame, at).filter(|_| readable) {
            Some(0xffff) => Verified::Good,
            Some(_) => Verified::Bad,
            None => Verified::Absent,
        }
    }

    /// Computes the checksums of IPv4 header and transport and puts them into `frame`. `None` if a layer is missing.
    pub fn complete_checksums(&self, frame: &mut [u8]) -> Option<()> {
        if self.network == Network::V4 {
            ipv4::complete_checksum(frame, self.network_at)?;
        }
        let (kind, at) = self.transport?;
        let place = at.checked_add(kind.checksum_at())?;
        crate::bytes::put_u16(frame, place, 0)?;
        let sum = !self.transport_sum(frame, at)?;
        let sum = if kind == Transport::Udp && sum == 0 { 0xffff } else { sum };
        crate::bytes::put_u16(frame, place, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    fn v4_tcp(tags: u16) -> Vec<u8> {
        let ethernet = PacketBuilder::ethernet2([2; 6], [4; 6]);
        let mut bytes = Vec::new();
        let payload = [1, 2, 3, 4, 5];
        let (from, to) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        match tags {
            0 => ethernet.ipv4(from, to, 9).tcp(1, 2, 3, 4).write(&mut bytes, &payload),
            1 => ethernet
                .single_vlan(5.try_into().unwrap())
                .ipv4(from, to, 9)
                .tcp(1, 2, 3, 4)
                .write(&mut bytes, &payload),
            _ => ethernet
                .double_vlan(5.try_into().unwrap(), 6.try_into().unwrap())
                .ipv4(from, to, 9)
                .tcp(1, 2, 3, 4)
                .write(&mut bytes, &payload),
        }
        .unwrap();
        bytes
    }

    fn v6_udp() -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv6([1; 16], [2; 16], 9)
            .udp(1, 2)
            .write(&mut bytes, &[1, 2, 3])
            .unwrap();
        bytes
    }

    #[test]
    fn layers_are_found_behind_tags_and_padding() {
        for (tags, at) in [(0, 14), (1, 18), (2, 22)] {
            let mut frame = v4_tcp(tags);
            let end = frame.len();
            frame.resize(end + 7, 0xee);
            let layout = Layout::of(&frame).unwrap();
            assert_eq!((layout.network, layout.network_at), (Network::V4, at));
            assert_eq!(layout.transport, Some((Transport::Tcp, at + 20)));
            assert_eq!((layout.end, layout.complete), (end, true));
            assert_eq!(layout.network_checksum(&frame), Verified::Good);
            assert_eq!(layout.transport_checksum(&frame), Verified::Good);
        }
    }

    #[test]
    fn damage_is_found_and_repaired() {
        for mut frame in [v4_tcp(0), v6_udp()] {
            let last = frame.len() - 1;
            frame[last] ^= 0x40;
            let layout = Layout::of(&frame).unwrap();
            assert_eq!(layout.transport_checksum(&frame), Verified::Bad);
            layout.complete_checksums(&mut frame).unwrap();
            assert_eq!(layout.transport_checksum(&frame), Verified::Good);
        }
        let mut frame = v4_tcp(0);
        frame[22] ^= 1;
        assert_eq!(Layout::of(&frame).unwrap().network_checksum(&frame), Verified::Bad);
    }

    #[test]
    fn what_has_no_checksum_is_neither_good_nor_bad() {
        let mut no_udp_checksum = v6_udp();
        no_udp_checksum[60..62].fill(0);
        let mut fragment = v4_tcp(0);
        fragment[20] |= 0x20;
        let mut cut = v4_tcp(0);
        cut.truncate(50);
        for frame in [no_udp_checksum, fragment, cut] {
            let layout = Layout::of(&frame).unwrap();
            assert_eq!(layout.transport_checksum(&frame), Verified::Absent);
        }
        assert_eq!(Layout::of(&[0; 60]), None);
    }

    proptest! {
        #[test]
        fn hostile_frames_do_not_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), kind in 0..4_u8) {
            let start: &[u8] = match kind {
                0 => &[8, 0, 0x45],
                1 => &[0x86, 0xdd, 0x60],
                2 => &[0x81, 0, 0, 1, 8, 0, 0x46],
                _ => &[0, 50, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45],
            };
            if bytes.len() >= 12 + start.len() {
                bytes[12..12 + start.len()].copy_from_slice(start);
            }
            if let Some(layout) = Layout::of(&bytes) {
                prop_assert!(layout.end <= bytes.len());
                let _ = (layout.network_checksum(&bytes), layout.transport_checksum(&bytes));
                let _ = layout.complete_checksums(&mut bytes);
            }
        }
    }
}
