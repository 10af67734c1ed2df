//! Events: what a device did that can be seen from outside.

use elnic_contract::{Gpa, GuestEvent, Verdict};

/// Something a device did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It put a frame on the cable.
    Sent(Vec<u8>),
    /// Its interrupt line changed to this level.
    Irq(bool),
    /// It signalled a vector.
    Msi(u16),
    /// It, or the function around it, wrote an interrupt message.
    Message {
        /// Where to.
        address: Gpa,
        /// What.
        data: u32,
    },
    /// It put a character on a serial line.
    Character {
        /// Which line.
        line: u8,
        /// The character.
        byte: u8,
    },
    /// The guest said something about itself.
    Guest(GuestEvent),
    /// It wants to wake the system.
    Pme,
    /// What it lets through may have changed.
    RxFilterChanged,
    /// The contents of its nonvolatile memory have changed.
    ImageChanged,
    /// What became of a frame that arrived.
    Received(Verdict),
}

/// Events of one kind, whose order among themselves is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// [`Event::Sent`].
    Tx,
    /// [`Event::Irq`].
    Irq,
    /// [`Event::Msi`].
    Msi,
    /// [`Event::Message`].
    Message,
    /// [`Event::Character`].
    Char,
    /// [`Event::Guest`].
    Guest,
    /// [`Event::Pme`].
    Pme,
    /// [`Event::RxFilterChanged`].
    RxFilter,
    /// [`Event::ImageChanged`].
    Image,
    /// [`Event::Received`].
    Rx,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Tx,
        Self::Irq,
        Self::Msi,
        Self::Message,
        Self::Char,
        Self::Guest,
        Self::Pme,
        Self::RxFilter,
        Self::Image,
        Self::Rx,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tx => "tx",
            Self::Irq => "irq",
            Self::Msi => "msi",
            Self::Message => "message",
            Self::Char => "char",
            Self::Guest => "guest",
            Self::Pme => "pme",
            Self::RxFilter => "rx-filter",
            Self::Image => "image",
            Self::Rx => "rx",
        }
    }
}

impl Event {
    /// Of which kind it is.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Sent(_) => EventKind::Tx,
            Self::Irq(_) => EventKind::Irq,
            Self::Msi(_) => EventKind::Msi,
            Self::Message { .. } => EventKind::Message,
            Self::Character { .. } => EventKind::Char,
            Self::Guest(_) => EventKind::Guest,
            Self::Pme => EventKind::Pme,
            Self::RxFilterChanged => EventKind::RxFilter,
            Self::ImageChanged => EventKind::Image,
            Self::Received(_) => EventKind::Rx,
        }
    }
}
