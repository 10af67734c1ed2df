//! `SocketAddress` of the schema.

use std::path::PathBuf;

use serde::Deserialize;

/// Where a socket is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum SocketAddress {
    /// An internet socket.
    Inet(InetAddress),
    /// A unix socket.
    Unix(UnixAddress),
    /// A socket of a virtual machine's host.
    Vsock(VsockAddress),
    /// An open descriptor.
    Fd {
        /// Its number.
        str: String,
    },
}

/// `InetSocketAddress`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InetAddress {
    /// Name or address.
    pub host: String,
    /// Port number.
    pub port: String,
    /// The host is an address, not a name.
    pub numeric: Option<bool>,
    /// Try ports up to this one.
    pub to: Option<u16>,
    /// Allow IPv4.
    pub ipv4: Option<bool>,
    /// Allow IPv6.
    pub ipv6: Option<bool>,
    /// TCP keep-alive.
    pub keep_alive: Option<bool>,
    /// Multipath TCP.
    pub mptcp: Option<bool>,
}

/// `UnixSocketAddress`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnixAddress {
    /// Path of the socket.
    pub path: PathBuf,
    /// In the abstract namespace of Linux.
    pub r#abstract: Option<bool>,
    /// An abstract name without padding.
    pub tight: Option<bool>,
}

/// `VsockSocketAddress`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VsockAddress {
    /// Context id.
    pub cid: String,
    /// Port number.
    pub port: String,
}
