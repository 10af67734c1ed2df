//! A saved machine continues as the one it was saved from, whatever it was in the middle of.

mod common;

use std::collections::VecDeque;

use common::{fingerprint, machine, machine_with, program, run};
use elnic_board::{
    DeviceOptions, Machine, MachineBuilder, MachineConfig, MachineModel, Outcome, Program, Recorder,
};
use elnic_contract::{Frame, GuestEvent, VDuration, VTime};
use elnic_netclient::NetClient;

/// Everything is in the middle: locks are taken, timers run, processors wait and wake each other.
const WORK: &str = "
    li %dr4, 0xb
    { stw,2 %r4, [ %dr0 + 0x3e0 ] }
    li %dr4, 0x200ef
    { stw,2 %r4, [ %dr0 + 0x320 ] }
    li %dr4, 3000
    { stw,2 %r4, [ %dr0 + 0x380 ] }
    { rws,0 3, %psr\n nop 4 }
    { addd,0 %dr2, 8, %dr11 }
again:
    atomic_add %dr2, 1, %dr6
    { andd,0 %dr6, 63, %dr6 }
    brn cmpedb, %dr6, 0, again
    send 0xc4041, 0
    { wait trap=1 }
    { ibranch again }";
const HANDLER: &str = "
    { shld,0 %dr3, 56, %dr3 }
    { shrd,0 %dr3, 53, %dr3 }
    { addd,0 %dr2, 8, %dr11 }
    atomic_add %dr11, 1, %dr6
    { shld,0 %dr1, 3, %dr4 }
    { addd,0 %dr4, %dr2, %dr4 }
    { ldd,0 [ %dr4 + 64 ], %dr5\n nop 4 }
    { addd,0 %dr5, 1, %dr5 }
    { std,2 %dr5, [ %dr4 + 64 ] }";

#[test]
fn pulses_into_fresh_machines_are_invisible() {
    let image = program(WORK, HANDLER);
    for count in [1, 2, 4, 16] {
        for interlocks in [false, true] {
            let fresh =
                || machine_with(count, &image, |config| config.cpu_options.interlocks = interlocks);
            let mut whole = fresh();
            run(&mut whole, 300);
            let mut pulsed = fresh();
            for micros in (0..300).step_by(11).chain([300]) {
                run(&mut pulsed, micros);
                let saved = pulsed.save();
                let mut next = fresh();
                next.restore(&saved).unwrap();
                assert_eq!(next.save(), saved, "at {micros} us");
                pulsed = next;
            }
            let (cycles, _, results) = fingerprint(&whole);
            let (pulsed_cycles, _, pulsed_results) = fingerprint(&pulsed);
            assert_eq!((pulsed_cycles, pulsed_results), (cycles, results.clone()), "{count}");
            assert!(results[0] > 100 && results[1] > 10, "{count}: {results:?}");
        }
    }
}

/// The other end of the cable: asks for the guest's address, then for echoes, all at instants of virtual time.
struct Peer {
    next: VTime,
    number: u32,
    mac: [u8; 6],
    answers: u32,
}

const OWN: [u8; 6] = [0x52, 0x54, 0, 0xaa, 0xbb, 0xcc];
const GUEST: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const ECHOES: u32 = 40;

impl Peer {
    /// A datagram to the echo port, or to the port that ends the guest.
    fn datagram(&self, port: u16, length: usize) -> Vec<u8> {
        let total = (28 + length as u16).to_be_bytes();
        let mut ip = [&[0x45, 0][..], &total, &[0, 1, 0, 0, 64, 17, 0, 0]].concat();
        ip.extend([10, 0, 2, 2, 10, 0, 2, 15]);
        let sum: u32 = ip.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
        ip[10..12].copy_from_slice(&(!(sum + (sum >> 16)) as u16).to_be_bytes());
        let udp = [4000, port, 8 + length as u16, 0].map(u16::to_be_bytes).concat();
        [&self.mac[..], &OWN, &[8, 0], &ip, &udp, &vec![self.number as u8; length]].concat()
    }
}

impl NetClient for Peer {
    fn kind(&self) -> &'static str {
        "peer"
    }

    fn info(&self) -> String {
        String::new()
    }

    fn credits(&self) -> usize {
        usize::MAX
    }

    fn deliver(&mut self, _: VTime, frames: &mut VecDeque<Frame>) {
        self.answers += frames.drain(..).count() as u32;
    }

    fn poll(&mut self, now: VTime, _: usize, out: &mut Vec<Frame>) {
        if now < self.next {
            return;
        }
        let port = if self.number == ECHOES { 9 } else { 7 };
        let frame = self.datagram(port, 4 + self.number as usize * 29);
        out.push(Frame::new(frame, now).unwrap());
        self.number += 1;
        self.next = now + VDuration::from_micros(70);
    }

    fn next_event(&self) -> Option<VTime> {
        Some(self.next)
    }
}

/// `minikernel` on this interface with the peer, and what its console says.
fn minikernel(interface: &str) -> (Machine, crossbeam::channel::Receiver<u8>) {
    let mut config = MachineConfig::new(MachineModel::named("e8c").unwrap());
    config.ram = 16 << 20;
    let image = elnic_firmware::MINIKERNEL.to_vec();
    config.program = Program::Kernel { image, append: None, initrd: None };
    // With immediate effects the link is up at once.
    let properties =
        [("netdev", "n0"), ("addr", "3"), ("mac", "52:54:00:12:34:56"), ("timing", "off")];
    config.devices = vec![
        DeviceOptions::new(interface, &properties),
        DeviceOptions::new("pvpanic-pci", &[("addr", "8")]),
    ];
    let (terminal, console) = Recorder::new();
    config.serials.push(Some(Box::new(terminal)));
    let mut builder = MachineBuilder::new();
    let next = VTime::from_nanos(10_000_000);
    let peer = Peer { next, number: 0, mac: GUEST, answers: 0 };
    builder.net().add_backend("n0", Box::new(peer)).unwrap();
    (builder.build(config).unwrap(), console)
}

#[test]
fn minikernel_goes_on_through_pulses_to_the_same_cycle_and_the_same_words() {
    for interface in ["e1000", "rtl8139", "virtio-net-pci"] {
        let end = |machine: &Machine| machine.cpu(0).map(elnic_cpu::Processor::cycles);
        let (mut whole, console) = minikernel(interface);
        let outcome = whole.run(VTime::from_nanos(100_000_000));
        assert_eq!(outcome, Outcome::Exit(GuestEvent::Panicked { code: 0 }), "{interface}");
        let words: Vec<u8> = console.try_iter().collect();
        let words = String::from_utf8(words).unwrap();
        assert!(words.contains(&format!("echoes {}", ECHOES + 1)), "{interface}: {words}");

        let (mut pulsed, console) = minikernel(interface);
        let mut limit = VTime::from_nanos(9_900_000);
        let mut pulses = 0;
        let outcome = loop {
            let outcome = pulsed.run(limit);
            if outcome != Outcome::Limit {
                break outcome;
            }
            let saved = pulsed.save();
            pulsed.restore(&saved).unwrap();
            pulses += 1;
            limit = pulsed.now() + VDuration::from_nanos(33_333);
        };
        assert_eq!(outcome, Outcome::Exit(GuestEvent::Panicked { code: 0 }), "{interface}");
        assert!(pulses > 50, "{interface}: {pulses} pulses");
        let said: Vec<u8> = console.try_iter().collect();
        assert_eq!(String::from_utf8(said).unwrap(), words, "{interface}");
        assert_eq!(end(&pulsed), end(&whole), "{interface}");
    }
}

#[test]
fn a_machine_goes_back_to_where_it_was_saved() {
    let image = program(WORK, HANDLER);
    let mut machine = machine(4, &image);
    run(&mut machine, 50);
    let saved = machine.save();
    run(&mut machine, 120);
    let later = fingerprint(&machine);
    machine.restore(&saved).unwrap();
    assert_eq!(machine.save(), saved);
    run(&mut machine, 120);
    let (cycles, _, results) = fingerprint(&machine);
    assert_eq!((cycles, results), (later.0, later.2));
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let image = program(WORK, HANDLER);
    let mut four = machine(4, &image);
    run(&mut four, 40);
    let saved = four.save();
    let refused = |machine: &mut Machine, bytes: &[u8], wanted: &str| {
        let before = machine.save();
        let error = machine.restore(bytes).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error} / {wanted}");
        assert_eq!(machine.save(), before, "{wanted}");
    };
    refused(&mut machine(2, &image), &saved, "processors: '4', and this one has '2'");
    let other = |choose: fn(&mut MachineConfig)| machine_with(4, &image, choose);
    refused(&mut other(|config| config.ram = 64 << 20), &saved, "RAM");
    let board = MachineModel::named("e8c2").unwrap();
    let mut other_board = machine_with(4, &image, |config| config.machine = board);
    refused(&mut other_board, &saved, "the model 'e8c', and this one has 'e8c2'");
    let with_device = |config: &mut MachineConfig| {
        config.devices.push(DeviceOptions::new("e1000", &[]));
    };
    refused(&mut machine_with(4, &image, with_device), &saved, "e1000.0");
    refused(&mut four, b"", "no saved machine");
    refused(&mut four, b"elnic-m2\0\0\0\0\0\0\0\0", "no saved machine");
    refused(&mut four, &saved[..12], "ends early");
    refused(&mut four, &saved[..200], "ends early");
    refused(&mut four, &saved[..saved.len() - 1], "ends within a page");
    let page = saved.len() - 4096 - 8;
    let mut moved = saved.clone();
    moved[page..page + 8].copy_from_slice(&1_u64.to_le_bytes());
    refused(&mut four, &moved, "no page of RAM at 0x1");
    // A processor and a device that cannot be.
    let text = |bytes: &[u8], from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut bytes = bytes.to_vec();
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes());
        let at = at.unwrap_or_else(|| panic!("{from}"));
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    let ip = elnic_cpu::Processor::state(four.cpu(0).unwrap()).ip;
    let askew = text(&saved, &format!("\"ip\":{ip}"), &format!("\"ip\":{}", ip + 1));
    refused(&mut four, &askew, "processor 0: ");
    refused(&mut four, &text(&saved, "pci-bridge", "pci-bridgy"), "device 'bridge'");
}
