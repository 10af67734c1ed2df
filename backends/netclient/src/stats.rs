//! What became of every frame a port sent.
//!
//! For each port and at any moment, sent + made = delivered to the peer + lost + waiting in the peer's queue. The property
//! tests hold the core to it.

/// Why a frame did not reach the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// The port is connected to nothing.
    NoPeer,
    /// One end was down: carrier, or `set_link`.
    LinkDown,
    /// The peer's queue was full.
    QueueFull,
    /// It waited for a peer that was removed, or came from one.
    Removed,
    /// A filter kept it.
    Filtered,
    /// It left work (a checksum, segmentation) that the peer does not do, and what it said of that was not true of it.
    Unfinished,
}

impl Loss {
    /// Every reason, in the order of its counters.
    pub const ALL: [Self; 6] = [
        Self::NoPeer,
        Self::LinkDown,
        Self::QueueFull,
        Self::Removed,
        Self::Filtered,
        Self::Unfinished,
    ];

    /// The reason as counters print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPeer => "no-peer",
            Self::LinkDown => "link-down",
            Self::QueueFull => "queue-full",
            Self::Removed => "removed",
            Self::Filtered => "filtered",
            Self::Unfinished => "unfinished",
        }
    }
}

/// Counters of one port. They wrap after centuries only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortStats {
    /// Frames this port sent.
    pub sent_frames: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Frames that came into being between this port and its peer: segments beyond the first, frames a filter released.
    pub made_frames: u64,
    /// Frames this port took from its peer.
    pub received_frames: u64,
    /// Their bytes.
    pub received_bytes: u64,
    lost: [u64; Loss::ALL.len()],
}

impl PortStats {
    /// Frames this port sent, or that were made on its way, that did not reach the peer for `reason`.
    pub fn lost(&self, reason: Loss) -> u64 {
        self.lost.get(reason as usize).copied().unwrap_or(0)
    }

    /// All frames lost on the way to the peer.
    pub fn lost_frames(&self) -> u64 {
        self.lost.iter().sum()
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.sent_frames += 1;
        self.sent_bytes += bytes as u64;
    }

    pub(crate) fn received(&mut self, frames: usize, bytes: usize) {
        self.received_frames += frames as u64;
        self.received_bytes += bytes as u64;
    }

    pub(crate) fn lose(&mut self, reason: Loss, frames: usize) {
        if let Some(counter) = self.lost.get_mut(reason as usize) {
            *counter += frames as u64;
        }
    }

    /// Of `before` frames, `after` came out of something that may keep or make some.
    pub(crate) fn changed(&mut self, reason: Loss, before: usize, after: usize) {
        self.lose(reason, before.saturating_sub(after));
        self.made_frames += after.saturating_sub(before) as u64;
    }
}
