//! IPv6 packets of a guest: checked and led to their protocol; ICMPv6 (RFC 4443).
//!
//! Left out: extension headers other than none, so also fragments and multicast listener reports, and echo to the world.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use smoltcp::wire::{IPV6_HEADER_LEN, Icmpv6Message, Icmpv6Packet, IpProtocol, Ipv6Packet};

use crate::counters::Discard;
use crate::icmp::{Trouble, Unreachable};
use crate::ndp;
use crate::options::Ipv6Settings;
use crate::packet::{self, ICMP_HOP_LIMIT};
use crate::stack::{Context, Protocols};
use crate::udp::{self, Datagram};

/// Most bytes of the offending packet an error quotes: the whole message fits the minimum MTU (RFC 4443 §2.4).
const LONGEST_QUOTE: usize = 1280 - 40 - HEADER;
const HEADER: usize = 8;

impl Protocols {
    pub(crate) fn ipv6(&mut self, cx: &mut Context<'_>, v6: &Ipv6Settings, bytes: &[u8]) {
        let packet = match Ipv6Packet::new_checked(bytes) {
            Ok(packet) if packet.version() == 6 => packet,
            _ => return cx.link.counters.discard(Discard::Malformed),
        };
        let bytes = &bytes[..packet.total_len()];
        let (source, destination) = (packet.src_addr(), packet.dst_addr());
        if source.is_multicast() || source.is_loopback() || v6.is_own(source) {
            return cx.link.counters.discard(Discard::BadAddress);
        }
        match packet.next_header() {
            IpProtocol::Icmpv6 => icmpv6(cx, v6, &packet),
            _ if source.is_unspecified() => cx.link.counters.discard(Discard::BadAddress),
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
                self.tcp.input(cx, bytes, packet.payload(), source.into(), destination.into());
            }
            _ => cx.link.counters.discard(Discard::UnknownProtocol),
        }
    }
}

fn icmpv6(cx: &mut Context<'_>, v6: &Ipv6Settings, packet: &Ipv6Packet<&[u8]>) {
    let (source, destination) = (packet.src_addr(), packet.dst_addr());
    let message = match Icmpv6Packet::new_checked(packet.payload()) {
        Ok(message) if message.verify_checksum(&source, &destination) => message,
        _ => return cx.link.counters.discard(Discard::Malformed),
    };
    match message.msg_type() {
        kind if kind.is_ndisc() => {
            if packet.hop_limit() != ndp::HOP_LIMIT || message.msg_code() != 0 {
                return cx.link.counters.discard(Discard::Malformed);
            }
            ndp::input(cx, v6, source, &message);
        }
        Icmpv6Message::EchoRequest if v6.is_own(destination) && !source.is_unspecified() => {
            let rest = [message.echo_ident().to_be_bytes(), message.echo_seq_no().to_be_bytes()];
            let kind = (Icmpv6Message::EchoReply, 0);
            send(cx, destination, source, kind, rest.as_flattened(), message.payload());
        }
        Icmpv6Message::EchoRequest if cx.settings.restrict => {
            cx.link.counters.discard(Discard::Restricted);
        }
        Icmpv6Message::EchoRequest => {
            trouble(cx, None, packet.as_ref(), Trouble::Unreachable(Unreachable::Network));
        }
        _ => cx.link.counters.discard(Discard::UnknownProtocol),
    }
}

/// Tells the guest, in the name of `by` or else of the host, that its `packet` met `trouble`. The packet may be cut. Says
/// nothing about what must not be answered (RFC 4443 §2.4).
pub(crate) fn trouble(cx: &mut Context<'_>, by: Option<Ipv6Addr>, packet: &[u8], trouble: Trouble) {
    let Some(v6) = cx.settings.ipv6 else { return };
    let view = Ipv6Packet::new_unchecked(packet);
    let Some(payload) = packet.get(IPV6_HEADER_LEN..) else { return };
    let (source, destination) = (view.src_addr(), view.dst_addr());
    let about_icmp = view.next_header() == IpProtocol::Icmpv6
        && payload.first() != Some(&u8::from(Icmpv6Message::EchoRequest));
    if about_icmp || destination.is_multicast() || source.is_multicast() || source.is_unspecified()
    {
        return;
    }
    let kind = match trouble {
        Trouble::Unreachable(reason) => {
            let code = match reason {
                Unreachable::Network => 0,
                Unreachable::Prohibited => 1,
                Unreachable::Host => 3,
                Unreachable::Port => 4,
            };
            (Icmpv6Message::DstUnreachable, code)
        }
        Trouble::TimeExceeded => (Icmpv6Message::TimeExceeded, 0),
    };
    let quote = &packet[..packet.len().min(LONGEST_QUOTE)];
    send(cx, by.unwrap_or(v6.host), source, kind, &[0; 4], quote);
}

fn send(
    cx: &mut Context<'_>,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    (kind, code): (Icmpv6Message, u8),
    rest: &[u8],
    data: &[u8],
) {
    let (from, to) = (IpAddr::V6(source), IpAddr::V6(destination));
    let length = HEADER + data.len();
    let packet = packet::ip(from, to, IpProtocol::Icmpv6, ICMP_HOP_LIMIT, length, |room| {
        room[4..HEADER].copy_from_slice(rest);
        room[HEADER..].copy_from_slice(data);
        let mut message = Icmpv6Packet::new_unchecked(room);
        message.set_msg_type(kind);
        message.set_msg_code(code);
        message.fill_checksum(&source, &destination);
    });
    if let Some(packet) = packet {
        cx.link.send_ip(cx.now, packet);
    }
}
