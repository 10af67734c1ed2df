//! The options of the netdevs over interfaces, tunnels and switches of the host.

use serde::Deserialize;

/// `NetdevTapOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TapOptions {
    /// Interface name.
    pub ifname: Option<String>,
    /// Descriptor of an open tap.
    pub fd: Option<String>,
    /// Descriptors of an open multiqueue tap, `a:b:…`.
    pub fds: Option<String>,
    /// Script to set the interface up, or 'no'.
    pub script: Option<String>,
    /// Script to take the interface down, or 'no'.
    pub downscript: Option<String>,
    /// Bridge name.
    pub br: Option<String>,
    /// Command to configure the bridge.
    pub helper: Option<String>,
    /// Send buffer limit in bytes.
    pub sndbuf: Option<u64>,
    /// Offload headers (`IFF_VNET_HDR`).
    #[serde(rename = "vnet_hdr")]
    pub vnet_hdr: Option<bool>,
    /// Vhost-net accelerator.
    pub vhost: Option<bool>,
    /// Descriptor of an open vhost-net device.
    pub vhostfd: Option<String>,
    /// Descriptors of open vhost-net devices, `a:b:…`.
    pub vhostfds: Option<String>,
    /// Vhost for guests without MSI-X too.
    pub vhostforce: Option<bool>,
    /// Queues.
    pub queues: Option<u32>,
    /// Busy polling, in µs.
    pub poll_us: Option<u32>,
}

/// `NetdevBridgeOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BridgeOptions {
    /// Bridge name.
    pub br: Option<String>,
    /// Command to configure the bridge.
    pub helper: Option<String>,
}

/// `NetdevL2TPv3Options`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct L2tpv3Options {
    /// Source address.
    pub src: String,
    /// Destination address.
    pub dst: String,
    /// Source port (UDP).
    pub srcport: Option<String>,
    /// Destination port (UDP).
    pub dstport: Option<String>,
    /// Force IPv6.
    pub ipv6: Option<bool>,
    /// Inside UDP.
    pub udp: Option<bool>,
    /// Cookies of 64 bits.
    pub cookie64: Option<bool>,
    /// Sequence counter.
    pub counter: Option<bool>,
    /// Sequence counter fixed at zero.
    pub pincounter: Option<bool>,
    /// Transmit cookie.
    pub txcookie: Option<u64>,
    /// Receive cookie.
    pub rxcookie: Option<u64>,
    /// Transmit session.
    pub txsession: u32,
    /// Receive session.
    pub rxsession: Option<u32>,
    /// Extra bytes before the payload.
    pub offset: Option<u32>,
}

/// `NetdevVdeOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VdeOptions {
    /// Socket path.
    pub sock: Option<String>,
    /// Port number.
    pub port: Option<u16>,
    /// Group owner of the socket.
    pub group: Option<String>,
    /// Permissions of the socket.
    pub mode: Option<u16>,
}
