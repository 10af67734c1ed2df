//! The examples of `elnic-qtest`, one for each network interface, against this program and against QEMU.

#[path = "../../../qtest/examples/e1000.rs"]
#[expect(dead_code, reason = "an example is a program as well")]
mod e1000;
#[path = "../common/qemu.rs"]
mod qemu;
#[path = "../../../qtest/examples/rtl8139.rs"]
#[expect(dead_code, reason = "an example is a program as well")]
mod rtl8139;
#[path = "../../../qtest/examples/virtio_net.rs"]
#[expect(dead_code, reason = "an example is a program as well")]
mod virtio_net;

use std::time::Duration;

use elnic_qtest::{Accelerator, Cable, Error, Launch, Machine, PciBus, frame};

const STATION: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];

fn elnic(device: &str) -> (Machine, Cable) {
    let mut launch = Launch::new(env!("CARGO_BIN_EXE_elnic")).unwrap();
    let cable = launch.cable("n0").unwrap();
    (launch.device(device).start().unwrap(), cable)
}

/// Debian's QEMU. Its clock is the host's, for it knows no other.
fn qemu(device: &str) -> Option<(Machine, Cable)> {
    let mut launch = Launch::new(qemu::qemu()?).unwrap().accelerator(Accelerator::Host);
    let cable = launch.cable("n0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let rom = qemu::still_rom(folder.path());
    let launch = launch.argument("-bios").argument(&rom).device(device);
    Some((launch.start().unwrap(), cable))
}

fn frames() -> (Vec<u8>, Vec<u8>) {
    (frame([0xff; 6], STATION, b"out of the guest"), frame(STATION, [2; 6], b"into the guest"))
}

fn e1000_talks((mut machine, cable): (Machine, Cable)) -> Vec<(u32, u64)> {
    let (outgoing, incoming) = frames();
    let outcome = e1000::exchange(&mut machine, &cable, &outgoing, &incoming).unwrap();
    assert_eq!((outcome.sent, outcome.received), (outgoing, incoming));
    outcome.interrupts
}

fn rtl8139_talks((mut machine, cable): (Machine, Cable)) {
    let (outgoing, mut incoming) = frames();
    let outcome = rtl8139::exchange(&mut machine, &cable, &outgoing, &incoming).unwrap();
    assert_eq!(outcome.sent, outgoing);
    incoming.extend(crc32fast::hash(&incoming).to_le_bytes());
    assert_eq!(outcome.received, incoming);
}

fn virtio_net_talks((mut machine, cable): (Machine, Cable)) {
    let (outgoing, incoming) = frames();
    let outcome = virtio_net::exchange(&mut machine, &cable, &outgoing, &incoming).unwrap();
    assert_eq!((outcome.sent, outcome.received), (outgoing, incoming));
    assert_eq!(outcome.message, 0x4e49_4331, "the driver is told by a message");
}

#[test]
fn an_e1000_sends_and_receives() {
    let interrupts = e1000_talks(elnic(e1000::DEVICE));
    assert_eq!(interrupts.len(), 1, "one input is raised: {interrupts:?}");
}

#[test]
fn an_rtl8139_sends_and_receives() {
    rtl8139_talks(elnic(rtl8139::DEVICE));
}

#[test]
fn a_virtio_net_sends_and_receives() {
    virtio_net_talks(elnic(virtio_net::DEVICE));
}

#[test]
fn the_same_drivers_work_on_qemu() {
    if let Some(machine) = qemu(e1000::DEVICE) {
        e1000_talks(machine);
    }
    qemu(rtl8139::DEVICE).into_iter().for_each(rtl8139_talks);
    qemu(virtio_net::DEVICE).into_iter().for_each(virtio_net_talks);
}

#[test]
fn a_test_has_the_clock_and_the_memory() {
    let (mut machine, _cable) = elnic("rtl8139,netdev=n0,addr=3");
    assert_eq!(machine.clock_step(Duration::from_micros(5)).unwrap(), 5000);
    assert_eq!(machine.clock_set(7000).unwrap(), 7000);
    let place = machine.allocate(64, 64).unwrap();
    machine.write(place, &[1, 2, 3, 4, 5]).unwrap();
    assert_eq!(machine.read(place, 5).unwrap(), [1, 2, 3, 4, 5]);
    machine.store(place, 4, 0x8899_aabb).unwrap();
    assert_eq!(machine.load(place + 1, 2).unwrap(), 0x99aa);
    let refused = machine.command("nonsense").unwrap_err().to_string();
    assert_eq!(refused, "'nonsense' was answered 'FAIL Unknown command 'nonsense''");
    assert_eq!(machine.end().unwrap().unwrap().code(), Some(0));
}

#[test]
fn what_is_not_on_the_bus_is_told() {
    let (mut machine, _cable) = elnic("e1000,netdev=n0,addr=4");
    let mut bus = PciBus::pc();
    let missing = bus.find(&mut machine, 0x1234, 0x5678).unwrap_err().to_string();
    assert_eq!(missing, "no function 1234:5678 on the bus");
    let card = bus.find(&mut machine, 0x8086, 0x100e).unwrap();
    assert_eq!(card.devfn, 4 << 3);
    assert!(matches!(bus.map(&mut machine, &card, 5), Err(Error::NoBar(5))));
    let registers = bus.map(&mut machine, &card, 0).unwrap();
    assert_eq!((registers.base, registers.size), (0xe000_0000, 128 << 10));
    let ports = bus.map(&mut machine, &card, 1).unwrap();
    assert_eq!((ports.base, ports.size), (0xc000, 64));
    assert!(matches!(card.msix(&mut machine), Err(Error::Missing(_))));
}

/// The e2k board has its configuration space in memory.
#[test]
fn functions_of_the_board_are_reached_by_memory() {
    let launch = Launch::new(env!("CARGO_BIN_EXE_elnic")).unwrap().machine("e8c");
    let mut machine = launch.start().unwrap();
    let bus = PciBus::memory_mapped(0x2_0000_0000, 0, 0..0, 0..0);
    let functions = bus.functions(&mut machine).unwrap();
    assert!(
        functions.iter().any(|(vendor, device, _)| (*vendor, *device) == (0x1fff, 0x8017)),
        "{functions:x?}"
    );
}
