//! Checksums and large frames, both ways, done by the device or left to its neighbours.

use elnic_contract::{Checksum, DropReason, Frame, GsoKind, Offload, Segmentation, VTime};
use elnic_pci::{FunctionOptions, PciFunction};
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality};
use elnic_virtio_net::ENTRY;
use elnic_wire::layout::{Layout, Verified};
use etherparse::PacketBuilder;

const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const TSO4: u64 = 1 << 11;
const TSO6: u64 = 1 << 12;
const UFO: u64 = 1 << 14;
const USO: u64 = 1 << 56;
const GUEST_TSO4: u64 = 1 << 7;
const OFFLOADS: u64 = 1 << 2;
const RSC_EXT: u64 = 1 << 61;

fn driver(properties: &[(&str, &str)], more: u64) -> NetDriver {
    let given = properties.iter().copied().chain([("offloads", "on")]);
    let device = ENTRY.make(given).expect("the properties are right");
    let function = PciFunction::new(device, FunctionOptions::default()).unwrap();
    let mut driver = NetDriver::bring_up(function, Personality::Linux, more);
    driver.came_out();
    driver
}

fn tcp(v6: bool, sequence: u32, psh: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let ethernet = PacketBuilder::ethernet2([4; 6], MAC);
    let transport = if v6 {
        ethernet.ipv6([1; 16], [2; 16], 9).tcp(80, 90, sequence, 1000)
    } else {
        ethernet.ipv4([1; 4], [2; 4], 9).tcp(80, 90, sequence, 1000)
    };
    let transport = transport.ack(7);
    let transport = if psh { transport.psh() } else { transport };
    transport.write(&mut bytes, payload).unwrap();
    bytes
}

fn udp(v6: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let ethernet = PacketBuilder::ethernet2([4; 6], MAC);
    if v6 {
        ethernet.ipv6([1; 16], [2; 16], 9).udp(80, 90).write(&mut bytes, payload)
    } else {
        ethernet.ipv4([1; 4], [2; 4], 9).udp(80, 90).write(&mut bytes, payload)
    }
    .unwrap();
    bytes
}

/// A header as the driver writes it.
fn header(flags: u8, gso: u8, size: u16, start: u16, offset: u16) -> Vec<u8> {
    let words = [54, size, start, offset].map(u16::to_le_bytes);
    [&[flags, gso][..], &words.concat()].concat()
}

fn good(frame: &Frame) -> bool {
    Layout::of(frame.data()).unwrap().transport_checksum(frame.data()) == Verified::Good
}

#[test]
fn a_checksum_left_out_is_put_in() {
    let mut driver = driver(&[], 0);
    let mut frame = tcp(false, 1, false, b"payload");
    let whole = frame.clone();
    // The driver leaves the sum of the pseudo header.
    let length = (frame.len() - 34) as u16;
    let pseudo = 0x0101 * 2 + 0x0202 * 2 + 6 + length;
    frame[50..52].copy_from_slice(&pseudo.to_be_bytes());
    driver.send_with(&header(1, 0, 0, 34, 16), &frame);
    let sent = driver.came_out().0;
    assert_eq!(sent[0].data(), whole);
    assert_eq!(sent[0].offload(), Offload::default());
}

#[test]
fn large_frames_of_every_kind_leave_as_segments() {
    let payload: Vec<u8> = (0..9000_u32).map(|number| number as u8).collect();
    for (frame, gso, start, offset, pieces) in [
        (tcp(false, 1, true, &payload), 1, 34, 16, 7),
        (tcp(true, 1, true, &payload), 4, 54, 16, 7),
        (udp(false, &payload), 5, 34, 6, 7),
        (udp(true, &payload), 5, 54, 6, 7),
        (udp(false, &payload), 3, 34, 6, 7),
    ] {
        let mut driver = driver(&[], TSO4 | TSO6 | UFO | USO);
        driver.send_with(&header(1, gso, 1428, start, offset), &frame);
        let sent = driver.came_out().0;
        assert_eq!(sent.len(), pieces, "kind {gso}");
        assert!(
            sent.iter().all(|piece| piece.len() <= 1514 && piece.offload() == Offload::default())
        );
        assert!(gso == 3 || sent.iter().all(good), "kind {gso}");
    }
}

#[test]
fn a_peer_that_does_the_work_gets_the_frame_whole() {
    let mut driver = driver(&[("vnet-hdr", "on")], TSO4);
    let frame = tcp(false, 1, true, &[7; 9000]);
    driver.send_with(&header(1, 1, 1448, 34, 16), &frame);
    let sent = driver.came_out().0;
    assert_eq!(sent.len(), 1);
    let segmentation =
        Segmentation { kind: GsoKind::TcpV4, size: 1448, header_length: 54, ecn: false };
    let checksum = Checksum::Partial { start: 34, offset: 16 };
    assert_eq!(sent[0].offload(), Offload { checksum, segmentation: Some(segmentation) });
}

#[test]
fn headers_that_lie_lose_their_frame_and_nothing_else() {
    // CVE-2016-2857 and the like: places outside the frame, no size, kinds not agreed or unknown, frames of another kind.
    let mut driver = driver(&[], TSO4);
    let frame = tcp(false, 1, true, &[7; 3000]);
    let lies = [
        header(1, 0, 0, 0xffff, 0),
        header(1, 0, 0, 3052, 1),
        header(1, 0, 0, 0, 0xffff),
        header(1, 1, 0, 34, 16),
        header(1, 4, 1448, 34, 16),
        header(1, 3, 1448, 34, 16),
        header(1, 0x81, 1448, 34, 16),
        header(1, 0x7f, 1448, 34, 16),
        header(1, 1, 1, 34, 16),
    ];
    for lie in &lies {
        driver.send_with(lie, &frame);
        assert!(driver.came_out().0.is_empty(), "{lie:?}");
    }
    let counters = driver.function.bench.function.nic().unwrap().counters();
    assert_eq!(counters.tx_dropped(DropReason::BadDescriptor), lies.len() as u64);
    assert_eq!(driver.function.status() & 0x40, 0, "the device goes on");
    driver.send(&frame);
    assert_eq!(driver.came_out().0.len(), 1);
}

#[test]
fn received_work_is_left_to_the_driver_as_far_as_it_takes_it() {
    let segmentation =
        Some(Segmentation { kind: GsoKind::TcpV4, size: 1448, header_length: 54, ecn: false });
    let offload = Offload { checksum: Checksum::Partial { start: 34, offset: 16 }, segmentation };
    let large = Frame::with_offload(
        [&MAC[..], &tcp(false, 1, true, &[7; 9000])[6..]].concat(),
        VTime::ZERO,
        offload,
    )
    .unwrap();
    let mut taking = driver(&[], GUEST_TSO4 | OFFLOADS);
    // A large one with a finished checksum is what no header can say.
    let finished = Offload { checksum: Checksum::Complete, segmentation };
    let odd = Frame::with_offload(large.bytes(), VTime::ZERO, finished).unwrap();
    assert!(taking.receive_frame(&odd));
    assert_eq!(taking.received().len(), 7);
    assert!(taking.receive_frame(&large));
    let received = taking.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].0[..10], header(1, 1, 1448, 34, 16)[..]);
    assert_eq!(received[0].0[10], 5, "merged from five buffers");
    assert_eq!(received[0].1, large.data());
    // Switched off by command, the device does it.
    assert_eq!(taking.command(&[&[5, 0][..], &2_u64.to_le_bytes()].concat()), 0);
    assert_eq!(
        taking.command(&[&[5, 0][..], &(1_u64 << 8).to_le_bytes()].concat()),
        1,
        "not agreed"
    );
    assert!(taking.receive_frame(&large));
    let received = taking.received();
    assert_eq!(received.len(), 7);
    assert!(received.iter().all(|(header, _)| header[..10] == [0; 10]));
}

#[test]
fn segments_are_put_together_and_leave_in_time() {
    let more = RSC_EXT | GUEST_TSO4 | TSO4;
    // CVE-2026-63321: the header has the length of its features, not another.
    for (properties, extra) in
        [(&[("guest_rsc_ext", "on")][..], 0), (&[("guest_rsc_ext", "on"), ("hash", "on")], 1 << 57)]
    {
        let mut driver = driver(properties, more | extra);
        let to_us = |bytes: Vec<u8>| [&MAC[..], &bytes[6..]].concat();
        for (sequence, psh) in [(1, false), (1001, false), (2001, true)] {
            let taken = driver.receive(&to_us(tcp(false, sequence, psh, &[sequence as u8; 1000])));
            assert!(taken, "{sequence}");
        }
        let received = driver.received();
        assert_eq!(received.len(), 1, "one frame of three segments");
        let (header, data) = &received[0];
        assert_eq!(
            (header[0], header[1], header[6], header[8]),
            (6, 1, 3, 0),
            "RSC_INFO, TCPv4, three"
        );
        assert_eq!(data.len(), 54 + 3000);
        let layout = Layout::of(data).unwrap();
        assert_eq!(layout.transport_checksum(data), Verified::Good);
        // One that waits alone leaves when its time is up.
        assert!(driver.receive(&to_us(tcp(false, 3001, false, &[1; 1000]))));
        assert!(driver.received().is_empty());
        driver.function.bench.now = VTime::from_nanos(300_000);
        let timer = elnic_contract::TimerId(5);
        driver.function.bench.enter(|function, cx| function.timer(cx, timer));
        assert_eq!(driver.received().len(), 1);
    }
}

#[test]
fn a_dhcp_answer_has_its_checksum_whatever_the_driver_takes() {
    let mut driver = driver(&[], 0);
    let mut bytes = Vec::new();
    let builder = PacketBuilder::ethernet2([4; 6], MAC).ipv4([1; 4], [2; 4], 9).udp(67, 68);
    builder.write(&mut bytes, &[0; 240]).unwrap();
    let whole = bytes.clone();
    let pseudo = 0x0101 * 2 + 0x0202 * 2 + 17 + 248_u16;
    bytes[40..42].copy_from_slice(&pseudo.to_be_bytes());
    let offload =
        Offload { checksum: Checksum::Partial { start: 34, offset: 6 }, segmentation: None };
    let frame = Frame::with_offload(bytes, VTime::ZERO, offload).unwrap();
    assert!(driver.receive_frame(&frame));
    let received = driver.received();
    assert_eq!((received[0].0[0], &received[0].1), (0, &whole));
}
