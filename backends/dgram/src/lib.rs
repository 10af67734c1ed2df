//! Frames in UDP or unix datagrams: `-netdev dgram`.
//!
//! One frame a datagram, nothing around it, from anyone and to one peer or group. [`open`] checks the options,
//! opens the socket and starts an I/O thread; the rest is [`elnic_netclient::NetClient`].
//!
//! Differences from QEMU, all on purpose: an empty datagram is counted and forgotten (there it ends reception for good), a
//! path that is too long leaves no netdev behind, a group may be joined with a socket that was passed in, a unix path is
//! only cleared if a socket stands there and is cleared again at the end, a local port in use is refused instead of taken
//! over, and IPv6 addresses are taken as numbers.
#![forbid(unsafe_code)]

mod error;
mod options;
mod plan;
mod socket;

use elnic_sockets::{Bare, DatagramClient, DatagramLine};

pub use error::DgramError;
pub use options::{Address, Options};

/// Opens the socket and starts the I/O thread.
///
/// `remote` unicast wants `local` of the same type (inet or unix); a `remote` group takes `local` inet (the interface),
/// fd (a socket that has joined) or none; without `remote`, `local` must be an fd.
///
/// # Errors
/// Another combination, an address that is none, or a refusal of the system. `id` names the thread.
pub fn open(id: &str, options: &Options) -> Result<DatagramClient, DgramError> {
    let socket::Opened { socket, peer, info, path } = socket::open(plan::plan(options)?)?;
    let keeps = path.map(|path| Box::new(path) as Box<dyn Send>);
    let line = DatagramLine { socket, liveness: None, keeps };
    DatagramClient::spawn("dgram", id, info, line, peer, Bare, None)
        .map_err(DgramError::os("can't start the I/O thread"))
}
