//! The boot ROM `netboot`: what it fetches over each NIC, and what it says where there is nothing to start.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use crate::common::{Ran, elnic, guest, line, program, scratch};

const NICS: [&str; 3] = ["e1000", "rtl8139", "virtio-net-pci"];

/// Ends a machine that did not end by itself.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut machine) = self.0.take() {
            machine.kill().unwrap();
            machine.wait().unwrap();
        }
    }
}

/// The options of a machine with this interface that boots `file` of `folder`.
fn options(interface: &str, folder: &Path, file: &str, more: &str) -> String {
    format!(
        "-nodefaults -serial stdio -bios netboot -device exit,addr=8 \
         -netdev user,id=n0,ipv6=off,tftp={},bootfile={file}{more} \
         -device {interface},addr=3,netdev=n0,mac=52:54:00:ab:cd:ef",
        folder.display()
    )
}

#[test]
fn an_image_is_fetched_and_started_over_every_nic() {
    for interface in NICS {
        let folder = scratch();
        std::fs::write(folder.path().join("probe.elf"), elnic_firmware::NETPROBE).unwrap();
        let Ran { code, stdout, stderr } =
            line(&options(interface, folder.path(), "probe.elf", ""));
        assert_eq!(code, Some(0), "{interface}:\n{stdout}\n{stderr}");
        let bytes = elnic_firmware::NETPROBE.len();
        let (rom, image) = stdout.split_once("start ").expect("the start");
        let fetched = format!("tftp 10.0.2.2 probe.elf bytes {bytes}");
        for wanted in ["mac 52:54:00:ab:cd:ef", "ip 10.0.2.15 router 10.0.2.2", &fetched] {
            assert!(rom.contains(wanted), "{interface}: '{wanted}' is not in\n{rom}");
        }
        // The image takes the interface over and fetches itself once more.
        let fetched = format!("tftp probe.elf bytes {bytes}");
        for wanted in ["netprobe\npci 00:03", &fetched, "exit 0"] {
            assert!(image.contains(wanted), "{interface}: '{wanted}' is not in\n{image}");
        }
    }
}

#[test]
fn minikernel_is_fetched_and_serves_over_every_nic() {
    for interface in NICS {
        let folder = scratch();
        std::fs::write(folder.path().join("kernel"), elnic_firmware::MINIKERNEL).unwrap();
        let free = || UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (echo, stop) = (free(), free());
        let ports = format!(
            ",hostfwd=udp:127.0.0.1:{echo}-10.0.2.15:7,hostfwd=udp:127.0.0.1:{stop}-10.0.2.15:9"
        );
        let arguments = options(interface, folder.path(), "kernel", &ports);
        let mut machine = program();
        machine.args(arguments.split_whitespace()).args(["-smp", "4"]);
        let machine = machine.spawn().unwrap();
        let mut machine = Running(Some(machine));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut buffer = [0; 64];
        let answer = (0..600).find_map(|_| {
            let _ = socket.send_to(b"are you there", ("127.0.0.1", echo));
            socket.recv(&mut buffer).ok()
        });
        assert_eq!(
            answer.map(|length| &buffer[..length]),
            Some(&b"are you there"[..]),
            "{interface}"
        );
        socket.send_to(b"stop", ("127.0.0.1", stop)).unwrap();
        let output = machine.0.take().unwrap().wait_with_output().unwrap();
        let console = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{interface}: {console}");
        for wanted in ["netboot\n", "echoes", "processors 4 of the others"] {
            assert!(console.contains(wanted), "{interface}: '{wanted}' is not in\n{console}");
        }
        assert_eq!(console.matches("netboot").count(), 1, "one processor boots: {console}");
    }
}

#[test]
fn the_rom_runs_on_every_board_with_its_address_map() {
    for machine in ["e2s", "e8c2", "e16c", "e2c3"] {
        let folder = scratch();
        std::fs::write(folder.path().join("probe.elf"), elnic_firmware::NETPROBE).unwrap();
        let more = options("e1000", folder.path(), "probe.elf", "");
        let Ran { code, stdout, stderr } = line(&format!("-M {machine} -smp 2 {more}"));
        assert_eq!(code, Some(0), "{machine}:\n{stdout}\n{stderr}");
    }
}

/// Runs the ROM with one file on the server; its exit code and what it printed last.
fn refused(content: &[u8], more: &str) -> (Option<i32>, String) {
    let folder = scratch();
    std::fs::write(folder.path().join("file"), content).unwrap();
    let ran = line(&format!("{} {more}", options("e1000", folder.path(), "file", "")));
    let last = ran.stdout.lines().last().unwrap_or_default().to_owned();
    (ran.code, last)
}

#[test]
fn what_is_no_image_is_refused_in_words() {
    let folder = scratch();
    let good = std::fs::read(guest(folder.path(), "nop")).unwrap();
    let no_image = (Some(5), "no e2k ELF image that fits below the file".to_owned());
    assert_eq!(refused(b"hello", ""), no_image);
    for (offset, byte) in [(4, 1), (18, 62), (54, 0), (24, 3), (32, 0xff), (56, 0xff)] {
        let mut bad = good.clone();
        bad[offset] = byte;
        assert_eq!(refused(&bad, ""), no_image, "byte {offset} is {byte:#x}");
    }
    let short = &good[..good.len() / 2];
    assert_eq!(refused(short, "").0, Some(5));
    let long = vec![0; 9 << 20];
    let (code, last) = refused(&long, "-m 16");
    assert_eq!((code, last.as_str()), (Some(4), "the file is longer than half of the RAM"));
}

#[test]
fn each_way_to_fail_has_its_code() {
    let folder = scratch();
    let run = |more: &str| {
        let ran =
            line(&format!("-nodefaults -serial stdio -bios netboot -device exit,addr=8 {more}"));
        (ran.code, ran.stdout.lines().last().unwrap_or_default().to_owned())
    };
    assert_eq!(run("").0, Some(1), "no network interface");
    assert_eq!(run("-m 8").0, Some(6), "no room");
    let nameless = run("-netdev user,id=n0 -device rtl8139,netdev=n0");
    assert_eq!(nameless, (Some(4), "the lease names no boot file".to_owned()));
    let missing = options("virtio-net-pci", folder.path(), "not-there", "");
    let ran = line(&missing);
    assert_eq!(ran.code, Some(4), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("the server refuses the file\n"), "{}", ran.stdout);
}

#[test]
fn a_name_that_is_no_firmware_is_refused_with_what_there_is() {
    let ran = elnic(["-nodefaults", "-bios", "netbot"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("built in is netboot"), "{}", ran.stderr);
}
