//! Why a netdev, a NIC or a filter was not made.

use elnic_dgram::DgramError;
use elnic_l2tpv3::L2tpv3Error;
use elnic_netclient::{DumpError, IntervalError, NetError};
use elnic_socket::SocketError;
use elnic_stream::StreamError;
use elnic_tap::TapError;
use elnic_user::OptionsError;
use elnic_vde::VdeError;
use elnic_vhost_user::VhostUserError;

use crate::keyval::KeyvalError;
use crate::validate::OptionError;

/// Why a description was refused, or what it describes could not be made. Nothing was made then.
#[derive(Debug, thiserror::Error)]
pub enum NetdevError {
    /// The text is not `key=value,…`.
    #[error(transparent)]
    Keyval(#[from] KeyvalError),
    /// The text is not JSON.
    #[error("Invalid JSON: {0}")]
    Json(String),
    /// An option is wrong.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// A type of the schema that this version cannot make.
    #[error(
        "network backend '{kind}' is not compiled into this binary: this version has {}",
        .built.join(", ")
    )]
    NotBuilt {
        /// The type.
        kind: String,
        /// The types this version can make.
        built: Vec<&'static str>,
    },
    /// `none` and `nic` are no netdevs.
    #[error("'{0}' is no network backend: -nic none gives no network interface, -device makes one")]
    NoBackend(&'static str),
    /// `mac=` of `-nic`.
    #[error("invalid syntax for ethernet address: '{0}', six hexadecimal bytes are wanted")]
    Mac(String),
    /// `mac=` of `-nic` addresses a group.
    #[error("NIC cannot have multicast MAC address (odd 1st byte): '{0}'")]
    MulticastMac(String),
    /// More MSI-X vectors than there can be.
    #[error("invalid # of vectors: {0}")]
    Vectors(String),
    /// `id=` and `name=` of `-net`.
    #[error("id= and name= are one: give one of them")]
    NamedTwice,
    /// A type that `-net` does not take.
    #[error("network backend '{0}' is only supported with -netdev/-nic")]
    NoLegacy(&'static str),
    /// More interfaces than there can be.
    #[error("too many NICs: -nic and -net make up to 8, -device makes more")]
    TooManyNics,
    /// An object type of the schema that this version cannot make.
    #[error("object type '{kind}' is not built into this version: it has {}", .built.join(", "))]
    FilterNotBuilt {
        /// The type.
        kind: String,
        /// The types this version can make.
        built: Vec<&'static str>,
    },
    /// Neither end of a redirector.
    #[error("filter redirector needs 'indev' or 'outdev' at least one property set")]
    NoOutlet,
    /// Both ends of a redirector are one.
    #[error("'indev' and 'outdev' could not be same for filter redirector")]
    SameOutlet,
    /// Offload headers on a stream.
    #[error("'vnet_hdr_support=on' is not supported: frames are finished before they leave")]
    VnetHeaderSupport,
    /// A chardev of that id exists.
    #[error("Duplicate ID '{0}' for chardev")]
    DuplicateChardev(String),
    /// A chardev that takes no frames.
    #[error("chardev '{0}' is no socket: filters hand frames to sockets")]
    ChardevKind(String),
    /// A chardev that cannot be opened again, or not as a stream of frames.
    #[error("{0}")]
    ChardevGone(String),
    /// A chardev has one user.
    #[error("Device '{0}' is in use")]
    ChardevInUse(String),
    /// There is no such chardev.
    #[error("Device '{name}' not found{}", .nearest.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default())]
    NoChardev {
        /// The name given.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// `chardev=` of vhost-user names nothing.
    #[error("chardev \"{name}\" not found{}", .nearest.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default())]
    VhostUserChardev {
        /// The name given.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// `chardev=` of vhost-user is no socket.
    #[error("chardev \"{0}\" is not reconnectable: vhost-user takes a socket that no monitor has")]
    NotReconnectable(String),
    /// `chardev=` of vhost-user is an internet socket.
    #[error("chardev \"{0}\" does not support FD passing: vhost-user takes a unix socket")]
    NoDescriptors(String),
    /// A vhost-user netdev could not be made.
    #[error(transparent)]
    VhostUser(#[from] VhostUserError),
    /// The dgram netdev takes the schema's addresses, but not all that they can say.
    #[error("dgram does not support '{option}': {why}")]
    DgramOption {
        /// The option, with its path and value.
        option: String,
        /// Why not.
        why: &'static str,
    },
    /// A dgram netdev could not be made.
    #[error(transparent)]
    Dgram(#[from] DgramError),
    /// A stream netdev could not be made.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A socket netdev could not be made.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// An l2tpv3 netdev could not be made.
    #[error(transparent)]
    L2tpv3(#[from] L2tpv3Error),
    /// A vde netdev could not be made.
    #[error(transparent)]
    Vde(#[from] VdeError),
    /// A tap or bridge netdev could not be made.
    #[error(transparent)]
    Tap(#[from] TapError),
    /// A user netdev could not be made.
    #[error(transparent)]
    User(#[from] OptionsError),
    /// The net core refused.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A dump could not be begun.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// A buffer could not be made.
    #[error(transparent)]
    Buffer(#[from] IntervalError),
}
