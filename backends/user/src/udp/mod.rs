//! UDP (RFC 768): datagrams of a guest to the stack's own servers or to the world.

mod translator;

use std::net::{IpAddr, SocketAddr};

use smoltcp::wire::UdpPacket;

use crate::counters::Discard;
use crate::icmp::{Trouble, Unreachable};
use crate::nat::{self, NoWay};
use crate::stack::{Context, Protocols, trouble};
use crate::{dhcp, dhcpv6, tftp};
pub(crate) use translator::Translator;

/// A checked datagram of a guest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram<'a> {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) payload: &'a [u8],
    /// The whole IP packet, for errors to quote.
    pub(crate) packet: &'a [u8],
    pub(crate) hop_limit: u8,
}

/// Source port, destination port and payload of a datagram, if lengths and checksum are right.
pub(crate) fn parse(
    payload: &[u8],
    source: IpAddr,
    destination: IpAddr,
) -> Option<(u16, u16, &[u8])> {
    let packet = UdpPacket::new_checked(payload).ok()?;
    let unsummed = packet.checksum() == 0 && source.is_ipv4();
    let ports = packet.src_port() != 0 && packet.dst_port() != 0;
    let right = unsummed || packet.verify_checksum(&source.into(), &destination.into());
    (ports && right).then(|| (packet.src_port(), packet.dst_port(), packet.payload()))
}

impl Protocols {
    pub(crate) fn datagram(&mut self, cx: &mut Context<'_>, datagram: &Datagram<'_>) {
        let (source, destination) = (datagram.source, datagram.destination);
        let host = is_host(cx, destination.ip());
        match destination.port() {
            dhcp::PORT if host || destination.ip().is_ipv4() && is_broadcast(destination.ip()) => {
                if let Some(server) = &mut self.dhcp {
                    server.input(cx, datagram.payload);
                }
                return;
            }
            dhcpv6::PORT if host || destination.ip() == IpAddr::V6(dhcpv6::SERVERS) => {
                if let Some(v6) = cx.settings.ipv6 {
                    dhcpv6::input(cx, &v6, source, datagram.payload);
                }
                return;
            }
            tftp::PORT if host && let Some(server) = &mut self.tftp => {
                return server.input(cx, source, destination, datagram.payload);
            }
            _ => {}
        }
        if source.ip().is_unspecified() {
            return cx.link.counters.discard(Discard::BadAddress);
        }
        if self.udp.answer(cx, datagram) {
            return;
        }
        if cx.settings.restrict {
            return cx.link.counters.discard(Discard::Restricted);
        }
        match nat::outside(cx.settings, destination) {
            Ok(_) if datagram.hop_limit <= 1 && !host => {
                trouble(cx, datagram.packet, Trouble::TimeExceeded);
            }
            // There is no TFTP server, and the host's is nobody's business.
            Ok(_) if host && destination.port() == tftp::PORT => {
                trouble(cx, datagram.packet, Trouble::Unreachable(Unreachable::Port));
            }
            Ok(outside) => self.udp.send(cx, datagram, outside),
            Err(NoWay::Unreachable(reason)) => {
                trouble(cx, datagram.packet, Trouble::Unreachable(reason));
            }
            Err(NoWay::BadAddress) => cx.link.counters.discard(Discard::BadAddress),
        }
    }
}

/// Whether `address` is the host's.
fn is_host(cx: &Context<'_>, address: IpAddr) -> bool {
    cx.settings.ipv4.is_some_and(|v4| address == v4.host)
        || cx.settings.ipv6.is_some_and(|v6| address == v6.host)
}

fn is_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_broadcast())
}
