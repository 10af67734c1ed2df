//! What the user may say (`NetdevStreamOptions` of the schema).

use std::path::PathBuf;
use std::time::Duration;

/// The options of `-netdev stream`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where to listen or to connect.
    pub address: Address,
    /// Listen instead of connecting.
    pub server: bool,
    /// `reconnect`: seconds between attempts, 0 for one attempt only.
    pub reconnect: Option<u32>,
    /// `reconnect-ms` of later versions of QEMU: the same in milliseconds.
    pub reconnect_ms: Option<u32>,
}

impl Options {
    /// The time between attempts, if there is to be more than one.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let seconds = self.reconnect.map(u64::from).map(Duration::from_secs);
        let pause = seconds.or(self.reconnect_ms.map(u64::from).map(Duration::from_millis));
        pause.filter(|pause| !pause.is_zero())
    }
}

/// A `SocketAddress` of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `type=inet`.
    Inet(InetAddress),
    /// `type=unix`.
    Unix {
        /// The socket's path, or its name in the abstract namespace.
        path: PathBuf,
        /// It is in the abstract namespace.
        is_abstract: bool,
        /// An abstract name ends where it ends; otherwise it is filled up with zeros.
        tight: bool,
    },
    /// `type=vsock`, which is refused.
    Vsock,
    /// `type=fd`: a socket this process was started with.
    Fd {
        /// Its number.
        number: String,
    },
}

/// `InetSocketAddress` of the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InetAddress {
    /// A name or an address; empty for any.
    pub host: String,
    /// A port number.
    pub port: String,
    /// The host must be an address.
    pub numeric: bool,
    /// A server takes the first free port up to this one.
    pub to: Option<u16>,
    /// IPv4 is wanted, or not.
    pub ipv4: Option<bool>,
    /// IPv6 is wanted, or not.
    pub ipv6: Option<bool>,
    /// TCP's keep-alive.
    pub keep_alive: bool,
    /// Multipath TCP.
    pub mptcp: bool,
}
