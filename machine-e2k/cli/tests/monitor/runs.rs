//! A run under a monitor: starting, stopping, ending.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::common::{guest, printer, scratch};
use crate::program::Program;

/// A guest that counts in memory at 0x200000 for ever.
fn counter(folder: &std::path::Path) -> std::path::PathBuf {
    guest(
        folder,
        "{ addd,0 0, 0x200000, %dr0 \n addd,1 0, 0, %dr1 }\n1: { addd,0 %dr1, 1, %dr1 }\n{ std,2 %dr1, [ %dr0 + 0 ] }\n{ ibranch 1b }",
    )
}

fn count(client: &mut crate::program::Client) -> u64 {
    let text = client.human("xp /1xg 0x200000");
    let digits = text.trim().rsplit("0x").next().unwrap().to_owned();
    u64::from_str_radix(&digits, 16).unwrap()
}

#[test]
fn a_guest_is_started_stopped_and_reset_by_its_monitor() {
    let folder = scratch();
    let image = counter(folder.path());
    let program = Program::start(&format!("-S -kernel {}", image.display()));
    let mut client = program.client();
    let status = |client: &mut crate::program::Client| {
        client.run("query-status", json!({}))["status"].clone()
    };
    assert_eq!(status(&mut client), "prelaunch");
    assert_eq!(count(&mut client), 0);
    client.run("cont", json!({}));
    assert_eq!(client.event("RESUME"), Value::Null);
    while count(&mut client) < 1000 {}
    client.run("stop", json!({}));
    client.event("STOP");
    assert_eq!(status(&mut client), "paused");
    let stopped = count(&mut client);
    assert_eq!(
        count(&mut client),
        stopped,
        "a stopped guest does nothing, and the monitor answers"
    );
    client.run("system_reset", json!({}));
    assert_eq!(client.event("RESET"), json!({"guest": false, "reason": "host-qmp-system-reset"}));
    client.run("cont", json!({}));
    while count(&mut client) == stopped {}
    client.run("quit", json!({}));
    assert_eq!(client.event("SHUTDOWN"), json!({"guest": false, "reason": "host-qmp-quit"}));
    let socket = program.socket();
    assert_eq!(program.end().code(), Some(0));
    assert!(!socket.exists(), "the socket's path goes with the program");
}

#[test]
fn the_guest_s_own_end_is_told() {
    let folder = scratch();
    let image = printer(folder.path(), "bye", 7);
    let program = Program::start(&format!("-S -device exit,addr=8 -kernel {}", image.display()));
    let mut client = program.client();
    client.run("cont", json!({}));
    let data = client.event("SHUTDOWN");
    assert_eq!(data["guest"], true);
    assert_eq!(program.end().code(), Some(7));
}

#[test]
fn a_signal_ends_the_program_with_0() {
    let program = Program::start("-M none");
    let mut client = program.client();
    kill(Pid::from_raw(program.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(client.event("SHUTDOWN"), json!({"guest": false, "reason": "host-signal"}));
    assert_eq!(program.end().code(), Some(0));
}

/// A peer floods the machine with frames while a guest runs: commands are answered between batches, and frames go on
/// arriving between commands.
#[test]
fn commands_are_answered_between_batches_of_frames() {
    let folder = scratch();
    let image = counter(folder.path());
    let [theirs, ours, sink, nowhere] =
        ["theirs", "ours", "sink", "nowhere"].map(|name| folder.path().join(name));
    let program = Program::start(&format!(
        "-kernel {} -netdev dgram,id=n0,local.type=unix,local.path={},remote.type=unix,remote.path={} \
         -netdev hubport,id=h0,hubid=0,netdev=n0 -netdev hubport,id=h1,hubid=0 -device e1000,id=e0,netdev=h1,addr=4 \
         -netdev dgram,id=n1,local.type=unix,local.path={},remote.type=unix,remote.path={} \
         -netdev hubport,id=h2,hubid=0,netdev=n1",
        image.display(),
        theirs.display(),
        ours.display(),
        sink.display(),
        nowhere.display()
    ));
    let mut client = program.client();
    let flood = std::os::unix::net::UnixDatagram::bind(&ours).unwrap();
    let sending = std::thread::spawn(move || {
        let frame = [0xff; 1514];
        let mut sent: u64 = 0;
        // Ends with the program, whose socket goes.
        while flood.send_to(&frame, &theirs).is_ok() {
            sent += 1;
        }
        sent
    });
    let received =
        |client: &mut crate::program::Client| -> String { client.human("info counters") };
    let mut last = received(&mut client);
    for _ in 0..50 {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while received(&mut client) == last {
            assert!(std::time::Instant::now() < until, "no frame arrives any more: {last}");
        }
        last = received(&mut client);
        client.run("query-status", json!({}));
    }
    assert_ne!(count(&mut client), 0, "the guest runs as well");
    client.run("quit", json!({}));
    assert_eq!(program.end().code(), Some(0));
    assert!(sending.join().unwrap() > 50);
}
