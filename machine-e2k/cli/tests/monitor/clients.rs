//! Several clients, and clients that behave badly.

use std::io::{IoSlice, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use serde_json::json;

use crate::program::{Client, Program, connect};

#[test]
fn several_monitors_see_the_same_events() {
    let folder = tempfile::tempdir().unwrap();
    let (second, human) = (folder.path().join("second"), folder.path().join("human"));
    let program = Program::start(&format!(
        "-M none -chardev socket,id=c0,path={},server=on,wait=off -mon c0,mode=control,pretty=off -monitor unix:{},server=on,wait=off",
        second.display(),
        human.display()
    ));
    let mut first = program.client();
    let mut other = Client::connect(&second);
    first.run("stop", json!({}));
    first.event("STOP");
    other.run("qmp_capabilities", json!({}));
    first.run("cont", json!({}));
    first.event("RESUME");
    // Before its negotiation a client is told no event.
    other.event("RESUME");
    let mut screen = connect(&human);
    let mut shown = [0; 4096];
    let mut text = String::new();
    screen.write_all(b"info name\rquit\r").unwrap();
    while let Ok(count @ 1..) = screen.read(&mut shown) {
        text.push_str(&String::from_utf8_lossy(&shown[..count]));
    }
    assert!(text.starts_with("QEMU 8.0.0 monitor") && text.contains("(qemu) quit"), "{text}");
    assert_eq!(program.end().code(), Some(0));
}

#[test]
fn a_client_may_come_back() {
    let program = Program::start("-M none");
    for _ in 0..3 {
        let mut client = program.client();
        client.run("query-name", json!({}));
    }
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let second = folder.path().join("second");
    let program =
        Program::start(&format!("-M none -qmp unix:{},server=on,wait=off", second.display()));
    let mut stuck = Client::connect(&second);
    stuck.run("qmp_capabilities", json!({}));
    let mut writing = stuck.stream().try_clone().unwrap();
    // It asks for more and more and reads nothing, until its own requests are not taken any more.
    let asking = std::thread::spawn(move || {
        for _ in 0..100_000 {
            if writing.write_all(b"{'execute':'query-qmp-schema'}\n").is_err() {
                return;
            }
        }
    });
    let mut client = program.client();
    for _ in 0..100 {
        client.run("query-status", json!({}));
    }
    client.run("stop", json!({}));
    client.event("STOP");
    client.run("quit", json!({}));
    assert_eq!(program.end().code(), Some(0));
    drop(stuck);
    asking.join().unwrap();
}

#[test]
fn a_descriptor_is_passed_named_and_used_by_a_netdev() {
    let program = Program::start("-M none");
    let mut client = program.client();
    let (here, there) = UnixStream::pair().unwrap();
    let request = b"{'execute':'getfd','arguments':{'fdname':'nd'}}\n";
    let numbers = [there.as_raw_fd()];
    let rights = [ControlMessage::ScmRights(&numbers)];
    let parts = [IoSlice::new(request)];
    sendmsg::<()>(client.stream().as_raw_fd(), &parts, &rights, MsgFlags::empty(), None).unwrap();
    assert_eq!(client.answer(), json!({"return": {}}));
    drop(there);
    client.run(
        "netdev_add",
        json!({"type": "stream", "id": "st0", "addr": {"type": "fd", "str": "nd"}}),
    );
    assert_eq!(client.event("NETDEV_STREAM_CONNECTED")["netdev-id"], "st0");
    client.write(&json!({"execute": "netdev_add", "arguments":
        {"type": "stream", "id": "st1", "addr": {"type": "fd", "str": "nd"}}}));
    let error = client.answer()["error"]["desc"].clone();
    assert_eq!(error, "File descriptor named 'nd' has not been found");
    drop(here);
    assert_eq!(client.event("NETDEV_STREAM_DISCONNECTED"), json!({"netdev-id": "st0"}));
}

#[test]
fn a_test_drives_the_machine_and_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test");
    let listener = UnixListener::bind(&path).unwrap();
    let log = folder.path().join("log");
    let program = Program::start(&format!(
        "-M pc -accel qtest -display none -audio none -run-with exit-with-parent=on -qtest unix:{} -qtest-log {} -device rtl8139,addr=3",
        path.display(),
        log.display()
    ));
    let (mut test, _) = listener.accept().unwrap();
    test.write_all(b"endianness\noutl 0xcf8 0x80001800\ninl 0xcfc\nclock_step 1000\n").unwrap();
    let wanted = "OK little\nOK\nOK 0x813910ec\nOK 1000\n";
    let mut replies = vec![0; wanted.len()];
    test.read_exact(&mut replies).unwrap();
    assert_eq!(String::from_utf8(replies).unwrap(), wanted);
    let mut client = program.client();
    let types = client.run("qom-list-types", json!({"implements": "device", "abstract": false}));
    assert!(types.as_array().unwrap().iter().any(|kind| kind["name"] == "rtl8139"));
    drop(test);
    assert_eq!(program.end().code(), Some(0), "the program ends with its test");
    assert!(std::fs::read_to_string(log).unwrap().contains("] inl 0xcfc"));
}

#[test]
fn answers_may_take_several_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pretty");
    let pretty = format!("unix:{},server=on,wait=off", path.display());
    let _program = Program::start(&format!("-M none -name guest=box -qmp-pretty {pretty}"));
    let mut stream = connect(&path);
    stream.write_all(b"{'execute':'qmp_capabilities'}{'execute':'query-name'}\n").unwrap();
    let mut text = String::new();
    let mut shown = [0; 4096];
    while !text.contains("\"name\": \"box\"") {
        let count = stream.read(&mut shown).unwrap();
        assert_ne!(count, 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&shown[..count]));
    }
    assert!(text.starts_with("{\n    \"QMP\": {\n"), "{text}");
}

/// A chardev of the command line and one of `chardev-add` serve filters, are given back, and can serve a monitor then.
#[test]
fn a_character_device_serves_filters_and_monitors_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let program = Program::start(&format!(
        "-M pc -netdev hubport,id=h0,hubid=0 -device e1000,netdev=h0,addr=4 -chardev socket,id=in,path={},server=on,wait=off",
        path("in")
    ));
    let mut client = program.client();
    let socket = json!({"addr": {"type": "unix", "data": {"path": path("out")}}, "wait": false});
    let backend = json!({"type": "socket", "data": socket});
    client.run("chardev-add", json!({"id": "out", "backend": backend}));
    let from = |id: &str| json!({"qom-type": "filter-redirector", "id": id, "netdev": "h0", "queue": "tx", "indev": "in"});
    client.run("object-add", from("from"));
    client.run(
        "object-add",
        json!({"qom-type": "filter-mirror", "id": "to", "netdev": "h0", "queue": "tx", "outdev": "out"}),
    );
    let listed = client.run("query-chardev", json!({}));
    let used = |label: &str| {
        let devices = listed.as_array().unwrap();
        devices.iter().find(|device| device["label"] == label).unwrap()["frontend-open"].clone()
    };
    assert_eq!((used("in"), used("out")), (json!(true), json!(true)));
    client.write(&json!({"execute": "chardev-remove", "arguments": {"id": "out"}}));
    assert_eq!(client.answer()["error"]["desc"], "Chardev 'out' is busy");
    // What comes in at one filter passes the next on its way to the network interface, which copies it.
    let mut sending = UnixStream::connect(path("in")).unwrap();
    let mut receiving = UnixStream::connect(path("out")).unwrap();
    receiving.set_nonblocking(true).unwrap();
    let frame = [&60_u32.to_be_bytes()[..], &[6; 60]].concat();
    let mut copies: Vec<u8> = Vec::new();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    // Frames from before the mirror has its peer are lost to it.
    while copies.len() < frame.len() {
        assert!(std::time::Instant::now() < until, "no copy arrives");
        sending.write_all(&frame).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1));
        let mut bytes = [0; 4096];
        let count = receiving.read(&mut bytes).unwrap_or(0);
        copies.extend(&bytes[..count]);
    }
    assert_eq!(copies[..frame.len()], frame);
    client.run("object-del", json!({"id": "to"}));
    client.run("object-del", json!({"id": "from"}));
    client.run("chardev-remove", json!({"id": "out"}));
    client.run("object-add", from("again"));
}
