//! Starts the program with everything a test needs.

use std::ffi::{OsStr, OsString};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cable::Cable;
use crate::machine::{Machine, Program};
use crate::{Error, PATIENCE};

/// Whose clock the machine has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accelerator {
    /// The test's: it stands until the test moves it, and no processor runs. Debian 12's QEMU lacks it.
    #[default]
    Qtest,
    /// The host's, and the processor runs whatever firmware there is.
    Host,
}

/// What to start, and how.
#[derive(Debug)]
pub struct Launch {
    program: OsString,
    machine: String,
    accelerator: Accelerator,
    arguments: Vec<OsString>,
    folder: tempfile::TempDir,
}

impl Launch {
    /// A program that takes QEMU's options: `elnic`, or `qemu-system-x86_64`.
    ///
    /// # Errors
    /// There is no place for sockets.
    pub fn new(program: impl AsRef<OsStr>) -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("qtest").tempdir();
        Ok(Self {
            program: program.as_ref().to_owned(),
            machine: "pc".to_owned(),
            accelerator: Accelerator::default(),
            arguments: Vec::new(),
            folder: folder.map_err(Error::io("make a folder"))?,
        })
    }

    /// Another machine than `pc`.
    #[must_use]
    pub fn machine(mut self, name: &str) -> Self {
        name.clone_into(&mut self.machine);
        self
    }

    /// Another clock than the test's.
    #[must_use]
    pub fn accelerator(mut self, accelerator: Accelerator) -> Self {
        self.accelerator = accelerator;
        self
    }

    /// `-device TEXT`.
    #[must_use]
    pub fn device(self, text: &str) -> Self {
        self.argument("-device").argument(text)
    }

    /// Any argument more.
    #[must_use]
    pub fn argument(mut self, text: impl AsRef<OsStr>) -> Self {
        self.arguments.push(text.as_ref().to_owned());
        self
    }

    /// Adds a netdev of that id; the far end of its cable.
    ///
    /// # Errors
    /// No socket can be made.
    pub fn cable(&mut self, id: &str) -> Result<Cable, Error> {
        let place = |end: &str| -> PathBuf { self.folder.path().join(format!("{id}-{end}")) };
        let (theirs, ours) = (place("machine"), place("test"));
        let netdev = format!(
            "dgram,id={id},local.type=unix,local.path={},remote.type=unix,remote.path={}",
            theirs.display(),
            ours.display()
        );
        self.arguments.extend(["-netdev".into(), netdev.into()]);
        Cable::new(&ours, theirs)
    }

    /// Starts the program and waits for its first answer.
    ///
    /// # Errors
    /// It cannot be started, ends at once, or does not answer.
    pub fn start(self) -> Result<Machine, Error> {
        let Self { program, machine, accelerator, arguments, folder } = self;
        let path = folder.path().join("qtest");
        let listener = UnixListener::bind(&path).map_err(Error::io("make a socket"))?;
        listener.set_nonblocking(true).map_err(Error::io("make a socket"))?;
        let mut command = Command::new(&program);
        command.args(["-nodefaults", "-display", "none", "-M", &machine]);
        command.args(["-qtest-log", "/dev/null", "-qtest", &format!("unix:{}", path.display())]);
        if accelerator == Accelerator::Qtest {
            command.args(["-accel", "qtest"]);
        }
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().map_err(|error| {
            let program = program.to_string_lossy().into_owned();
            Error::Start { program, error }
        })?;
        let mut program = Program { child, _folder: folder };
        let until = Instant::now() + PATIENCE;
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(Error::io("accept the program")(error)),
            }
            let ended = program.child.try_wait().map_err(Error::io("ask for the program"))?;
            if let Some(status) = ended {
                return Err(Error::Ended(status));
            }
            if Instant::now() > until {
                return Err(Error::Late("connection of the program"));
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        stream.set_nonblocking(false).map_err(Error::io("use the socket"))?;
        Machine::over(stream, Some(program), accelerator == Accelerator::Qtest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_or_ends_is_told() {
        let missing = Launch::new("/nowhere/elnic").unwrap().start().unwrap_err().to_string();
        assert!(missing.starts_with("cannot start /nowhere/elnic"), "{missing}");
        let ended = Launch::new("false").unwrap().start();
        assert!(matches!(ended, Err(Error::Ended(_))), "{ended:?}");
    }
}
