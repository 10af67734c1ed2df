//! What the program says and returns when it refuses or gives up.

use std::path::PathBuf;

use elnic_board::{BuildError, UnknownLogItem, UnknownModel};
use elnic_contract::PropertyError;
use elnic_netdev::NetdevError;

/// Why there is nothing more to do. Each is one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line is malformed.
    #[error("{0}; see -help")]
    Usage(String),
    /// An option cannot have this value.
    #[error("-{option}{}: {why}", if .value.is_empty() { String::new() } else { format!(" '{value}'") })]
    Option {
        /// The option, without its dash.
        option: &'static str,
        /// The value given; empty if it takes none.
        value: String,
        /// What is wrong, and what is allowed.
        why: String,
    },
    /// The machine cannot be built.
    #[error("{0}")]
    Build(#[from] BuildError),
    /// There is no such machine or processor.
    #[error("{0}")]
    Model(#[from] UnknownModel),
    /// There is no such log item.
    #[error("-d: {0}")]
    LogItem(#[from] UnknownLogItem),
    /// A property does not fit.
    #[error("{0}")]
    Property(#[from] PropertyError),
    /// A netdev, or a filter, cannot be as it is described.
    #[error("-{option} '{value}': {error}")]
    Network {
        /// The option, without its dash.
        option: &'static str,
        /// The value given.
        value: String,
        /// Why not.
        error: Box<NetdevError>,
    },
    /// A file cannot be used.
    #[error("-{option}: cannot {doing} '{}': {error}", .file.display())]
    File {
        /// The option, without its dash.
        option: &'static str,
        /// What was tried.
        doing: &'static str,
        /// Which file.
        file: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A sub-command could not do its work.
    #[error("{0}")]
    Tool(String),
}

impl Failure {
    /// An option with a value that is not allowed.
    pub(crate) fn option(option: &'static str, value: &str, why: impl Into<String>) -> Self {
        Self::Option { option, value: value.to_owned(), why: why.into() }
    }

    /// 2 for a malformed command line, 1 for everything else.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            _ => 1,
        }
    }
}
