//! Device statistics: every counter of every type, against what was done (virtio 1.4 §5.1.6.5.10).

use elnic_contract::{Checksum, Frame, GsoKind, Offload, OffloadSupport, Segmentation, VTime};
use elnic_pci::{FunctionOptions, PciFunction};
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality, feature};
use elnic_virtio_net::ENTRY;
use etherparse::PacketBuilder;

const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const STATS: u64 = 1 << 50;
const GUEST_TSO4: u64 = 1 << 7;
const HOST_TSO4: u64 = 1 << 11;

const RX_BASIC: u8 = 0;
const RX_CSUM: u8 = 1;
const RX_GSO: u8 = 2;
const TX_BASIC: u8 = 16;
const TX_CSUM: u8 = 17;
const TX_GSO: u8 = 18;
const CONTROL: u8 = 32;

fn driver() -> NetDriver {
    let given = [("device_stats", "on"), ("offloads", "on")];
    let device = ENTRY.make(given).expect("the properties are right");
    let function = PciFunction::new(device, FunctionOptions::default()).unwrap();
    NetDriver::bring_up(function, Personality::Linux, STATS | GUEST_TSO4 | HOST_TSO4)
}

/// The counters of one type of one queue.
fn ask(driver: &mut NetDriver, queue: u16, kind: u8) -> Vec<u64> {
    let words = match kind {
        RX_BASIC | TX_BASIC | TX_GSO => 6,
        RX_CSUM | RX_GSO => 4,
        _ => 2,
    };
    let types = 1_u64 << kind;
    let request = [&[8, 1][..], &queue.to_le_bytes(), &[0; 6], &types.to_le_bytes()].concat();
    let answer = driver.command_with(&request, 8 + words * 8);
    let [low, high] = queue.to_le_bytes();
    assert_eq!(answer[..9], [0, kind, 0, low, high, 0, 0, (8 + words * 8) as u8, 0]);
    answer[9..].chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

fn tcp(payload: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let builder = PacketBuilder::ethernet2([4; 6], MAC).ipv4([1; 4], [2; 4], 9).tcp(1, 2, 3, 4);
    builder.write(&mut bytes, &vec![7; payload]).unwrap();
    bytes
}

/// Flags, kind, headers, segment size and place of the checksum, as a driver writes them.
fn header(gso: u8, size: u16) -> Vec<u8> {
    [&[1, gso][..], &[54, size, 34, 16].map(u16::to_le_bytes).concat()].concat()
}

#[test]
fn what_leaves_is_counted_by_work_and_by_whom_it_was_done() {
    let mut driver = driver();
    driver.send(&[0xff; 100]);
    driver.send_with(&header(0, 0), &tcp(300));
    let large = tcp(4_500);
    driver.send_with(&header(1, 1_000), &large);
    // Five segments of 54 bytes of headers each.
    let segments = 4_500 + 5 * 54;
    let sent = 100 + 354 + segments;
    let basic = |driver: &mut NetDriver| ask(driver, 1, TX_BASIC);
    assert_eq!(basic(&mut driver), [3, 7, sent, 3, 0, 0]);
    assert_eq!(ask(&mut driver, 1, TX_CSUM), [1, 2], "finished, left to the device");
    let whole = large.len() as u64;
    assert_eq!(ask(&mut driver, 1, TX_GSO), [1, whole, 5, segments, 0, 0]);
    // A peer that takes them whole gets them whole.
    driver.function.bench.function.peer_offloads(OffloadSupport::ALL);
    driver.send_with(&header(1, 1_000), &large);
    assert_eq!(ask(&mut driver, 1, TX_GSO), [2, 2 * whole, 5, segments, 1, whole]);
    assert_eq!(ask(&mut driver, 1, TX_CSUM), [1, 3]);
    // Lost: a header that lies.
    driver.send_with(&header(0x7f, 1_000), &large);
    assert_eq!(basic(&mut driver), [5, 8, sent + whole, 5, 1, 1]);
}

#[test]
fn what_arrives_is_counted_by_work_and_by_fate() {
    let mut driver = driver();
    let partial = Checksum::Partial { start: 34, offset: 16 };
    let segmentation =
        Some(Segmentation { kind: GsoKind::TcpV4, size: 1_000, header_length: 54, ecn: false });
    let frame = |payload, checksum, segmentation| {
        let offload = Offload { checksum, segmentation };
        Frame::with_offload(tcp(payload), VTime::ZERO, offload).unwrap()
    };
    assert!(driver.receive_frame(&frame(46, Checksum::Complete, None)));
    assert!(driver.receive_frame(&frame(46, Checksum::Valid, None)));
    assert!(driver.receive_frame(&frame(46, partial, None)));
    assert!(driver.receive_frame(&frame(4_500, partial, segmentation)));
    // Not for us.
    assert!(!driver.receive(&[&[4; 6][..], &tcp(46)[6..]].concat()));
    let basic = ask(&mut driver, 0, RX_BASIC);
    let bytes = 3 * 100 + 4_554;
    assert_eq!(
        basic[1..],
        [4, bytes, 4, 1, 0],
        "packets, bytes, interrupts, lost, for want of buffers"
    );
    assert_eq!(ask(&mut driver, 0, RX_CSUM), [1, 2, 1, 0], "valid, needed, none, bad");
    assert_eq!(ask(&mut driver, 0, RX_GSO), [1, 4_554, 0, 0]);
}

#[test]
fn commands_are_counted_and_a_reset_starts_over() {
    let mut driver = driver();
    let before = ask(&mut driver, 2, CONTROL);
    assert_eq!(driver.command(&[0, 99, 0]), 1, "there is no such mode");
    let after = ask(&mut driver, 2, CONTROL);
    assert_eq!(
        [after[0] - before[0], after[1] - before[1]],
        [2, 1],
        "ours and the question before"
    );
    let features = driver.function.features;
    assert_ne!(features & feature::CTRL_VQ, 0);
    driver.function.negotiate(features);
    let nic = driver.function.bench.function.nic().unwrap();
    assert!(nic.rx_filter().promiscuous, "the device was reset");
    let mut fresh = self::driver();
    assert_eq!(ask(&mut fresh, 2, CONTROL), before);
}
