//! Opening the socket of a plan.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use elnic_sockets::{BoundPath, DatagramPeer, descriptor, join_group, socket_family, socket_type};
use nix::sys::socket::{SockType, UnixAddr};
use socket2::{Domain, Protocol, Socket, Type};

use crate::DgramError;
use crate::plan::Plan;

/// An open socket.
pub(crate) struct Opened {
    pub(crate) socket: OwnedFd,
    pub(crate) peer: DatagramPeer,
    /// What `info network` says of it.
    pub(crate) info: String,
    /// The path it is bound to.
    pub(crate) path: Option<BoundPath>,
}

pub(crate) fn open(plan: Plan) -> Result<Opened, DgramError> {
    match plan {
        Plan::Udp { local, remote } => udp(local, remote),
        Plan::Multicast { group, interface } => multicast(group, interface),
        Plan::Unix { local, remote } => unix(&local, &remote),
        Plan::Fd { number, group } => fd(&number, group),
    }
}

fn udp(local: SocketAddr, remote: SocketAddr) -> Result<Opened, DgramError> {
    let doing = || format!("can't bind ip={local} to socket");
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))
        .map_err(DgramError::os("can't create datagram socket"))?;
    socket.bind(&local.into()).map_err(DgramError::os(doing()))?;
    let socket = UdpSocket::from(socket);
    // With port 0 the system has chosen one: say which.
    let local = socket.local_addr().map_err(DgramError::os(doing()))?;
    let info = format!("udp={local}/{remote}");
    Ok(Opened { socket: socket.into(), peer: DatagramPeer::Inet(remote.into()), info, path: None })
}

fn multicast(group: SocketAddrV4, interface: Option<Ipv4Addr>) -> Result<Opened, DgramError> {
    let socket = join_group(group, interface)
        .map_err(DgramError::os(format!("can't join group {group}")))?;
    let info = format!("mcast={group}");
    let peer = DatagramPeer::Inet(SocketAddr::from(group).into());
    Ok(Opened { socket, peer, info, path: None })
}

fn unix(local: &Path, remote: &Path) -> Result<Opened, DgramError> {
    let peer = UnixAddr::new(remote).map_err(|errno| {
        DgramError::os(format!("can't use unix={}", remote.display()))(errno.into())
    })?;
    let (socket, path) = BoundPath::bind(local, |path| UnixDatagram::bind(path))?;
    let info = format!("udp={}:{}", local.display(), remote.display());
    Ok(Opened { socket: socket.into(), peer: DatagramPeer::Unix(peer), info, path: Some(path) })
}

fn fd(number: &str, group: Option<SocketAddrV4>) -> Result<Opened, DgramError> {
    let socket = descriptor(number)?;
    let not_dgram = || DgramError::NotDgram(number.to_owned());
    if socket_type(&socket) != Some(SockType::Datagram) {
        return Err(not_dgram());
    }
    let family = socket_family(&socket).ok_or_else(not_dgram)?;
    let (peer, info) = match group {
        Some(group) => (
            DatagramPeer::Inet(SocketAddr::from(group).into()),
            format!("fd={number} (mcast={group})"),
        ),
        None => (DatagramPeer::Connected, format!("fd={number} {family}")),
    };
    Ok(Opened { socket, peer, info, path: None })
}
