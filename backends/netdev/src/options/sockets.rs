//! The options of the netdevs over sockets.

use serde::Deserialize;

use super::SocketAddress;

/// `NetdevSocketOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SocketOptions {
    /// Descriptor of an open socket.
    pub fd: Option<String>,
    /// `[host]:port` to listen at.
    pub listen: Option<String>,
    /// `host:port` to connect to.
    pub connect: Option<String>,
    /// `group:port` to join.
    pub mcast: Option<String>,
    /// Source address of multicast and UDP.
    pub localaddr: Option<String>,
    /// `host:port` to send to.
    pub udp: Option<String>,
}

/// `NetdevStreamOptions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StreamOptions {
    /// Where to listen or connect.
    pub addr: SocketAddress,
    /// Listen.
    pub server: Option<bool>,
    /// Connect again after so many seconds, 0 for never.
    pub reconnect: Option<u32>,
    /// Connect again after so many milliseconds, 0 for never (QEMU 9.2).
    pub reconnect_ms: Option<u32>,
}

/// `NetdevDgramOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DgramOptions {
    /// Where to receive.
    pub local: Option<SocketAddress>,
    /// Where to send.
    pub remote: Option<SocketAddress>,
}
