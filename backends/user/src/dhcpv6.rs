//! Stateless DHCPv6 (RFC 8415 §18.2.6): what router advertisements do not say.
//!
//! Addresses come from advertisements, so only Information-request is answered; everything else asks for addresses and
//! gets silence, as from libslirp.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::counters::Discard;
use crate::dhcp;
use crate::link::host_mac_v6;
use crate::options::Ipv6Settings;
use crate::packet;
use crate::stack::Context;

/// The port requests arrive at.
pub(crate) const PORT: u16 = 547;
const CLIENT_PORT: u16 = 546;
/// All DHCP relay agents and servers.
pub(crate) const SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

const INFORMATION_REQUEST: u8 = 11;
const REPLY: u8 = 7;
/// Option codes (RFC 8415 §21, RFC 3646, RFC 5970).
mod code {
    pub(super) const CLIENT_IDENTIFIER: u16 = 1;
    pub(super) const SERVER_IDENTIFIER: u16 = 2;
    pub(super) const REQUESTED: u16 = 6;
    pub(super) const NAME_SERVERS: u16 = 23;
    pub(super) const DOMAIN_LIST: u16 = 24;
    pub(super) const BOOT_FILE_URL: u16 = 59;
}

/// Handles a datagram to the server's port.
pub(crate) fn input(cx: &mut Context<'_>, v6: &Ipv6Settings, client: SocketAddr, payload: &[u8]) {
    let Some(reply) = answer(cx, v6, payload) else {
        return cx.link.counters.discard(Discard::Malformed);
    };
    let source = SocketAddr::new(IpAddr::V6(Ipv6Settings::LINK_LOCAL), PORT);
    let destination = SocketAddr::new(client.ip(), CLIENT_PORT);
    if let Some(packet) = packet::datagram(source, destination, &reply) {
        cx.link.send_ip(cx.now, packet);
    }
}

fn answer(cx: &Context<'_>, v6: &Ipv6Settings, payload: &[u8]) -> Option<Vec<u8>> {
    let (&[kind, transaction @ ..], options) = payload.split_first_chunk::<4>()?;
    if kind != INFORMATION_REQUEST {
        return None;
    }
    let server = server_identifier();
    let mut reply = [&[REPLY][..], &transaction].concat();
    let mut wanted = Vec::new();
    let mut rest = options;
    while let Some((option, data, tail)) = split_option(rest) {
        match option {
            code::CLIENT_IDENTIFIER => put(&mut reply, option, data),
            // Meant for another server.
            code::SERVER_IDENTIFIER if data != server => return None,
            code::REQUESTED => {
                wanted = data.as_chunks().0.iter().map(|&code| u16::from_be_bytes(code)).collect();
            }
            _ => {}
        }
        rest = tail;
    }
    put(&mut reply, code::SERVER_IDENTIFIER, &server);
    let announce = &cx.settings.announce;
    if wanted.contains(&code::NAME_SERVERS) && !cx.settings.restrict {
        put(&mut reply, code::NAME_SERVERS, &v6.dns.octets());
    }
    if wanted.contains(&code::DOMAIN_LIST) && !announce.search.is_empty() {
        put(&mut reply, code::DOMAIN_LIST, &dhcp::plain_search_list(&announce.search));
    }
    if let Some(file) = &announce.boot_file
        && wanted.contains(&code::BOOT_FILE_URL)
    {
        put(&mut reply, code::BOOT_FILE_URL, format!("tftp://[{}]/{file}", v6.host).as_bytes());
    }
    Some(reply)
}

/// A DUID made of the link address (RFC 8415 §11.4): type 3, hardware type Ethernet.
fn server_identifier() -> Vec<u8> {
    [&[0, 3, 0, 1][..], &host_mac_v6(Ipv6Settings::LINK_LOCAL).0].concat()
}

fn split_option(options: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (&[a, b, c, d], rest) = options.split_first_chunk()?;
    let (data, rest) = rest.split_at_checked(u16::from_be_bytes([c, d]).into())?;
    Some((u16::from_be_bytes([a, b]), data, rest))
}

fn put(reply: &mut Vec<u8>, option: u16, data: &[u8]) {
    if let Ok(length) = u16::try_from(data.len()) {
        reply.extend_from_slice(&option.to_be_bytes());
        reply.extend_from_slice(&length.to_be_bytes());
        reply.extend_from_slice(data);
    }
}
