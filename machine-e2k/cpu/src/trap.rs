//! An exception on its way out of the bundle that raised it.

use std::fmt;

use elnic_isa::DecodeError;

use crate::bus::BusFault;
use crate::exception::ExceptionKind;
use crate::mmu::{FaultKind, PageFault};

/// What was raised, where in the bundle and why; turned into text only if it leaves the processor.
///
/// One pointer, so that the result of an operation still fits into registers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trap(Box<Raised>);

/// The content of a [`Trap`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raised {
    pub(crate) kind: ExceptionKind,
    /// Bit n: channel n.
    pub(crate) channels: u8,
    /// Bit n: array channel n.
    pub(crate) arrays: u8,
    pub(crate) reason: Reason,
}

impl std::ops::Deref for Trap {
    type Target = Raised;

    fn deref(&self) -> &Raised {
        &self.0
    }
}

/// Why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reason {
    /// In words.
    Text(&'static str),
    /// No code could be read.
    Fetch(BusFault),
    /// What was read is no bundle.
    Decode(Box<DecodeError>),
    /// An access failed.
    Access { what: &'static str, address: u64, fault: BusFault },
    /// There is no page for an access.
    Page { what: &'static str, address: u64, fault: PageFault },
    /// An access is not aligned and the processor is told to mind.
    Misaligned { address: u64, bytes: u8 },
    /// A register lies outside the window.
    Register { file: char, number: u8, limit: u16 },
    /// `setwd` with a size that does not fit.
    Resize { size: u16, smallest: u16, largest: u16 },
    /// A stack is too small; what it would take.
    Stack { stack: &'static str, wanted: u64, size: u64 },
    /// Something the instruction set has and this processor lacks.
    Unimplemented(&'static str),
    /// A state register that cannot be accessed so.
    StateRegister { number: u8, why: &'static str },
    /// A value.
    Value { what: &'static str, value: u64 },
}

impl Trap {
    /// An exception of the bundle as a whole.
    #[cold]
    pub(crate) fn new(kind: ExceptionKind, reason: Reason) -> Self {
        Self(Box::new(Raised { kind, channels: 0, arrays: 0, reason }))
    }

    /// An exception of one channel.
    #[cold]
    pub(crate) fn on_channel(kind: ExceptionKind, channel: u8, reason: Reason) -> Self {
        Self(Box::new(Raised { kind, channels: 1 << channel, arrays: 0, reason }))
    }

    /// An exception of several channels.
    #[cold]
    pub(crate) fn on_channels(kind: ExceptionKind, channels: u8, reason: Reason) -> Self {
        Self(Box::new(Raised { kind, channels, arrays: 0, reason }))
    }

    /// An exception of one array channel.
    #[cold]
    pub(crate) fn on_array_channel(kind: ExceptionKind, channel: u8, reason: Reason) -> Self {
        Self(Box::new(Raised { kind, channels: 0, arrays: 1 << channel, reason }))
    }

    /// The page fault of an access, if it is one.
    pub(crate) fn page_fault(&self) -> Option<(u64, PageFault)> {
        match self.reason {
            Reason::Page { address, fault, .. } if self.kind == ExceptionKind::DataPage => {
                Some((address, fault))
            }
            _ => None,
        }
    }

    /// Whether it is about a page that exists and is not there: even a speculative load has to wait for it.
    pub(crate) fn is_pending_page(&self) -> bool {
        self.page_fault().is_some_and(|(_, fault)| fault.kind == FaultKind::Miss)
    }

    /// Something this processor lacks.
    pub(crate) fn unimplemented(what: &'static str) -> Self {
        Self::new(ExceptionKind::IllegalOpcode, Reason::Unimplemented(what))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Fetch(fault) => write!(f, "no code can be read here: {fault}"),
            Self::Decode(error) => error.fmt(f),
            Self::Access { what, address, fault } => write!(f, "{what} at {address:#x}: {fault}"),
            Self::Page { what, address, fault } => write!(f, "{what} at {address:#x}: {fault}"),
            Self::Misaligned { address, bytes } => {
                write!(f, "address {address:#x} is no multiple of {bytes}")
            }
            Self::Register { file: 'r', number, limit } => {
                write!(f, "%r{number} is outside the window of {limit} registers")
            }
            Self::Register { file, number, limit } => {
                write!(
                    f,
                    "%{file}[{number}] is outside the rotating area of {limit} registers or the window"
                )
            }
            Self::Resize { size, smallest, largest } => {
                write!(f, "setwd to {size} registers, allowed is {smallest} to {largest}")
            }
            Self::Stack { stack, wanted, size } => {
                write!(f, "the {stack} stack would need {wanted:#x} of its {size:#x} bytes")
            }
            Self::Unimplemented(what) => write!(f, "operation {what} is not implemented"),
            Self::StateRegister { number, why } => write!(f, "state register {number:#04x} {why}"),
            Self::Value { what, value } => write!(f, "{what} {value:#x}"),
        }
    }
}
