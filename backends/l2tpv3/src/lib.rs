//! Ethernet over a static L2TPv3 tunnel (RFC 3931, no control channel): `-netdev l2tpv3`.
//!
//! Over UDP or as protocol 115 of IP, between two addresses; Linux's `ip l2tp` and QEMU are peers. What the header holds
//! stands in [`Header`]; [`open`] checks the options, opens the socket and starts the datagram loop.
//!
//! Differences from QEMU, all on purpose: `cookie64=off` means 32 bits, `pincounter=on` implies the counter, a cookie that
//! does not fit is refused, frames of any length are taken whole, and a refusal closes nothing of the caller's
//! (`../shared/reference/backends.md` §1.20).
#![forbid(unsafe_code)]

mod header;

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use elnic_sockets::{AddressError, DatagramClient, DatagramLine, DatagramPeer, port_number};
use socket2::{Domain, Protocol, Socket, Type};

pub use header::{Cookies, Counter, Header};

/// The protocol number of L2TP in IP (RFC 3931 §4.1.1).
const IP_PROTOCOL: i32 = 115;

/// The options of `-netdev l2tpv3`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Our address.
    pub src: String,
    /// The peer's address.
    pub dst: String,
    /// Our port; with `udp` only.
    pub srcport: Option<String>,
    /// The peer's port; with `udp` only.
    pub dstport: Option<String>,
    /// IPv6 instead of IPv4.
    pub ipv6: bool,
    /// UDP instead of IP alone.
    pub udp: bool,
    /// Cookies have 64 bits instead of 32.
    pub cookie64: Option<bool>,
    /// A sequence counter is sent, and expected.
    pub counter: bool,
    /// The counter is always zero.
    pub pincounter: bool,
    /// The cookie we send.
    pub txcookie: Option<u64>,
    /// The cookie we take.
    pub rxcookie: Option<u64>,
    /// The session we send.
    pub txsession: u32,
    /// The session we take; `txsession` if not given.
    pub rxsession: Option<u32>,
    /// Bytes between header and frame, 0 to 255.
    pub offset: u32,
}

/// Why an l2tpv3 netdev was not made, in QEMU's words where it has some.
#[derive(Debug, thiserror::Error)]
pub enum L2tpv3Error {
    /// `offset` is out of range.
    #[error("offset must be less than 256 bytes, not {0}")]
    Offset(u32),
    /// One cookie without the other.
    #[error("require both 'rxcookie' and 'txcookie' or neither")]
    OneCookie,
    /// A width without cookies.
    #[error("'cookie64' is the width of 'rxcookie' and 'txcookie', which are not given")]
    WidthOfNothing,
    /// A cookie is wider than said.
    #[error(
        "'{0}={1}' does not fit the 32 bits a cookie has without cookie64=on: it takes 0 to 4294967295"
    )]
    CookieRange(&'static str, u64),
    /// UDP without a port.
    #[error("need both src and dst port for udp")]
    NoPorts,
    /// A port without UDP.
    #[error("'{0}' is a port of UDP, which IP alone does not have: it needs udp=on")]
    PortOfIp(&'static str),
    /// `src` has no address of the family.
    #[error("could not resolve src '{0}': it has no IPv{1} address")]
    Source(String, u8),
    /// `dst` has no address of the family.
    #[error("could not resolve dst '{0}': it has no IPv{1} address")]
    Destination(String, u8),
    /// A port is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No socket.
    #[error("socket creation failed: {0}{1}")]
    Socket(io::Error, &'static str),
    /// The source is not ours, or taken.
    #[error("could not bind socket to {0}: {1}")]
    Bind(SocketAddr, io::Error),
    /// The host has no threads left.
    #[error("can't start the I/O thread: {0}")]
    Thread(io::Error),
}

/// Opens the socket and starts the I/O thread, which `id` names.
///
/// # Errors
/// Options that contradict each other, an address that is none, or a refusal of the system (IP alone needs
/// `CAP_NET_RAW`).
pub fn open(id: &str, options: &Options) -> Result<DatagramClient, L2tpv3Error> {
    let header = header(options)?;
    let (src, dst) = addresses(options)?;
    let (kind, protocol, hint) = match options.udp {
        true => (Type::DGRAM, Protocol::UDP, ""),
        false => (Type::RAW, Protocol::from(IP_PROTOCOL), " (without udp=on it takes CAP_NET_RAW)"),
    };
    let socket = Socket::new(Domain::for_address(src), kind, Some(protocol))
        .map_err(|error| L2tpv3Error::Socket(error, hint))?;
    socket.bind(&src.into()).map_err(|error| L2tpv3Error::Bind(src, error))?;
    let line = DatagramLine { socket: socket.into(), liveness: None, keeps: None };
    let peer = DatagramPeer::Inet(dst.into());
    let info = "l2tpv3: connected".to_owned();
    DatagramClient::spawn("l2tpv3", id, info, line, peer, header, None).map_err(L2tpv3Error::Thread)
}

/// Reads what the header holds.
fn header(options: &Options) -> Result<Header, L2tpv3Error> {
    let Options { cookie64, counter, pincounter, txcookie, rxcookie, offset, .. } = options;
    let offset = u8::try_from(*offset).map_err(|_| L2tpv3Error::Offset(*offset))?;
    let cookies = match (*txcookie, *rxcookie) {
        (None, None) if *cookie64 == Some(true) => return Err(L2tpv3Error::WidthOfNothing),
        (None, None) => Cookies::None,
        (Some(transmit), Some(receive)) if *cookie64 == Some(true) => {
            Cookies::Wide { transmit, receive }
        }
        (Some(transmit), Some(receive)) => {
            let narrow = |name, cookie| {
                u32::try_from(cookie).map_err(|_| L2tpv3Error::CookieRange(name, cookie))
            };
            Cookies::Narrow {
                transmit: narrow("txcookie", transmit)?,
                receive: narrow("rxcookie", receive)?,
            }
        }
        _ => return Err(L2tpv3Error::OneCookie),
    };
    let counter = match (counter, pincounter) {
        (_, true) => Counter::Pinned,
        (true, false) => Counter::Running(0),
        (false, false) => Counter::None,
    };
    Ok(Header {
        udp: options.udp,
        ip_header: !options.udp && !options.ipv6,
        transmit_session: options.txsession,
        receive_session: options.rxsession.unwrap_or(options.txsession),
        cookies,
        counter,
        offset,
    })
}

fn addresses(options: &Options) -> Result<(SocketAddr, SocketAddr), L2tpv3Error> {
    let Options { src, dst, srcport, dstport, ipv6, udp, .. } = options;
    let (srcport, dstport) = match (srcport, dstport) {
        (Some(srcport), Some(dstport)) if *udp => (port_number(srcport)?, port_number(dstport)?),
        _ if *udp => return Err(L2tpv3Error::NoPorts),
        (Some(_), _) => return Err(L2tpv3Error::PortOfIp("srcport")),
        (_, Some(_)) => return Err(L2tpv3Error::PortOfIp("dstport")),
        (None, None) => (0, 0),
    };
    let version = if *ipv6 { 6 } else { 4 };
    let resolve = |host: &str, port: u16| {
        let found = (host, port).to_socket_addrs().ok()?;
        found.into_iter().find(|address| address.is_ipv6() == *ipv6)
    };
    let source = resolve(src, srcport).ok_or_else(|| L2tpv3Error::Source(src.clone(), version))?;
    let destination =
        resolve(dst, dstport).ok_or_else(|| L2tpv3Error::Destination(dst.clone(), version))?;
    Ok((source, destination))
}
