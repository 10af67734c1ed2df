//! Sockets and what they are watched for: the one place where a descriptor meets the poller, and where `unsafe` stands.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};

use polling::{Event, Poller};

use super::FlowId;
use super::datagram::Datagrams;
use super::stream::Stream;

/// A socket of the host.
#[derive(Debug)]
pub(super) enum Socket {
    Stream(Stream),
    Datagrams(Datagrams),
    Listener(TcpListener),
}

/// What a socket is watched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Interest {
    pub(super) readable: bool,
    pub(super) writable: bool,
}

/// A socket in the thread's table.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) socket: Socket,
    /// What it is watched for, until something happens to it; nothing from then on.
    pub(super) interest: Interest,
}

impl Socket {
    /// `None` as long as there is no socket.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Stream(stream) => Some(stream.socket.as_fd()),
            Self::Datagrams(datagrams) => datagrams.socket.as_ref().map(AsFd::as_fd),
            Self::Listener(listener) => Some(listener.as_fd()),
        }
    }
}

/// Registers a descriptor, watched for nothing yet.
#[expect(
    unsafe_code,
    reason = "the poller asks its caller to unregister descriptors before they close"
)]
pub(super) fn add(poller: &Poller, descriptor: BorrowedFd<'_>, flow: FlowId) -> io::Result<()> {
    let nothing = Event::none(key(flow)?);
    // SAFETY: the descriptor must be deleted from the poller before it is closed. Only `Worker` registers any; it keeps
    // each registered socket in its table and takes one out in `remove` only, which deletes it first. The table outlives
    // the loop and is emptied by `remove` when the loop ends.
    unsafe { poller.add(&descriptor, nothing) }
}

/// Watches a registered descriptor until something happens to it.
pub(super) fn modify(
    poller: &Poller,
    descriptor: BorrowedFd<'_>,
    flow: FlowId,
    interest: Interest,
) -> io::Result<()> {
    poller.modify(descriptor, Event::new(key(flow)?, interest.readable, interest.writable))
}

/// Unregisters a descriptor.
pub(super) fn delete(poller: &Poller, descriptor: BorrowedFd<'_>) {
    if let Err(error) = poller.delete(descriptor) {
        tracing::debug!(%error, "a socket was not watched");
    }
}

fn key(flow: FlowId) -> io::Result<usize> {
    usize::try_from(flow.0).map_err(|_| io::ErrorKind::InvalidInput.into())
}
