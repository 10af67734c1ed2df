//! The socket netdevs' options, from the schema's to their own.

use std::net::{IpAddr, Ipv6Addr};

use elnic_dgram::Address;

use crate::NetdevError;
use crate::options::{
    DgramOptions, InetAddress, L2tpv3Options, SocketAddress, SocketOptions, StreamOptions,
    UnixAddress, VdeOptions,
};

pub(super) fn dgram(options: &DgramOptions) -> Result<elnic_dgram::Options, NetdevError> {
    let side = |name, address: &Option<SocketAddress>| {
        address.as_ref().map(|address| dgram_address(name, address)).transpose()
    };
    let local = side("local", &options.local)?;
    Ok(elnic_dgram::Options { local, remote: side("remote", &options.remote)? })
}

/// An address for dgram. QEMU's dgram reads host, port and path, and ignores the rest; here what would be ignored and is
/// not what happens anyway is refused.
fn dgram_address(side: &str, address: &SocketAddress) -> Result<Address, NetdevError> {
    let refuse = |option: &str, why| {
        Err(NetdevError::DgramOption { option: format!("{side}.{option}"), why })
    };
    match address {
        SocketAddress::Inet(inet) => {
            let InetAddress { host, port, numeric, to, ipv4, ipv6, keep_alive, mptcp } = inet;
            let is_v6 = host.parse::<Ipv6Addr>().is_ok();
            let is_number = host.is_empty() || host.parse::<IpAddr>().is_ok();
            if to.is_some() {
                return refuse("to", "it binds the one port it is given");
            }
            if *keep_alive == Some(true) || *mptcp == Some(true) {
                let option = if *mptcp == Some(true) { "mptcp=on" } else { "keep-alive=on" };
                return refuse(option, "it is an option of TCP");
            }
            if *numeric == Some(true) && !is_number {
                return refuse("numeric=on", "the host is a name");
            }
            if *ipv4 == Some(false) && !is_v6 {
                return refuse(
                    "ipv4=off",
                    "the host is an IPv4 address or a name, which means one",
                );
            }
            if *ipv6 == Some(false) && is_v6 {
                return refuse("ipv6=off", "the host is an IPv6 address");
            }
            Ok(Address::Inet { host: host.clone(), port: port.clone() })
        }
        SocketAddress::Unix(UnixAddress { path, r#abstract, tight: _ }) => {
            if *r#abstract == Some(true) {
                return refuse("abstract=on", "its sockets have a path");
            }
            Ok(Address::Unix { path: path.clone() })
        }
        SocketAddress::Vsock(_) => Ok(Address::Vsock),
        SocketAddress::Fd { str } => Ok(Address::Fd { number: str.clone() }),
    }
}

pub(super) fn stream(options: &StreamOptions) -> elnic_stream::Options {
    let StreamOptions { addr, server, reconnect, reconnect_ms } = options.clone();
    let on = |switch: Option<bool>| switch == Some(true);
    let address = match addr {
        SocketAddress::Inet(InetAddress {
            host,
            port,
            numeric,
            to,
            ipv4,
            ipv6,
            keep_alive,
            mptcp,
        }) => elnic_stream::Address::Inet(elnic_stream::InetAddress {
            host,
            port,
            numeric: on(numeric),
            to,
            ipv4,
            ipv6,
            keep_alive: on(keep_alive),
            mptcp: on(mptcp),
        }),
        SocketAddress::Unix(UnixAddress { path, r#abstract, tight }) => {
            elnic_stream::Address::Unix {
                path,
                is_abstract: on(r#abstract),
                tight: tight != Some(false),
            }
        }
        SocketAddress::Vsock(_) => elnic_stream::Address::Vsock,
        SocketAddress::Fd { str } => elnic_stream::Address::Fd { number: str },
    };
    elnic_stream::Options { address, server: on(server), reconnect, reconnect_ms }
}

pub(super) fn socket(options: &SocketOptions) -> elnic_socket::Options {
    let SocketOptions { fd, listen, connect, mcast, localaddr, udp } = options.clone();
    elnic_socket::Options { fd, listen, connect, mcast, localaddr, udp }
}

pub(super) fn l2tpv3(options: &L2tpv3Options) -> elnic_l2tpv3::Options {
    let L2tpv3Options {
        src,
        dst,
        srcport,
        dstport,
        ipv6,
        udp,
        cookie64,
        counter,
        pincounter,
        txcookie,
        rxcookie,
        txsession,
        rxsession,
        offset,
    } = options.clone();
    let on = |switch: Option<bool>| switch == Some(true);
    elnic_l2tpv3::Options {
        src,
        dst,
        srcport,
        dstport,
        ipv6: on(ipv6),
        udp: on(udp),
        cookie64,
        counter: on(counter),
        pincounter: on(pincounter),
        txcookie,
        rxcookie,
        txsession,
        rxsession,
        offset: offset.unwrap_or(0),
    }
}

pub(super) fn vde(options: &VdeOptions) -> elnic_vde::Options {
    let VdeOptions { sock, port, group, mode } = options.clone();
    elnic_vde::Options { sock, port, group, mode }
}
