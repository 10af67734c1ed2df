//! The scripts that set an interface up and take it down.

use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use crate::TapError;
use crate::interface::Queue;

/// Runs `script` with the interface's name, if there is a script, and waits for it.
pub(crate) fn run(script: Option<&str>, interface: &str) -> Result<(), TapError> {
    let Some(script) = script else { return Ok(()) };
    // Descriptors of ours close on exec; the script keeps what it needs to talk to the user.
    let status = Command::new(script).arg(interface).stdin(Stdio::null()).status();
    let status = status.map_err(|error| TapError::NoScript(script.to_owned(), error))?;
    if status.success() {
        return Ok(());
    }
    Err(TapError::Script { script: script.to_owned(), status: status.into_raw() })
}

/// Runs its script when it is dropped, on an interface that is still there.
pub(crate) struct DownScript {
    script: String,
    interface: String,
    _open: OwnedFd,
}

impl DownScript {
    pub(crate) fn new(
        script: String,
        interface: String,
        queues: &[Queue],
    ) -> Result<Self, TapError> {
        let first = queues.first().map(Queue::try_clone).transpose();
        let open = first.map_err(TapError::os("can't keep the interface open"))?;
        let open = open.ok_or(TapError::Queues(0))?;
        Ok(Self { script, interface, _open: open })
    }
}

impl Drop for DownScript {
    fn drop(&mut self) {
        if let Err(error) = run(Some(&self.script), &self.interface) {
            // Nobody is left to return it to.
            eprintln!("elnic: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_script_gets_the_name_and_its_failure_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("up");
        let out = directory.path().join("out");
        let text = format!("#!/bin/sh\necho \"$@\" > {}\ntest \"$1\" != bad\n", out.display());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let script = path.to_str().unwrap();
        run(Some(script), "tap7").unwrap();
        assert_eq!(fs::read_to_string(&out).unwrap(), "tap7\n");
        assert_eq!(
            run(Some(script), "bad").unwrap_err().to_string(),
            format!("network script {script} failed with status 256")
        );
        let missing = run(Some("/nonexistent"), "t").unwrap_err().to_string();
        assert!(missing.starts_with("could not launch network script /nonexistent: No such file"));
        run(None, "t").unwrap();
    }
}
