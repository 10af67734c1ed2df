//! Why a stream netdev was not made, in QEMU's words where it has some.

use std::io;

use elnic_sockets::{AddressError, DescriptorError, PathError};

/// Why a stream netdev was not made. No socket and no thread is left behind.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// A server does not connect.
    #[error("'{0}' option is incompatible with socket in server mode")]
    ReconnectOfServer(&'static str),
    /// Both say the same.
    #[error("'reconnect' and 'reconnect-ms' are mutually exclusive")]
    ReconnectTwice,
    /// A socket that was passed in cannot be opened again.
    #[error("'{0}' does not go with addr.type=fd: the connection is there or it is not")]
    ReconnectOfFd(&'static str),
    /// `ipv4=off,ipv6=off`.
    #[error("Cannot disable IPv4 and IPv6 at same time")]
    NoFamily,
    /// An option of a server.
    #[error("'addr.to' is a range of ports to listen at; a client connects to the one 'addr.port'")]
    ToOfClient,
    /// The range ends before it begins.
    #[error("'addr.to={to}' is below 'addr.port={port}'")]
    ToBelowPort {
        /// `to`.
        to: u16,
        /// `port`.
        port: u16,
    },
    /// `numeric=on` and a name.
    #[error("'addr.numeric=on', but the host '{0}' is a name")]
    NotNumeric(String),
    /// A name without an address of a family that is wanted.
    #[error("can't resolve host address '{host}': {why}")]
    Unresolved {
        /// The name.
        host: String,
        /// Why.
        why: String,
    },
    /// An abstract name is longer than an address holds.
    #[error("UNIX socket path '{0}' is too long: an abstract one takes at most 107 bytes")]
    AbstractTooLong(String),
    /// A type of address stream does not take.
    #[error("addr.type=vsock is not supported: stream takes inet, unix and fd")]
    Vsock,
    /// The descriptor is something else.
    #[error("file descriptor '{0}' is not a stream socket")]
    NotStream(String),
    /// A server's descriptor does not listen.
    #[error("file descriptor '{0}' does not listen: server=on takes a listening socket")]
    NotListening(String),
    /// A client's descriptor is not connected.
    #[error("file descriptor '{0}' is not connected: {1}")]
    NotConnected(String, io::Error),
    /// A port or a path is none.
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
        /// What was tried.
        doing: String,
        /// Why it failed.
        error: io::Error,
    },
}

impl StreamError {
    pub(crate) fn os(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |error| Self::Os { doing, error }
    }
}
