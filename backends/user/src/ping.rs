//! Echo requests of a guest to the world, by the host's ping sockets (icmp(7)).
//!
//! A host that does not let this user open them (`net.ipv4.ping_group_range`) makes the network unreachable for pings,
//! and the guest hears so.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use elnic_contract::{VDuration, VTime};
use smoltcp::wire::{Icmpv4Message, Icmpv4Packet, Ipv4Packet};

use crate::counters::Discard;
use crate::icmp::{Trouble, send_echo_reply};
use crate::io::{Command, DatagramKind, FlowId};
use crate::nat;
use crate::stack::{Context, trouble, trouble_from};

/// Most pings at a time; the one idle longest makes room.
const FLOW_LIMIT: usize = 64;
const IDLE: VDuration = VDuration::from_millis(10_000);
/// What an ICMP error quotes at least, options included: IP header and 8 bytes.
const QUOTE: usize = 68;

#[derive(Debug)]
struct Ping {
    guest: Ipv4Addr,
    destination: Ipv4Addr,
    ident: u16,
    used: VTime,
    quote: Vec<u8>,
    fd: i32,
}

/// A ping, for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PingInfo {
    pub(crate) guest: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
    pub(crate) ends: VTime,
    pub(crate) fd: i32,
}

/// All pings under way.
#[derive(Debug, Default)]
pub(crate) struct Pings {
    flows: BTreeMap<FlowId, Ping>,
}

impl Pings {
    /// Sends an echo request to the world.
    pub(crate) fn request(
        &mut self,
        cx: &mut Context<'_>,
        packet: &Ipv4Packet<&[u8]>,
        message: &Icmpv4Packet<&[u8]>,
    ) {
        let (guest, destination) = (packet.src_addr(), packet.dst_addr());
        let bytes: &[u8] = packet.as_ref();
        if packet.hop_limit() <= 1 {
            return trouble(cx, bytes, Trouble::TimeExceeded);
        }
        let Ok(outside) = nat::outside(cx.settings, SocketAddr::new(destination.into(), 0)) else {
            return cx.link.counters.discard(Discard::BadAddress);
        };
        if !cx.io.has_room() {
            return cx.link.counters.discard(Discard::NoRoom);
        }
        let ident = message.echo_ident();
        let known = self.flows.iter().find(|(_, ping)| {
            (ping.guest, ping.destination, ping.ident) == (guest, destination, ident)
        });
        let known = known.map(|(&id, _)| id);
        let id = known.unwrap_or_else(|| self.open(cx));
        let quote = bytes[..bytes.len().min(QUOTE)].to_vec();
        let fd = self.flows.get(&id).map_or(-1, |ping| ping.fd);
        self.flows.insert(id, Ping { guest, destination, ident, used: cx.now, quote, fd });
        let hop_limit = packet.hop_limit() - 1;
        let data = bytes::Bytes::copy_from_slice(packet.payload());
        cx.io.send(Command::SendTo { flow: id, to: outside, hop_limit, data });
    }

    fn open(&mut self, cx: &mut Context<'_>) -> FlowId {
        if self.flows.len() >= FLOW_LIMIT {
            let idlest = self.flows.iter().min_by_key(|(_, ping)| ping.used).map(|(&id, _)| id);
            if let Some(idlest) = idlest {
                self.close(cx, idlest);
            }
        }
        let flow = cx.io.new_flow();
        cx.io.send(Command::Open { flow, kind: DatagramKind::Ping });
        flow
    }

    fn close(&mut self, cx: &mut Context<'_>, flow: FlowId) {
        self.flows.remove(&flow);
        cx.io.send(Command::Close { flow });
    }

    /// The host's descriptor of a ping, for people.
    pub(crate) fn opened(&mut self, flow: FlowId, fd: i32) {
        if let Some(ping) = self.flows.get_mut(&flow) {
            ping.fd = fd;
        }
    }

    /// A message has come for the guest.
    pub(crate) fn received(&mut self, cx: &mut Context<'_>, id: FlowId, data: &[u8]) {
        let (Some(ping), Ok(message)) = (self.flows.get(&id), Icmpv4Packet::new_checked(data))
        else {
            return;
        };
        if message.msg_type() == Icmpv4Message::EchoReply {
            let (source, destination, ident) = (ping.destination, ping.guest, ping.ident);
            let sequence = message.echo_seq_no();
            send_echo_reply(cx, source, destination, ident, sequence, message.data());
        }
    }

    /// A request did not arrive.
    pub(crate) fn bounced(
        &mut self,
        cx: &mut Context<'_>,
        id: FlowId,
        by: Option<IpAddr>,
        trouble: Trouble,
    ) {
        if let Some(ping) = self.flows.get_mut(&id)
            && !ping.quote.is_empty()
        {
            let quote = std::mem::take(&mut ping.quote);
            trouble_from(cx, by.filter(|by| !by.is_loopback()), &quote, trouble);
        }
    }

    /// Ends pings that have been idle.
    pub(crate) fn expire(&mut self, cx: &mut Context<'_>) {
        let ended = self.flows.iter().filter(|(_, ping)| ping.used + IDLE <= cx.now);
        for id in ended.map(|(&id, _)| id).collect::<Vec<_>>() {
            self.close(cx, id);
        }
    }

    /// When the next ping ends.
    pub(crate) fn next_event(&self) -> Option<VTime> {
        self.flows.values().map(|ping| ping.used + IDLE).min()
    }

    /// All pings, for people.
    pub(crate) fn flows(&self) -> impl Iterator<Item = PingInfo> {
        self.flows.values().map(|ping| {
            let Ping { guest, destination, used, fd, .. } = *ping;
            PingInfo { guest, destination, ends: used + IDLE, fd }
        })
    }
}
