//! IPv4 packets of a guest: checked, put together, and led to their protocol.

use std::net::SocketAddr;

use smoltcp::wire::{IpProtocol, Ipv4Packet};

use crate::counters::Discard;
use crate::fragment::Outcome;
use crate::icmp::{self, Trouble};
use crate::options::Ipv4Settings;
use crate::stack::{Context, Protocols};
use crate::udp::{self, Datagram};

impl Protocols {
    pub(crate) fn ipv4(&mut self, cx: &mut Context<'_>, v4: &Ipv4Settings, bytes: &[u8]) {
        let packet = match Ipv4Packet::new_checked(bytes) {
            Ok(packet) if packet.version() == 4 && packet.verify_checksum() => packet,
            _ => return cx.link.counters.discard(Discard::Malformed),
        };
        // An Ethernet frame may be longer than its packet.
        let bytes = &bytes[..usize::from(packet.total_len())];
        if !packet.more_frags() && packet.frag_offset() == 0 {
            return self.whole_ipv4(cx, v4, bytes);
        }
        match self.reassembly.input(cx.now, &packet) {
            Outcome::Kept => {}
            Outcome::Whole(packet) => self.whole_ipv4(cx, v4, &packet),
            Outcome::Refused => cx.link.counters.discard(Discard::Fragments),
        }
    }

    fn whole_ipv4(&mut self, cx: &mut Context<'_>, v4: &Ipv4Settings, bytes: &[u8]) {
        let Ok(packet) = Ipv4Packet::new_checked(bytes) else { return };
        let (source, destination) = (packet.src_addr(), packet.dst_addr());
        // Only a guest in want of an address has none.
        let nameless = source.is_unspecified() && packet.next_header() == IpProtocol::Udp;
        if !nameless && !v4.is_guest(source) {
            return cx.link.counters.discard(Discard::BadAddress);
        }
        if packet.hop_limit() == 0 {
            return icmp::trouble(cx, None, bytes, Trouble::TimeExceeded);
        }
        match packet.next_header() {
            IpProtocol::Icmp => icmp::input(cx, v4, &mut self.pings, &packet),
            IpProtocol::Udp => {
                match udp::parse(packet.payload(), source.into(), destination.into()) {
                    Some((from, to, payload)) => {
                        let datagram = Datagram {
                            source: SocketAddr::new(source.into(), from),
                            destination: SocketAddr::new(destination.into(), to),
                            payload,
                            packet: bytes,
                            hop_limit: packet.hop_limit(),
                        };
                        self.datagram(cx, &datagram);
                    }
                    None => cx.link.counters.discard(Discard::Malformed),
                }
            }
            IpProtocol::Tcp => {
                self.tcp.input(cx, bytes, packet.payload(), source.into(), destination.into())
            }
            _ => cx.link.counters.discard(Discard::UnknownProtocol),
        }
    }
}
