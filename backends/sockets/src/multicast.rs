//! Joining a group of IPv4.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;

use socket2::{Domain, Protocol, Socket, Type};

/// A socket that is bound to `group` and has joined it on `interface`. Other machines on this host listen to the same
/// group, and hear us (and we ourselves) through the loop.
///
/// # Errors
/// The system refuses.
pub fn join_group(group: SocketAddrV4, interface: Option<Ipv4Addr>) -> io::Result<OwnedFd> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from(group).into())?;
    socket.join_multicast_v4(group.ip(), &interface.unwrap_or(Ipv4Addr::UNSPECIFIED))?;
    socket.set_multicast_loop_v4(true)?;
    if let Some(interface) = interface {
        socket.set_multicast_if_v4(&interface)?;
    }
    Ok(socket.into())
}
