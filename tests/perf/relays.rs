//! The programs that relay.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::ends::Paths;
use elnic_tests::process::{Process, program};

/// Who relays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Elnic,
    Qemu,
}

pub(crate) struct Relay {
    process: Process,
}

impl Relay {
    /// Starts `program` between the two netdevs of `paths`; `None` if there is no such program.
    pub(crate) fn start(program: Program, paths: &Paths) -> Option<Self> {
        let binary = match program {
            Program::Elnic => elnic(),
            Program::Qemu => self::program("qemu-system-x86_64")?,
        };
        let mut command = match &paths.namespace {
            Some(namespace) => namespace.command(&binary.display().to_string()),
            None => Command::new(binary),
        };
        command.args(["-M", "none", "-nodefaults", "-display", "none", "-monitor", "none"]);
        command.args(["-netdev", &paths.netdev, "-netdev", "hubport,id=h0,hubid=0,netdev=x"]);
        command.args(["-netdev", &paths.near, "-netdev", "hubport,id=h1,hubid=0,netdev=near"]);
        command.stderr(Stdio::null());
        Some(Self { process: Process::start(&mut command) })
    }

    /// What its threads have used of the processors.
    ///
    /// Counted in hundredths of a second, the unit of `/proc`.
    pub(crate) fn processor_time(&self) -> Duration {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let text = text.expect("the program runs");
        let fields = text.rsplit_once(')').expect("a name in brackets").1.split_whitespace();
        // Behind the name: state, then user and system time as the 12th and 13th.
        let ticks: u64 =
            fields.skip(11).take(2).map(|field| field.parse::<u64>().expect("ticks")).sum();
        Duration::from_millis(10 * ticks)
    }
}

/// The release build of this program.
fn elnic() -> std::path::PathBuf {
    let built = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")),
        std::path::PathBuf::from,
    );
    let binary = built.join("release/elnic");
    assert!(binary.exists(), "{} is not there: cargo build --release", binary.display());
    binary
}
