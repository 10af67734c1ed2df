//! What the user may say (`NetdevDgramOptions` of the schema).

use std::path::PathBuf;

/// The options of `-netdev dgram`. Which combinations are allowed stands with [`crate::open`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where datagrams are received, and what they are sent from.
    pub local: Option<Address>,
    /// Where datagrams are sent to.
    pub remote: Option<Address>,
}

/// A `SocketAddress` of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `type=inet`.
    Inet {
        /// A name that resolves to an IPv4 address, an IPv4 or an IPv6 address.
        host: String,
        /// A port number.
        port: String,
    },
    /// `type=unix`.
    Unix {
        /// The socket's path.
        path: PathBuf,
    },
    /// `type=vsock`, which dgram does not take.
    Vsock,
    /// `type=fd`: a datagram socket this process was started with.
    Fd {
        /// Its number.
        number: String,
    },
}
