//! Why a command was not carried out, as a client is told.

use elnic_board::{BuildError, UnplugError};
use elnic_netclient::NetError;
use elnic_netdev::{NetdevError, OptionError};
use elnic_qapi::ArgumentError;

/// The classes a client may tell apart; all else is in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// Anything.
    GenericError,
    /// There is no such command, or not now.
    CommandNotFound,
    /// There is no such device.
    DeviceNotFound,
}

impl ErrorClass {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GenericError => "GenericError",
            Self::CommandNotFound => "CommandNotFound",
            Self::DeviceNotFound => "DeviceNotFound",
        }
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct CommandError {
    /// Its class.
    pub class: ErrorClass,
    /// In words.
    pub text: String,
}

impl CommandError {
    /// An error of no particular class.
    pub fn generic(text: impl Into<String>) -> Self {
        Self { class: ErrorClass::GenericError, text: text.into() }
    }

    /// A command that is not there, or not now.
    pub fn no_command(text: impl Into<String>) -> Self {
        Self { class: ErrorClass::CommandNotFound, text: text.into() }
    }

    /// A device that is not there.
    pub fn no_device(name: &str) -> Self {
        Self { class: ErrorClass::DeviceNotFound, text: format!("Device '{name}' not found") }
    }
}

impl From<ArgumentError> for CommandError {
    fn from(error: ArgumentError) -> Self {
        match error {
            ArgumentError::NoCommand(_) => Self::no_command(error.to_string()),
            _ => Self::generic(error.to_string()),
        }
    }
}

impl From<NetError> for CommandError {
    fn from(error: NetError) -> Self {
        match error {
            // Clients compare this text, so nothing is added to it.
            NetError::DeviceNotFound { name, .. } => Self::no_device(&name),
            other => Self::generic(without_hint(&other.to_string())),
        }
    }
}

/// Programs compare texts with QEMU's: the guess at what was meant is for people.
fn without_hint(text: &str) -> &str {
    text.split_once("; did you mean").map_or(text, |(words, _)| words)
}

impl From<NetdevError> for CommandError {
    fn from(error: NetdevError) -> Self {
        match error {
            NetdevError::Net(error) => error.into(),
            NetdevError::NoChardev { name, .. } => Self::no_device(&name),
            NetdevError::NoBackend(kind) => {
                Self::generic(format!("network backend '{kind}' is not compiled into this binary"))
            }
            NetdevError::Option(OptionError::Identifier { key, .. }) => {
                Self::generic(format!("Parameter '{key}' expects an identifier"))
            }
            NetdevError::NotBuilt { kind, .. } => {
                Self::generic(format!("network backend '{kind}' is not compiled into this binary"))
            }
            other => Self::generic(without_hint(&other.to_string())),
        }
    }
}

impl From<UnplugError> for CommandError {
    fn from(error: UnplugError) -> Self {
        match error {
            UnplugError::NotFound(name) => Self::no_device(&name),
            other => Self::generic(other.to_string()),
        }
    }
}

impl From<BuildError> for CommandError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::UnknownModel(unknown) => {
                Self::generic(format!("'{}' is not a valid device model name", unknown.name))
            }
            other => Self::generic(other.to_string()),
        }
    }
}
