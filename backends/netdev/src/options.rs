//! A netdev's options, typed: the `Netdev` union of the schema.
//!
//! Values of these types come out of [`crate::parse`] checked for names, types and ranges; what options mean together is
//! for the netdev type to say.

mod address;
mod host;
mod sockets;
mod unbuilt;

use serde::Deserialize;

pub use address::{InetAddress, SocketAddress, UnixAddress, VsockAddress};
pub use host::{BridgeOptions, L2tpv3Options, TapOptions, VdeOptions};
pub use sockets::{DgramOptions, SocketOptions, StreamOptions};
pub use unbuilt::{
    NetmapOptions, VhostUserOptions, VhostVdpaOptions, VmnetBridgedOptions, VmnetHostOptions,
    VmnetSharedOptions,
};

/// A netdev as the user described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Netdev {
    /// Its id, well-formed.
    pub id: String,
    /// Its type and options.
    pub options: NetdevOptions,
}

/// The options of each type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum NetdevOptions {
    /// `none`.
    None,
    /// `nic`.
    Nic(LegacyNicOptions),
    /// `user`.
    User(Box<UserOptions>),
    /// `tap`.
    Tap(Box<TapOptions>),
    /// `l2tpv3`.
    L2tpv3(L2tpv3Options),
    /// `socket`.
    Socket(SocketOptions),
    /// `stream`.
    Stream(StreamOptions),
    /// `dgram`.
    Dgram(DgramOptions),
    /// `vde`.
    Vde(VdeOptions),
    /// `bridge`.
    Bridge(BridgeOptions),
    /// `hubport`.
    Hubport(HubPortOptions),
    /// `netmap`.
    Netmap(NetmapOptions),
    /// `vhost-user`.
    VhostUser(VhostUserOptions),
    /// `vhost-vdpa`.
    VhostVdpa(VhostVdpaOptions),
    /// `vmnet-host`.
    VmnetHost(VmnetHostOptions),
    /// `vmnet-shared`.
    VmnetShared(VmnetSharedOptions),
    /// `vmnet-bridged`.
    VmnetBridged(VmnetBridgedOptions),
}

impl NetdevOptions {
    /// The name of the type.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Nic(_) => "nic",
            Self::User(_) => "user",
            Self::Tap(_) => "tap",
            Self::L2tpv3(_) => "l2tpv3",
            Self::Socket(_) => "socket",
            Self::Stream(_) => "stream",
            Self::Dgram(_) => "dgram",
            Self::Vde(_) => "vde",
            Self::Bridge(_) => "bridge",
            Self::Hubport(_) => "hubport",
            Self::Netmap(_) => "netmap",
            Self::VhostUser(_) => "vhost-user",
            Self::VhostVdpa(_) => "vhost-vdpa",
            Self::VmnetHost(_) => "vmnet-host",
            Self::VmnetShared(_) => "vmnet-shared",
            Self::VmnetBridged(_) => "vmnet-bridged",
        }
    }

    /// The character device it names.
    pub fn chardev(&self) -> Option<&str> {
        match self {
            Self::VhostUser(options) => Some(&options.chardev),
            _ => None,
        }
    }
}

/// A text in a list, as the schema wraps it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The text.
    pub str: String,
}

/// `NetdevUserOptions`; texts as given, for the user netdev to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UserOptions {
    /// Client hostname the DHCP server reports.
    pub hostname: Option<String>,
    /// Isolate the guest from the host.
    pub restrict: Option<bool>,
    /// Support IPv4.
    pub ipv4: Option<bool>,
    /// Support IPv6.
    pub ipv6: Option<bool>,
    /// Legacy form of `net`.
    pub ip: Option<String>,
    /// Network of the guest, `address[/mask]`.
    pub net: Option<String>,
    /// Guest-visible address of the host.
    pub host: Option<String>,
    /// Directory the TFTP server serves.
    pub tftp: Option<String>,
    /// BOOTP file name.
    pub bootfile: Option<String>,
    /// First of the 16 addresses DHCP gives out.
    pub dhcpstart: Option<String>,
    /// Guest-visible address of the name server.
    pub dns: Option<String>,
    /// Domain suffixes to search.
    #[serde(default)]
    pub dnssearch: Vec<Text>,
    /// Guest-visible domain name.
    pub domainname: Option<String>,
    /// IPv6 network prefix.
    pub ipv6_prefix: Option<String>,
    /// IPv6 prefix length.
    pub ipv6_prefixlen: Option<i64>,
    /// Guest-visible IPv6 address of the host.
    pub ipv6_host: Option<String>,
    /// Guest-visible IPv6 address of the name server.
    pub ipv6_dns: Option<String>,
    /// Directory the SMB server serves.
    pub smb: Option<String>,
    /// Guest-visible address of the SMB server.
    pub smbserver: Option<String>,
    /// Ports of the host that lead to the guest.
    #[serde(default)]
    pub hostfwd: Vec<Text>,
    /// Addresses of the guest's network that lead to a command.
    #[serde(default)]
    pub guestfwd: Vec<Text>,
    /// TFTP server name.
    pub tftp_server_name: Option<String>,
}

/// `NetdevHubPortOptions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubPortOptions {
    /// Number of the hub.
    pub hubid: i32,
    /// Netdev to connect to the hub instead of a device.
    pub netdev: Option<String>,
}

/// `NetLegacyNicOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LegacyNicOptions {
    /// Id of the netdev to connect to.
    pub netdev: Option<String>,
    /// Station address.
    pub macaddr: Option<String>,
    /// Device model.
    pub model: Option<String>,
    /// PCI device address.
    pub addr: Option<String>,
    /// MSI-X vectors, 0 for none.
    pub vectors: Option<u32>,
}
