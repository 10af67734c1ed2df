//! Reception: buffers, sizes, FCS, VLAN tags, checksums, thresholds, shortage (SDM 3.2).

mod harness;

use elnic_contract::{
    Checksum, DropReason, Frame, GsoKind, LineError, LinkState, Nic, NotReady, Offload, Readiness,
    Segmentation, VTime, Verdict,
};
use elnic_wire::{checksum, fcs};
use etherparse::PacketBuilder;
use harness::{MAC, Machine, PEER, RECEIVE, RX_RING, RxDescriptor, frame_to, reg};

const SECRC: u32 = 0x0400_0000;
const LPE: u32 = 0x20;
const SBP: u32 = 0x04;

#[test]
fn a_frame_lands_in_its_buffer() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE);
    let frame = frame_to(MAC, 200);
    assert_eq!(machine.receive(&frame), Verdict::Taken);
    let sum = checksum::of(&frame);
    assert_eq!(
        machine.rx_descriptor(0),
        RxDescriptor { length: 200, checksum: sum, status: 0x07, errors: 0, special: 0 }
    );
    assert_eq!(machine.rx_buffer(0), frame);
    assert_eq!((machine.r32(reg::RDH), machine.r32(reg::ICR)), (1, 0x80));
    assert_eq!(machine.device.counters().rx_bytes, 200);
}

#[test]
fn the_fcs_is_written_unless_stripped() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE & !SECRC);
    let frame = frame_to(MAC, 200);
    machine.receive(&frame);
    let mut whole = frame.clone();
    whole.extend(fcs::bytes(&frame));
    assert_eq!(machine.rx_buffer(0), whole);
}

#[test]
fn short_frames_of_software_peers_are_padded() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE);
    machine.write_ram(harness::RX_BUFFERS, &[0xee; 100]);
    let frame = frame_to(MAC, 42);
    machine.receive(&frame);
    let mut padded = frame;
    padded.resize(60, 0);
    assert_eq!(machine.rx_buffer(0), padded);
    assert_eq!(machine.ram(harness::RX_BUFFERS + 60, 4), [0xee; 4]);
    assert_eq!(machine.r32(reg::PRC64), 1);
}

#[test]
fn buffer_sizes_follow_rctl() {
    for (bits, size) in [
        (0, 2048),
        (1 << 16, 1024),
        (2 << 16, 512),
        (3 << 16, 256),
        (1 << 25 | 1 << 16, 16384),
        (1 << 25 | 2 << 16, 8192),
        (1 << 25 | 3 << 16, 4096),
    ] {
        let mut machine = Machine::off();
        machine.start_receiver(128, RECEIVE | LPE | bits);
        let frame = frame_to(MAC, 9000);
        machine.receive(&frame);
        let count = 9000_usize.div_ceil(size);
        let mut seen = Vec::new();
        for index in 0..count as u64 {
            let descriptor = machine.rx_descriptor(index);
            let last = index as usize == count - 1;
            assert_eq!(descriptor.status, if last { 0x07 } else { 0x01 }, "EOP on the last only");
            seen.extend(machine.rx_buffer(index));
        }
        assert_eq!(seen, frame);
        assert_eq!(machine.r32(reg::RDH) as usize, count);
    }
}

#[test]
fn the_longest_frame_is_1522_bytes_or_16384() {
    for (lpe, length, taken) in [
        (0, 1518, true),
        (0, 1519, false),
        (LPE, 1519, true),
        (LPE, 16380, true),
        (LPE, 16381, false),
    ] {
        for sbp in [0, SBP] {
            let mut machine = Machine::off();
            machine.start_receiver(32, RECEIVE | lpe | sbp);
            let verdict = machine.receive(&frame_to(MAC, length));
            assert_eq!(verdict == Verdict::Taken, taken, "{length}");
            assert_eq!(machine.r32(reg::ROC), u32::from(!taken));
            assert_eq!(machine.r32(reg::RLEC), u32::from(!taken));
        }
    }
}

#[test]
fn damaged_frames_are_counted_and_stored_only_if_asked_for() {
    for (error, counter, bits) in [
        (LineError::BadFcs, reg::CRCERRS, 0x01),
        (LineError::Alignment, 0x4004, 0x03),
        (LineError::Symbol, 0x400c, 0x80),
    ] {
        let frame = Frame::new(frame_to(MAC, 100), VTime::ZERO).unwrap().damaged(error);
        let mut machine = Machine::off();
        machine.start_receiver(8, RECEIVE & !SECRC);
        assert_eq!(machine.receive_frame(&frame), Verdict::Dropped(DropReason::LineError));
        assert_eq!(
            (machine.r32(counter), machine.r32(reg::TPR), machine.r32(reg::GPRC)),
            (1, 1, 0)
        );
        machine.w32(reg::RCTL, (RECEIVE & !SECRC) | SBP);
        assert_eq!(machine.receive_frame(&frame), Verdict::Taken);
        assert_eq!(machine.rx_descriptor(0).errors, bits);
        let stored = machine.rx_buffer(0);
        assert_ne!(stored[100..], fcs::bytes(frame.data()), "its FCS is wrong in memory too");
    }
}

#[test]
fn damaged_runts_and_giants_have_their_counters() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE);
    let damaged =
        |length| Frame::new(frame_to(MAC, length), VTime::ZERO).unwrap().damaged(LineError::BadFcs);
    assert_eq!(machine.receive_frame(&damaged(20)), Verdict::Dropped(DropReason::Runt));
    assert_eq!(machine.receive_frame(&damaged(2000)), Verdict::Dropped(DropReason::TooLong));
    assert_eq!((machine.r32(reg::RFC), machine.r32(reg::RJC), machine.r32(reg::RUC)), (1, 1, 0));
    machine.w32(reg::RCTL, RECEIVE | SBP | 0x18);
    for length in 1..20 {
        assert_eq!(machine.receive_frame(&damaged(length)), Verdict::Taken, "{length}");
        let tail = machine.r32(reg::RDH);
        machine.w32(reg::RDT, (tail + 7) % 8);
    }
}

#[test]
fn tags_are_stripped_in_vlan_mode() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE & !SECRC);
    machine.w32(reg::VET, 0x8100);
    let plain = frame_to(MAC, 100);
    let tagged = [&plain[..12], &[0x81, 0, 0xe0, 0x42], &plain[12..]].concat();
    machine.receive(&tagged);
    assert_eq!(machine.rx_descriptor(0).status, 0x07);
    assert_eq!(machine.rx_buffer(0)[..104], tagged);
    machine.w32(reg::CTRL, 0x4014_0240);
    machine.receive(&tagged);
    let descriptor = machine.rx_descriptor(1);
    assert_eq!((descriptor.status, descriptor.special, descriptor.length), (0x0f, 0xe042, 104));
    assert_eq!(machine.rx_buffer(1)[..100], plain);
    assert_eq!(machine.rx_buffer(1)[100..], fcs::bytes(&tagged), "the FCS of the cable");
}

#[test]
fn the_packet_checksum_starts_where_it_is_told_to() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE);
    let frame = frame_to(MAC, 101);
    for (index, start) in [0, 14, 100, 255].into_iter().enumerate() {
        machine.w32(reg::RXCSUM, start);
        machine.receive(&frame);
        let wanted = frame.get(start as usize..).map_or(0, checksum::of);
        assert_eq!(machine.rx_descriptor(index as u64).checksum, wanted, "from {start}");
    }
}

fn tcp(v6: bool, snap: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    if v6 {
        let ip = PacketBuilder::ethernet2(PEER.0, MAC.0).ipv6([1; 16], [2; 16], 9);
        ip.tcp(1, 2, 3, 4).write(&mut bytes, &[9; 50]).unwrap();
    } else {
        let ip = PacketBuilder::ethernet2(PEER.0, MAC.0).ipv4([1; 4], [2; 4], 9);
        ip.tcp(1, 2, 3, 4).write(&mut bytes, &[9; 50]).unwrap();
    }
    if snap {
        let length = (bytes.len() - 14 + 8) as u16;
        let header = [0xaa, 0xaa, 3, 0, 0, 0];
        bytes.splice(12..12, [length.to_be_bytes().as_slice(), &header].concat());
    }
    bytes
}

#[test]
fn checksums_are_verified_as_rxcsum_asks() {
    const IP: u32 = 0x100;
    const TU: u32 = 0x200;
    const V6: u32 = 0x400;
    let (v4, v6, snap) = (tcp(false, false), tcp(true, false), tcp(false, true));
    let damaged = |frame: &[u8], at: usize| {
        let mut frame = frame.to_vec();
        frame[at] ^= 0x10;
        frame
    };
    let mut udp = Vec::new();
    let ip = PacketBuilder::ethernet2(PEER.0, MAC.0).ipv4([1; 4], [2; 4], 9);
    ip.udp(1, 2).write(&mut udp, &[9; 50]).unwrap();
    udp[40..42].fill(0);
    // Frame, RXCSUM, status, errors.
    for (number, (frame, control, status, errors)) in [
        (v4.clone(), 0, 0x07, 0),
        (v4.clone(), IP, 0x43, 0),
        (v4.clone(), TU, 0x23, 0),
        (v4.clone(), IP | TU, 0x63, 0),
        (damaged(&v4, 22), IP | TU, 0x63, 0x40),
        (damaged(&v4, 60), IP | TU, 0x63, 0x20),
        (snap, IP | TU, 0x63, 0),
        (v6.clone(), IP | TU, 0x03, 0),
        (v6.clone(), IP | TU | V6, 0x23, 0),
        (damaged(&v6, 80), TU | V6, 0x23, 0x20),
        (udp, IP | TU, 0x43, 0),
        (frame_to(MAC, 60), IP | TU, 0x03, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let mut machine = Machine::off();
        machine.start_receiver(8, RECEIVE);
        machine.w32(reg::RXCSUM, control);
        machine.receive(&frame);
        let descriptor = machine.rx_descriptor(0);
        assert_eq!((descriptor.status, descriptor.errors), (status, errors), "row {number}");
    }
}

#[test]
fn null_descriptors_are_given_back_without_data() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE);
    machine
        .write_ram(RX_RING, &[0, 0, 0, 0, 0, 0, 0, 0, 0x34, 0x12, 0x78, 0x56, 0, 0xaa, 0xcd, 0xab]);
    let frame = frame_to(MAC, 100);
    machine.receive(&frame);
    let null =
        RxDescriptor { length: 0x1234, checksum: 0x5678, status: 1, errors: 0xaa, special: 0xabcd };
    assert_eq!(machine.rx_descriptor(0), null);
    assert_eq!(machine.rx_buffer(1), frame);
}

#[test]
fn the_minimum_threshold_is_reported_when_reached() {
    for (code, free) in [(0, 16), (1, 8), (2, 4)] {
        let mut machine = Machine::off();
        machine.start_receiver(32, RECEIVE | code << 8);
        let mut taken = 0;
        while machine.r32(reg::ICR) & 0x10 == 0 {
            machine.receive(&frame_to(MAC, 60));
            taken += 1;
        }
        assert_eq!(31 - taken, free);
        machine.receive(&frame_to(MAC, 60));
        assert_eq!(machine.r32(reg::ICR) & 0x10, 0, "once");
    }
}

#[test]
fn small_packets_are_detected() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE);
    machine.w32(reg::RSRPD, 100);
    machine.receive(&frame_to(MAC, 101));
    assert_eq!(machine.r32(reg::ICR), 0x80);
    machine.receive(&frame_to(MAC, 100));
    assert_eq!(machine.r32(reg::ICR), 0x1_0080);
}

#[test]
fn a_receiver_says_why_it_takes_nothing() {
    let mut machine = Machine::off();
    let readiness = |machine: &Machine| machine.device.can_receive();
    assert_eq!(readiness(&machine), Readiness::NotReady(NotReady::ReceiverOff));
    machine.w32(reg::RCTL, RECEIVE);
    assert_eq!(readiness(&machine), Readiness::NotReady(NotReady::NoBuffers), "RDLEN is 0");
    machine.start_receiver(8, RECEIVE);
    assert_eq!(readiness(&machine), Readiness::Ready);
    machine.w32(reg::RDT, 0);
    assert_eq!(readiness(&machine), Readiness::NotReady(NotReady::NoBuffers));
    machine.w32(reg::RDT, 0xffff);
    assert_eq!(
        readiness(&machine),
        Readiness::NotReady(NotReady::NoBuffers),
        "outside of the ring"
    );
    machine.call(|device, cx| device.link(cx, LinkState::Down));
    assert_eq!(readiness(&machine), Readiness::NotReady(NotReady::LinkDown));
    let dropped = machine.receive(&frame_to(MAC, 60));
    assert_eq!(dropped, Verdict::Dropped(DropReason::LinkDown));
}

#[test]
fn receiving_works_right_after_it_is_enabled() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE);
    for toggle in [RECEIVE | 0x18, RECEIVE, 0, RECEIVE] {
        machine.w32(reg::RCTL, toggle);
    }
    assert_eq!(machine.device.can_receive(), Readiness::Ready);
    assert_eq!(machine.receive(&frame_to(MAC, 60)), Verdict::Taken);
}

#[test]
fn a_frame_that_meets_no_buffers_waits_in_the_fifo() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE | LPE | 3 << 16);
    machine.w32(reg::RDT, 2);
    let frame = frame_to(MAC, 1000);
    assert_eq!(machine.receive(&frame), Verdict::Taken);
    assert_eq!((machine.r32(reg::RDH), machine.r32(reg::RNBC)), (2, 1));
    assert_eq!(machine.rx_descriptor(1).status, 1, "half of it is there");
    assert_eq!(machine.device.can_receive(), Readiness::NotReady(NotReady::NoBuffers));
    let next = frame_to(MAC, 60);
    assert_eq!(machine.receive(&next), Verdict::Taken, "the FIFO takes it all the same");
    machine.w32(reg::RDT, 7);
    let seen: Vec<u8> = (0..4).flat_map(|index| machine.rx_buffer(index)).collect();
    assert_eq!(seen, frame);
    assert_eq!(machine.rx_buffer(4), next);
    assert_eq!(machine.r32(reg::MPC), 0);
}

#[test]
fn a_full_fifo_misses_frames() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE | LPE);
    machine.w32(reg::RDT, 0);
    let frame = frame_to(MAC, 16000);
    for _ in 0..3 {
        assert_eq!(machine.receive(&frame), Verdict::Taken);
    }
    assert_eq!(machine.receive(&frame), Verdict::Dropped(DropReason::FifoOverflow));
    assert_eq!((machine.r32(reg::MPC), machine.r32(reg::ICR) & 0x40), (1, 0x40));
}

#[test]
fn with_rx_drop_the_peer_never_waits() {
    let mut machine = Machine::new(&[("timing", "off"), ("rx-drop", "on")]);
    machine.start_receiver(8, RECEIVE);
    machine.w32(reg::RDT, 0);
    assert_eq!(machine.device.can_receive(), Readiness::Ready);
}

#[test]
fn work_left_by_the_sender_is_done() {
    let mut machine = Machine::off();
    machine.start_receiver(16, RECEIVE);
    let whole = {
        let mut bytes = Vec::new();
        let ip = PacketBuilder::ethernet2(PEER.0, MAC.0).ipv4([1; 4], [2; 4], 9);
        ip.tcp(1, 2, 3, 4).write(&mut bytes, &[9; 3000]).unwrap();
        bytes
    };
    let segmentation =
        Some(Segmentation { kind: GsoKind::TcpV4, size: 1460, header_length: 54, ecn: false });
    let offload = Offload { checksum: Checksum::Complete, segmentation };
    let frame = Frame::with_offload(whole, VTime::ZERO, offload).unwrap();
    machine.w32(reg::RXCSUM, 0x300);
    assert_eq!(machine.receive_frame(&frame), Verdict::Taken);
    assert_eq!([0, 1, 2].map(|n| machine.rx_descriptor(n).length), [1514, 1514, 134]);
    assert!((0..3).all(|n| machine.rx_descriptor(n).status == 0x63));
}

#[test]
fn every_size_has_its_counter() {
    let mut machine = Machine::off();
    machine.start_receiver(32, RECEIVE | LPE);
    for length in [60, 61, 123, 124, 251, 252, 507, 508, 1019, 1020, 1518, 5000] {
        machine.receive(&frame_to(MAC, length));
    }
    let counts: Vec<u32> = (0..6).map(|n| machine.r32(reg::PRC64 + n * 4)).collect();
    assert_eq!(counts, [1, 2, 2, 2, 2, 3]);
    machine.receive(&frame_to(elnic_contract::MacAddr::BROADCAST, 60));
    assert_eq!((machine.r32(reg::BPRC), machine.r32(reg::MPRC)), (1, 0));
    machine.receive(&frame_to(PEER, 60));
    assert_eq!(machine.r32(reg::GPRC), 13, "not for us");
    assert_eq!(machine.r32(reg::TPR), 14, "but counted among all");
}
