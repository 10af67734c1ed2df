//! C+ mode: descriptor rings, priorities, scatter, tags, checksums, large send, tally counters (DS C+ mode).

mod harness;

use elnic_contract::{DropReason, LinkState, MacAddr, NotReady, Readiness, Verdict};
use elnic_script::DmaKind;
use etherparse::SlicedPacket;
use harness::{
    EOR, FS, HIGH_RING, LS, MAC, Machine, OWN, PEER, RX_BUFFERS, RX_RING, STRIDE, TX_RING,
    frame_to, isr, reg, tcp, udp,
};

const NPQ: u8 = 0x40;
const HPQ: u8 = 0x80;
const IPCS: u32 = 1 << 18;
const UDPCS: u32 = 1 << 17;
const TCPCS: u32 = 1 << 16;
const LARGE_SEND: u32 = 1 << 27;
const TAG: u32 = 1 << 17;
const TES: u32 = 1 << 23;

fn rings(cpcr: u16) -> Machine {
    let mut machine = Machine::off();
    machine.start_rings(cpcr, 8, 0x800);
    machine
}

fn zeroed(mut frame: Vec<u8>, places: &[usize]) -> Vec<u8> {
    for place in places {
        frame[*place..place + 2].fill(0);
    }
    frame
}

#[test]
fn a_ring_is_sent_to_its_end_and_again_from_its_start() {
    let mut machine = rings(3);
    for index in 0..3 {
        let end = if index == 2 { EOR } else { 0 };
        machine.put_frame(TX_RING, index, &frame_to(PEER, 60 + index as usize), end, 0);
    }
    machine.poll(NPQ);
    assert_eq!(machine.take_isr(), isr::TOK | isr::TDU);
    assert_eq!(machine.word(TX_RING, 0), FS | LS | 60);
    assert_eq!(machine.word(TX_RING, 2), EOR | FS | LS | 62);
    assert_eq!(machine.r16(reg::TDOKLADDR), (TX_RING + 32) as u16);
    machine.put_frame(TX_RING, 0, &frame_to(PEER, 99), 0, 0);
    machine.poll(NPQ);
    let lengths: Vec<usize> = machine.frames().iter().map(Vec::len).collect();
    assert_eq!(lengths, [60, 61, 62, 99]);
}

#[test]
fn a_ring_ends_at_64_descriptors_without_saying_so() {
    let mut machine = rings(3);
    for index in 0..70 {
        machine.put_frame(TX_RING, index, &frame_to(PEER, 60 + index as usize), 0, 0);
    }
    machine.poll(NPQ);
    machine.advance_us(100);
    assert_eq!(machine.frames().len(), 64);
    assert_eq!(machine.word(TX_RING, 64) & OWN, OWN);
}

#[test]
fn high_priority_goes_first() {
    for timing in ["off", "wire", "full"] {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_rings(3, 8, 0x800);
        for index in 0..2 {
            machine.put_frame(TX_RING, index, &frame_to(PEER, 60), 0, 0);
            machine.put_frame(HIGH_RING, index, &frame_to(PEER, 70), 0, 0);
        }
        machine.poll(NPQ | HPQ);
        machine.advance_us(1000);
        let lengths: Vec<usize> = machine.frames().iter().map(Vec::len).collect();
        assert_eq!(lengths, [70, 70, 60, 60], "{timing}");
        assert_eq!(machine.take_isr(), isr::TOK | isr::TDU);
    }
}

#[test]
fn a_packet_may_stand_in_many_pieces_and_come_late() {
    let mut machine = rings(3);
    let frame = frame_to(PEER, 100);
    machine.store(0x9000, &frame);
    machine.put(TX_RING, 0, OWN | FS | 40, 0, 0x9000);
    machine.put(TX_RING, 1, OWN | 20, 0, 0x9028);
    machine.poll(NPQ);
    assert!(machine.frames().is_empty());
    machine.put(TX_RING, 2, OWN | LS | 40, 0, 0x903c);
    machine.poll(NPQ);
    assert_eq!(machine.frames(), [frame]);
    for index in 0..3 {
        assert_eq!(machine.word(TX_RING, index) & OWN, 0);
    }
}

#[test]
fn nothing_of_a_ring_is_sent_twice() {
    for timing in ["wire", "full"] {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_rings(3, 8, 0x800);
        machine.put_frame(TX_RING, 0, &frame_to(PEER, 60), EOR, 0);
        machine.poll(NPQ);
        machine.poll(NPQ);
        machine.advance_us(1000);
        assert_eq!(machine.frames().len(), 1, "{timing}");
    }
}

#[test]
fn checksums_are_inserted_as_asked() {
    let tcp_places = [24, 50];
    let udp_places = [24, 40];
    for (packet, places, flags, kept) in [
        (tcp(0, 100), tcp_places, IPCS | TCPCS, &[][..]),
        (tcp(0, 100), tcp_places, TCPCS, &tcp_places[..1]),
        (tcp(0, 100), tcp_places, IPCS, &tcp_places[1..]),
        (tcp(0, 100), tcp_places, IPCS | UDPCS, &tcp_places[1..]),
        (udp(33), udp_places, IPCS | UDPCS, &[][..]),
        (udp(33), udp_places, IPCS | TCPCS, &udp_places[1..]),
        (udp(33), udp_places, 0, &udp_places[..]),
    ] {
        let mut machine = rings(3);
        machine.put_frame(TX_RING, 0, &zeroed(packet.clone(), &places), flags, 0);
        machine.poll(NPQ);
        assert_eq!(machine.frames(), [zeroed(packet, kept)], "{flags:#x}");
    }
}

#[test]
fn a_packet_without_the_layer_is_sent_as_it_is() {
    let mut fragment = udp(33);
    fragment[20] |= 0x20;
    for packet in [frame_to(PEER, 60), fragment, tcp(0, 100)[..40].to_vec()] {
        let mut machine = rings(3);
        machine.put_frame(TX_RING, 0, &packet, TCPCS | UDPCS, 0);
        machine.poll(NPQ);
        assert_eq!(machine.frames(), [packet]);
    }
}

/// The segments that a packet of TCP with FIN and PSH, cut after `mss` bytes, became.
fn large_send(payload: usize, mss: u32, vlan: u32) -> (Machine, Vec<Vec<u8>>) {
    let mut machine = rings(3);
    let packet = zeroed(tcp(9, payload), &[24, 50]);
    machine.put_frame(TX_RING, 0, &packet, LARGE_SEND | mss << 16, vlan);
    machine.poll(NPQ);
    machine.advance_us(100_000);
    let frames = machine.frames();
    (machine, frames)
}

#[test]
fn large_send_cuts_a_packet_and_only_the_last_piece_ends_it() {
    for (payload, mss) in [(1000, 300), (1000, 1000), (1000, 500), (1, 1460), (60_000, 1460)] {
        let (mut machine, frames) = large_send(payload, mss, 0);
        assert_eq!(frames.len(), payload.div_ceil(mss as usize));
        let mut seen = Vec::new();
        for (number, frame) in frames.iter().enumerate() {
            let sliced = SlicedPacket::from_ethernet(frame).unwrap();
            let Some(etherparse::NetSlice::Ipv4(ip)) = &sliced.net else { panic!() };
            assert_eq!(
                ip.header().to_header().calc_header_checksum(),
                ip.header().header_checksum()
            );
            assert_eq!(usize::from(ip.header().identification()), number);
            let Some(etherparse::TransportSlice::Tcp(segment)) = &sliced.transport else {
                panic!()
            };
            assert_eq!(segment.sequence_number() as usize, 1000 + seen.len());
            let last = number + 1 == frames.len();
            assert_eq!((segment.fin(), segment.psh(), segment.ack()), (last, last, true));
            let (from, to) = ([10, 0, 0, 1], [10, 0, 0, 2]);
            let checksum = segment.to_header().calc_checksum_ipv4_raw(from, to, segment.payload());
            assert_eq!(checksum.unwrap(), segment.checksum());
            seen.extend_from_slice(segment.payload());
        }
        assert_eq!(seen.len(), payload);
        assert!(seen.iter().enumerate().all(|(n, byte)| *byte == n as u8));
        assert_eq!(machine.word(TX_RING, 0) & (OWN | TES), 0);
        assert_eq!(machine.take_isr() & (isr::TOK | isr::TER), isr::TOK);
    }
}

#[test]
fn large_send_of_no_payload_is_one_frame() {
    let (_, frames) = large_send(0, 1460, 0);
    let [frame] = &frames[..] else { panic!("{} frames", frames.len()) };
    assert_eq!((frame.len(), frame[47]), (54, 0x19), "FIN, PSH and ACK are kept");
}

#[test]
fn every_segment_gets_the_tag() {
    let (_, frames) = large_send(500, 200, TAG | 0x2301);
    assert_eq!(frames.len(), 3);
    for frame in frames {
        assert_eq!(frame[12..18], [0x81, 0x00, 0x01, 0x23, 0x08, 0x00]);
    }
}

/// Large send of `packet` is given back with TES, and nothing of it is sent; what follows is.
fn refused_with_an_error_summary(packets: impl IntoIterator<Item = (Vec<u8>, u32)>) {
    for (packet, mss) in packets {
        let mut machine = rings(3);
        machine.put_frame(TX_RING, 0, &packet, LARGE_SEND | mss << 16, 0);
        machine.put_frame(TX_RING, 1, &frame_to(PEER, 60), 0, 0);
        machine.poll(NPQ);
        assert_eq!(machine.frames().len(), 1, "what follows is sent");
        assert_eq!(machine.word(TX_RING, 0) & (OWN | TES), TES);
        assert_eq!(machine.take_isr(), isr::TOK | isr::TER | isr::TDU);
        assert_eq!(machine.nic().counters().tx_dropped(DropReason::BadDescriptor), 1);
    }
}

#[test]
fn large_send_over_ipv6_is_refused_with_an_error_summary() {
    // The chip segments TCP over IPv4 alone.
    let mut packet = Vec::new();
    etherparse::PacketBuilder::ethernet2(PEER.0, MAC.0)
        .ipv6([1; 16], [2; 16], 64)
        .tcp(1, 2, 3, 4)
        .write(&mut packet, &[0; 3000])
        .unwrap();
    refused_with_an_error_summary([(packet, 1460)]);
}

#[test]
fn large_send_without_a_segment_size_is_refused_with_an_error_summary() {
    refused_with_an_error_summary([(tcp(9, 100), 0)]);
}

#[test]
fn large_send_of_what_is_no_tcp_is_refused_with_an_error_summary() {
    refused_with_an_error_summary([(udp(100), 50), (frame_to(PEER, 100), 50), (vec![1; 3], 1)]);
}

#[test]
fn tags_are_put_in_and_taken_out() {
    let mut machine = rings(0x43);
    machine.put_frame(TX_RING, 0, &frame_to(PEER, 60), 0, TAG | 0x2301);
    machine.poll(NPQ);
    let sent = machine.frames().remove(0);
    assert_eq!((sent.len(), &sent[12..16]), (64, &[0x81, 0x00, 0x01, 0x23][..]));
    let mut tagged = frame_to(MAC, 100);
    tagged[12..16].copy_from_slice(&[0x81, 0x00, 0xb1, 0x23]);
    assert_eq!(machine.receive(&tagged), Verdict::Taken);
    assert_eq!(machine.word(RX_RING, 0) & 0x1fff, 100, "four bytes less, and the FCS");
    assert_eq!(machine.vlan_word(RX_RING, 0), 0x1_23b1);
    let stored = machine.load(RX_BUFFERS, 96);
    assert_eq!([&tagged[..12], &tagged[16..]].concat(), stored);
    assert_eq!(machine.receive(&frame_to(MAC, 60)), Verdict::Taken);
    assert_eq!(machine.vlan_word(RX_RING, 1) & 0x1_0000, 0, "this one had none");
    let mut machine = rings(0x03);
    machine.receive(&tagged);
    assert_eq!((machine.word(RX_RING, 0) & 0x1fff, machine.vlan_word(RX_RING, 0)), (104, 0));
}

#[test]
fn a_received_frame_says_how_it_passed() {
    for (destination, bits) in [(MAC, 1 << 25), (MacAddr::BROADCAST, 1 << 24)] {
        let mut machine = rings(3);
        machine.receive(&frame_to(destination, 60));
        assert_eq!(machine.word(RX_RING, 0), FS | LS | bits | 64);
        assert_eq!(machine.take_isr(), isr::ROK);
    }
}

#[test]
fn a_long_frame_goes_on_in_further_buffers() {
    let mut machine = Machine::off();
    machine.start_rings(3, 4, 0x100);
    let frame = frame_to(MAC, 600);
    machine.receive(&frame);
    assert_eq!(machine.word(RX_RING, 0), FS | 0x100);
    assert_eq!(machine.word(RX_RING, 1), 0x100);
    assert_eq!(machine.word(RX_RING, 2), LS | 1 << 25 | 604);
    let parts = [(0, 256), (1, 256), (2, 88)];
    let stored: Vec<u8> = parts
        .iter()
        .flat_map(|(index, length)| machine.load(RX_BUFFERS + index * STRIDE, *length))
        .collect();
    assert_eq!(stored, frame);
    assert_eq!(machine.word(RX_RING, 3) & OWN, OWN);
}

#[test]
fn a_frame_without_a_descriptor_waits_for_one() {
    let mut machine = Machine::off();
    machine.start_rings(3, 1, 0x800);
    machine.receive(&frame_to(MAC, 60));
    assert_eq!(machine.take_isr(), isr::ROK);
    machine.receive(&frame_to(MAC, 99));
    assert_eq!(machine.take_isr(), isr::RXOVW);
    assert_eq!(machine.ready(), Readiness::NotReady(NotReady::NoBuffers));
    machine.put(RX_RING, 0, OWN | EOR | 0x800, 0, RX_BUFFERS);
    machine.advance_us(100);
    assert_eq!(machine.word(RX_RING, 0) & 0x1fff, 103);
    assert_eq!((machine.take_isr(), machine.ready()), (isr::ROK, Readiness::Ready));
}

#[test]
fn a_frame_half_delivered_goes_on_where_it_stopped() {
    let mut machine = Machine::off();
    machine.start_rings(3, 2, 0x100);
    machine.put(RX_RING, 1, EOR | 0x100, 0, RX_BUFFERS + STRIDE);
    let frame = frame_to(MAC, 300);
    machine.receive(&frame);
    assert_eq!(machine.take_isr(), isr::RXOVW);
    machine.bench.pulse();
    machine.put(RX_RING, 1, OWN | EOR | 0x100, 0, RX_BUFFERS + STRIDE);
    machine.advance_us(100);
    assert_eq!(machine.word(RX_RING, 1), EOR | LS | 1 << 25 | 304);
    assert_eq!(machine.load(RX_BUFFERS + STRIDE, 44), frame[256..]);
}

#[test]
fn checksums_of_received_packets_are_checked() {
    let broken = |mut packet: Vec<u8>, at: usize| {
        packet[at] ^= 0x10;
        packet
    };
    let mut no_checksum = udp(40);
    no_checksum[40..42].fill(0);
    let mut fragment = tcp(0, 40);
    fragment[20] |= 0x20;
    let last = tcp(0, 40).len() - 1;
    for (packet, bits) in [
        (tcp(0, 40), 1 << 16),
        (udp(40), 2 << 16),
        (broken(tcp(0, 40), last), 1 << 16 | 1 << 13),
        (broken(udp(40), 60), 2 << 16 | 1 << 14),
        (broken(tcp(0, 40), 22), 1 << 16 | 1 << 15),
        (no_checksum, 3 << 16),
        (fragment, 3 << 16 | 1 << 15),
        (frame_to(MAC, 60), 0),
    ] {
        let packet = [&MAC.0[..], &packet[6..]].concat();
        for (cpcr, expected) in [(0x23, bits), (0x03, 0)] {
            let mut machine = rings(cpcr);
            machine.receive(&packet);
            assert_eq!(machine.word(RX_RING, 0) & 0x3_e000, expected, "{packet:02x?}");
        }
    }
}

#[test]
fn errors_of_the_bus_are_reported_and_end_nothing() {
    let mut machine = rings(3);
    machine.put_frame(TX_RING, 0, &frame_to(PEER, 60), 0, 0);
    machine.bench.ram.fail(DmaKind::Read, 0, 1);
    machine.poll(NPQ);
    assert_eq!(machine.take_isr(), isr::SERR, "the descriptor");
    machine.bench.ram.fail(DmaKind::Read, 1, 1);
    machine.poll(NPQ);
    assert_eq!(machine.take_isr(), isr::SERR | isr::TER | isr::TDU, "the data");
    assert_eq!(machine.word(TX_RING, 0) & (OWN | TES), TES);
    machine.put_frame(TX_RING, 1, &frame_to(PEER, 60), 0, 0);
    machine.poll(NPQ);
    assert_eq!(machine.frames().len(), 1);
    machine.bench.ram.fail(DmaKind::Write, 0, 1);
    assert_eq!(machine.receive(&frame_to(MAC, 60)), Verdict::Dropped(DropReason::DmaError));
    assert_eq!(machine.receive(&frame_to(MAC, 60)), Verdict::Taken);
}

#[test]
fn a_link_that_is_down_shows_in_the_descriptor() {
    let mut machine = rings(3);
    machine.bench.link(LinkState::Down);
    machine.put_frame(TX_RING, 0, &frame_to(PEER, 60), 0, 0);
    machine.poll(NPQ);
    assert_eq!(machine.word(TX_RING, 0), FS | LS | TES | 1 << 21 | 60);
    assert_eq!(machine.take_isr(), isr::PUN | isr::TER | isr::TDU);
}

#[test]
fn tally_counters_tell_what_happened() {
    for (timing, wait) in [("off", 0), ("full", 2000)] {
        let mut machine = Machine::new(&[("timing", timing), ("rx-drop", "on")]);
        machine.start_rings(3, 3, 0x800);
        machine.advance_us(1000);
        machine.put_frame(TX_RING, 0, &frame_to(PEER, 60), 0, 0);
        machine.poll(NPQ);
        for destination in [MAC, MacAddr::BROADCAST, PEER, MAC] {
            machine.receive(&frame_to(destination, 60));
            machine.advance_us(1000);
        }
        machine.w32(reg::DTCCR + 4, 0);
        machine.w32(reg::DTCCR, 0xa000 | 8);
        if wait > 0 {
            assert_eq!(machine.r32(reg::DTCCR), 0xa008, "busy");
            machine.advance_us(wait);
        }
        assert_eq!(machine.r32(reg::DTCCR), 0xa000);
        let counters = [(0, 1), (8, 3), (16, 0), (24, 0), (28, 0), (40, 2), (48, 1), (56, 0)];
        for (offset, expected) in counters {
            assert_eq!(machine.load32(0xa000 + offset), expected, "{timing} {offset}");
        }
        assert_eq!(machine.nic().counters().rx_dropped(DropReason::AddressFilter), 1);
        machine.w8(reg::CR, 0x10);
        machine.w16(reg::CPCR, 1);
        machine.w32(reg::DTCCR + 4, 0);
        machine.w32(reg::DTCCR, 0xa000 | 8);
        machine.advance_us(wait);
        assert_eq!(machine.load(0xa000, 64), [0; 64]);
    }
}
