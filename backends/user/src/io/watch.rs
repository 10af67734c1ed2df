//! The one place where a descriptor meets the poller, and the one where `unsafe` stands.

use std::io;
use std::os::fd::BorrowedFd;

use polling::{Event, Poller};

use super::FlowId;

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
    readable: bool,
    writable: bool,
) -> io::Result<()> {
    poller.modify(descriptor, Event::new(key(flow)?, readable, writable))
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
