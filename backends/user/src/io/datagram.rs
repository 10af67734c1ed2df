//! A socket of datagrams of the host, as the I/O thread sees it: UDP, or ICMP echo where the host allows it.
//!
//! One socket serves all peers of one guest port, as a NAT should (RFC 4787 REQ-1). It opens when the first datagram
//! tells which family it needs. On Linux the error queue tells which datagram bounced (ip(7), `IP_RECVERR`).

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use bytes::Bytes;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::{DatagramKind, Event, FlowId, bounced, trouble};
use crate::icmp::Trouble;
use crate::nat::Outside;

/// Most datagrams read before others get their turn.
const BATCH: usize = 32;
const LONGEST: usize = 65_535;

/// A socket of datagrams.
#[derive(Debug)]
pub(super) struct Datagrams {
    flow: FlowId,
    kind: DatagramKind,
    pub(super) socket: Option<UdpSocket>,
    ipv6: bool,
    hop_limit: Option<u8>,
    /// Where the last query went: answers from there are the resolver's.
    resolver: Option<SocketAddr>,
}

impl Datagrams {
    pub(super) fn new(flow: FlowId, kind: DatagramKind) -> Self {
        Self { flow, kind, socket: None, ipv6: false, hop_limit: None, resolver: None }
    }

    /// Takes over a bound socket.
    pub(super) fn adopt(flow: FlowId, socket: UdpSocket) -> Self {
        let ipv6 = socket.local_addr().is_ok_and(|address| address.is_ipv6());
        Self { socket: Some(socket), ipv6, ..Self::new(flow, DatagramKind::Udp) }
    }

    /// Sends a datagram; says whether the socket is new.
    pub(super) fn send(
        &mut self,
        to: Outside,
        address: Option<SocketAddr>,
        hop_limit: u8,
        data: &Bytes,
        events: &mut VecDeque<Event>,
    ) -> bool {
        if to == Outside::Resolver {
            self.resolver = address;
        }
        let is_new = self.socket.is_none();
        if let Err(error) = self.try_send(address, hop_limit, data) {
            if error.kind() == io::ErrorKind::WouldBlock {
                // As on a cable: the guest's protocol sends again.
                return is_new && self.socket.is_some();
            }
            let trouble = Trouble::Unreachable(trouble::of_send(&error));
            events.push_back(Event::Bounced { flow: self.flow, to, by: None, trouble });
        }
        if is_new && let Some(socket) = &self.socket {
            events.push_back(Event::Opened { flow: self.flow, fd: socket.as_raw_fd() });
        }
        is_new && self.socket.is_some()
    }

    fn try_send(
        &mut self,
        address: Option<SocketAddr>,
        hop_limit: u8,
        data: &Bytes,
    ) -> io::Result<()> {
        let address = address.ok_or(io::ErrorKind::NetworkUnreachable)?;
        let socket = match &mut self.socket {
            Some(socket) if self.ipv6 == address.is_ipv6() => socket,
            Some(_) => return Err(io::ErrorKind::NetworkUnreachable.into()),
            None => {
                self.ipv6 = address.is_ipv6();
                self.socket.insert(open(self.kind, self.ipv6)?)
            }
        };
        if self.hop_limit != Some(hop_limit) {
            if self.ipv6 {
                SockRef::from(&*socket).set_unicast_hops_v6(hop_limit.into())?;
            } else {
                socket.set_ttl(hop_limit.into())?;
            }
            self.hop_limit = Some(hop_limit);
        }
        // An error somebody else's datagram met is reported first; the error queue has it too.
        match socket.send_to(data, address) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                socket.send_to(data, address).map(drop)
            }
            outcome => outcome.map(drop),
        }
    }

    /// Reads what has arrived, bounced datagrams first.
    pub(super) fn ready(&mut self, events: &mut VecDeque<Event>) {
        let Some(socket) = &self.socket else { return };
        for (to, by, trouble) in bounced::read(socket, self.ipv6) {
            let to = self.name(to);
            events.push_back(Event::Bounced { flow: self.flow, to, by, trouble });
        }
        let mut buffer = vec![0; LONGEST];
        for _ in 0..BATCH {
            match socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    let (from, data) = (self.name(from), Bytes::copy_from_slice(&buffer[..length]));
                    events.push_back(Event::Datagram { flow: self.flow, from, data });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => tracing::debug!(%error, flow = ?self.flow, "a datagram bounced"),
            }
        }
    }

    fn name(&self, address: SocketAddr) -> Outside {
        if self.resolver == Some(address) {
            Outside::Resolver
        } else if self.kind == DatagramKind::Ping {
            Outside::Address(SocketAddr::new(address.ip(), 0))
        } else {
            Outside::Address(address)
        }
    }
}

fn open(kind: DatagramKind, ipv6: bool) -> io::Result<UdpSocket> {
    let (domain, protocol) = match (kind, ipv6) {
        (DatagramKind::Udp, false) => (Domain::IPV4, Protocol::UDP),
        (DatagramKind::Udp, true) => (Domain::IPV6, Protocol::UDP),
        (DatagramKind::Ping, false) => (Domain::IPV4, Protocol::ICMPV4),
        (DatagramKind::Ping, true) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let kind = Type::DGRAM.cloexec().nonblocking();
    let socket = UdpSocket::from(Socket::new(domain, kind, Some(protocol))?);
    bounced::ask_for(&socket, ipv6);
    Ok(socket)
}
