//! The Address Resolution Protocol (RFC 826, RFC 5227).
//!
//! The stack answers for the host's and the name server's address and for no other, and learns from every request and
//! reply of a guest, gratuitous ones included.

use std::net::{IpAddr, Ipv4Addr};

use elnic_contract::MacAddr;
use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetProtocol};

use crate::counters::Discard;
use crate::link::{ETHERNET_HEADER, host_mac};
use crate::options::Ipv4Settings;
use crate::stack::Context;

/// Length of an answer's frame without FCS, in bytes: what libslirp sends, and longer than the medium's minimum.
const REPLY_FRAME: usize = 64;

/// Handles one ARP packet of a guest.
pub(crate) fn input(cx: &mut Context<'_>, v4: &Ipv4Settings, payload: &[u8]) {
    let parsed = ArpPacket::new_checked(payload).and_then(|packet| ArpRepr::parse(&packet));
    let Ok(ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr,
        source_protocol_addr: sender,
        target_protocol_addr: target,
        ..
    }) = parsed
    else {
        cx.link.counters.discard(Discard::Malformed);
        return;
    };
    let mac = MacAddr(source_hardware_addr.0);
    if mac.is_group() {
        cx.link.counters.discard(Discard::BadAddress);
        return;
    }
    // A probe (RFC 5227) has no sender address yet: nothing to learn, but to be answered.
    if v4.is_guest(sender) {
        cx.link.learn(cx.now, IpAddr::V4(sender), mac);
    }
    let forwards = &cx.settings.guest_forwards;
    let asked_of_us = target == v4.host
        || target == v4.dns && v4.contains(v4.dns)
        || forwards.iter().any(|rule| rule.server.ip() == target);
    if operation != ArpOperation::Request || !asked_of_us || sender == target {
        return;
    }
    let mut reply = emit(ArpOperation::Reply, (host_mac(target), target), (mac, sender));
    reply.resize(REPLY_FRAME - ETHERNET_HEADER, 0);
    cx.link.send(cx.now, mac, host_mac(target), EthernetProtocol::Arp, &reply);
}

/// A request of `host` for the link address of `target`.
pub(crate) fn request(host: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    emit(ArpOperation::Request, (host_mac(host), host), (MacAddr([0; 6]), target))
}

fn emit(
    operation: ArpOperation,
    (source_mac, source): (MacAddr, Ipv4Addr),
    (target_mac, target): (MacAddr, Ipv4Addr),
) -> Vec<u8> {
    let repr = ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr: EthernetAddress(source_mac.0),
        source_protocol_addr: source,
        target_hardware_addr: EthernetAddress(target_mac.0),
        target_protocol_addr: target,
    };
    let mut packet = vec![0; repr.buffer_len()];
    repr.emit(&mut ArpPacket::new_unchecked(&mut packet[..]));
    packet
}
