//! What became of every frame.

use serde::{Deserialize, Serialize};

/// Why a NIC discarded a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// The receiver is off.
    ReceiverOff,
    /// No filter let the destination address through.
    AddressFilter,
    /// The VLAN filter refused the tag.
    VlanFilter,
    /// Shorter than 64 bytes with FCS.
    Runt,
    /// Longer than the receiver accepts.
    TooLong,
    /// The line reported a damaged frame.
    LineError,
    /// No room in the receive FIFO.
    FifoOverflow,
    /// No receive buffer.
    NoBuffers,
    /// A bus-master access failed.
    DmaError,
    /// The driver described a frame the hardware cannot send.
    BadDescriptor,
    /// The link was down.
    LinkDown,
}

impl DropReason {
    /// Every reason, in the order of its counters.
    pub const ALL: [Self; 11] = [
        Self::ReceiverOff,
        Self::AddressFilter,
        Self::VlanFilter,
        Self::Runt,
        Self::TooLong,
        Self::LineError,
        Self::FifoOverflow,
        Self::NoBuffers,
        Self::DmaError,
        Self::BadDescriptor,
        Self::LinkDown,
    ];

    /// The reason as counters and traces print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReceiverOff => "receiver-off",
            Self::AddressFilter => "address-filter",
            Self::VlanFilter => "vlan-filter",
            Self::Runt => "runt",
            Self::TooLong => "too-long",
            Self::LineError => "line-error",
            Self::FifoOverflow => "fifo-overflow",
            Self::NoBuffers => "no-buffers",
            Self::DmaError => "dma-error",
            Self::BadDescriptor => "bad-descriptor",
            Self::LinkDown => "link-down",
        }
    }
}

/// Counters a NIC keeps beside the ones its datasheet defines. They survive every reset but a cold one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counters {
    /// Frames delivered to the guest.
    pub rx_frames: u64,
    /// Their bytes, without FCS.
    pub rx_bytes: u64,
    /// Frames put on the cable.
    pub tx_frames: u64,
    /// Their bytes, without FCS.
    pub tx_bytes: u64,
    /// Frames discarded on the way in, by position in [`DropReason::ALL`].
    rx_dropped: [u64; DropReason::ALL.len()],
    /// Frames discarded on the way out, by position in [`DropReason::ALL`].
    tx_dropped: [u64; DropReason::ALL.len()],
}

impl Counters {
    /// A frame of `bytes` reached the guest.
    pub fn received(&mut self, bytes: usize) {
        self.rx_frames = self.rx_frames.saturating_add(1);
        self.rx_bytes = self.rx_bytes.saturating_add(bytes as u64);
    }

    /// A frame of `bytes` went onto the cable.
    pub fn sent(&mut self, bytes: usize) {
        self.tx_frames = self.tx_frames.saturating_add(1);
        self.tx_bytes = self.tx_bytes.saturating_add(bytes as u64);
    }

    /// A frame was discarded on the way in.
    pub fn drop_received(&mut self, reason: DropReason) {
        if let Some(counter) = self.rx_dropped.get_mut(reason as usize) {
            *counter = counter.saturating_add(1);
        }
    }

    /// A frame was discarded on the way out.
    pub fn drop_sent(&mut self, reason: DropReason) {
        if let Some(counter) = self.tx_dropped.get_mut(reason as usize) {
            *counter = counter.saturating_add(1);
        }
    }

    /// Frames discarded on the way in for `reason`.
    pub fn rx_dropped(&self, reason: DropReason) -> u64 {
        self.rx_dropped.get(reason as usize).copied().unwrap_or(0)
    }

    /// Frames discarded on the way out for `reason`.
    pub fn tx_dropped(&self, reason: DropReason) -> u64 {
        self.tx_dropped.get(reason as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_counter() {
        let mut counters = Counters::default();
        for (times, reason) in DropReason::ALL.into_iter().enumerate() {
            for _ in 0..=times {
                counters.drop_received(reason);
            }
            counters.drop_sent(reason);
        }
        for (times, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(counters.rx_dropped(reason), times as u64 + 1, "{}", reason.as_str());
            assert_eq!(counters.tx_dropped(reason), 1);
        }
    }
}
