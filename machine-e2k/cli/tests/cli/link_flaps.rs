//! `minikernel` while its cable comes and goes: what is asked meanwhile is asked again, and nothing is lost once the link is back.
//!
//! `FLAPS` sets how often each link goes. The interfaces see it at once (`timing=off`): negotiating takes seconds of the guest's time.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::scratch;
use crate::minikernel::{Cable, ECHO_PORT, payload};

/// Datagrams each time the link is there.
const BURST: u32 = 32;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A monitor's client.
struct Monitor(BufReader<UnixStream>);

impl Monitor {
    fn open(path: &Path) -> Self {
        let begin = Instant::now();
        let stream = loop {
            match UnixStream::connect(path) {
                Ok(stream) => break stream,
                Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut monitor = Self(BufReader::new(stream));
        monitor.line();
        monitor.execute(r#"{"execute":"qmp_capabilities"}"#);
        monitor
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// Events may come in between.
    fn execute(&mut self, command: &str) {
        writeln!(self.0.get_mut(), "{command}").unwrap();
        loop {
            let line = self.line();
            assert!(!line.is_empty() && !line.contains("\"error\""), "{command}: {line}");
            if line.contains("\"return\"") {
                return;
            }
        }
    }

    fn set_link(&mut self, up: bool) {
        let command = r#"{"execute":"set_link","arguments":{"name":"net0","up":UP}}"#;
        self.execute(&command.replace("UP", if up { "true" } else { "false" }));
    }
}

/// Sends datagram `number` until it comes back; how often it was sent.
fn ask(cable: &Cable, mac: &[u8; 6], number: u32) -> u32 {
    let begin = Instant::now();
    let expected = payload(number);
    let mut times = 0;
    while begin.elapsed() < PATIENCE {
        cable.send(mac, ECHO_PORT, &expected);
        times += 1;
        while let Some(frame) = cable.receive(0x800) {
            // Answers to what was asked again may come twice.
            if frame.get(42..42 + expected.len()) == Some(&expected[..]) {
                return times;
            }
        }
    }
    panic!("datagram {number} does not come back");
}

fn survives(interface: &str) {
    let flaps = std::env::var("FLAPS").map_or(8, |count| count.parse().unwrap());
    let folder = scratch();
    let image = folder.path().join("minikernel.elf");
    std::fs::write(&image, elnic_firmware::MINIKERNEL).unwrap();
    let (log, path) = (folder.path().join("log"), folder.path().join("qmp"));
    let server = format!("unix:{},server=on,wait=off", path.display());
    let cable = Cable::plug(interface, &image, &log, &["-qmp", &server]);
    let mut monitor = Monitor::open(&path);
    let mac = cable.resolve();
    let mut number = 0;
    for _ in 0..flaps {
        cable.socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        // The cable goes while datagrams are under way, and some more are lost.
        for _ in 0..4 {
            cable.send(&mac, ECHO_PORT, &payload(number));
        }
        monitor.set_link(false);
        for _ in 0..4 {
            cable.send(&mac, ECHO_PORT, &payload(number));
            let _late = cable.receive(0x800);
        }
        monitor.set_link(true);
        // The interface may take its time to see the link.
        ask(&cable, &mac, number);
        number += 1;
        // From here on everything comes back at once.
        cable.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        for _ in 0..BURST {
            assert_eq!(ask(&cable, &mac, number), 1, "{interface}: datagram {number}");
            number += 1;
        }
    }
    cable.stop(&mac);
}

#[test]
fn an_e1000_serves_on_after_its_cable_was_out() {
    survives("e1000,timing=off");
}

#[test]
fn an_rtl8139_serves_on_after_its_cable_was_out() {
    survives("rtl8139,timing=off");
}

#[test]
fn a_virtio_interface_serves_on_after_its_cable_was_out() {
    survives("virtio-net-pci");
}
