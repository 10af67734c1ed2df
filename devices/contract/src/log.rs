//! What a device has to say about the guest, as data. The text is made at the sink.

use crate::{Access, DmaError, DropReason, Fault, StrictRule};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Of interest while following a driver.
    Trace,
    /// The model does not do this.
    NotModelled,
    /// The guest did what real hardware would punish.
    GuestError,
}

/// One remark of a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LogEntry {
    /// A guest set reserved bits.
    ReservedBits {
        /// The register.
        register: &'static str,
        /// The reserved bits that were set.
        bits: u64,
    },
    /// A guest set bits whose effect is not modelled.
    NotModelled {
        /// The register.
        register: &'static str,
        /// The field.
        field: &'static str,
        /// The bits of the field, at their place in the register.
        bits: u64,
    },
    /// The guest wrote a read-only register or read a write-only one.
    WrongDirection {
        /// The register.
        register: &'static str,
        /// The access.
        access: Access,
    },
    /// An access was refused.
    Refused {
        /// The access.
        access: Access,
        /// Why.
        fault: Fault,
    },
    /// A bus-master access failed.
    Dma {
        /// What the device was doing: "transmit descriptor fetch".
        doing: &'static str,
        /// Why it failed.
        error: DmaError,
    },
    /// The guest's driver did something else that real hardware would punish.
    Guest {
        /// What, in words.
        what: &'static str,
        /// The value concerned.
        value: u64,
    },
    /// The guest's driver broke a rule of `strict=on`; each is said once.
    Strict {
        /// The rule.
        rule: &'static StrictRule,
        /// The register, or the field of a descriptor.
        register: &'static str,
        /// The value concerned.
        value: u64,
    },
    /// A frame was discarded.
    Dropped {
        /// Why.
        reason: DropReason,
        /// Its length in bytes, without FCS.
        length: u32,
    },
    /// The device did something worth following: an engine started, an interrupt cause was set.
    Did {
        /// What, in words: "rx write-back".
        what: &'static str,
        /// The value concerned.
        value: u64,
    },
}

impl LogEntry {
    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Did { .. } | Self::Dropped { .. } => Severity::Trace,
            Self::NotModelled { .. } => Severity::NotModelled,
            Self::ReservedBits { .. }
            | Self::WrongDirection { .. }
            | Self::Refused { .. }
            | Self::Dma { .. }
            | Self::Strict { .. }
            | Self::Guest { .. } => Severity::GuestError,
        }
    }
}

/// Takes a device's remarks.
pub trait Log {
    /// Takes one remark. Sinks limit the rate: a guest can cause any number.
    fn record(&mut self, entry: LogEntry);

    /// Whether remarks of this severity are wanted; a device may skip making them.
    fn wants(&self, severity: Severity) -> bool {
        severity > Severity::Trace
    }
}

/// Discards everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Log for Silent {
    fn record(&mut self, _entry: LogEntry) {}

    fn wants(&self, _severity: Severity) -> bool {
        false
    }
}
