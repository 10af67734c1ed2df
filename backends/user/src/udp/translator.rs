//! Translation of UDP flows to the world and from forwarded ports.
//!
//! One host socket per guest address and port (RFC 4787 REQ-1), so that a guest's peers agree about where it is; but only
//! peers the guest has written to may answer (REQ-8). A flow ends when it has been idle, in virtual time, for 240 s, or
//! 10 s if it only asked name servers, as with libslirp. Flows of forwarding rules do not end.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};

use bytes::Bytes;
use elnic_contract::{VDuration, VTime};

use super::Datagram;
use crate::counters::Discard;
use crate::icmp::Trouble;
use crate::io::{Command, DatagramKind, FlowId};
use crate::nat::{self, DOMAIN, Outside};
use crate::packet;
use crate::stack::{Context, trouble_from};

/// Most flows at a time; the one idle longest makes room.
const FLOW_LIMIT: usize = 256;
/// Most peers of a flow; the one idle longest makes room.
const PEER_LIMIT: usize = 64;
const IDLE: VDuration = VDuration::from_millis(240_000);
/// For flows that only carry queries and their answers.
const IDLE_QUERIES: VDuration = VDuration::from_millis(10_000);
/// What an ICMP error quotes at least, options included: IP header and 8 bytes.
const QUOTE: usize = 68;

/// Somebody a guest's port talks to.
#[derive(Debug)]
struct Peer {
    /// How the guest calls it.
    inside: SocketAddr,
    used: VTime,
    /// The start of the guest's last packet to it.
    quote: Vec<u8>,
}

#[derive(Debug)]
struct Flow {
    guest: SocketAddr,
    peers: BTreeMap<Outside, Peer>,
    used: VTime,
    /// The host's end of a forwarding rule.
    forwarded: Option<SocketAddr>,
    fd: i32,
}

/// A flow, for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlowInfo {
    pub(crate) guest: SocketAddr,
    /// The peer heard from last, as the guest calls it.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) forwarded: Option<SocketAddr>,
    pub(crate) ends: VTime,
    pub(crate) fd: i32,
}

/// All UDP flows.
#[derive(Debug, Default)]
pub(crate) struct Translator {
    flows: BTreeMap<FlowId, Flow>,
    /// Flows the guest began, by its end.
    by_guest: BTreeMap<SocketAddr, FlowId>,
}

impl Translator {
    /// Forwards what arrives at the bound `socket` to `guest`.
    pub(crate) fn forward(
        &mut self,
        cx: &mut Context<'_>,
        (socket, local, fd): (UdpSocket, SocketAddr, i32),
        guest: SocketAddr,
    ) -> FlowId {
        let flow = cx.io.new_flow();
        cx.io.send(Command::Adopt { flow, socket });
        let forwarded = Some(local);
        let peers = BTreeMap::new();
        self.flows.insert(flow, Flow { guest, peers, used: cx.now, forwarded, fd });
        flow
    }

    /// Ends a flow.
    pub(crate) fn close(&mut self, cx: &mut Context<'_>, flow: FlowId) {
        if let Some(ended) = self.flows.remove(&flow) {
            if self.by_guest.get(&ended.guest) == Some(&flow) {
                self.by_guest.remove(&ended.guest);
            }
            cx.io.send(Command::Close { flow });
        }
    }

    /// Sends the datagram back to where it answers, if it answers one that came through a forwarded port.
    pub(crate) fn answer(&mut self, cx: &mut Context<'_>, datagram: &Datagram<'_>) -> bool {
        let answered = self.flows.iter().find_map(|(&id, flow)| {
            let ours = flow.forwarded.is_some() && flow.guest == datagram.source;
            let peer = || flow.peers.iter().find(|(_, peer)| peer.inside == datagram.destination);
            if ours { peer().map(|(&outside, _)| (id, outside)) } else { None }
        });
        if let Some((id, outside)) = answered {
            self.transmit(cx, id, datagram, outside);
        }
        answered.is_some()
    }

    /// Sends the datagram to the world.
    pub(crate) fn send(&mut self, cx: &mut Context<'_>, datagram: &Datagram<'_>, outside: Outside) {
        let id = match self.by_guest.get(&datagram.source) {
            Some(&id) => id,
            None => self.open(cx, datagram.source),
        };
        self.transmit(cx, id, datagram, outside);
    }

    fn open(&mut self, cx: &mut Context<'_>, guest: SocketAddr) -> FlowId {
        if self.by_guest.len() >= FLOW_LIMIT {
            let idle = self.by_guest.values().copied();
            let idlest = idle.min_by_key(|id| self.flows.get(id).map(|flow| flow.used));
            if let Some(idlest) = idlest {
                self.close(cx, idlest);
            }
        }
        let id = cx.io.new_flow();
        cx.io.send(Command::Open { flow: id, kind: DatagramKind::Udp });
        let flow = Flow { guest, peers: BTreeMap::new(), used: cx.now, forwarded: None, fd: -1 };
        self.flows.insert(id, flow);
        self.by_guest.insert(guest, id);
        id
    }

    fn transmit(
        &mut self,
        cx: &mut Context<'_>,
        id: FlowId,
        datagram: &Datagram<'_>,
        outside: Outside,
    ) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let quote = datagram.packet[..datagram.packet.len().min(QUOTE)].to_vec();
        flow.meet(cx.now, outside, datagram.destination, Some(quote));
        if !cx.io.has_room() {
            return cx.link.counters.discard(Discard::NoRoom);
        }
        let hop_limit = datagram.hop_limit.saturating_sub(1).max(1);
        let data = Bytes::copy_from_slice(datagram.payload);
        cx.io.send(Command::SendTo { flow: id, to: outside, hop_limit, data });
    }

    /// The host's descriptor of a flow, for people.
    pub(crate) fn opened(&mut self, flow: FlowId, fd: i32) {
        if let Some(flow) = self.flows.get_mut(&flow) {
            flow.fd = fd;
        }
    }

    /// Whether the flow is one of these.
    pub(crate) fn has(&self, flow: FlowId) -> bool {
        self.flows.contains_key(&flow)
    }

    /// A datagram has come for the guest.
    pub(crate) fn received(
        &mut self,
        cx: &mut Context<'_>,
        id: FlowId,
        from: Outside,
        data: &[u8],
    ) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let inside = match (flow.peers.get(&from), from) {
            (Some(peer), _) => peer.inside,
            (None, Outside::Address(address)) if flow.forwarded.is_some() => {
                nat::inside(cx.settings, address)
            }
            _ => {
                cx.link.counters.discard(Discard::NotForUs);
                return;
            }
        };
        flow.meet(cx.now, from, inside, None);
        match packet::datagram(inside, flow.guest, data) {
            Some(packet) => cx.link.send_ip(cx.now, packet),
            None => cx.link.counters.discard(Discard::Malformed),
        }
    }

    /// A datagram of the guest did not arrive.
    pub(crate) fn bounced(
        &mut self,
        cx: &mut Context<'_>,
        id: FlowId,
        to: Outside,
        by: Option<std::net::IpAddr>,
        trouble: Trouble,
    ) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        if let Some(peer) = flow.peers.get_mut(&to)
            && !peer.quote.is_empty()
        {
            // Once for each datagram that may have bounced.
            let quote = std::mem::take(&mut peer.quote);
            let by = by.filter(|by| !by.is_loopback() && trouble == Trouble::TimeExceeded);
            trouble_from(cx, by, &quote, trouble);
        }
    }

    /// Ends flows that have been idle.
    pub(crate) fn expire(&mut self, cx: &mut Context<'_>) {
        let ended = self.flows.iter().filter(|(_, flow)| flow.ends() <= cx.now);
        for id in ended.map(|(&id, _)| id).collect::<Vec<_>>() {
            self.close(cx, id);
        }
    }

    /// When the next flow ends.
    pub(crate) fn next_event(&self) -> Option<VTime> {
        let ends = self.flows.values().map(Flow::ends).min();
        ends.filter(|&ends| ends < VTime::MAX)
    }

    /// All flows, for people.
    pub(crate) fn flows(&self) -> impl Iterator<Item = FlowInfo> {
        self.flows.values().map(|flow| {
            let peer = flow.peers.values().max_by_key(|peer| peer.used).map(|peer| peer.inside);
            let Flow { guest, forwarded, fd, .. } = *flow;
            FlowInfo { guest, peer, forwarded, ends: flow.ends(), fd }
        })
    }
}

impl Flow {
    fn ends(&self) -> VTime {
        if self.forwarded.is_some() {
            return VTime::MAX;
        }
        let queries = self.peers.values().all(|peer| peer.inside.port() == DOMAIN);
        self.used + if queries { IDLE_QUERIES } else { IDLE }
    }

    fn meet(&mut self, now: VTime, outside: Outside, inside: SocketAddr, quote: Option<Vec<u8>>) {
        self.used = now;
        if !self.peers.contains_key(&outside) && self.peers.len() >= PEER_LIMIT {
            let idlest = self.peers.iter().min_by_key(|(_, peer)| peer.used);
            if let Some(idlest) = idlest.map(|(&outside, _)| outside) {
                self.peers.remove(&idlest);
            }
        }
        let peer = self.peers.entry(outside).or_insert(Peer { inside, used: now, quote: vec![] });
        peer.inside = inside;
        peer.used = now;
        if let Some(quote) = quote {
            peer.quote = quote;
        }
    }
}
