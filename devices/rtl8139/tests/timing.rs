//! Time: the cable, the gap, the bus (DS TCR.IFG, MXDMA; IEEE 802.3-2022 §4.2.8).

mod harness;

use elnic_contract::{LinkState, NotReady, Readiness, VDuration, VTime};
use harness::{LOOPBACK, MAC, Machine, PEER, RECEIVE, TRANSMIT, TX_RING, frame_to, isr, reg};

fn wire(tcr: u32) -> Machine {
    let mut machine = Machine::new(&[("timing", "wire")]);
    machine.start(RECEIVE, tcr);
    machine
}

/// When each of `count` frames of `length` bytes has left, back to back.
fn departures(machine: &mut Machine, length: usize, count: usize) -> Vec<VTime> {
    let frame = frame_to(PEER, length);
    for number in 0..count {
        let descriptor = number as u64 % 4;
        while machine.tsd(descriptor) & 0x2000 == 0 {
            machine.advance_us(1);
        }
        machine.give(descriptor, &frame);
    }
    machine.advance_us(10_000);
    machine.sent().into_iter().map(|(at, _)| at).collect()
}

fn distances(departures: &[VTime]) -> Vec<u64> {
    departures.windows(2).map(|pair| pair[1].since(pair[0]).as_nanos()).collect()
}

#[test]
fn frames_leave_at_the_speed_of_the_cable() {
    // 64 bytes with FCS: 148 810 a second; 1518: 8127.
    for (length, nanoseconds) in [(60, 6_720), (1514, 123_040)] {
        let departures = departures(&mut wire(TRANSMIT), length, 20);
        assert!(distances(&departures).iter().all(|d| *d == nanoseconds), "{length}");
        assert_eq!(departures[0].as_nanos(), nanoseconds - 960, "the first has no gap before it");
    }
    let mut machine = wire(TRANSMIT);
    machine.open(|machine| machine.w16(reg::BMCR, 0x0100));
    let departures = departures(&mut machine, 60, 3);
    assert_eq!(distances(&departures), [67_200; 2], "10 Mb/s");
}

#[test]
fn a_second_takes_as_many_frames_as_the_cable_can_carry() {
    for (length, expected) in [(1514, 8_127), (60, 148_809)] {
        let mut machine = wire(TRANSMIT);
        let frame = frame_to(PEER, length);
        (0..4).for_each(|number| machine.give(number, &frame));
        let (mut sent, mut next, end) = (0, 0, VTime::ZERO + VDuration::from_millis(1000));
        while let Some(at) = machine.bench.timers().values().min().copied().filter(|at| *at < end) {
            machine.advance(at.since(machine.bench.now()));
            sent += 1;
            assert_eq!(machine.tsd(next) & 0xa000, 0xa000);
            machine.w32(reg::TSD + 4 * next, length as u32);
            next = (next + 1) % 4;
        }
        assert_eq!(sent, expected, "{length}");
    }
}

#[test]
fn the_gap_is_as_configured() {
    for (code, bits) in [(0, 84), (1, 88), (2, 92), (3, 96)] {
        let departures = departures(&mut wire(code << 24 | 0x600), 60, 3);
        assert_eq!(distances(&departures), [5_760 + bits * 10; 2]);
    }
}

#[test]
fn a_descriptor_is_done_when_its_last_bit_has_left() {
    let mut machine = wire(TRANSMIT);
    machine.give(0, &frame_to(PEER, 60));
    machine.advance(VDuration::from_nanos(5_759));
    assert_eq!((machine.tsd(0), machine.r16(reg::ISR)), (60, 0));
    machine.advance(VDuration::from_nanos(1));
    assert_eq!((machine.tsd(0), machine.r16(reg::ISR)), (0xa03c, isr::TOK));
}

#[test]
fn looped_frames_take_their_time_too() {
    let mut machine = wire(TRANSMIT | LOOPBACK);
    machine.give(0, &frame_to(MAC, 60));
    machine.advance(VDuration::from_nanos(5_759));
    assert_eq!(machine.r16(reg::CBR), 0);
    machine.advance(VDuration::from_nanos(1));
    assert_eq!((machine.r16(reg::CBR), machine.r16(reg::ISR)), (68, isr::ROK | isr::TOK));
}

#[test]
fn rings_keep_the_exact_distance_as_well() {
    let mut machine = Machine::new(&[]);
    machine.start_rings(3, 4, 0x800);
    for index in 0..64 {
        machine.put_frame(TX_RING, index, &frame_to(PEER, 60), 0, 0);
    }
    machine.poll(0x40);
    machine.advance_us(1000);
    let departures: Vec<VTime> = machine.sent().into_iter().map(|(at, _)| at).collect();
    assert_eq!(distances(&departures), [6_720; 63]);
}

#[test]
fn arriving_frames_keep_the_distance_the_cable_asks_for() {
    let mut machine = wire(TRANSMIT);
    machine.advance_us(1000);
    for _ in 0..4 {
        let frame = elnic_contract::Frame::new(frame_to(MAC, 60), machine.bench.now()).unwrap();
        machine.bench.frame(frame);
    }
    assert_eq!(machine.nic().counters().rx_frames, 1);
    assert_eq!(machine.ready(), Readiness::NotReady(NotReady::LineBusy));
    for frames in 2..=4 {
        machine.advance(VDuration::from_nanos(6_719));
        assert_eq!(machine.nic().counters().rx_frames, frames - 1);
        machine.advance(VDuration::from_nanos(1));
        assert_eq!(machine.nic().counters().rx_frames, frames);
    }
}

#[test]
fn full_timing_adds_the_bus_and_its_bursts() {
    let arrival = |tcr: u32, threshold: u32| {
        let mut machine = Machine::new(&[("timing", "full")]);
        machine.start(RECEIVE, tcr);
        machine.store(harness::TX_BUFFERS, &frame_to(PEER, 1514));
        machine.w32(reg::TSAD, harness::TX_BUFFERS as u32);
        machine.w32(reg::TSD, 1514 | threshold << 16);
        machine.advance_us(10_000);
        machine.sent()[0].0.as_nanos() - 122_080
    };
    assert_eq!(arrival(0x0300_0600, 63), (2 * 20 + 379) * 30, "bursts of 1024 bytes");
    assert_eq!(arrival(0x0300_0000, 63), (95 * 20 + 379) * 30, "bursts of 16 bytes");
    assert_eq!(arrival(0x0300_0000, 8), (16 * 20 + 64) * 30, "the line starts at 256 bytes");
    assert_eq!(arrival(0x0300_0000, 0), (20 + 2) * 30, "the line starts at 8 bytes");
}

#[test]
fn the_next_frame_is_fetched_while_the_first_leaves() {
    let mut machine = Machine::new(&[("timing", "full")]);
    machine.start(RECEIVE, TRANSMIT);
    let departures = departures(&mut machine, 1514, 8);
    assert!(distances(&departures)[1..].iter().all(|d| *d == 123_040));
}

#[test]
fn a_lost_link_loses_what_is_on_it() {
    let mut machine = wire(TRANSMIT);
    machine.give(0, &frame_to(PEER, 1514));
    machine.advance_us(50);
    machine.bench.link(LinkState::Down);
    machine.advance_us(1000);
    assert!(machine.frames().is_empty());
    assert_eq!(machine.tsd(0), 0x8000_a5ea, "sent, but without carrier");
}
