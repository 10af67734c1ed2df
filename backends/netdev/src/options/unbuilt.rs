//! The options of the netdev types this version recognises and cannot make.
//!
//! They are read and checked all the same, so that a command line is right or wrong for the same reasons wherever it runs.

use serde::Deserialize;

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
