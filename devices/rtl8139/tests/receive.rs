//! Reception of C mode: the ring buffer, errors, overflow, early receive (DS RBSTART, RCR, ERSR).

mod harness;

use elnic_contract::{
    DropReason, Frame, LineError, NotReady, Readiness, VDuration, VTime, Verdict,
};
use elnic_script::DmaKind;
use harness::{MAC, Machine, PEER, RECEIVE, RX_BUFFER, TRANSMIT, frame_to, isr, reg};

const TAKEN: Verdict = Verdict::Taken;

fn started(properties: &[(&str, &str)], rcr: u32) -> Machine {
    let mut machine = Machine::new(properties);
    machine.start(rcr, TRANSMIT);
    machine
}

fn off(rcr: u32) -> Machine {
    started(&[("timing", "off")], rcr)
}

fn damaged(length: usize, error: LineError) -> Frame {
    Frame::new(frame_to(MAC, length), VTime::ZERO).unwrap().damaged(error)
}

#[test]
fn frames_follow_each_other_on_doublewords() {
    let mut machine = off(RECEIVE);
    assert_eq!(machine.r8(reg::CR) & 1, 1);
    let mut place = 0;
    for length in [60, 61, 62, 63, 1514] {
        let frame = frame_to(MAC, length);
        assert_eq!(machine.receive(&frame), TAKEN);
        assert_eq!(machine.r8(reg::CR) & 1, 0, "not empty");
        let (status, stored, bytes) = machine.buffered(place);
        assert_eq!((status, usize::from(stored)), (0x4001, length + 4));
        assert_eq!(bytes[..length], frame);
        place += (length as u64 + 8).next_multiple_of(4);
        assert_eq!(u64::from(machine.r16(reg::CBR)), place);
    }
    machine.w16(reg::CAPR, (place - 16) as u16);
    assert_eq!(machine.r8(reg::CR) & 1, 1, "empty again");
    assert_eq!(machine.take_isr(), isr::ROK);
}

#[test]
fn a_short_frame_of_a_software_peer_is_padded() {
    let mut machine = off(RECEIVE);
    machine.receive(&frame_to(MAC, 20));
    let (_, length, bytes) = machine.buffered(0);
    assert_eq!(length, 64);
    assert!(bytes[20..60].iter().all(|byte| *byte == 0));
}

#[test]
fn a_frame_wraps_or_runs_past_the_end_as_told() {
    for (rcr, split) in [(RECEIVE, true), (RECEIVE | 0x80, false), (RECEIVE | 0x1880, true)] {
        let size = 8192_u64 << ((rcr >> 11) & 3);
        let mut machine = off(rcr);
        let mut place = 0;
        let mut last = 0;
        while place < size {
            assert_eq!(machine.receive(&frame_to(MAC, 1000)), TAKEN);
            last = place;
            place += 1008;
            machine.w16(reg::CAPR, (place % size) as u16 - 16);
        }
        assert_eq!(u64::from(machine.r16(reg::CBR)), place % size);
        let beyond = machine.load(RX_BUFFER + size, 16);
        let wrapped = machine.load(RX_BUFFER, 16);
        let at_end = (size - last - 4) as usize;
        let expected = &frame_to(MAC, 1000)[at_end..at_end + 16];
        if split {
            assert_eq!((&wrapped[..], beyond), (expected, vec![0; 16]));
        } else {
            assert_eq!(beyond, expected);
        }
    }
}

#[test]
fn a_full_buffer_holds_frames_back_and_says_so_once() {
    let mut machine = off(RECEIVE);
    machine.w16(reg::IMR, isr::RXOVW);
    for _ in 0..5 {
        machine.receive(&frame_to(MAC, 1514));
    }
    assert_eq!(machine.ready(), Readiness::Ready);
    machine.receive(&frame_to(MAC, 1514));
    assert_eq!(machine.take_isr(), isr::ROK | isr::RXOVW);
    assert_eq!(machine.ready(), Readiness::NotReady(NotReady::NoBuffers));
    assert_eq!(machine.r32(reg::MPC), 0, "nothing is lost yet");
    machine.w16(reg::CAPR, 1524 - 16);
    assert_eq!(machine.take_isr(), isr::ROK, "it waited in the FIFO");
    assert_eq!(machine.ready(), Readiness::Ready);
    assert_eq!(machine.nic().counters().rx_frames, 6);
}

#[test]
fn a_masked_overflow_is_silent_in_qemu_only() {
    for (compat, left, causes) in [("qemu", 5, isr::ROK), ("datasheet", 6, isr::ROK | isr::RXOVW)] {
        let mut machine = started(&[("timing", "off"), ("compat", compat)], RECEIVE);
        for _ in 0..6 {
            let frame = Frame::new(frame_to(MAC, 1514), VTime::ZERO).unwrap();
            machine.bench.frame(frame);
        }
        assert_eq!(machine.take_isr(), causes, "{compat}");
        assert_eq!(machine.ready(), Readiness::NotReady(NotReady::NoBuffers));
        for place in 1..=left {
            machine.w16(reg::CAPR, place * 1524 - 16);
        }
        assert_eq!(machine.nic().counters().rx_frames, 6, "all arrive once there is room");
    }
}

#[test]
fn hardware_loses_frames_when_its_fifo_is_full_too() {
    let mut machine = started(&[("timing", "off"), ("rx-drop", "on")], RECEIVE);
    for _ in 0..6 {
        assert_eq!(machine.receive(&frame_to(MAC, 1514)), TAKEN);
    }
    assert_eq!(machine.ready(), Readiness::Ready, "a cable cannot wait");
    assert_eq!(machine.receive(&frame_to(MAC, 200)), TAKEN, "a small one still fits");
    let lost = Verdict::Dropped(DropReason::FifoOverflow);
    assert_eq!(machine.receive(&frame_to(MAC, 1514)), lost);
    assert_eq!(machine.r32(reg::MPC), 1);
    assert_eq!(machine.take_isr(), isr::ROK | isr::RXOVW | isr::FOVW);
    machine.w32(reg::MPC, 0xffff_ffff);
    assert_eq!(machine.r32(reg::MPC), 0, "any write clears it");
}

#[test]
fn the_missed_packet_counter_has_24_bits() {
    let mut machine = started(&[("timing", "off"), ("rx-drop", "on")], RECEIVE);
    let mut state = machine.bench.device().save();
    state.fields["registers"]["MPC"] = serde_json::json!([0xff_ffff]);
    let mut device = elnic_rtl8139::ENTRY.make([("timing", "off"), ("rx-drop", "on")]).unwrap();
    device.restore(&state).unwrap();
    machine.bench = elnic_testbench::Bench::of(move || {
        let mut fresh = elnic_rtl8139::ENTRY.make([("timing", "off"), ("rx-drop", "on")]).unwrap();
        fresh.restore(&state).unwrap();
        fresh
    });
    machine.start(RECEIVE, TRANSMIT);
    for _ in 0..8 {
        machine.receive(&frame_to(MAC, 1514));
    }
    assert!(machine.r32(reg::MPC) < 0x10);
}

#[test]
fn a_frame_that_never_fits_is_dropped() {
    let mut machine = off(RECEIVE | 0x20);
    let lost = Verdict::Dropped(DropReason::TooLong);
    assert_eq!(machine.receive(&frame_to(MAC, 8190)), lost);
    assert_eq!(machine.ready(), Readiness::Ready);
}

#[test]
fn frames_of_more_than_4_kib_are_long() {
    let mut machine = off(RECEIVE);
    assert_eq!(machine.receive(&frame_to(MAC, 4092)), TAKEN);
    assert_eq!(machine.receive(&frame_to(MAC, 4093)), Verdict::Dropped(DropReason::TooLong));
    let mut machine = off(RECEIVE | 0x20);
    assert_eq!(machine.receive(&frame_to(MAC, 4093)), TAKEN);
    assert_eq!(machine.buffered(0).0, 0x4008, "LONG, and not ROK");
}

#[test]
fn damaged_frames_are_wanted_with_aer_only() {
    for (error, bits) in
        [(LineError::BadFcs, 0x0004), (LineError::Alignment, 0x0006), (LineError::Symbol, 0x0024)]
    {
        let mut machine = off(RECEIVE);
        let lost = Verdict::Dropped(DropReason::LineError);
        assert_eq!(machine.receive_frame(&damaged(100, error)), lost);
        assert_eq!(machine.take_isr(), isr::RER);
        machine.w32(reg::RCR, RECEIVE | 0x20);
        assert_eq!(machine.receive_frame(&damaged(100, error)), TAKEN);
        assert_eq!(machine.buffered(0).0, 0x4000 | bits);
        assert_eq!(machine.take_isr(), isr::RER);
        let symbols = machine.r16(reg::REC);
        assert_eq!((symbols, machine.r16(reg::REC)), (if bits & 0x20 == 0 { 0 } else { 2 }, 0));
    }
}

#[test]
fn runts_need_every_permission() {
    let runt = damaged(40, LineError::BadFcs);
    let tiny = damaged(3, LineError::BadFcs);
    for (rcr, verdict) in [
        (RECEIVE, Verdict::Dropped(DropReason::Runt)),
        (RECEIVE | 0x20, Verdict::Dropped(DropReason::Runt)),
        (RECEIVE | 0x10, Verdict::Dropped(DropReason::LineError)),
        (RECEIVE | 0x30, Verdict::Dropped(DropReason::LineError)),
        (RECEIVE | 0x1_0030, TAKEN),
    ] {
        let mut machine = off(rcr);
        assert_eq!(machine.receive_frame(&runt), verdict, "{rcr:#x}");
        assert_ne!(machine.receive_frame(&tiny), TAKEN, "RER8 wants 8 bytes");
        if verdict == TAKEN {
            assert_eq!((machine.buffered(0).0, machine.buffered(0).1), (0x4014, 44));
        }
    }
}

#[test]
fn promiscuous_mode_concerns_stations_by_the_data_sheet() {
    let others = [(PEER, 0x0001), (MAC, 0x4001)];
    for (destination, status) in others {
        let mut machine = Machine::off();
        machine.start(0xe701, TRANSMIT);
        assert_eq!(machine.receive(&frame_to(destination, 60)), TAKEN);
        assert_eq!(machine.buffered(0).0, status);
        let broadcast = frame_to(elnic_contract::MacAddr::BROADCAST, 60);
        let filtered = Verdict::Dropped(DropReason::AddressFilter);
        assert_eq!(machine.receive(&broadcast), filtered);
        assert_eq!(machine.receive(&frame_to(harness::GROUP, 60)), filtered);
        let mut machine = Machine::qemu();
        machine.start(0xe701, TRANSMIT);
        assert_eq!(machine.receive(&broadcast), TAKEN);
        assert_eq!(machine.buffered(0).0, 0x0001, "QEMU says nothing of the address");
    }
}

#[test]
fn the_pointers_start_again_when_each_model_says() {
    let moved = |machine: &mut Machine| {
        machine.receive(&frame_to(MAC, 60));
        machine.w16(reg::CAPR, 68 - 16);
        (machine.r16(reg::CBR), machine.r16(reg::CAPR))
    };
    let mut machine = Machine::qemu();
    machine.start(RECEIVE, TRANSMIT);
    assert_eq!(moved(&mut machine), (68, 52));
    machine.w8(reg::CR, 4);
    machine.w8(reg::CR, 0x0c);
    assert_eq!(machine.r16(reg::CBR), 68);
    machine.w32(reg::RCR, RECEIVE);
    assert_eq!((machine.r16(reg::CBR), machine.r16(reg::CAPR)), (0, 0xfff0));

    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT);
    assert_eq!(moved(&mut machine), (68, 52));
    machine.w32(reg::RCR, RECEIVE | 0x30);
    assert_eq!((machine.r16(reg::CBR), machine.r16(reg::CAPR)), (68, 52));
    machine.w8(reg::CR, 4);
    machine.w8(reg::CR, 0x0c);
    assert_eq!((machine.r16(reg::CBR), machine.r16(reg::CAPR)), (0, 0xfff0));
}

#[test]
fn an_unreachable_buffer_loses_the_frame_and_is_reported() {
    let mut machine = off(RECEIVE);
    machine.bench.ram.fail(DmaKind::Write, 0, 1);
    assert_eq!(machine.receive(&frame_to(MAC, 60)), Verdict::Dropped(DropReason::DmaError));
    assert_eq!((machine.take_isr(), machine.r16(reg::CBR)), (isr::SERR, 0));
    assert_eq!(machine.receive(&frame_to(MAC, 60)), TAKEN);
}

#[test]
fn nothing_is_received_while_the_receiver_is_off_or_halted() {
    let mut machine = off(RECEIVE);
    machine.w8(reg::HLTCLK, b'H');
    assert_eq!(machine.ready(), Readiness::NotReady(NotReady::ReceiverOff));
    assert_eq!(machine.receive(&frame_to(MAC, 60)), Verdict::Dropped(DropReason::ReceiverOff));
    machine.w8(reg::HLTCLK, b'R');
    machine.w8(reg::CR, 4);
    assert_eq!(machine.ready(), Readiness::NotReady(NotReady::ReceiverOff));
    assert_eq!(machine.receive(&frame_to(MAC, 60)), Verdict::Dropped(DropReason::ReceiverOff));
}

/// An IPv4 frame, of which half is to be heard of early.
fn early(properties: &[(&str, &str)]) -> (Machine, Vec<u8>) {
    let mut machine = started(properties, RECEIVE | 8 << 24);
    // The line has been idle for longer than a frame lasts: what arrives now has arrived.
    machine.advance_us(1000);
    let mut frame = frame_to(MAC, 1020);
    frame[12..14].copy_from_slice(&[8, 0]);
    (machine, frame)
}

#[test]
fn half_a_frame_is_seen_early_where_moving_it_takes_time() {
    let (mut machine, frame) = early(&[("timing", "full")]);
    machine.receive(&frame);
    // Arrival took no time of its own: it is moving. 1024 bytes and the header take 277 clocks, half of it 149.
    machine.advance(VDuration::from_nanos(149 * 30 - 1));
    assert_eq!(machine.r16(reg::ISR), 0);
    machine.advance(VDuration::from_nanos(1));
    assert_eq!(machine.take_isr(), isr::ROK);
    assert_eq!((machine.r8(reg::ERSR), machine.r16(reg::ERBCR)), (1, 512));
    let header = machine.load32(RX_BUFFER);
    assert_eq!(header >> 16, 0xfff0, "its length is not known yet");
    assert_eq!(machine.load(RX_BUFFER + 4, 512), frame[..512]);
    assert_eq!(machine.r16(reg::CBR), 0);
    machine.advance_us(10);
    assert_eq!(machine.take_isr(), isr::ROK);
    assert_eq!((machine.r8(reg::ERSR), machine.r16(reg::ERBCR)), (8, 1024));
    assert_eq!((machine.buffered(0).0, machine.buffered(0).1), (0x4001, 1024));
    machine.w8(reg::ERSR, 8);
    assert_eq!(machine.r8(reg::ERSR), 0);
}

#[test]
fn without_time_an_early_frame_is_complete_at_once() {
    let (mut machine, frame) = early(&[("timing", "off")]);
    machine.receive(&frame);
    assert_eq!((machine.r8(reg::ERSR), machine.r16(reg::ERBCR)), (8, 1024));
}

#[test]
fn frames_of_unknown_kind_follow_mulint() {
    let mut machine = started(&[("timing", "full")], RECEIVE | 8 << 24);
    machine.w16(reg::MULINT, 100);
    machine.advance_us(1000);
    machine.receive(&frame_to(MAC, 1020));
    machine.advance(VDuration::from_nanos((20 + 26) * 30));
    assert_eq!((machine.r8(reg::ERSR), machine.r16(reg::ERBCR)), (1, 100));
}
