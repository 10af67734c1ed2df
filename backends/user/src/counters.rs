//! What happened to frames, and why some went no further.

use std::collections::BTreeMap;

/// Why the stack took a frame or packet and did nothing with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discard {
    /// The line damaged the frame.
    LineError,
    /// A header or checksum is wrong, or the frame ends too early.
    Malformed,
    /// A protocol the stack does not speak.
    UnknownProtocol,
    /// Not addressed to the stack or anything behind it.
    NotForUs,
    /// A source or destination address no guest may use.
    BadAddress,
    /// `restrict=on` forbids it.
    Restricted,
    /// A bounded table or queue is full.
    NoRoom,
    /// Nobody answered for the destination's link address.
    Unresolved,
    /// Fragments of a packet did not fit together or did not arrive in time.
    Fragments,
}

/// Counts of a user-mode network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames taken from the guest.
    pub received: u64,
    /// Frames handed to the guest.
    pub sent: u64,
    discards: BTreeMap<Discard, u64>,
}

impl Discard {
    /// The reason in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::LineError => "line error",
            Self::Malformed => "malformed",
            Self::UnknownProtocol => "unknown protocol",
            Self::NotForUs => "not for us",
            Self::BadAddress => "bad address",
            Self::Restricted => "restricted",
            Self::NoRoom => "no room",
            Self::Unresolved => "unresolved",
            Self::Fragments => "fragments",
        }
    }
}

impl Counters {
    /// How often `reason` ended a frame's way.
    pub fn discarded(&self, reason: Discard) -> u64 {
        self.discards.get(&reason).copied().unwrap_or(0)
    }

    /// How often each reason ended a frame's way, if ever.
    pub(crate) fn losses(&self) -> Vec<(&'static str, u64)> {
        self.discards.iter().map(|(reason, &count)| (reason.name(), count)).collect()
    }

    pub(crate) fn discard(&mut self, reason: Discard) {
        let count = self.discards.entry(reason).or_default();
        *count = count.saturating_add(1);
    }
}
