//! What `VIRTIO_NET_F_DEVICE_STATS` counts, queue by queue (virtio 1.4 §5.1.6.5.10). Kept only where it is offered.

use serde::{Deserialize, Serialize};

/// Counters of one queue. What a counter means for the other direction is its counterpart there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueStatistics {
    pub(crate) notifications: u64,
    pub(crate) interrupts: u64,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) drops: u64,
    /// Receive: for want of buffers. Transmit: malformed.
    pub(crate) drops_special: u64,
    pub(crate) checksum_valid: u64,
    pub(crate) checksum_needed: u64,
    pub(crate) checksum_none: u64,
    pub(crate) checksum_bad: u64,
    pub(crate) gso_packets: u64,
    pub(crate) gso_bytes: u64,
    /// Receive: segments that were put together. Transmit: segments that were made.
    pub(crate) gso_segments: u64,
    pub(crate) gso_segment_bytes: u64,
    /// Transmit: large frames that left whole.
    pub(crate) gso_whole: u64,
    pub(crate) gso_whole_bytes: u64,
}

/// Counters of all queues and of the commands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statistics {
    pub(crate) queues: Vec<QueueStatistics>,
    pub(crate) commands: u64,
    pub(crate) commands_ok: u64,
}

impl Statistics {
    /// Nothing counted yet, of so many queues.
    pub(crate) fn new(queues: usize) -> Self {
        Self { queues: vec![QueueStatistics::default(); queues], commands: 0, commands_ok: 0 }
    }

    /// Counts something of a queue, if that is kept.
    pub(crate) fn count(&mut self, queue: u16, count: impl FnOnce(&mut QueueStatistics)) {
        if let Some(queue) = self.queues.get_mut(usize::from(queue)) {
            count(queue);
        }
    }
}

/// Adds to a counter.
pub(crate) fn add(counter: &mut u64, value: usize) {
    *counter = counter.saturating_add(value as u64);
}
