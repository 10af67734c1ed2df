//! The options of the netdev types this version recognises and cannot make.
//!
//! They are read and checked all the same, so that a command line is right or wrong for the same reasons wherever it runs.

use serde::Deserialize;

use super::SocketAddress;

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

/// `NetdevBridgeOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BridgeOptions {
    /// Bridge name.
    pub br: Option<String>,
    /// Command to configure the bridge.
    pub helper: Option<String>,
}

/// `NetdevNetmapOptions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NetmapOptions {
    /// Interface, or VALE port `valeXXX:YYY`.
    pub ifname: String,
    /// Netmap device.
    pub devname: Option<String>,
}

/// `NetdevVhostUserOptions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VhostUserOptions {
    /// Character device of the socket.
    pub chardev: String,
    /// Vhost for guests without MSI-X too.
    pub vhostforce: Option<bool>,
    /// Queues.
    pub queues: Option<i64>,
}

/// `NetdevVhostVDPAOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VhostVdpaOptions {
    /// Device.
    pub vhostdev: Option<String>,
    /// Descriptor of an open device.
    pub vhostfd: Option<String>,
    /// Queues.
    pub queues: Option<i64>,
    /// Shadow virtqueue (experimental).
    pub x_svq: Option<bool>,
}

/// `NetdevVmnetHostOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VmnetHostOptions {
    /// First address, the gateway.
    pub start_address: Option<String>,
    /// Last address of DHCP.
    pub end_address: Option<String>,
    /// Mask.
    pub subnet_mask: Option<String>,
    /// No traffic with other vmnet interfaces.
    pub isolated: Option<bool>,
    /// Isolated network to join.
    pub net_uuid: Option<String>,
}

/// `NetdevVmnetSharedOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VmnetSharedOptions {
    /// First address, the gateway.
    pub start_address: Option<String>,
    /// Last address of DHCP.
    pub end_address: Option<String>,
    /// Mask.
    pub subnet_mask: Option<String>,
    /// No traffic with other vmnet interfaces.
    pub isolated: Option<bool>,
    /// IPv6 prefix, fd00::/8 and 64 bits long.
    pub nat66_prefix: Option<String>,
}

/// `NetdevVmnetBridgedOptions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VmnetBridgedOptions {
    /// Interface of the host.
    pub ifname: String,
    /// No traffic with other vmnet interfaces.
    pub isolated: Option<bool>,
}
