//! The DHCP and BOOTP server (RFC 2131, RFC 2132, RFC 951) at the host's address.
//!
//! Answers are broadcast, as libslirp's are: a client without an address hears nothing else. With `restrict=on` no router
//! and no name server are announced.
//!
//! Left out: relayed requests and options in the `sname` and `file` fields (option 52) of a request.

mod leases;
mod message;
mod search;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use elnic_contract::VTime;
use smoltcp::wire::{DHCP_CLIENT_PORT, DHCP_SERVER_PORT, DhcpMessageType};

use crate::counters::Discard;
use crate::options::{Announcements, Ipv4Settings, Settings};
use crate::packet;
use crate::stack::Context;
use leases::{LEASE_TIME, Leases, OFFER_TIME};
use message::{Reply, Request, code};
pub(crate) use search::{LONGEST_SEARCH_LIST, check_search_list, plain_search_list};

/// The UDP port requests arrive at.
pub(crate) const PORT: u16 = DHCP_SERVER_PORT;

/// The server: its pool and what it announces.
#[derive(Debug)]
pub(crate) struct Server {
    v4: Ipv4Settings,
    restrict: bool,
    announce: Announcements,
    leases: Leases,
}

/// What a request is answered with.
enum Answer {
    Offer(Ipv4Addr),
    Acknowledge(Ipv4Addr),
    /// Options for a guest that has its address from elsewhere.
    Inform,
    Refuse,
}

impl Server {
    pub(crate) fn new(settings: &Settings, v4: Ipv4Settings) -> Self {
        let announce = settings.announce.clone();
        Self { v4, restrict: settings.restrict, announce, leases: Leases::new(&v4) }
    }

    /// Handles a datagram to the server's port.
    pub(crate) fn input(&mut self, cx: &mut Context<'_>, payload: &[u8]) {
        let Some(request) = Request::parse(payload) else {
            cx.link.counters.discard(Discard::Malformed);
            return;
        };
        let Some(answer) = self.decide(cx.now, &request) else { return };
        if let Answer::Offer(address) | Answer::Acknowledge(address) = answer {
            cx.link.learn(cx.now, IpAddr::V4(address), request.mac);
        }
        let to = match (&answer, request.client) {
            (Answer::Inform, Some(client)) if self.v4.is_guest(client) => client,
            _ => Ipv4Addr::BROADCAST,
        };
        let message = self.compose(&request, &answer);
        let source = SocketAddr::new(self.v4.host.into(), PORT);
        let destination = SocketAddr::new(to.into(), DHCP_CLIENT_PORT);
        if let Some(packet) = packet::datagram(source, destination, &message) {
            cx.link.send_ip(cx.now, packet);
        }
    }

    fn decide(&mut self, now: VTime, request: &Request) -> Option<Answer> {
        let mac = request.mac;
        let chosen = request.server.is_none_or(|server| server == self.v4.host);
        match request.kind {
            Some(DhcpMessageType::Discover) => {
                let wanted = request
                    .requested
                    .and_then(|address| self.leases.claim(now, address, mac, OFFER_TIME));
                wanted.or_else(|| self.leases.assign(now, mac, OFFER_TIME)).map(Answer::Offer)
            }
            // The client took another server's offer.
            Some(DhcpMessageType::Request) if !chosen => None,
            // A BOOTP client names no kind, and takes what it is given.
            Some(DhcpMessageType::Request) | None => match request.requested.or(request.client) {
                Some(address) => {
                    let granted = self.leases.claim(now, address, mac, LEASE_TIME);
                    Some(granted.map_or(Answer::Refuse, Answer::Acknowledge))
                }
                None => self.leases.assign(now, mac, LEASE_TIME).map(Answer::Acknowledge),
            },
            Some(DhcpMessageType::Release) if chosen => {
                self.leases.release(request.client?, mac);
                None
            }
            Some(DhcpMessageType::Decline) if chosen => {
                self.leases.decline(now, request.requested?, mac);
                None
            }
            Some(DhcpMessageType::Inform) => Some(Answer::Inform),
            _ => None,
        }
    }

    fn compose(&self, request: &Request, answer: &Answer) -> Vec<u8> {
        let (kind, yours) = match *answer {
            Answer::Offer(address) => (DhcpMessageType::Offer, address),
            Answer::Acknowledge(address) => (DhcpMessageType::Ack, address),
            Answer::Inform => (DhcpMessageType::Ack, Ipv4Addr::UNSPECIFIED),
            Answer::Refuse => (DhcpMessageType::Nak, Ipv4Addr::UNSPECIFIED),
        };
        let mut reply = Reply::new(request, self.v4.host, yours);
        reply.option(code::MESSAGE_TYPE, &[u8::from(kind)]);
        reply.option(code::SERVER_IDENTIFIER, &self.v4.host.octets());
        if matches!(answer, Answer::Refuse) {
            reply.option(code::MESSAGE, b"requested address not available");
            return reply.finish();
        }
        reply.option(code::SUBNET_MASK, &self.v4.mask.octets());
        if !self.restrict {
            reply.option(code::ROUTER, &self.v4.host.octets());
            reply.option(code::NAME_SERVER, &self.v4.dns.octets());
        }
        if !matches!(answer, Answer::Inform) {
            let seconds = LEASE_TIME.as_nanos() / 1_000_000_000;
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            reply.option(code::LEASE_TIME, &seconds.to_be_bytes());
        }
        self.announce(&mut reply);
        reply.finish()
    }

    fn announce(&self, reply: &mut Reply) {
        let announce = &self.announce;
        if let Some(file) = &announce.boot_file {
            reply.boot_file(file);
            reply.option(code::BOOT_FILE_NAME, file.as_bytes());
            // What a UEFI client that boots over HTTP looks for (UEFI 2.10 §24.7.3.1).
            if file.starts_with("http://") || file.starts_with("https://") {
                reply.option(code::VENDOR_CLASS, b"HTTPClient");
            }
        }
        let names = [
            (code::HOST_NAME, &announce.hostname),
            (code::DOMAIN_NAME, &announce.domain),
            (code::TFTP_SERVER_NAME, &announce.tftp_server),
        ];
        for (code, name) in names {
            if let Some(name) = name {
                reply.option(code, name.as_bytes());
            }
        }
        if !announce.search.is_empty() {
            reply.option(code::DOMAIN_SEARCH, &search::encode(&announce.search));
        }
    }
}
