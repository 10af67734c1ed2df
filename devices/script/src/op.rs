//! Operations: what may be done to a device.

use elnic_contract::{Gpa, LineError, LinkState, Reset, Size, VDuration};

/// Where in a device an access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index into the model's regions.
    pub region: u8,
    /// Offset in bytes.
    pub offset: u64,
}

/// What an access is expected to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// These bits of the value read.
    Bits {
        /// The value; no bits outside `mask`.
        value: u64,
        /// The bits that matter.
        mask: u64,
    },
    /// The device does not serve the access.
    Refused,
}

/// Which bus-master accesses a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmaKind {
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Both.
    Any,
}

/// Something done to a device or to the world around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A guest's write.
    Write {
        /// Where.
        at: Place,
        /// How wide.
        size: Size,
        /// What; no bits beyond the width.
        value: u64,
        /// Whether the device must refuse it.
        refused: bool,
    },
    /// A guest's read.
    Read {
        /// Where.
        at: Place,
        /// How wide.
        size: Size,
        /// What must come of it.
        want: Option<Want>,
    },
    /// A read without side effects.
    Peek {
        /// Where.
        at: Place,
        /// How wide.
        size: Size,
        /// What must come of it.
        want: Option<Want>,
    },
    /// Fills guest RAM.
    Ram {
        /// First address.
        at: Gpa,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A frame arrives.
    Frame {
        /// Its bytes without FCS; at least one.
        bytes: Vec<u8>,
        /// What the line did to it.
        error: Option<LineError>,
    },
    /// A character arrives.
    Character {
        /// On which serial line.
        line: u8,
        /// The character.
        byte: u8,
    },
    /// Time passes; timers fire on the way.
    Advance(VDuration),
    /// The device is saved and a new one takes its place.
    Pulse,
    /// Bus-master accesses fail.
    Fault {
        /// Which.
        kind: DmaKind,
        /// After so many more of them.
        after: u32,
        /// So many of them.
        times: u32,
    },
    /// A reset.
    Reset(Reset),
    /// The cable is plugged or pulled.
    Link(LinkState),
}
