//! Why a tap netdev was not made, in QEMU's words where it has some.

use std::io;

use elnic_sockets::DescriptorError;

/// Why a tap netdev was not made. No interface, no descriptor and no thread is left behind.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// Options that exclude each other.
    #[error("{0} are invalid with {1}=")]
    Invalid(&'static str, &'static str),
    /// One count of descriptors, another of vhost's.
    #[error("The number of fds passed does not match the number of vhostfds passed")]
    CountsDiffer,
    /// Several of vhost without several.
    #[error("vhostfds= is invalid if fds= wasn't specified")]
    VhostFdsAlone,
    /// A descriptor of what is off.
    #[error("vhostfd(s)= is not valid without vhost")]
    VhostFdWithoutVhost,
    /// Nothing hands guest memory to the kernel.
    #[error(
        "'{0}' is not supported: this version has no vhost-net; without it frames go through the emulator"
    )]
    Vhost(&'static str),
    /// A bridge that nothing connects to.
    #[error(
        "'br' names the bridge for helper=, which is not given; -netdev bridge has a helper of its own"
    )]
    BridgeAlone,
    /// Too many queues, or none.
    #[error("'queues={0}' is out of range: it takes 1 to 1024")]
    Queues(u32),
    /// More than an interface's name holds.
    #[error(
        "'ifname={0}' is no name of an interface: it has 1 to 15 ASCII characters without '/' and spaces"
    )]
    Name(String),
    /// No TAP on this host.
    #[error("could not open /dev/net/tun: {0}")]
    Device(io::Error),
    /// The kernel has no headers.
    #[error("vnet_hdr=1 requested, but no kernel support for IFF_VNET_HDR available")]
    NoVnetHeader,
    /// The kernel has one queue an interface.
    #[error("multiqueue required, but no kernel support for IFF_MULTI_QUEUE available")]
    NoMultiQueue,
    /// The interface was not made.
    #[error("could not configure {name} ({options}): {error}")]
    Configure {
        /// Its name.
        name: String,
        /// What was asked for.
        options: String,
        /// Why not.
        error: io::Error,
    },
    /// The descriptor is none of a TAP interface.
    #[error("Unable to query TUNGETIFF on FD {0}: {1}")]
    NotTap(String, io::Error),
    /// The descriptor is one of a TUN interface.
    #[error("FD {0} is a TUN interface: it carries packets, not frames")]
    Tun(String),
    /// Some have headers, some not.
    #[error("vnet_hdr not consistent across given tap fds")]
    VnetHeaderDiffers,
    /// The send buffer was given and refused.
    #[error("TUNSETSNDBUF ioctl failed for 'sndbuf={0}': {1}")]
    SendBuffer(u64, io::Error),
    /// The script is not there.
    #[error("could not launch network script {0}: {1}; script=no and downscript=no run none")]
    NoScript(String, io::Error),
    /// The script failed.
    #[error("network script {script} failed with status {status}")]
    Script {
        /// The script.
        script: String,
        /// As wait(2) has it: 256 for an exit code of 1.
        status: i32,
    },
    /// The helper is not there.
    #[error("could not launch bridge helper '{0}': {1}")]
    NoHelper(String, io::Error),
    /// The helper failed; what it said follows.
    #[error("bridge helper failed: {said} ({status})")]
    Helper {
        /// Its last words.
        said: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The helper sent nothing of use.
    #[error("failed to recv file descriptor: bridge helper '{0}' ended without sending one")]
    NoDescriptor(String),
    /// The number of a descriptor is none, or it is not open.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// The operating system refused.
    #[error("{doing}: {error}")]
    Os {
        /// What was tried.
        doing: &'static str,
        /// Why it failed.
        error: io::Error,
    },
}

impl TapError {
    pub(crate) fn os(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Os { doing, error }
    }
}
