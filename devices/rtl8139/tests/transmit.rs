//! Transmission of C mode (DS TSD, TSAD, TCR).

mod harness;

use elnic_contract::{DropReason, LinkState};
use elnic_script::DmaKind;
use harness::{LOOPBACK, MAC, Machine, PEER, RECEIVE, TRANSMIT, frame_to, isr, reg};

#[test]
fn four_descriptors_go_out_in_turn() {
    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT);
    for round in 0..3 {
        for number in 0..4 {
            let frame = frame_to(PEER, 60 + round * 4 + number as usize);
            machine.give(number, &frame);
            assert_eq!(machine.frames().last(), Some(&frame));
            assert_eq!(machine.tsd(number), 0xa000 | frame.len() as u32);
        }
    }
    assert_eq!(machine.take_isr(), isr::TOK);
    assert_eq!(machine.r16(reg::TSALLD), 0xf00f);
    assert_eq!(machine.nic().counters().tx_frames, 12);
}

#[test]
fn a_descriptor_out_of_turn_waits_for_its_turn() {
    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT);
    machine.give(1, &frame_to(PEER, 64));
    assert!(machine.frames().is_empty());
    assert_eq!(machine.r16(reg::TSALLD), 0x000d);
    machine.give(0, &frame_to(PEER, 60));
    let lengths: Vec<usize> = machine.frames().iter().map(Vec::len).collect();
    assert_eq!(lengths, [60, 64]);
}

#[test]
fn nothing_leaves_while_the_transmitter_is_off_or_halted() {
    let mut machine = Machine::off();
    machine.give(0, &frame_to(PEER, 60));
    assert!(machine.frames().is_empty());
    machine.w8(reg::HLTCLK, b'H');
    assert_eq!(machine.r8(reg::HLTCLK), 0);
    machine.w8(reg::CR, 4);
    assert!(machine.frames().is_empty());
    machine.w8(reg::HLTCLK, b'x');
    assert_eq!(machine.r8(reg::HLTCLK), 0, "anything else means nothing");
    machine.w8(reg::HLTCLK, b'R');
    assert_eq!(machine.frames().len(), 1);
}

#[test]
fn the_next_write_clears_what_was_reported() {
    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT);
    machine.give(0, &frame_to(PEER, 60));
    machine.w32(reg::TSD, 0xffff_ffff);
    assert_eq!(machine.tsd(0), 0x003f_3fff, "still software's, nothing reported");
    assert_eq!(machine.r16(reg::TSALLD), 0x000f);
}

#[test]
fn short_and_long_frames_leave_as_they_are_and_are_remarked_upon() {
    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT);
    for (number, length) in [(0, 1), (1, 59), (2, 60), (3, 1792), (0, 1793), (1, 8191)] {
        machine.give(number, &vec![7; length]);
        assert_eq!(machine.frames().last().unwrap().len(), length);
        let complaints = machine.complaints().len();
        assert_eq!(complaints, usize::from(!(60..=1792).contains(&length)), "{length}");
    }
}

#[test]
fn a_frame_of_no_bytes_is_done_and_leaves_nothing() {
    for timing in ["off", "wire", "full"] {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start(RECEIVE, TRANSMIT);
        machine.give(0, &frame_to(PEER, 60));
        machine.w32(reg::TSD + 4, 0);
        machine.give(2, &frame_to(PEER, 64));
        machine.advance_us(1000);
        assert_eq!(machine.tsd(1), 0xa000);
        assert_eq!(machine.frames().len(), 2);
        assert_eq!(machine.r16(reg::TSALLD), 0x700f);
    }
}

#[test]
fn software_may_bring_its_own_fcs() {
    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT | 1 << 16);
    let frame = frame_to(PEER, 60);
    let fcs = crc32(&frame);
    machine.give(0, &[&frame[..], &fcs.to_le_bytes()].concat());
    assert_eq!(machine.frames(), [frame]);
    machine.give(1, &[1, 2, 3]);
    assert_eq!(machine.frames().len(), 1, "shorter than an FCS");
}

/// CRC-32 of IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 != 0 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes
        .iter()
        .fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[test]
fn a_frame_that_cannot_be_read_is_aborted_until_software_clears_it() {
    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT);
    machine.bench.ram.fail(DmaKind::Read, 0, 1);
    machine.give(0, &frame_to(PEER, 60));
    machine.give(1, &frame_to(PEER, 64));
    assert!(machine.frames().is_empty());
    assert_eq!(machine.tsd(0), 0x4000_203c);
    assert_eq!(machine.r16(reg::TSALLD), 0x001d);
    assert_eq!(machine.take_isr(), isr::TER | isr::SERR);
    assert_eq!(machine.nic().counters().tx_dropped(DropReason::DmaError), 1);
    machine.w32(reg::TCR, TRANSMIT | 1);
    assert_eq!(machine.r32(reg::TCR) & 1, 0, "it clears itself");
    assert_eq!(machine.frames().len(), 2, "both go out");
    assert_eq!(machine.take_isr(), isr::TOK);
}

#[test]
fn without_a_link_frames_are_lost_and_the_carrier_is_reported() {
    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT);
    machine.bench.link(LinkState::Down);
    machine.give(0, &frame_to(PEER, 60));
    assert!(machine.frames().is_empty());
    assert_eq!(machine.tsd(0), 0x8000_a03c);
    assert_eq!(machine.nic().counters().tx_dropped(DropReason::LinkDown), 1);
    machine.bench.link(LinkState::Up);
    machine.give(1, &frame_to(PEER, 60));
    assert_eq!((machine.frames().len(), machine.tsd(1)), (1, 0xa03c));
}

#[test]
fn looped_frames_come_back_and_do_not_leave() {
    for link in [LinkState::Up, LinkState::Down] {
        let mut machine = Machine::off();
        machine.bench.link(link);
        machine.start(RECEIVE, TRANSMIT | LOOPBACK);
        let frame = frame_to(MAC, 100);
        machine.give(0, &frame);
        assert!(machine.frames().is_empty());
        let (status, length, bytes) = machine.buffered(0);
        assert_eq!((status, length), (0x4001, 104));
        assert_eq!(bytes[..100], frame);
        assert_eq!(bytes[100..], crc32(&frame).to_le_bytes());
        assert_eq!(machine.take_isr() & !isr::PUN, isr::ROK | isr::TOK);
    }
}

#[test]
fn a_looped_short_frame_is_padded_unless_runts_are_asked_for() {
    for (compat, rcr, status, length) in [
        ("qemu", RECEIVE, 0x4001, 64),
        ("datasheet", RECEIVE, 0x4001, 64),
        ("qemu", RECEIVE | 0x10, 0x4001, 64),
        ("datasheet", RECEIVE | 0x10, 0x4010, 34),
    ] {
        let mut machine = Machine::new(&[("timing", "off"), ("compat", compat)]);
        machine.start(rcr, TRANSMIT | LOOPBACK);
        machine.give(0, &frame_to(MAC, 30));
        let (found, bytes, _) = machine.buffered(0);
        assert_eq!((found, bytes), (status, length), "{compat}");
    }
}

#[test]
fn a_looped_frame_without_room_is_lost_and_counted() {
    for (compat, imr, causes, missed) in [
        ("qemu", 0, 0, 0),
        ("qemu", isr::RXOVW, isr::RXOVW, 1),
        ("datasheet", 0, isr::RXOVW, 1),
        ("datasheet", isr::RXOVW, isr::RXOVW, 1),
    ] {
        let mut machine = Machine::new(&[("timing", "off"), ("compat", compat)]);
        machine.start(RECEIVE, TRANSMIT | LOOPBACK);
        machine.w16(reg::IMR, imr);
        (0..5).for_each(|number| machine.give(number % 4, &frame_to(MAC, 1514)));
        machine.take_isr();
        machine.give(1, &frame_to(MAC, 1514));
        assert_eq!(machine.take_isr() & !isr::TOK, causes, "{compat}");
        assert_eq!(machine.r32(reg::MPC), missed);
        machine.w16(reg::CAPR, 1524 - 16);
        assert_eq!(machine.take_isr(), 0, "it is gone");
    }
}

#[test]
fn the_line_is_busy_with_frames_of_others_only_outside_loopback() {
    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT | LOOPBACK);
    let dropped = elnic_contract::Verdict::Dropped(DropReason::LinkDown);
    assert_eq!(machine.receive(&frame_to(MAC, 60)), dropped);
}
