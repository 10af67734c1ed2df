//! The legacy `-netdev socket`: a stream, or datagrams, by one of five options.
//!
//! | option | wire | peer |
//! | --- | --- | --- |
//! | `listen=[host]:port` | length and frame over TCP | the one that connects; the next when it went |
//! | `connect=host:port` | length and frame over TCP | that one, once |
//! | `fd=n` | by the socket's type, one or the other | the socket's own |
//! | `mcast=group:port` | a frame a datagram | the group, this netdev itself included |
//! | `udp=host:port` | a frame a datagram | sent there, taken from anyone |
//!
//! IPv4 only, as in QEMU (`../shared/reference/backends.md` §1.5), whose words the refusals have; new set-ups take
//! `stream` or `dgram`.
#![forbid(unsafe_code)]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::OwnedFd;

use elnic_netclient::Endpoint;
use elnic_sockets::{
    AddressError, Bare, DatagramClient, DatagramLine, DatagramPeer, DescriptorError, Dial,
    StreamClient, StreamPlan, StreamState, descriptor, ipv4_host, join_group, socket_family,
    socket_type, stream_listener,
};
use nix::sys::socket::SockType;
use socket2::{Protocol, SockAddr, Socket};

/// The options of `-netdev socket`; exactly one of the first five is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A socket this process was started with.
    pub fd: Option<String>,
    /// Where to listen.
    pub listen: Option<String>,
    /// Where to connect.
    pub connect: Option<String>,
    /// A group to join.
    pub mcast: Option<String>,
    /// The address datagrams are sent from; of a group, the interface.
    pub localaddr: Option<String>,
    /// Where to send datagrams.
    pub udp: Option<String>,
}

/// Why a socket netdev was not made. No socket and no thread is left behind.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// None of the five, or more than one.
    #[error("exactly one of fd=, listen=, connect=, mcast= or udp= is required")]
    NotOne,
    /// `localaddr` with a stream.
    #[error("localaddr= is only valid with mcast= or udp=")]
    LocalOfStream,
    /// `udp` without it.
    #[error("localaddr= is mandatory with udp=")]
    NoLocal,
    /// `mcast` is no group.
    #[error(
        "specified mcastaddr {address} (0x{:08x}) does not contain a multicast address (224.0.0.0/4)",
        u32::from(*.address)
    )]
    NoGroup {
        /// The address.
        address: Ipv4Addr,
    },
    /// The interface of a group is none.
    #[error("localaddr '{0}' is not a valid IPv4 address")]
    BadLocal(String),
    /// Nothing can be sent to port 0.
    #[error("port number '0' is invalid for {0}=: it takes 1 to 65535")]
    PortZero(&'static str),
    /// The descriptor is something else.
    #[error("file descriptor '{0}' is neither a stream nor a datagram socket")]
    NotSocket(String),
    /// The descriptor is a stream without a peer.
    #[error("file descriptor '{0}' is not connected: {1}")]
    NotConnected(String, io::Error),
    /// A host or a port is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The number of a descriptor is none, or it is not open.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// The operating system refused.
    #[error("{doing}: {error}")]
    Os {
        /// What was tried.
        doing: String,
        /// Why it failed.
        error: io::Error,
    },
}

fn os(doing: impl Into<String>) -> impl FnOnce(io::Error) -> SocketError {
    let doing = doing.into();
    move |error| SocketError::Os { doing, error }
}

/// What the options made.
#[derive(Debug)]
pub enum Client {
    /// A byte stream.
    Stream(StreamClient),
    /// Datagrams.
    Datagram(DatagramClient),
}

/// Opens what the options say and starts the I/O thread, which `id` names.
///
/// # Errors
/// Options that contradict each other, an address that is none, or a refusal of the system.
pub fn open(id: &str, options: &Options) -> Result<Client, SocketError> {
    let Options { fd, listen, connect, mcast, localaddr, udp } = options;
    let local = localaddr.as_deref();
    let given = [fd, listen, connect, mcast, udp].into_iter().flatten().count();
    if given != 1 {
        return Err(SocketError::NotOne);
    }
    if local.is_some() && mcast.is_none() && udp.is_none() {
        return Err(SocketError::LocalOfStream);
    }
    if let Some(address) = listen {
        let address = ipv4_host(address)?;
        let doing = format!("can't bind ip={address} to socket");
        let listener = stream_listener(address.into(), address.port(), Protocol::TCP, true)
            .map_err(os(doing))?;
        return stream(id, StreamPlan::Server(listener));
    }
    if let Some(address) = connect {
        let address = SockAddr::from(nonzero("connect", ipv4_host(address)?)?);
        let dial = Dial {
            addresses: Box::new(move || Ok(vec![address.clone()])),
            protocol: Some(Protocol::TCP),
            keep_alive: false,
            path: None,
        };
        return stream(id, StreamPlan::Client { dial, reconnect: None });
    }
    if let Some(group) = mcast {
        let group = group_address(group)?;
        let socket = join(group, local)?;
        let peer = DatagramPeer::Inet(SocketAddr::from(group).into());
        return datagram(id, socket, peer, format!("socket: mcast={group}"));
    }
    if let Some(remote) = udp {
        let remote = nonzero("udp", ipv4_host(remote)?)?;
        let local = ipv4_host(local.ok_or(SocketError::NoLocal)?)?;
        let doing = format!("can't bind ip={local} to socket");
        let socket = UdpSocket::bind(local).map_err(os(doing))?;
        let peer = DatagramPeer::Inet(SocketAddr::from(remote).into());
        return datagram(id, socket.into(), peer, format!("socket: udp={remote}"));
    }
    passed_in(id, fd.as_deref().ok_or(SocketError::NotOne)?)
}

fn stream(id: &str, plan: StreamPlan) -> Result<Client, SocketError> {
    StreamClient::spawn("socket", id, plan, wording, false)
        .map(Client::Stream)
        .map_err(os("can't start the I/O thread"))
}

fn datagram(
    id: &str,
    socket: OwnedFd,
    peer: DatagramPeer,
    info: String,
) -> Result<Client, SocketError> {
    let line = DatagramLine { socket, liveness: None, keeps: None };
    DatagramClient::spawn("socket", id, info, line, peer, Bare, None)
        .map(Client::Datagram)
        .map_err(os("can't start the I/O thread"))
}

fn nonzero(option: &'static str, address: SocketAddrV4) -> Result<SocketAddrV4, SocketError> {
    if address.port() == 0 { Err(SocketError::PortZero(option)) } else { Ok(address) }
}

fn group_address(group: &str) -> Result<SocketAddrV4, SocketError> {
    let group = ipv4_host(group)?;
    if !group.ip().is_multicast() {
        return Err(SocketError::NoGroup { address: *group.ip() });
    }
    nonzero("mcast", group)
}

fn join(group: SocketAddrV4, local: Option<&str>) -> Result<OwnedFd, SocketError> {
    let bad = |text: &str| SocketError::BadLocal(text.to_owned());
    let interface = local.map(|text| text.parse().map_err(|_| bad(text))).transpose()?;
    join_group(group, interface).map_err(os(format!("can't join group {group}")))
}

fn passed_in(id: &str, number: &str) -> Result<Client, SocketError> {
    let socket = descriptor(number)?;
    match (socket_type(&socket), socket_family(&socket)) {
        (Some(SockType::Stream), _) => {
            let socket = Socket::from(socket);
            let unconnected = |error| SocketError::NotConnected(number.to_owned(), error);
            socket.peer_addr().map_err(unconnected)?;
            let address = Endpoint::Fd { number: number.to_owned() };
            stream(id, StreamPlan::Connected { socket, address })
        }
        (Some(SockType::Datagram), Some(family)) => {
            let info = format!("socket: fd={number} {family}");
            datagram(id, socket, DatagramPeer::Connected, info)
        }
        _ => Err(SocketError::NotSocket(number.to_owned())),
    }
}

/// As QEMU words it: nothing while there is no peer.
fn wording(state: &StreamState) -> String {
    use elnic_netclient::Endpoint::{Fd, Inet};
    match state {
        StreamState::Connected { address: Inet { host, port, .. }, accepted: true } => {
            format!("socket: connection from {host}:{port}")
        }
        StreamState::Connected { address: Inet { host, port, .. }, accepted: false } => {
            format!("socket: connect to {host}:{port}")
        }
        StreamState::Connected { address: Fd { number }, .. } => format!("socket: fd={number}"),
        StreamState::Connected { address, .. } => format!("socket: {address}"),
        StreamState::Listening | StreamState::Connecting | StreamState::Ended => String::new(),
        StreamState::Failed(why) => format!("socket: error: {why}"),
    }
}
