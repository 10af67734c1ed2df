//! Programs that are started, waited for and ended with their test.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says why a test shows nothing here. Where tests must show everything, that is a failure.
///
/// # Panics
/// With `CI` set.
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "in CI all peers are there: {why}");
    println!("skipped: {why}");
}

/// The program of that name, or a skip.
pub fn program(name: &str) -> Option<PathBuf> {
    let places = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/lib/qemu", "/usr/local/bin"];
    let found = places.iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
    if found.is_none() {
        skip(&format!("{name} is not installed"));
    }
    found
}

/// A program that ends with its test.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts it without input and output.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// The same for a program that ends when its input does.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start_with_input(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it at once, as a crash would.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its end.
///
/// # Panics
/// Where it fails.
pub fn run(program: &str, arguments: &str) {
    let mut command = Command::new(program);
    let status = command.args(arguments.split_whitespace()).status();
    let status = status.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(status.success(), "{program} {arguments}: {status}");
}

/// Waits until something is so.
///
/// # Panics
/// Where that takes too long.
pub fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A port of UDP that nobody has at the moment.
///
/// # Panics
/// Without loopback.
pub fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
