//! Why a queue cannot go on.

use elnic_contract::DmaError;

/// Why a queue cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// Its memory cannot be reached.
    #[error(transparent)]
    Dma(#[from] DmaError),
    /// The driver broke a rule.
    #[error("{what}: {value:#x}")]
    Rule {
        /// What it did.
        what: &'static str,
        /// The value concerned.
        value: u64,
    },
}

impl QueueError {
    /// The driver did `what`.
    pub fn rule(what: &'static str, value: impl Into<u64>) -> Self {
        Self::Rule { what, value: value.into() }
    }
}
