//! Why a dgram netdev was not made, in QEMU's words where it has some.

use std::io;

use elnic_sockets::{AddressError, DescriptorError, PathError};

/// Why a dgram netdev was not made. No socket and no thread is left behind.
#[derive(Debug, thiserror::Error)]
pub enum DgramError {
    /// Only a group can do without `local`.
    #[error("dgram requires local= parameter")]
    NoLocal,
    /// Only a descriptor can do without `remote`.
    #[error("type=inet or type=unix requires remote parameter")]
    NoRemote,
    /// A descriptor knows its peer itself.
    #[error("don't set remote with local.fd")]
    RemoteWithFd,
    /// For example `remote.type=inet,local.type=unix`.
    #[error("remote and local types must be the same")]
    TypesDiffer,
    /// `remote.type=inet` is an IPv6 address and `local.type=inet` an IPv4 address, or the other way round.
    #[error("remote '{remote}' and local '{local}' are of different versions of IP")]
    VersionsDiffer {
        /// The remote address.
        remote: String,
        /// The local address.
        local: String,
    },
    /// A local address of a type this use does not take.
    #[error("only support inet or fd type for local")]
    LocalType,
    /// The local address of a group is no IPv4 address.
    #[error("localaddr '{0}' is not a valid IPv4 address")]
    BadLocalHost(String),
    /// An IPv6 group.
    #[error("remote '{0}' is an IPv6 group; dgram joins IPv4 groups (224.0.0.0/4) only")]
    Ipv6Group(String),
    /// A datagram cannot be sent to port 0.
    #[error("port number '0' is invalid for remote: it takes 1 to 65535")]
    RemotePortZero,
    /// The descriptor is something else.
    #[error("file descriptor '{0}' is not a datagram socket")]
    NotDgram(String),
    /// A host, a port or a path is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The path cannot be bound.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The number of a descriptor is none, or it is not open.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// The operating system refused.
    #[error("{doing}: {error}")]
    Os {
        /// What was tried: `can't bind ip=127.0.0.1:1 to socket`.
        doing: String,
        /// Why it failed.
        error: io::Error,
    },
}

impl DgramError {
    pub(crate) fn os(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |error| Self::Os { doing, error }
    }
}
