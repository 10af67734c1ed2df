//! Frames in UDP or unix datagrams: `-netdev dgram`.
//!
//! One frame a datagram, nothing around it, from anyone and to one peer or group. [`Dgram::open`] checks the options,
//! opens the socket and starts an I/O thread; the rest is [`elnic_netclient::NetClient`].
//!
//! Differences from QEMU, all on purpose: an empty datagram is counted and forgotten (there it ends reception for good), a
//! path that is too long leaves no netdev behind, a group may be joined with a socket that was passed in, a unix path is
//! only cleared if a socket stands there and is cleared again at the end, a local port in use is refused instead of taken
//! over, and IPv6 addresses are taken as numbers.
#![deny(unsafe_code)]

mod dgram;
mod error;
mod io;
mod options;
mod plan;
mod socket;

pub use dgram::Dgram;
pub use error::DgramError;
pub use options::{Address, Options};
