//! What can go wrong between a test and the machine.

use std::io;

use crate::PATIENCE;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program could not be started.
    #[error("cannot start {program}: {error}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        error: io::Error,
    },
    /// The program ended before it answered; it says why on standard error.
    #[error("the program ended before it connected: {0}")]
    Ended(std::process::ExitStatus),
    /// A file or socket could not be used.
    #[error("cannot {doing}: {error}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// Nothing came in time.
    #[error("no {0} in {PATIENCE:?}")]
    Late(&'static str),
    /// The machine refused a command.
    #[error("'{command}' was answered '{reply}'")]
    Refused {
        /// The command.
        command: String,
        /// The answer.
        reply: String,
    },
    /// No function has that identity.
    #[error("no function {vendor:04x}:{device:04x} on the bus")]
    NoFunction {
        /// Vendor.
        vendor: u16,
        /// Device.
        device: u16,
    },
    /// The function has no such base address register.
    #[error("base address register {0} is not there")]
    NoBar(u8),
    /// The windows of the bus are full.
    #[error("no place of {size:#x} bytes is left for base address register {bar}")]
    Full {
        /// The register.
        bar: u8,
        /// What it wants.
        size: u64,
    },
    /// The function has no such capability, or not so many vectors.
    #[error("the function has no {0}")]
    Missing(&'static str),
}

impl Error {
    pub(crate) fn io(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Late(doing),
            _ => Self::Io { doing, error },
        }
    }
}
