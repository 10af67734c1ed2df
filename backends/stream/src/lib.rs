//! Frames in a byte stream, each behind its length: `-netdev stream`.
//!
//! A server listens at once and serves one peer at a time; a client connects in its own time, and again after `reconnect`.
//! The wire is QEMU's (`../shared/reference/backends.md` §1.6): passt, QEMU and another elnic are peers.
//!
//! Differences from QEMU, all on purpose: an address that cannot be listened at is refused instead of showing up in
//! `info network`, carrier and `set_link` are two things, and half a frame never survives its connection.
#![forbid(unsafe_code)]

mod error;
mod options;
mod plan;

use elnic_sockets::{StreamClient, StreamPlan, StreamState};

pub use error::StreamError;
pub use options::{Address, InetAddress, Options};

/// What is to be opened, with all that can be known beforehand checked: a server listens already.
///
/// # Errors
/// As [`open`].
pub fn plan(options: &Options) -> Result<StreamPlan, StreamError> {
    plan::plan(options)
}

/// Listens, or starts to connect, on an I/O thread. `id` names the thread.
///
/// # Errors
/// Options that contradict each other, an address that is none, or one that cannot be listened at.
pub fn open(id: &str, options: &Options) -> Result<StreamClient, StreamError> {
    start(id, plan::plan(options)?)
}

/// Carries a plan out on an I/O thread. `id` names the thread.
///
/// # Errors
/// The system has no threads left.
pub fn start(id: &str, plan: StreamPlan) -> Result<StreamClient, StreamError> {
    StreamClient::spawn("stream", id, plan, wording, true)
        .map_err(StreamError::os("can't start the I/O thread"))
}

/// As QEMU 10 words it; QEMU 8 says nothing before the peer is there.
fn wording(state: &StreamState) -> String {
    match state {
        StreamState::Listening => "listening".to_owned(),
        StreamState::Connecting => "connecting".to_owned(),
        StreamState::Connected { address, .. } => address.to_string(),
        StreamState::Ended => String::new(),
        StreamState::Failed(why) => format!("error: {why}"),
    }
}
