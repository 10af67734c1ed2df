//! `minikernel` under load from a peer on the other side of a `dgram` netdev, through each NIC.
//!
//! `ECHOES` sets how many datagrams each NIC has to answer.

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::common::scratch;

const OWN_MAC: [u8; 6] = [0x52, 0x54, 0, 0xaa, 0xbb, 0xcc];
const OWN_IP: [u8; 4] = [10, 0, 2, 2];
const GUEST_IP: [u8; 4] = [10, 0, 2, 15];
const PORT: u16 = 4000;
pub(crate) const ECHO_PORT: u16 = 7;
const STOP_PORT: u16 = 9;
/// Datagrams under way at a time; no buffer on the way is smaller.
const WINDOW: u32 = 8;

/// The machine, and the socket at the other end of its cable.
pub(crate) struct Cable {
    pub(crate) socket: UdpSocket,
    /// Taken when it has ended by itself.
    machine: Option<Child>,
}

impl Drop for Cable {
    fn drop(&mut self) {
        if let Some(mut machine) = self.machine.take() {
            machine.kill().unwrap();
            machine.wait().unwrap();
        }
    }
}

impl Cable {
    /// `minikernel` with this interface, its log in this file, and further options.
    pub(crate) fn plug(interface: &str, image: &Path, log: &Path, more: &[&str]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        // A port that was free a moment ago: the machine binds it at once.
        let other = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let netdev = format!(
            "dgram,id=net0,local.type=inet,local.host=127.0.0.1,local.port={other},\
             remote.type=inet,remote.host=127.0.0.1,remote.port={port}"
        );
        let machine = Command::new(env!("CARGO_BIN_EXE_elnic"))
            .args(["-nodefaults", "-serial", "stdio", "-netdev", &netdev, "-kernel"])
            .arg(image)
            .args(["-device", &format!("{interface},addr=3,netdev=net0")])
            .args(["-device", "pvpanic-pci,addr=8", "-d", "int", "-D"])
            .arg(log)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        socket.connect(("127.0.0.1", other)).unwrap();
        Self { socket, machine: Some(machine) }
    }

    /// The next frame that is of this type, or `None` if none comes.
    pub(crate) fn receive(&self, ethertype: u16) -> Option<Vec<u8>> {
        let mut buffer = [0; 2048];
        loop {
            let length = self.socket.recv(&mut buffer).ok()?;
            if buffer[12..14] == ethertype.to_be_bytes() {
                return Some(buffer[..length].to_vec());
            }
        }
    }

    /// Asks for the guest's address until it is up.
    pub(crate) fn resolve(&self) -> [u8; 6] {
        let mut frame = [&[0xff; 6][..], &OWN_MAC, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1]].concat();
        frame.extend([&OWN_MAC[..], &OWN_IP, &[0; 6], &GUEST_IP, &[0; 18]].concat());
        let pause = Duration::from_millis(50);
        self.socket.set_read_timeout(Some(pause)).unwrap();
        for _ in 0..600 {
            // Nobody may be there yet, and then reading fails at once.
            let _ = self.socket.send(&frame);
            if let Some(answer) = self.receive(0x806) {
                assert_eq!(answer[20..22], [0, 2], "an answer");
                assert_eq!(answer[28..42], [&GUEST_IP[..], &OWN_MAC, &OWN_IP].concat());
                return answer[6..12].try_into().unwrap();
            }
            std::thread::sleep(pause);
        }
        panic!("the guest does not answer ARP");
    }

    pub(crate) fn send(&self, mac: &[u8; 6], port: u16, payload: &[u8]) {
        let total = (28 + payload.len() as u16).to_be_bytes();
        let mut ip =
            [&[0x45, 0][..], &total, &[0, 1, 0, 0, 64, 17, 0, 0], &OWN_IP, &GUEST_IP].concat();
        let sum: u32 = ip.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
        ip[10..12].copy_from_slice(&(!(sum + (sum >> 16)) as u16).to_be_bytes());
        let length = (8 + payload.len() as u16).to_be_bytes();
        let ports = [PORT.to_be_bytes(), port.to_be_bytes(), length, [0, 0]].concat();
        self.socket.send(&[&mac[..], &OWN_MAC, &[8, 0], &ip, &ports, payload].concat()).unwrap();
    }

    /// Ends the guest; what it printed.
    pub(crate) fn stop(mut self, mac: &[u8; 6]) -> String {
        self.send(mac, STOP_PORT, b"stop");
        let output = self.machine.take().unwrap().wait_with_output().unwrap();
        let console = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{console}\n{errors}");
        console
    }
}

/// What datagram `number` carries: lengths from 4 to 1200 bytes in turn.
pub(crate) fn payload(number: u32) -> Vec<u8> {
    number.to_be_bytes().repeat(1 + number as usize % 300)
}

/// The number behind a word of the farewell.
fn counted(console: &str, word: &str) -> u64 {
    let mut words = console.split_whitespace().skip_while(|found| *found != word);
    words
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("{word}: {console}"))
}

fn serves(interface: &str, by_messages: bool) {
    let echoes = std::env::var("ECHOES").map_or(2_000, |count| count.parse().unwrap());
    let folder = scratch();
    let image = folder.path().join("minikernel.elf");
    std::fs::write(&image, elnic_firmware::MINIKERNEL).unwrap();
    let log = folder.path().join("log");
    let cable = Cable::plug(interface, &image, &log, &[]);
    let mac = cable.resolve();
    cable.socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let (mut sent, mut answered) = (0, 0);
    while answered < echoes {
        while sent < echoes && sent - answered < WINDOW {
            cable.send(&mac, ECHO_PORT, &payload(sent));
            sent += 1;
        }
        let Some(frame) = cable.receive(0x800) else { panic!("{answered} of {echoes} came back") };
        let ports = [ECHO_PORT.to_be_bytes(), PORT.to_be_bytes()].concat();
        assert_eq!(frame[26..38], [&GUEST_IP[..], &OWN_IP, &ports].concat(), "echo {answered}");
        let expected = payload(answered);
        assert_eq!(frame[42..42 + expected.len()], expected, "echo {answered}");
        answered += 1;
    }
    let console = cable.stop(&mac);
    assert_eq!(counted(&console, "echoes"), u64::from(echoes) + 1, "{console}");
    assert!(counted(&console, "interrupts") > 0, "{console}");
    assert!(counted(&console, "switches") >= counted(&console, "ticks"), "{console}");
    let rounds = console.lines().find(|line| line.starts_with("rounds")).unwrap();
    let both: Vec<u64> = rounds.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(both[0] > 0 && both[1] > 0, "both tasks ran: {console}");
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(log.contains(": message 0x62 to "), by_messages, "{interface}");
}

/// The same on a machine with more processors; how many rounds each of the others did.
fn shares(interface: &str, count: usize) {
    let folder = scratch();
    let image = folder.path().join("minikernel.elf");
    std::fs::write(&image, elnic_firmware::MINIKERNEL).unwrap();
    let log = folder.path().join("log");
    let cable = Cable::plug(interface, &image, &log, &["-smp", &count.to_string()]);
    let mac = cable.resolve();
    cable.socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    for number in 0..200 {
        cable.send(&mac, ECHO_PORT, &payload(number));
        let frame = cable.receive(0x800).expect("an echo");
        assert_eq!(frame[42..46], number.to_be_bytes(), "echo {number}");
    }
    let console = cable.stop(&mac);
    assert_eq!(counted(&console, "processors"), count as u64, "{console}");
    let line = console.lines().find(|line| line.starts_with("processors")).unwrap();
    let rounds: Vec<u64> = line.split(' ').skip(2).filter_map(|word| word.parse().ok()).collect();
    assert_eq!(rounds.len(), count - 1, "every other processor did some: {console}");
    assert!(counted(&console, "rounds") > 0, "{console}");
}

#[test]
fn four_processors_run_a_task_each_while_every_nic_is_served() {
    for interface in ["e1000", "rtl8139", "virtio-net-pci"] {
        shares(interface, 4);
    }
}

#[test]
fn two_tasks_run_while_an_e1000_is_served_by_its_pin() {
    serves("e1000", false);
}

#[test]
fn two_tasks_run_while_an_rtl8139_is_served_by_its_pin() {
    serves("rtl8139", false);
}

#[test]
fn two_tasks_run_while_a_virtio_interface_is_served_by_messages() {
    serves("virtio-net-pci", true);
}
