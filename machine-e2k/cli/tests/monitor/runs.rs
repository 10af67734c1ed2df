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
