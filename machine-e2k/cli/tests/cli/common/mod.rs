//! Running the program, and guests made on the spot.

mod guests;

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

pub(crate) use guests::{INPUT_ECHO, assemble, firmware, guest, guest_file, printer};

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

impl Ran {
    /// The guest left with 0 and the program said nothing: what the guest printed.
    #[track_caller]
    pub(crate) fn console(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self.stdout
    }
}

/// The program, to be started with further arguments.
pub(crate) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_elnic"));
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

/// Runs the program with these arguments and nothing on standard input.
pub(crate) fn elnic<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(arguments: I) -> Ran {
    program().args(arguments).output().unwrap().into()
}

/// Runs a line of arguments separated by blanks.
pub(crate) fn line(arguments: &str) -> Ran {
    elnic(arguments.split_whitespace())
}

/// Runs a guest with further options, its console on standard output.
pub(crate) fn run(image: &std::path::Path, options: &str) -> Ran {
    line(&format!("{} {options}", on_stdout(image)))
}

/// The options of [`run`].
pub(crate) fn on_stdout(image: &std::path::Path) -> String {
    format!("-nodefaults -serial stdio -device exit,addr=8 -kernel {}", image.display())
}

/// Starts a guest with further options; `set_up` says where its ends lead.
pub(crate) fn start(options: &str, set_up: impl FnOnce(&mut Command)) -> Child {
    let mut program = program();
    program.args(options.split_whitespace());
    set_up(&mut program);
    program.spawn().unwrap()
}

/// A folder for one test.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The golden programs, or a message that there are none.
pub(crate) fn programs() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");
    let root =
        std::env::var_os("VECTORS_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let programs = root.join("programs");
    if !programs.is_dir() {
        eprintln!("skipped: no vectors at {}", root.display());
        return None;
    }
    Some(programs)
}
