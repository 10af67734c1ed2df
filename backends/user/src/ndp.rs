//! Neighbour discovery and router advertisements (RFC 4861, RFC 4862, RFC 8106).
//!
//! The stack is the router `fe80::2`: it answers solicitations and advertises the prefix and, unless `restrict=on`, itself
//! as default router and the name server. Left out: unsolicited advertisements, so that no frame comes to the guest that
//! it has not caused.

use std::net::{IpAddr, Ipv6Addr};

use elnic_contract::MacAddr;
use smoltcp::time::Duration;
use smoltcp::wire::{
    EthernetAddress, Icmpv6Packet, IpProtocol, NdiscNeighborFlags, NdiscPrefixInfoFlags,
    NdiscPrefixInformation, NdiscRepr, NdiscRouterFlags, RawHardwareAddress,
};

use crate::counters::Discard;
use crate::link::host_mac_v6;
use crate::options::Ipv6Settings;
use crate::packet;
use crate::stack::Context;

/// Neighbour discovery never crosses a router, and this proves it (RFC 4861 §7.1).
pub(crate) const HOP_LIMIT: u8 = 255;
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// Three times the longest interval between advertisements (RFC 4861 §6.2.1).
const ROUTER_LIFETIME: Duration = Duration::from_secs(1800);
const PREFIX_VALID: Duration = Duration::from_secs(86_400);
const PREFIX_PREFERRED: Duration = Duration::from_secs(14_400);
/// Lifetime of the name server's announcement, in seconds.
const NAME_SERVER_LIFETIME: u32 = 1200;
/// Option type and length in units of 8 bytes of one name server (RFC 8106 §5.1).
const NAME_SERVER_OPTION: [u8; 4] = [25, 3, 0, 0];

/// Handles a message of neighbour discovery; its checksum and hop limit are right.
pub(crate) fn input(
    cx: &mut Context<'_>,
    v6: &Ipv6Settings,
    source: Ipv6Addr,
    message: &Icmpv6Packet<&[u8]>,
) {
    let Ok(message) = NdiscRepr::parse(message) else {
        return cx.link.counters.discard(Discard::Malformed);
    };
    match message {
        NdiscRepr::RouterSolicit { lladdr } => {
            learn(cx, source, lladdr);
            advertise(cx, v6, source);
        }
        NdiscRepr::NeighborSolicit { target_addr, lladdr } if v6.is_own(target_addr) => {
            learn(cx, source, lladdr);
            if source.is_unspecified() {
                // Somebody checks whether the address is free (RFC 4862 §5.4): everybody is told it is not.
                answer(cx, target_addr, ALL_NODES, NdiscNeighborFlags::empty());
            } else {
                answer(cx, target_addr, source, NdiscNeighborFlags::SOLICITED);
            }
        }
        NdiscRepr::NeighborAdvert { target_addr, lladdr, .. } => {
            // Without the option the address stands in the frame only, which only a multicast answer may omit.
            learn(cx, target_addr, lladdr);
        }
        _ => cx.link.counters.discard(Discard::NotForUs),
    }
}

fn learn(cx: &mut Context<'_>, address: Ipv6Addr, mac: Option<RawHardwareAddress>) {
    let Some(Ok(mac)) = mac.map(|mac| <[u8; 6]>::try_from(mac.as_bytes())) else { return };
    let own = cx.settings.ipv6.is_some_and(|v6| v6.is_own(address));
    if !(own || address.is_unspecified() || address.is_multicast()) {
        cx.link.learn(cx.now, IpAddr::V6(address), MacAddr(mac));
    }
}

fn answer(
    cx: &mut Context<'_>,
    target: Ipv6Addr,
    destination: Ipv6Addr,
    flags: NdiscNeighborFlags,
) {
    let repr = NdiscRepr::NeighborAdvert {
        flags: flags | NdiscNeighborFlags::ROUTER | NdiscNeighborFlags::OVERRIDE,
        target_addr: target,
        lladdr: Some(link_address(target)),
    };
    if let Some(packet) = emit(target, destination, &repr, &[]) {
        cx.link.send_ip(cx.now, packet);
    }
}

fn advertise(cx: &mut Context<'_>, v6: &Ipv6Settings, solicitor: Ipv6Addr) {
    let restrict = cx.settings.restrict;
    let repr = NdiscRepr::RouterAdvert {
        hop_limit: packet::HOP_LIMIT,
        flags: NdiscRouterFlags::OTHER,
        router_lifetime: if restrict { Duration::ZERO } else { ROUTER_LIFETIME },
        reachable_time: Duration::ZERO,
        retrans_time: Duration::ZERO,
        lladdr: Some(link_address(Ipv6Settings::LINK_LOCAL)),
        mtu: None,
        prefix_info: Some(NdiscPrefixInformation {
            prefix_len: v6.length,
            flags: NdiscPrefixInfoFlags::ON_LINK | NdiscPrefixInfoFlags::ADDRCONF,
            valid_lifetime: PREFIX_VALID,
            preferred_lifetime: PREFIX_PREFERRED,
            prefix: v6.prefix,
        }),
    };
    let name_server =
        [&NAME_SERVER_OPTION[..], &NAME_SERVER_LIFETIME.to_be_bytes(), &v6.dns.octets()].concat();
    let extra = if restrict { &[][..] } else { &name_server };
    let destination = if solicitor.is_unspecified() { ALL_NODES } else { solicitor };
    if let Some(packet) = emit(Ipv6Settings::LINK_LOCAL, destination, &repr, extra) {
        cx.link.send_ip(cx.now, packet);
    }
}

/// A question for the link address of `target`.
pub(crate) fn solicitation(v6: &Ipv6Settings, target: Ipv6Addr) -> Option<Vec<u8>> {
    let source = if v6.contains(target) { v6.host } else { Ipv6Settings::LINK_LOCAL };
    let repr =
        NdiscRepr::NeighborSolicit { target_addr: target, lladdr: Some(link_address(source)) };
    let [.., a, b, c] = target.octets();
    // The solicited-node group of the target (RFC 4291 §2.7.1).
    let group = Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c]);
    emit(source, group, &repr, &[])
}

fn emit(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    repr: &NdiscRepr<'_>,
    extra: &[u8],
) -> Option<Vec<u8>> {
    let length = repr.buffer_len();
    let (from, to) = (IpAddr::V6(source), IpAddr::V6(destination));
    packet::ip(from, to, IpProtocol::Icmpv6, HOP_LIMIT, length + extra.len(), |room| {
        let (message, rest) = room.split_at_mut(length);
        repr.emit(&mut Icmpv6Packet::new_unchecked(message));
        rest.copy_from_slice(extra);
        Icmpv6Packet::new_unchecked(room).fill_checksum(&source, &destination);
    })
}

fn link_address(address: Ipv6Addr) -> RawHardwareAddress {
    EthernetAddress(host_mac_v6(address).0).into()
}
