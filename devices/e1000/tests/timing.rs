//! Time on the cable and on the bus.

mod harness;

use elnic_contract::{Frame, LinkState, Nic, NotReady, Readiness, VDuration, VTime};
use harness::{MAC, Machine, PEER, RECEIVE, SEND, TX_BUFFER, frame_to, legacy, reg};

fn ns(nanoseconds: u64) -> VTime {
    VTime::from_nanos(nanoseconds)
}

/// Sends `count` frames of `length` bytes as fast as the ring allows; the instants at which their last bits left.
fn burst(machine: &mut Machine, length: usize, count: usize) -> Vec<u64> {
    machine.start_transmitter(256);
    let frame = frame_to(PEER, length);
    machine.write_ram(TX_BUFFER, &frame);
    for index in 0..256 {
        machine.put_descriptor(index, legacy(TX_BUFFER, length as u16, 0x03, 0, 0, 0));
    }
    while machine.sent.len() < count {
        let head = machine.r32(reg::TDH);
        machine.w32(reg::TDT, (head + 255) % 256);
        machine.advance(VDuration::from_micros(50));
    }
    machine.sent.iter().take(count).map(|frame| frame.arrival().as_nanos()).collect()
}

fn speed(machine: &mut Machine, code: u32) {
    machine.w32(reg::CTRL, 0x0014_0040 | code << 8 | 1 << 11);
}

#[test]
fn back_to_back_frames_take_exactly_their_wire_time() {
    for (length, code, distance) in
        [(60, 2, 672), (1514, 2, 12_304), (1514, 1, 123_040), (60, 1, 6_720), (60, 0, 67_200)]
    {
        let mut machine = Machine::wire();
        speed(&mut machine, code);
        let times = burst(&mut machine, length, 300);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == distance), "{length} at {code}");
        let gap = [9_600, 960, 96][code as usize];
        assert_eq!(times[0], distance - gap, "the first bit leaves at once");
    }
}

/// Frames of `length` bytes whose last bit leaves within one second of virtual time, the ring never running dry.
fn frames_in_a_second(length: u16, code: u32) -> usize {
    let mut machine = Machine::wire();
    speed(&mut machine, code);
    machine.start_transmitter(4096);
    machine.write_ram(TX_BUFFER, &frame_to(PEER, usize::from(length)));
    for index in 0..4096 {
        machine.write_ram(0x8_0000 + index * 16, &legacy(TX_BUFFER, length, 0x03, 0, 0, 0));
    }
    machine.w32(reg::TDBAL, 0x8_0000);
    let (mut count, step) = (0, VDuration::from_micros(500));
    for _ in 0..2000 {
        let head = machine.r32(reg::TDH);
        machine.w32(reg::TDT, (head + 4095) % 4096);
        machine.advance(step);
        count += machine.sent.len();
        machine.sent.clear();
    }
    assert_eq!(machine.now, ns(1_000_000_000));
    count
}

#[test]
fn a_second_of_the_shortest_frames_is_1_488_095_at_gigabit() {
    assert_eq!(frames_in_a_second(60, 2), 1_488_095);
}

#[test]
fn a_second_of_the_longest_frames_is_8_127_at_100_megabit() {
    assert_eq!(frames_in_a_second(1514, 1), 8_127);
}

#[test]
fn tipg_sets_the_gap() {
    for (tipg, distance) in [(harness::TIPG_COPPER, 672), (0x0060_2010, 736), (0, 608)] {
        let mut machine = Machine::wire();
        machine.start_transmitter(8);
        machine.w32(reg::TIPG, tipg);
        for _ in 0..3 {
            machine.send(&frame_to(PEER, 60), SEND);
        }
        machine.settle();
        let times: Vec<u64> = machine.sent.iter().map(|f| f.arrival().as_nanos()).collect();
        assert_eq!((times[1] - times[0], times[2] - times[1]), (distance, distance));
    }
}

#[test]
fn the_speed_can_be_chosen_by_bypassing_the_selection() {
    let mut machine = Machine::wire();
    machine.w32(reg::CTRL, 0x0014_0040);
    assert_eq!(machine.r32(reg::STATUS) & 0xc0, 0x80, "what was negotiated");
    machine.w32(reg::CTRL_EXT, 1 << 15);
    assert_eq!(machine.r32(reg::STATUS) & 0xc0, 0, "CTRL.SPEED: 10 Mb/s");
    assert_eq!(burst(&mut machine, 60, 1), [57_600]);
}

#[test]
fn the_partner_limits_speed_and_duplex() {
    for (speed, duplex, status) in [
        ("1000", "full", 0x383),
        ("100", "full", 0x143),
        ("10", "full", 0x003),
        ("100", "half", 0x142),
        ("1000", "half", 0x142),
    ] {
        let mut machine = Machine::new(&[("speed", speed), ("duplex", duplex)]);
        assert_eq!(machine.r32(reg::STATUS), status, "{speed} {duplex}");
        machine.start_transmitter(8);
        machine.send(&frame_to(PEER, 60), SEND);
        machine.settle();
        let bit = [100, 10, 1][(status as usize >> 6) & 3];
        assert_eq!(machine.sent[0].arrival(), ns(576 * bit));
    }
}

#[test]
fn the_fifo_bounds_how_far_transmission_runs_ahead() {
    let mut machine = Machine::wire();
    machine.start_transmitter(256);
    for index in 0..100 {
        machine.put_frame(index % 8, &frame_to(PEER, 1000), SEND);
        machine.put_descriptor(index, legacy(TX_BUFFER, 1000, SEND, 0, 0, 0));
    }
    machine.w32(reg::TDT, 100);
    assert_eq!(machine.r32(reg::TDH), 17, "16 KiB, and the frame that crosses the limit");
    machine.settle();
    assert_eq!((machine.r32(reg::TDH), machine.sent.len()), (100, 100));
}

#[test]
fn frames_of_a_burst_arrive_at_line_rate() {
    let mut machine = Machine::wire();
    machine.start_receiver(64, RECEIVE);
    machine.advance(VDuration::from_micros(1));
    machine.receive(&frame_to(MAC, 60));
    assert_eq!(machine.r32(reg::RDH), 1, "the first is there already");
    for n in 1..5 {
        assert_eq!(machine.device.can_receive(), Readiness::Ready);
        machine.receive(&frame_to(MAC, 60));
        assert_eq!(machine.device.can_receive(), Readiness::NotReady(NotReady::LineBusy));
        machine.advance(VDuration::from_nanos(671));
        assert_eq!(machine.r32(reg::RDH), n);
        machine.advance(VDuration::from_nanos(1));
        assert_eq!(machine.r32(reg::RDH), n + 1);
    }
}

#[test]
fn a_frame_is_not_received_before_its_last_bit() {
    let mut machine = Machine::wire();
    machine.start_receiver(8, RECEIVE);
    let frame = Frame::new(frame_to(MAC, 60), ns(5_000)).unwrap();
    machine.receive_frame(&frame);
    machine.advance(VDuration::from_nanos(4_999));
    assert_eq!(machine.r32(reg::RDH), 0);
    machine.advance(VDuration::from_nanos(1));
    assert_eq!(machine.r32(reg::RDH), 1);
}

#[test]
fn negotiation_takes_its_time() {
    let mut machine = Machine::new(&[("autoneg-ms", "500")]);
    assert_eq!(machine.r32(reg::STATUS) & 2, 2, "done before the guest starts");
    machine.w32(reg::IMS, 4);
    machine.call(|device, cx| device.link(cx, LinkState::Down));
    assert_eq!((machine.r32(reg::STATUS) & 2, machine.r32(reg::ICR) & 4), (0, 4));
    machine.call(|device, cx| device.link(cx, LinkState::Up));
    machine.advance(VDuration::from_millis(499));
    assert_eq!((machine.r32(reg::STATUS) & 2, machine.read_phy(1) & 0x20), (0, 0));
    machine.advance(VDuration::from_millis(1));
    assert_eq!((machine.r32(reg::STATUS) & 2, machine.r32(reg::ICR) & 4), (2, 4));
    assert_eq!(machine.read_phy(1), 0x7969, "negotiated; the lost link is latched");
    assert_eq!(machine.read_phy(1), 0x796d);
    assert_eq!(machine.interrupts.len(), 2);
}

#[test]
fn with_timing_off_negotiation_ends_at_once_and_is_told() {
    let mut machine = Machine::off();
    machine.write_phy(0, 0x1340);
    assert_eq!((machine.r32(reg::STATUS) & 2, machine.r32(reg::ICR)), (2, 4));
}

#[test]
fn the_link_needs_slu_and_an_unreset_phy() {
    let mut machine = Machine::off();
    machine.w32(reg::CTRL, 0x0014_0200);
    assert_eq!(machine.r32(reg::STATUS) & 2, 0);
    machine.w32(reg::CTRL, 0x8014_0240);
    assert_eq!(machine.r32(reg::STATUS) & 2, 0, "held in reset");
    machine.w32(reg::CTRL, 0x0014_0240);
    assert_eq!(machine.r32(reg::STATUS), 0x383);
    speed(&mut machine, 1);
    assert_eq!(machine.r32(reg::STATUS) & 0xc0, 0x40, "forced speed shows");
}

#[test]
fn management_and_eeprom_accesses_take_their_time_in_full() {
    let mut machine = Machine::new(&[("timing", "full")]);
    machine.w32(reg::IMS, 1 << 9);
    machine.w32(reg::MDIC, 0x2822_0000);
    machine.advance(VDuration::from_nanos(25_599));
    assert_eq!(machine.r32(reg::MDIC) >> 28 & 1, 0);
    machine.advance(VDuration::from_nanos(1));
    assert_eq!(machine.r32(reg::MDIC) & 0x1000_ffff, 0x1000_0141);
    assert_eq!(machine.interrupts, [ns(25_600)], "MDAC");
    machine.w32(reg::EERD, 0x001);
    machine.advance(VDuration::from_nanos(26_999));
    assert_eq!(machine.r32(reg::EERD) & 0x10, 0);
    machine.advance(VDuration::from_nanos(1));
    assert_eq!(machine.r32(reg::EERD), 0x5452_0010);
}

#[test]
fn in_full_a_frame_pays_for_the_bus_before_it_leaves() {
    let mut machine = Machine::new(&[("timing", "full")]);
    machine.start_transmitter(8);
    machine.send(&frame_to(PEER, 60), SEND);
    // 24 bus clocks for the descriptor and 35 for 60 bytes, of 30 ns; then 576 bits.
    let descriptor = 24 * 30;
    let data = (20 + 15) * 30;
    machine.advance(VDuration::from_nanos(descriptor + data - 1));
    assert_eq!(machine.tx_status(0), 0);
    machine.advance(VDuration::from_nanos(1));
    assert_eq!(machine.tx_status(0), 1, "reported when it is in the FIFO");
    machine.settle();
    assert_eq!(machine.sent[0].arrival(), ns(descriptor + data + 576));
}

#[test]
fn in_full_a_received_frame_pays_for_the_bus() {
    let mut machine = Machine::new(&[("timing", "full")]);
    machine.start_receiver(8, RECEIVE);
    machine.advance(VDuration::from_micros(1));
    machine.receive(&frame_to(MAC, 60));
    let cost = 2 * 24 * 30 + (20 + 15) * 30;
    machine.advance(VDuration::from_nanos(cost - 1));
    assert_eq!(machine.rx_descriptor(0).status, 0);
    machine.advance(VDuration::from_nanos(1));
    assert_eq!(machine.rx_descriptor(0).status, 7);
}
