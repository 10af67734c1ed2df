//! The stack: which protocol gets a frame, which gets a report of the I/O thread, and when timers are due.

use std::net::IpAddr;

use elnic_contract::{Frame, MacAddr, VTime};
use smoltcp::wire::{EthernetFrame, EthernetProtocol, IpVersion};

use crate::counters::Discard;
use crate::fragment::Reassembly;
use crate::hostfwd::Forwards;
use crate::icmp::Trouble;
use crate::io::{Event, Io};
use crate::link::Link;
use crate::options::Settings;
use crate::ping::Pings;
use crate::{OptionsError, arp, dhcp, icmp, ipv6, offload, tcp, tftp, udp};

/// Most reports taken at a time.
const REPORTS: usize = 4096;

/// What every protocol works with.
pub(crate) struct Context<'a> {
    pub(crate) now: VTime,
    pub(crate) settings: &'a Settings,
    pub(crate) link: &'a mut Link,
    pub(crate) io: &'a mut Io,
}

/// The state of all protocols.
#[derive(Debug)]
pub(crate) struct Protocols {
    pub(crate) reassembly: Reassembly,
    pub(crate) dhcp: Option<dhcp::Server>,
    pub(crate) tftp: Option<tftp::Server>,
    pub(crate) pings: Pings,
    pub(crate) udp: udp::Translator,
    pub(crate) tcp: tcp::Engine,
    pub(crate) forwards: Forwards,
}

impl Protocols {
    /// # Errors
    /// The TFTP server's directory cannot be opened.
    pub(crate) fn new(settings: &Settings) -> Result<Self, OptionsError> {
        Ok(Self {
            reassembly: Reassembly::default(),
            dhcp: settings.ipv4.map(|v4| dhcp::Server::new(settings, v4)),
            tftp: settings.tftp.clone().map(tftp::Server::new).transpose()?,
            pings: Pings::default(),
            udp: udp::Translator::default(),
            tcp: tcp::Engine::new(),
            forwards: Forwards::default(),
        })
    }

    /// Handles one frame of a guest.
    pub(crate) fn frame(&mut self, cx: &mut Context<'_>, frame: &Frame) {
        if frame.error().is_some() {
            return cx.link.counters.discard(Discard::LineError);
        }
        match offload::finish(frame) {
            Ok(frames) => {
                for data in &frames {
                    self.plain_frame(cx, data);
                }
            }
            Err(_) => cx.link.counters.discard(Discard::Malformed),
        }
    }

    fn plain_frame(&mut self, cx: &mut Context<'_>, data: &[u8]) {
        let Ok(ethernet) = EthernetFrame::new_checked(data) else {
            return cx.link.counters.discard(Discard::Malformed);
        };
        let (destination, source) =
            (MacAddr(ethernet.dst_addr().0), MacAddr(ethernet.src_addr().0));
        if source.is_group() {
            return cx.link.counters.discard(Discard::BadAddress);
        }
        // Any address is taken for the stack's but another guest's: on a hub the stack hears everything.
        if cx.link.belongs_to_other(destination, source) {
            return cx.link.counters.discard(Discard::NotForUs);
        }
        let payload = ethernet.payload();
        match (ethernet.ethertype(), cx.settings.ipv4, cx.settings.ipv6) {
            (EthernetProtocol::Arp, Some(v4), _) => arp::input(cx, &v4, payload),
            (EthernetProtocol::Ipv4, Some(v4), _) => self.ipv4(cx, &v4, payload),
            (EthernetProtocol::Ipv6, _, Some(v6)) => self.ipv6(cx, &v6, payload),
            _ => cx.link.counters.discard(Discard::UnknownProtocol),
        }
    }

    /// Takes what the I/O thread reports: the only way the host's doings enter the stack.
    pub(crate) fn hear(&mut self, cx: &mut Context<'_>) {
        for _ in 0..REPORTS {
            let Some(event) = cx.io.receive() else { break };
            self.report(cx, event);
        }
    }

    /// Lets everything happen that is due by now.
    pub(crate) fn settle(&mut self, cx: &mut Context<'_>) {
        cx.io.flush();
        for _ in 0..self.reassembly.expire(cx.now) {
            cx.link.counters.discard(Discard::Fragments);
        }
        cx.link.expire(cx.now);
        if let Some(server) = &mut self.tftp {
            server.expire(cx);
        }
        self.pings.expire(cx);
        self.udp.expire(cx);
        self.tcp.settle(cx);
    }

    /// When [`Protocols::settle`] has something to do by itself.
    pub(crate) fn next_event(&self) -> Option<VTime> {
        let events = [
            self.reassembly.next_event(),
            self.tftp.as_ref().and_then(tftp::Server::next_event),
            self.pings.next_event(),
            self.udp.next_event(),
            self.tcp.next_event(),
        ];
        events.into_iter().flatten().min()
    }

    fn report(&mut self, cx: &mut Context<'_>, event: Event) {
        match self.tcp.report(cx, event) {
            Some(Event::Accepted { rule, flow, peer, fd }) => {
                // A rule that has been removed in the meantime has no ends.
                self.tcp.accepted(cx, (flow, peer, fd), self.forwards.ends(rule));
            }
            Some(Event::Opened { flow, fd }) => {
                self.udp.opened(flow, fd);
                self.pings.opened(flow, fd);
            }
            Some(Event::Datagram { flow, from, data }) if self.udp.has(flow) => {
                self.udp.received(cx, flow, from, &data);
            }
            Some(Event::Datagram { flow, data, .. }) => self.pings.received(cx, flow, &data),
            Some(Event::Bounced { flow, to, by, trouble }) if self.udp.has(flow) => {
                self.udp.bounced(cx, flow, to, by, trouble);
            }
            Some(Event::Bounced { flow, by, trouble, .. }) => {
                self.pings.bounced(cx, flow, by, trouble);
            }
            _ => {}
        }
    }
}

/// Tells the guest, in the host's name, that its `packet` met `trouble`.
pub(crate) fn trouble(cx: &mut Context<'_>, packet: &[u8], trouble: Trouble) {
    trouble_from(cx, None, packet, trouble);
}

/// Tells the guest, in the name of `by` or else of the host, that its `packet`, which may be cut, met `trouble`.
pub(crate) fn trouble_from(
    cx: &mut Context<'_>,
    by: Option<IpAddr>,
    packet: &[u8],
    trouble: Trouble,
) {
    match (IpVersion::of_packet(packet), by) {
        (Ok(IpVersion::Ipv4), Some(IpAddr::V4(by))) => icmp::trouble(cx, Some(by), packet, trouble),
        (Ok(IpVersion::Ipv4), _) => icmp::trouble(cx, None, packet, trouble),
        (Ok(IpVersion::Ipv6), Some(IpAddr::V6(by))) => ipv6::trouble(cx, Some(by), packet, trouble),
        (Ok(IpVersion::Ipv6), _) => ipv6::trouble(cx, None, packet, trouble),
        (Err(_), _) => {}
    }
}

#[cfg(test)]
mod tests;
