//! What attackers have done to other models of this chip: each once, under its name.

mod harness;

use elnic_contract::{Frame, VTime, Verdict};
use harness::{
    EOR, FS, LOOPBACK, LS, MAC, Machine, OWN, PEER, RECEIVE, RX_BUFFER, RX_RING, TRANSMIT, TX_RING,
    frame_to, reg, tcp, udp,
};

const NPQ: u8 = 0x40;
const OFFLOADS: u32 = 7 << 16;
const LARGE_SEND: u32 = 1 << 27;

/// Sends `packet` from the ring with `flags` and says what left.
fn send(packet: &[u8], flags: u32) -> Vec<Vec<u8>> {
    let mut machine = Machine::off();
    machine.start_rings(3, 4, 0x800);
    machine.put_frame(TX_RING, 0, packet, flags, 0);
    machine.poll(NPQ);
    machine.advance_us(10_000);
    assert_eq!(machine.word(TX_RING, 0) & OWN, 0, "the descriptor comes back");
    machine.frames()
}

#[test]
fn cve_2015_5165_offload_with_false_header_lengths_leaks_nothing() {
    for base in [tcp(9, 60), udp(60)] {
        for length in 14..=base.len() {
            let cut = &base[..length];
            assert!(send(cut, OFFLOADS).iter().all(|frame| frame.len() == length));
            let pieces = send(cut, LARGE_SEND | 20 << 16);
            assert!(pieces.iter().map(Vec::len).sum::<usize>() <= base.len() * 6);
        }
        for (at, value) in
            [(14, 0x40), (14, 0x4f), (14, 0x60), (16, 0xff), (17, 0), (17, 19), (46, 0), (46, 0xf0)]
        {
            let mut packet = base.clone();
            packet[at] = value;
            let sent = send(&packet, OFFLOADS);
            assert_eq!((sent.len(), sent[0].len()), (1, packet.len()), "{at} {value:#x}");
            for piece in send(&packet, LARGE_SEND | 20 << 16) {
                assert!(piece.len() <= packet.len(), "{at} {value:#x}");
            }
        }
    }
}

#[test]
fn cve_2016_8910_a_ring_without_end_stops() {
    let mut machine = Machine::off();
    machine.start_rings(3, 4, 0x800);
    for index in 0..64 {
        machine.put(TX_RING, index, OWN | FS, 0, 0x9000);
    }
    machine.poll(NPQ);
    machine.advance_us(100_000);
    assert!(machine.frames().is_empty());
    for index in 0..64 {
        machine.put(TX_RING, index, OWN | if index == 0 { FS } else { 0 } | 0xffff, 0, 0x9000);
    }
    machine.poll(NPQ);
    machine.advance_us(100_000);
    assert!(machine.frames().is_empty());
    machine.put_frame(TX_RING, 0, &frame_to(PEER, 60), EOR, 0);
    machine.w8(reg::CR, 0x08);
    machine.w8(reg::CR, 0x0c);
    machine.poll(NPQ);
    assert_eq!(machine.frames().len(), 1, "and it works again");
}

#[test]
fn cve_2018_17958_frames_of_any_length_are_survived() {
    for length in [1, 13, 4095, 8192, 65_535, Frame::MAX_LENGTH] {
        for cpcr in [0, 0x63] {
            let mut machine = Machine::off();
            machine.start_rings(cpcr, 4, 0x800);
            machine.w32(reg::RBSTART, RX_BUFFER as u32);
            machine.w32(reg::RCR, 0xfeff | 0x1_0000);
            machine.receive(&frame_to(MAC, length));
            machine.advance_us(1000);
        }
    }
    assert!(Frame::new(vec![0; Frame::MAX_LENGTH + 1], VTime::ZERO).is_err());
}

#[test]
fn cve_2021_3416_loopback_goes_one_level_deep() {
    for cpcr in [0, 3] {
        let mut machine = Machine::off();
        machine.start_rings(cpcr, 8, 0x800);
        machine.w32(reg::RBSTART, RX_BUFFER as u32);
        machine.w32(reg::TCR, TRANSMIT | LOOPBACK);
        for round in 0..5000_u64 {
            let read = machine.r16(reg::CBR).wrapping_sub(16);
            machine.w16(reg::CAPR, read);
            if cpcr == 0 {
                machine.give(round % 4, &frame_to(MAC, 60));
            } else {
                machine.put_frame(TX_RING, round % 64, &frame_to(MAC, 60), 0, 0);
                machine.put(RX_RING, round % 8, OWN | end(round) | 0x800, 0, 0x40_0000);
                machine.poll(NPQ);
            }
        }
        assert_eq!(machine.nic().counters().rx_frames, 5000);
    }
}

fn end(round: u64) -> u32 {
    if round % 8 == 7 { EOR } else { 0 }
}

#[test]
fn large_send_of_no_segment_size_divides_by_nothing() {
    for mss in [0, 1, 53, 54, 0x7ff] {
        let frames = send(&tcp(9, 100), LARGE_SEND | mss << 16);
        assert_eq!(frames.len(), if mss == 0 { 0 } else { 100_usize.div_ceil(mss as usize) });
    }
}

#[test]
fn large_send_of_the_longest_packet_in_the_smallest_pieces_is_bounded() {
    let packet = tcp(0, 60_000);
    assert_eq!(send(&packet, LARGE_SEND | 1 << 16).len(), 60_000);
}

#[test]
fn receive_alignment_at_every_place_stays_inside_the_ring() {
    for wrap in [0, 0x80] {
        for read in (0..8192_u32).step_by(508) {
            for length in [60, 61, 1514, 4000, 8176, 8177, 8180] {
                let mut machine = Machine::new(&[("timing", "off"), ("rx-drop", "on")]);
                machine.start(0x3f | wrap, TRANSMIT);
                machine.w16(reg::CAPR, (read as u16).wrapping_sub(16));
                machine.receive(&frame_to(MAC, length));
                let margin = if wrap == 0 { 0 } else { 8192 };
                let beyond = machine.load(RX_BUFFER + 8192 + margin, 8192);
                assert!(beyond.iter().all(|byte| *byte == 0), "{wrap} {read} {length}");
                assert!(machine.r16(reg::CBR) < 8192);
            }
        }
    }
}

#[test]
fn work_item_3518_short_tagged_frames_are_stripped_in_bounds() {
    for length in 1..=70 {
        let mut frame = frame_to(MAC, 70);
        frame[12..16].copy_from_slice(&[0x81, 0, 0, 5]);
        frame.truncate(length);
        let mut machine = Machine::qemu();
        machine.start_rings(0x43, 4, 0x800);
        machine.w32(reg::RCR, RECEIVE | 0x31);
        assert_eq!(machine.receive(&frame), Verdict::Taken);
        // Padding makes a whole tag of 13 bytes.
        let stored = length.max(60) - if length >= 13 { 4 } else { 0 };
        assert_eq!(machine.word(RX_RING, 0) & 0x1fff, stored as u32 + 4, "{length}");
        machine.w32(reg::TCR, TRANSMIT | LOOPBACK);
        machine.put_frame(TX_RING, 0, &frame, 0, 1 << 17 | 0x0500);
        machine.poll(NPQ);
        assert_eq!(machine.word(TX_RING, 0) & OWN, 0);
    }
}

#[test]
fn a_packet_of_more_than_64_kib_is_given_up() {
    let mut machine = Machine::off();
    machine.start_rings(3, 4, 0x800);
    for index in 0..64 {
        let flags = match index {
            0 => FS,
            63 => LS | EOR,
            _ => 0,
        };
        machine.put(TX_RING, index, OWN | flags | 0x1fff, 0, 0x9000);
    }
    machine.poll(NPQ);
    machine.advance_us(1000);
    assert!(machine.frames().is_empty());
    assert!((0..64).all(|index| machine.word(TX_RING, index) & OWN == 0));
}

#[test]
fn the_ring_may_move_and_change_its_size_at_any_moment() {
    for compat in ["qemu", "datasheet"] {
        for place in (0..0x1_0000_u32).step_by(1020) {
            let properties = [("timing", "off"), ("rx-drop", "on"), ("compat", compat)];
            let mut machine = Machine::new(&properties);
            machine.start(RECEIVE | 0x1800, TRANSMIT);
            machine.w16(reg::CAPR, (place as u16 & !3).wrapping_sub(16));
            for code in [3, 0, 2, 1] {
                machine.receive(&frame_to(MAC, 1000));
                machine.w32(reg::RCR, RECEIVE | code << 11);
                machine.w32(reg::RBSTART, RX_BUFFER as u32 + 0x2_0000);
                machine.receive(&frame_to(MAC, 1000));
                machine.w32(reg::RBSTART, RX_BUFFER as u32);
                assert!(u32::from(machine.r16(reg::CBR)) < 8192 << code);
            }
            let after = machine.load(RX_BUFFER + 0x1_0000, 0x1_0000);
            assert!(after.iter().all(|byte| *byte == 0), "{compat} {place:#x}");
        }
    }
}

#[test]
fn descriptors_and_buffers_at_the_ends_of_the_address_space_are_survived() {
    for address in [0, 0xffff_ffff, u64::MAX, u64::MAX - 15, 0xffff_ffff_ffff_ff00] {
        let mut machine = Machine::off();
        machine.start_rings(3, 1, 0x800);
        machine.put(TX_RING, 0, OWN | FS | LS | 1514, 0, address);
        machine.put(RX_RING, 0, OWN | EOR | 0x800, 0, address);
        machine.poll(NPQ);
        machine.receive(&frame_to(MAC, 1514));
        for (low, register) in [(reg::TNPDS, reg::TNPDS + 4), (reg::RDSAR, reg::RDSAR + 4)] {
            machine.w32(low, address as u32);
            machine.w32(register, (address >> 32) as u32);
        }
        machine.poll(NPQ | 0x80);
        machine.receive(&frame_to(MAC, 1514));
        machine.advance_us(1000);
    }
}
