//! Keeps a device's remarks.

use elnic_contract::{Log, LogEntry, Severity};

/// The remarks of a device, the last thousand of them.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    entries: Vec<LogEntry>,
}

impl Notes {
    const KEPT: usize = 1000;

    /// What was remarked, oldest first.
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// Takes the remarks out.
    pub fn take(&mut self) -> Vec<LogEntry> {
        std::mem::take(&mut self.entries)
    }
}

impl Log for Notes {
    fn record(&mut self, entry: LogEntry) {
        if self.entries.len() >= Self::KEPT {
            self.entries.drain(..Self::KEPT / 2);
        }
        self.entries.push(entry);
    }

    fn wants(&self, _severity: Severity) -> bool {
        true
    }
}
