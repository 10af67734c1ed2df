//! The link to the guest: frames on their way to it, its link addresses, and packets that wait for one.
//!
//! Every packet of the stack leaves here. A packet for an address nobody has claimed yet waits a second while the stack
//! asks who has it, as libslirp's `if_encap4` does; link addresses are learned from ARP, neighbour discovery and leases,
//! never from mere traffic.
//!
//! Left out: IPv6 fragmentation. A packet over the MTU is dropped there; IPv4 is cut.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use elnic_contract::{Frame, MacAddr, VDuration, VTime};
use smoltcp::wire::{EthernetProtocol, IpVersion, Ipv4Packet, Ipv6Packet};

use crate::counters::{Counters, Discard};
use crate::fragment;
use crate::options::{Ipv4Settings, Ipv6Settings, Settings};
use crate::{arp, ndp};

/// The longest IP packet a frame carries, in bytes (IEEE 802.3 §3.2.7).
pub(crate) const MTU: usize = 1500;
/// Length of an Ethernet header, in bytes.
pub(crate) const ETHERNET_HEADER: usize = 14;
/// The shortest frame without FCS, in bytes (IEEE 802.3 §3.2.8).
const SHORTEST_FRAME: usize = 60;
/// Most frames that wait for the guest. Beyond it they are lost, as on a switch.
const QUEUE_LIMIT: usize = 1024;
/// Most link addresses remembered.
const NEIGHBOUR_LIMIT: usize = 256;
/// Most packets that wait for a link address.
const WAITING_LIMIT: usize = 64;
/// How long a packet waits for a link address.
const PATIENCE: VDuration = VDuration::from_millis(1000);

/// A packet whose destination's link address is not known yet.
#[derive(Debug)]
struct Waiting {
    destination: IpAddr,
    packet: Vec<u8>,
    deadline: VTime,
}

/// The link to the guest.
#[derive(Debug)]
pub(crate) struct Link {
    ipv4: Option<Ipv4Settings>,
    ipv6: Option<Ipv6Settings>,
    latency: VDuration,
    queue: VecDeque<Frame>,
    /// The guest took less than there was: what is left waits for the guest, not for the time.
    held_up: bool,
    neighbours: BTreeMap<IpAddr, MacAddr>,
    waiting: VecDeque<Waiting>,
    identification: u16,
    pub(crate) counters: Counters,
}

impl Link {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            ipv4: settings.ipv4,
            ipv6: settings.ipv6,
            latency: settings.latency,
            queue: VecDeque::new(),
            held_up: false,
            neighbours: BTreeMap::new(),
            waiting: VecDeque::new(),
            identification: 0,
            counters: Counters::default(),
        }
    }

    /// How many more frames fit into the queue towards the guest.
    pub(crate) fn room(&self) -> usize {
        QUEUE_LIMIT.saturating_sub(self.queue.len())
    }

    /// Whether some neighbour but `sender` is known by `mac`: then a frame to it is not for the stack.
    pub(crate) fn belongs_to_other(&self, mac: MacAddr, sender: MacAddr) -> bool {
        mac != sender && self.neighbours.values().any(|&known| known == mac)
    }

    /// Learns that `address` is at `mac` and sends what waited for it.
    pub(crate) fn learn(&mut self, now: VTime, address: IpAddr, mac: MacAddr) {
        if mac.is_group() {
            return;
        }
        if self.neighbours.len() >= NEIGHBOUR_LIMIT && !self.neighbours.contains_key(&address) {
            // The guest chose the addresses, so which one goes is no matter; it is asked for again.
            self.neighbours.pop_first();
        }
        self.neighbours.insert(address, mac);
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.destination == address {
                self.send_ip_to(now, mac, &waiting.packet);
            } else {
                self.waiting.push_back(waiting);
            }
        }
    }

    /// Sends a whole IP packet, cut to the MTU, to whoever has its destination.
    pub(crate) fn send_ip(&mut self, now: VTime, packet: Vec<u8>) {
        let Some(packets) = self.prepare(packet) else {
            self.counters.discard(Discard::Malformed);
            return;
        };
        for packet in packets {
            let Some((_, destination)) = addresses(&packet) else { continue };
            match self.resolve(destination) {
                Some(mac) => self.send_ip_to(now, mac, &packet),
                None => self.wait(now, destination, packet),
            }
        }
    }

    /// Gives an IPv4 packet its identification and cuts it; a packet of the TCP engine is complete already.
    fn prepare(&mut self, mut packet: Vec<u8>) -> Option<Vec<Vec<u8>>> {
        if IpVersion::of_packet(&packet).ok()? == IpVersion::Ipv6 {
            return (packet.len() <= MTU + smoltcp::wire::IPV6_HEADER_LEN).then(|| vec![packet]);
        }
        let mut header = Ipv4Packet::new_checked(&mut packet[..]).ok()?;
        if header.next_header() != smoltcp::wire::IpProtocol::Tcp {
            self.identification = self.identification.wrapping_add(1);
            header.set_ident(self.identification);
            header.set_dont_frag(false);
            header.fill_checksum();
        }
        Some(fragment::cut(packet, MTU))
    }

    fn resolve(&self, destination: IpAddr) -> Option<MacAddr> {
        match destination {
            IpAddr::V4(address) if self.ipv4.is_some_and(|v4| v4.is_broadcast(address)) => {
                Some(MacAddr::BROADCAST)
            }
            IpAddr::V6(address) if address.is_multicast() => Some(multicast_mac(address)),
            _ => self.neighbours.get(&destination).copied(),
        }
    }

    fn wait(&mut self, now: VTime, destination: IpAddr, packet: Vec<u8>) {
        self.expire(now);
        if self.waiting.len() >= WAITING_LIMIT {
            self.counters.discard(Discard::NoRoom);
            return;
        }
        let asked = self.waiting.iter().any(|waiting| waiting.destination == destination);
        self.waiting.push_back(Waiting { destination, packet, deadline: now + PATIENCE });
        if asked {
            return;
        }
        match destination {
            IpAddr::V4(address) => {
                if let Some(v4) = self.ipv4 {
                    let request = arp::request(v4.host, address);
                    self.send(
                        now,
                        MacAddr::BROADCAST,
                        host_mac(v4.host),
                        EthernetProtocol::Arp,
                        &request,
                    );
                }
            }
            IpAddr::V6(address) => {
                if let Some(v6) = self.ipv6
                    && let Some(packet) = ndp::solicitation(&v6, address)
                {
                    self.send_ip(now, packet);
                }
            }
        }
    }

    /// Drops what has waited too long.
    pub(crate) fn expire(&mut self, now: VTime) {
        while self.waiting.front().is_some_and(|waiting| waiting.deadline <= now) {
            self.waiting.pop_front();
            self.counters.discard(Discard::Unresolved);
        }
    }

    fn send_ip_to(&mut self, now: VTime, destination: MacAddr, packet: &[u8]) {
        let Some((source, _)) = addresses(packet) else { return };
        let (source, protocol) = match (source, self.ipv4) {
            (IpAddr::V4(_), Some(v4)) => (host_mac(v4.host), EthernetProtocol::Ipv4),
            (IpAddr::V6(source), _) => (host_mac_v6(source), EthernetProtocol::Ipv6),
            (IpAddr::V4(_), None) => return,
        };
        self.send(now, destination, source, protocol, packet);
    }

    /// Queues a frame, padded to what the medium asks for.
    pub(crate) fn send(
        &mut self,
        now: VTime,
        destination: MacAddr,
        source: MacAddr,
        protocol: EthernetProtocol,
        payload: &[u8],
    ) {
        if self.room() == 0 {
            self.counters.discard(Discard::NoRoom);
            return;
        }
        let mut data = Vec::with_capacity((ETHERNET_HEADER + payload.len()).max(SHORTEST_FRAME));
        data.extend_from_slice(&destination.0);
        data.extend_from_slice(&source.0);
        data.extend_from_slice(&u16::from(protocol).to_be_bytes());
        data.extend_from_slice(payload);
        if data.len() < SHORTEST_FRAME {
            data.resize(SHORTEST_FRAME, 0);
        }
        match Frame::new(data, now + self.latency) {
            Ok(frame) => self.queue.push_back(frame),
            Err(_) => self.counters.discard(Discard::Malformed),
        }
    }

    /// Moves at most `budget` frames that have arrived by `now` to `out`.
    pub(crate) fn take(&mut self, now: VTime, budget: usize, out: &mut Vec<Frame>) {
        let is_due = |frame: &Frame| frame.arrival() <= now;
        for _ in 0..budget {
            let Some(frame) = self.queue.pop_front_if(|frame| is_due(frame)) else { break };
            out.push(frame);
            self.counters.sent = self.counters.sent.saturating_add(1);
        }
        self.held_up = self.queue.front().is_some_and(is_due);
    }

    /// When the next frame arrives or the next waiting packet is given up.
    pub(crate) fn next_event(&self) -> Option<VTime> {
        let arrival = self.queue.front().filter(|_| !self.held_up).map(Frame::arrival);
        let expiry = self.waiting.front().map(|waiting| waiting.deadline);
        arrival.into_iter().chain(expiry).min()
    }
}

/// The link address of an IPv4 address of the stack: 52:55 and the address.
pub(crate) fn host_mac(address: Ipv4Addr) -> MacAddr {
    let [a, b, c, d] = address.octets();
    MacAddr([0x52, 0x55, a, b, c, d])
}

/// The link address of an IPv6 address of the stack: 52:56 and the address's last four bytes.
pub(crate) fn host_mac_v6(address: Ipv6Addr) -> MacAddr {
    let [.., a, b, c, d] = address.octets();
    MacAddr([0x52, 0x56, a, b, c, d])
}

/// RFC 2464 §7.
fn multicast_mac(address: Ipv6Addr) -> MacAddr {
    let [.., a, b, c, d] = address.octets();
    MacAddr([0x33, 0x33, a, b, c, d])
}

/// Source and destination of a checked packet.
fn addresses(packet: &[u8]) -> Option<(IpAddr, IpAddr)> {
    match IpVersion::of_packet(packet).ok()? {
        IpVersion::Ipv4 => {
            let packet = Ipv4Packet::new_checked(packet).ok()?;
            Some((packet.src_addr().into(), packet.dst_addr().into()))
        }
        IpVersion::Ipv6 => {
            let packet = Ipv6Packet::new_checked(packet).ok()?;
            Some((packet.src_addr().into(), packet.dst_addr().into()))
        }
    }
}
