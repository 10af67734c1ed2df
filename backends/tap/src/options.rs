//! What the user may say (`NetdevTapOptions`, `NetdevBridgeOptions` of the schema).

/// The helper Debian installs with QEMU.
pub(crate) const DEFAULT_HELPER: &str = "/usr/lib/qemu/qemu-bridge-helper";
/// The bridge it enslaves to.
pub(crate) const DEFAULT_BRIDGE: &str = "br0";
/// The scripts Debian's QEMU runs.
pub(crate) const DEFAULT_SCRIPT: &str = "/etc/qemu-ifup";
/// The same at the end.
pub(crate) const DEFAULT_DOWNSCRIPT: &str = "/etc/qemu-ifdown";

/// The options of `-netdev tap`. Which go with which stands with [`crate::open`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Name of the interface; `tapN` with the next free number if not given.
    pub ifname: Option<String>,
    /// Descriptor of an open interface.
    pub fd: Option<String>,
    /// Descriptors of the queues of an open interface, `a:b:…`.
    pub fds: Option<String>,
    /// What is run with the interface's name when it is there; `no` or nothing for no script.
    pub script: Option<String>,
    /// What is run before it goes.
    pub downscript: Option<String>,
    /// The bridge for the helper.
    pub br: Option<String>,
    /// The helper that makes the interface.
    pub helper: Option<String>,
    /// Bytes the kernel takes before the sender has to wait; 0 for unlimited.
    pub sndbuf: Option<u64>,
    /// Headers for checksums and segmentation; where the kernel has them if not given.
    pub vnet_hdr: Option<bool>,
    /// The kernel's vhost-net.
    pub vhost: Option<bool>,
    /// Descriptor of vhost-net.
    pub vhostfd: Option<String>,
    /// Descriptors of vhost-net.
    pub vhostfds: Option<String>,
    /// Vhost-net whatever the guest's interrupts.
    pub vhostforce: Option<bool>,
    /// Queues of the interface, 1 to 1024.
    pub queues: Option<u32>,
    /// Microseconds spent looking for frames before sleeping.
    pub poll_us: Option<u32>,
}

/// The options of `-netdev bridge`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BridgeOptions {
    /// The bridge.
    pub br: Option<String>,
    /// The helper that makes the interface.
    pub helper: Option<String>,
}
