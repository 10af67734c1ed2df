//! The Internet Control Message Protocol (RFC 792): echo to the stack itself, echo to the world, errors to the guest.
//!
//! Echo to the host's and the name server's address is answered here, in virtual time. Echo to the world goes through the
//! I/O thread's ping sockets where the host allows them, else the guest hears that the network is unreachable.

use std::net::{IpAddr, Ipv4Addr};

use smoltcp::wire::{
    IPV4_HEADER_LEN, Icmpv4DstUnreachable, Icmpv4Message, Icmpv4Packet, IpProtocol, Ipv4Packet,
};

use crate::counters::Discard;
use crate::options::Ipv4Settings;
use crate::packet::{self, ICMP_HOP_LIMIT};
use crate::ping::Pings;
use crate::stack::Context;

/// Most bytes of the offending packet an error quotes: a message of 576 bytes in all (RFC 1812 §4.3.2.3).
const LONGEST_QUOTE: usize = 548;
const HEADER: usize = 8;

/// What to tell the guest about a packet of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Destination unreachable.
    Unreachable(Unreachable),
    /// The time to live ran out on the way.
    TimeExceeded,
}

/// Why a destination cannot be reached, for IPv4 and IPv6 alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreachable {
    Network,
    Host,
    Port,
    Prohibited,
}

impl Unreachable {
    fn code(self) -> u8 {
        u8::from(match self {
            Self::Network => Icmpv4DstUnreachable::NetUnreachable,
            Self::Host => Icmpv4DstUnreachable::HostUnreachable,
            Self::Port => Icmpv4DstUnreachable::PortUnreachable,
            Self::Prohibited => Icmpv4DstUnreachable::CommProhibited,
        })
    }
}

/// Handles one ICMP message of a guest; `packet` is the checked IP packet around it.
pub(crate) fn input(
    cx: &mut Context<'_>,
    v4: &Ipv4Settings,
    pings: &mut Pings,
    packet: &Ipv4Packet<&[u8]>,
) {
    let message = match Icmpv4Packet::new_checked(packet.payload()) {
        Ok(message) if message.verify_checksum() => message,
        _ => return cx.link.counters.discard(Discard::Malformed),
    };
    if message.msg_type() != Icmpv4Message::EchoRequest || message.msg_code() != 0 {
        // Errors and answers concern flows of the guest's own that end here.
        return cx.link.counters.discard(Discard::UnknownProtocol);
    }
    let destination = packet.dst_addr();
    if destination == v4.host || destination == v4.dns {
        reply(cx, packet, &message);
    } else if cx.settings.restrict {
        cx.link.counters.discard(Discard::Restricted);
    } else if v4.contains(destination) || destination.is_multicast() || destination.is_broadcast() {
        cx.link.counters.discard(Discard::NotForUs);
    } else {
        pings.request(cx, packet, &message);
    }
}

/// Answers an echo request to the stack itself: the same message back, as far as it goes.
fn reply(cx: &mut Context<'_>, packet: &Ipv4Packet<&[u8]>, message: &Icmpv4Packet<&[u8]>) {
    let (ident, sequence) = (message.echo_ident(), message.echo_seq_no());
    let (source, destination) = (packet.dst_addr(), packet.src_addr());
    send_echo_reply(cx, source, destination, ident, sequence, message.data());
}

/// Sends the guest an echo reply.
pub(crate) fn send_echo_reply(
    cx: &mut Context<'_>,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    ident: u16,
    sequence: u16,
    data: &[u8],
) {
    let rest = [ident.to_be_bytes(), sequence.to_be_bytes()].concat();
    send(cx, source, destination, (Icmpv4Message::EchoReply, 0), &rest, data);
}

/// Tells the guest, in the name of `by` or else of the host, that its `packet` met `trouble`. The packet may be cut. Says
/// nothing about what must not be answered (RFC 1122 §3.2.2).
pub(crate) fn trouble(cx: &mut Context<'_>, by: Option<Ipv4Addr>, packet: &[u8], trouble: Trouble) {
    let Some(v4) = cx.settings.ipv4 else { return };
    let view = Ipv4Packet::new_unchecked(packet);
    let header = packet.first().map_or(0, |&first| usize::from(first & 0xf) * 4);
    let Some(payload) = packet.get(header..).filter(|_| header >= IPV4_HEADER_LEN) else { return };
    let (source, destination) = (view.src_addr(), view.dst_addr());
    let about_icmp = view.next_header() == IpProtocol::Icmp
        && payload.first() != Some(&u8::from(Icmpv4Message::EchoRequest));
    let to_many = destination.is_multicast() || v4.is_broadcast(destination);
    if about_icmp || to_many || view.frag_offset() != 0 || !v4.is_guest(source) {
        return;
    }
    let kind = match trouble {
        Trouble::Unreachable(reason) => (Icmpv4Message::DstUnreachable, reason.code()),
        Trouble::TimeExceeded => (Icmpv4Message::TimeExceeded, 0),
    };
    let length = usize::from(view.total_len()).min(LONGEST_QUOTE);
    let quote = packet.get(..length).unwrap_or(packet);
    send(cx, by.unwrap_or(v4.host), source, kind, &[0; 4], quote);
}

fn send(
    cx: &mut Context<'_>,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    (kind, code): (Icmpv4Message, u8),
    rest: &[u8],
    data: &[u8],
) {
    let length = HEADER + data.len();
    let (source, destination) = (IpAddr::V4(source), IpAddr::V4(destination));
    let packet =
        packet::ip(source, destination, IpProtocol::Icmp, ICMP_HOP_LIMIT, length, |room| {
            room[4..HEADER].copy_from_slice(rest);
            room[HEADER..].copy_from_slice(data);
            let mut message = Icmpv4Packet::new_unchecked(room);
            message.set_msg_type(kind);
            message.set_msg_code(code);
            message.fill_checksum();
        });
    if let Some(packet) = packet {
        cx.link.send_ip(cx.now, packet);
    }
}
