//! Which datagram met an ICMP error on its way (ip(7) and ipv6(7), `IP_RECVERR`).
//!
//! Linux only; elsewhere a datagram that bounces is lost without a word, as it is with libslirp.

#[cfg(target_os = "linux")]
pub(super) use linux::{ask_for, read};

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{ask_for, read};

#[cfg(target_os = "linux")]
mod linux {
    use std::io::IoSliceMut;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
    use std::os::fd::AsRawFd;

    use nix::libc::{SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6, sock_extended_err};
    use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};

    use super::super::trouble;
    use crate::icmp::Trouble;

    /// Most errors read at once.
    const BATCH: usize = 16;
    /// Room for the control message: an error and an IPv6 address.
    const CONTROL: usize = 256;

    /// Asks the host to keep errors for [`read`].
    pub(in super::super) fn ask_for(socket: &UdpSocket, ipv6: bool) {
        let outcome = if ipv6 {
            setsockopt(socket, Ipv6RecvErr, &true)
        } else {
            setsockopt(socket, Ipv4RecvErr, &true)
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "bounced datagrams will not be reported");
        }
    }

    /// Where bounced datagrams went, who said so, and what it said.
    pub(in super::super) fn read(
        socket: &UdpSocket,
        ipv6: bool,
    ) -> Vec<(SocketAddr, Option<IpAddr>, Trouble)> {
        std::iter::from_fn(|| read_one(socket, ipv6)).take(BATCH).flatten().collect()
    }

    /// `None` if there is no error, `Some(None)` if it is none the guest understands.
    fn read_one(
        socket: &UdpSocket,
        ipv6: bool,
    ) -> Option<Option<(SocketAddr, Option<IpAddr>, Trouble)>> {
        let mut payload = [0; 64];
        let mut room = [IoSliceMut::new(&mut payload)];
        let mut control = vec![0; CONTROL];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let message =
            recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut room, Some(&mut control), flags);
        let message = message.ok()?;
        let to = message.address.as_ref().and_then(|address| to_socket_address(address, ipv6));
        let error = message.cmsgs().ok()?.find_map(|message| match message {
            ControlMessageOwned::Ipv4RecvErr(error, by) => {
                let by = by.map(|by| IpAddr::V4(u32::from_be(by.sin_addr.s_addr).into()));
                Some((error, by))
            }
            ControlMessageOwned::Ipv6RecvErr(error, by) => {
                Some((error, by.map(|by| IpAddr::V6(by.sin6_addr.s6_addr.into()))))
            }
            _ => None,
        });
        Some(to.zip(error).and_then(|(to, (error, by))| Some((to, known(by), meaning(&error)?))))
    }

    /// An unspecified offender is nobody.
    fn known(by: Option<IpAddr>) -> Option<IpAddr> {
        by.filter(|by| *by != Ipv4Addr::UNSPECIFIED && *by != Ipv6Addr::UNSPECIFIED)
    }

    fn meaning(error: &sock_extended_err) -> Option<Trouble> {
        match error.ee_origin {
            SO_EE_ORIGIN_ICMP => trouble::of_icmp(error.ee_type, error.ee_code),
            SO_EE_ORIGIN_ICMP6 => trouble::of_icmpv6(error.ee_type, error.ee_code),
            _ => None,
        }
    }

    fn to_socket_address(address: &SockaddrStorage, ipv6: bool) -> Option<SocketAddr> {
        if ipv6 {
            Some(SocketAddrV6::from(*address.as_sockaddr_in6()?).into())
        } else {
            Some(SocketAddrV4::from(*address.as_sockaddr_in()?).into())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::net::{IpAddr, SocketAddr, UdpSocket};

    use crate::icmp::Trouble;

    pub(in super::super) fn ask_for(_: &UdpSocket, _: bool) {}

    pub(in super::super) fn read(
        _: &UdpSocket,
        _: bool,
    ) -> Vec<(SocketAddr, Option<IpAddr>, Trouble)> {
        Vec::new()
    }
}
