//! From typed options to a netdev in the core.

use std::net::{IpAddr, Ipv6Addr};

use elnic_dgram::{Address, Dgram};
use elnic_netclient::{NetClient, NetCore, NetError, PortId};
use elnic_user::{TftpRoot, UserNet};

use crate::NetdevError;
use crate::options::{
    DgramOptions, HubPortOptions, InetAddress, Netdev, NetdevOptions, SocketAddress, Text,
    UnixAddress, UserOptions,
};
use crate::schema::TYPES;

/// Makes the client of a netdev, opening what it needs of the host.
///
/// # Errors
/// This version cannot make the type (a hub port has no client: use [`add`]), an option is wrong, or the host refuses.
pub fn create(netdev: &Netdev) -> Result<Box<dyn NetClient>, NetdevError> {
    match &netdev.options {
        NetdevOptions::User(options) => Ok(Box::new(UserNet::new(&user(options))?)),
        NetdevOptions::Dgram(options) => Ok(Box::new(Dgram::open(&netdev.id, &dgram(options)?)?)),
        NetdevOptions::None => Err(NetdevError::NoBackend("none")),
        NetdevOptions::Nic(_) => Err(NetdevError::NoBackend("nic")),
        other => Err(NetdevError::NotBuilt {
            kind: other.kind().to_owned(),
            built: TYPES.iter().filter(|spec| spec.built).map(|spec| spec.name).collect(),
        }),
    }
}

/// Makes a netdev and adds it to the core: what `-netdev` and `netdev_add` do.
///
/// # Errors
/// As [`create`], and if the id is taken or a hub port's netdev is not there or not free.
pub fn add(core: &mut NetCore, netdev: &Netdev) -> Result<PortId, NetdevError> {
    if let NetdevOptions::Hubport(HubPortOptions { hubid, netdev: to }) = &netdev.options {
        return Ok(core.add_hub_port(&netdev.id, *hubid, to.as_deref())?);
    }
    // Before anything is opened: a path of the netdev that has the id must not be cleared for this one.
    if core.netdev(&netdev.id).is_some() {
        return Err(NetError::DuplicateNetdev(netdev.id.clone()).into());
    }
    Ok(core.add_backend(&netdev.id, create(netdev)?)?)
}

fn user(options: &UserOptions) -> elnic_user::Options {
    let texts = |list: &[Text]| list.iter().map(|text| text.str.clone()).collect();
    let UserOptions {
        hostname,
        restrict,
        ipv4,
        ipv6,
        ip,
        net,
        host,
        tftp,
        bootfile,
        dhcpstart,
        dns,
        dnssearch,
        domainname,
        ipv6_prefix,
        ipv6_prefixlen,
        ipv6_host,
        ipv6_dns,
        smb,
        smbserver,
        hostfwd,
        guestfwd,
        tftp_server_name,
    } = options.clone();
    elnic_user::Options {
        hostname,
        restrict: restrict.unwrap_or(false),
        ipv4,
        ipv6,
        ip,
        net,
        host,
        tftp: tftp.map(|path| TftpRoot::Directory(path.into())),
        bootfile,
        dhcpstart,
        dns,
        dnssearch: texts(&dnssearch),
        domainname,
        ipv6_prefix,
        ipv6_prefixlen,
        ipv6_host,
        ipv6_dns,
        smb,
        smbserver,
        hostfwd: texts(&hostfwd),
        guestfwd: texts(&guestfwd),
        tftp_server_name,
        ..elnic_user::Options::default()
    }
}

fn dgram(options: &DgramOptions) -> Result<elnic_dgram::Options, NetdevError> {
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
