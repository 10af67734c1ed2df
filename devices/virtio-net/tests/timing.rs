//! Frames take the time of their cable, and interrupts wait as long as they were told to.

mod driver;

use driver::*;
use elnic_contract::{Frame, NotReady, Readiness, VDuration};
use elnic_script::Event;

const PACKED_FREE: u64 = 0x101_30bf_8024 & !(1 << 29);

/// When frames left, in picoseconds.
fn departures(driver: &Driver) -> Vec<u64> {
    let sent = driver.bench.events().iter().filter(|(_, event)| matches!(event, Event::Sent(_)));
    sent.map(|(at, _)| at.since(elnic_contract::VTime::ZERO).as_picos()).collect()
}

/// Sends `count` frames of `length` bytes, always some ahead, and lets time pass until all have left.
fn flood(driver: &mut Driver, count: usize, length: u32) {
    for number in 0..count {
        driver.chain(TX, (number % 128) as u16, &[(0x50_0000, length + 12, 0)]);
        if number % 64 == 63 {
            driver.kick(TX);
            while driver.used(TX) as usize + 32 < number {
                driver.bench.advance(VDuration::from_micros(1));
            }
        }
    }
    driver.kick(TX);
    driver.bench.advance(VDuration::from_millis(200));
}

#[test]
fn back_to_back_frames_keep_the_rate_of_the_cable_exactly() {
    for (speed, length, gap) in
        [("1000", 60, 672_000), ("100", 1514, 123_040_000), ("10", 60, 67_200_000)]
    {
        let mut driver = Driver::with(PACKED_FREE, &[("speed", speed)]);
        driver.bench.limits.fires = 1_000_000;
        flood(&mut driver, 640, length);
        let at = departures(&driver);
        assert_eq!(at.len(), 640);
        assert!(at.windows(2).all(|pair| pair[1] - pair[0] == gap), "{speed} Mb/s, {length} bytes");
        let expected = match speed {
            "1000" => 1_488_095,
            "100" => 8_127,
            _ => 14_880,
        };
        assert_eq!(1_000_000_000_000 / gap, expected);
    }
}

#[test]
fn without_a_speed_or_with_timing_off_frames_leave_at_once() {
    for properties in [&[][..], &[("speed", "10"), ("timing", "off")]] {
        let mut driver = Driver::with(PACKED_FREE, properties);
        driver.chain(TX, 0, &[(0x50_0000, 72, 0)]);
        driver.kick(TX);
        assert_eq!(departures(&driver), [0]);
        assert_eq!(driver.used(TX), 1);
    }
}

#[test]
fn a_buffer_is_the_drivers_again_when_its_last_bit_has_left() {
    let mut driver = Driver::with(PACKED_FREE, &[("speed", "1000")]);
    driver.chain(TX, 0, &[(0x50_0000, 72, 0)]);
    driver.kick(TX);
    driver.bench.advance(VDuration::from_nanos(575));
    assert_eq!((driver.used(TX), driver.sent().len()), (0, 0));
    driver.bench.advance(VDuration::from_nanos(1));
    assert_eq!((driver.used(TX), driver.sent().len()), (1, 1), "72 octets without the gap");
}

#[test]
fn full_timing_adds_doorbell_reads_and_transfer() {
    let properties = [
        ("timing", "full"),
        ("doorbell-ns", "300"),
        ("dma-latency-ns", "500"),
        ("dma-mbytes", "1000"),
    ];
    let mut driver = Driver::with(PACKED_FREE, &properties);
    driver.chain(TX, 0, &[(0x50_0000, 100, 0)]);
    driver.kick(TX);
    driver.bench.advance(VDuration::from_millis(1));
    assert_eq!(departures(&driver), [(300 + 100 + 2 * 500) * 1000]);
}

#[test]
fn arriving_frames_are_as_far_apart_as_the_cable_makes_them() {
    for (properties, second) in
        [(&[("speed", "1000")][..], 672), (&[("speed", "1000"), ("duplex", "half")][..], 672)]
    {
        let mut driver = Driver::with(PACKED_FREE, properties);
        for number in 0..4 {
            driver.chain(RX, number, &[(0x70_0000, 2048, WRITE)]);
        }
        driver.kick(RX);
        driver.bench.advance(VDuration::from_millis(1));
        for _ in 0..2 {
            driver.bench.frame(Frame::new(frame_to(MAC, 60), driver.bench.now()).unwrap());
        }
        assert_eq!(driver.used(RX), 1);
        assert_eq!(driver.bench.ready(), Some(Readiness::NotReady(NotReady::LineBusy)));
        driver.bench.advance(VDuration::from_nanos(second - 1));
        assert_eq!(driver.used(RX), 1);
        driver.bench.advance(VDuration::from_nanos(1));
        assert_eq!(driver.used(RX), 2);
    }
}

#[test]
fn with_half_duplex_nothing_leaves_while_something_arrives() {
    let mut driver = Driver::with(PACKED_FREE, &[("speed", "1000"), ("duplex", "half")]);
    driver.chain(RX, 0, &[(0x70_0000, 2048, WRITE)]);
    driver.kick(RX);
    driver.bench.advance(VDuration::from_millis(1));
    driver.bench.frame(Frame::new(frame_to(MAC, 60), driver.bench.now()).unwrap());
    driver.chain(TX, 0, &[(0x50_0000, 72, 0)]);
    driver.kick(TX);
    driver.bench.advance(VDuration::from_micros(10));
    // The gap of 96 ns, then the frame of 576.
    assert_eq!(departures(&driver), [(1_000_000 + 96 + 576) * 1000]);
}

#[test]
fn interrupts_wait_for_company_or_for_their_time() {
    let features = PACKED_FREE | 1 << 53 | 1 << 52;
    let mut driver = Driver::with(features, &[("notf_coal", "on"), ("vq_notf_coal", "on")]);
    let coal = |class: [u8; 2], packets: u32, usecs: u32| {
        [&class[..], &packets.to_le_bytes(), &usecs.to_le_bytes()].concat()
    };
    assert_eq!(driver.command(&coal([6, 1], 4, 100)), 0);
    driver.r(0x1000, elnic_contract::Size::Byte);
    for number in 0..16 {
        driver.chain(RX, number, &[(0x70_0000, 2048, WRITE)]);
    }
    driver.kick(RX);
    driver.bench.advance(VDuration::from_millis(1));
    let take = |driver: &mut Driver| {
        driver.receive(&frame_to(MAC, 60));
        let line = driver.bench.line();
        driver.r(0x1000, elnic_contract::Size::Byte);
        line
    };
    // Long after the last one the first is told at once; the next three wait, the fourth is enough.
    assert_eq!([0; 5].map(|_| take(&mut driver)), [true, false, false, false, true]);
    assert!(!take(&mut driver));
    driver.bench.advance(VDuration::from_micros(99));
    assert!(!driver.bench.line());
    driver.bench.advance(VDuration::from_micros(1));
    assert!(driver.bench.line(), "a hundred microseconds after the last");
    // For one queue.
    assert_eq!(driver.command(&[&[6, 2, 1, 0, 0, 0][..], &coal([0, 0], 7, 9)[2..]].concat()), 0);
    assert_eq!(driver.command(&[6, 2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1, "no such queue");
}

#[test]
fn each_queue_has_limits_of_its_own_and_both_ends_of_them_count() {
    const MODERATED: u64 = PACKED_FREE | 1 << 53 | 1 << 52;
    let given = [("notf_coal", "on"), ("vq_notf_coal", "on")];
    // By line, so that an interrupt is seen as such; reading ISR takes it down.
    let told = |driver: &mut Driver| {
        let line = driver.bench.line();
        driver.r(0x1000, elnic_contract::Size::Byte);
        line
    };
    let limits = |queue: u16, packets: u32, usecs: u32| {
        let words = [&packets.to_le_bytes()[..], &usecs.to_le_bytes()].concat();
        [&[6, 2][..], &queue.to_le_bytes(), &[0; 2], &words].concat()
    };
    for (packets, usecs) in [(3, 50), (0, 50), (3, 0), (u32::MAX, 7), (1, 1_000)] {
        let mut driver = Driver::with(MODERATED, &given);
        for number in 0..64 {
            driver.chain(RX, number, &[(0x70_0000, 2048, WRITE)]);
        }
        driver.kick(RX);
        assert_eq!(driver.command(&limits(TX as u16, packets, usecs)), 0);
        driver.bench.advance(VDuration::from_millis(2));
        told(&mut driver);
        let send = |driver: &mut Driver, head| {
            driver.chain(TX, head, &[(0x50_0000, 72, 0)]);
            driver.kick(TX);
            told(driver)
        };
        assert!(send(&mut driver, 0), "long after the last one it is told at once");
        // With a time of 0 nothing waits; with one packet each is enough.
        let at_once = usecs == 0 || packets == 1;
        let waiting = [1, 2, 3].map(|head| send(&mut driver, head));
        assert_eq!(waiting, [at_once, at_once, at_once || packets == 3], "{packets}, {usecs}");
        // The receive queue has no limits.
        for _ in 0..3 {
            driver.receive(&frame_to(MAC, 60));
            assert!(told(&mut driver), "{packets}, {usecs}");
        }
        send(&mut driver, 4);
        if !at_once {
            driver.bench.advance(VDuration::from_nanos(u64::from(usecs) * 1_000 - 1));
            assert!(!told(&mut driver), "{packets}, {usecs}: not a nanosecond early");
            driver.bench.advance(VDuration::from_nanos(1));
            assert!(told(&mut driver), "{packets}, {usecs}: on time");
        }
        // Limits that are taken back tell what waits.
        send(&mut driver, 5);
        driver.command(&limits(TX as u16, 0, 0));
        driver.r(0x1000, elnic_contract::Size::Byte);
        driver.bench.advance(VDuration::from_millis(2));
        assert!(!told(&mut driver), "nothing is left to be told");
    }
}
