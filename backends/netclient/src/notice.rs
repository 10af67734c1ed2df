//! What a netdev has to tell the user: QMP's `NETDEV_STREAM_*` events as values.

use std::path::PathBuf;

/// Where the far end of a connection is: `SocketAddress` of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// An internet socket.
    Inet {
        /// Its address.
        host: String,
        /// Its port.
        port: u16,
        /// Whether the address is one of IPv6.
        ipv6: bool,
    },
    /// A unix socket.
    Unix {
        /// Its path, or its abstract name.
        path: PathBuf,
    },
    /// A descriptor that was passed in.
    Fd {
        /// Its number.
        number: String,
    },
}

impl std::fmt::Display for Endpoint {
    /// As QEMU's `info network` writes it: `tcp:HOST:PORT`, `unix:PATH`, `fd:NUMBER`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Inet { host, port, ipv6: _ } => write!(f, "tcp:{host}:{port}"),
            Self::Unix { path } => write!(f, "unix:{}", path.display()),
            Self::Fd { number } => write!(f, "fd:{number}"),
        }
    }
}

/// Something a netdev has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// `NETDEV_STREAM_CONNECTED`.
    StreamConnected {
        /// The far end; of a unix server, the server itself.
        address: Endpoint,
    },
    /// `NETDEV_STREAM_DISCONNECTED`.
    StreamDisconnected,
}
