//! Programs that are started, waited for and ended with their test; netdevs by their text.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use elnic_netclient::NetClient;
use elnic_netdev::Request;
use elnic_nettest::{Bench, PATIENCE};

/// Says why a test shows nothing here. Where tests must show everything, that is a failure.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "in CI all peers are there: {why}");
    println!("skipped: {why}");
}

/// The program of that name, or a skip.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let places = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/lib/qemu", "/usr/local/bin"];
    let found = places.iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
    if found.is_none() {
        skip(&format!("{name} is not installed"));
    }
    found
}

/// A program that ends with its test.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// The same for a program that ends when its input does.
    pub(crate) fn start_with_input(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(self) {}
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its end.
pub(crate) fn run(program: &str, arguments: &str) {
    let mut command = Command::new(program);
    let status = command.args(arguments.split_whitespace()).status();
    let status = status.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(status.success(), "{program} {arguments}: {status}");
}

/// Waits until something is so.
pub(crate) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What `-netdev TEXT` makes.
pub(crate) fn client(text: &str) -> Box<dyn NetClient> {
    match elnic_netdev::parse(text) {
        Ok(Request::Make(netdev)) => {
            elnic_netdev::create(&netdev).unwrap_or_else(|error| panic!("{text}: {error}"))
        }
        other => panic!("{text}: {other:?}"),
    }
}

/// The same, on a bench.
pub(crate) fn bench(text: &str) -> Bench<dyn NetClient> {
    Bench::new(client(text))
}

/// A port of UDP that nobody has at the moment.
pub(crate) fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
