//! A guest's rings handed to another process: `-netdev vhost-user`.
//!
//! No frame passes this program. A back end (DPDK, a virtual switch, another elnic) connects over a unix socket, maps the
//! guest's memory and works on the data rings of a virtio-net by itself; notifications travel by eventfd. Here is the
//! front end: `session` what is said to one back end, `message` what crate `vhost` cannot say, `inflight` what outlives a
//! back end that dies, `dirty_log` which pages it writes, `line` the thread that waits for back ends and for their calls,
//! `client` the netdev.
//!
//! A back end that dies takes the link down with it and nothing else: the rings are in the guest's memory and tell how far
//! they were worked off, so the next one goes on there, and the link is up again.
//!
//! Source: the vhost-user protocol as QEMU's `docs/interop/vhost-user.rst` describes it; `../shared/reference/backends.md`
//! §1.12. Left out: the back end's own requests (IOMMU, host notifiers), postcopy, shared objects, device state.
//!
//! What is lost is determinism: a back end reads and writes guest memory when it pleases, so two runs differ, and traces
//! know nothing of its frames.
#![forbid(unsafe_code)]

mod client;
mod dirty_log;
mod error;
mod inflight;
mod line;
mod message;
mod session;

use elnic_sockets::StreamPlan;

pub use client::VhostUser;
pub use dirty_log::DirtyLog;
pub use error::VhostUserError;

/// Queue pairs there can be, as in QEMU.
pub const MAX_PAIRS: u16 = 1024;

/// Waits for a back end and agrees with it on features. `id` names the thread, `chardev` the socket in `info network`;
/// `queues` is how many pairs of queues the back end has to serve.
///
/// As in QEMU this waits until a back end is there: without its features no device can be offered to a guest.
///
/// # Errors
/// A number of queues that cannot be, a client without reconnection whose back end is not there, or a refusal of the
/// system.
pub fn open(
    id: &str,
    chardev: &str,
    plan: StreamPlan,
    queues: i64,
) -> Result<VhostUser, VhostUserError> {
    let pairs = u16::try_from(queues).ok().filter(|pairs| (1..=MAX_PAIRS).contains(pairs));
    let pairs = pairs.ok_or(VhostUserError::Queues(queues))?;
    VhostUser::open(id, chardev, plan, pairs)
}
