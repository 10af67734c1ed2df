//! Frames out and in, with and without merged buffers, and features.

mod driver;

use driver::*;
use elnic_contract::{DropReason, NotReady, Readiness, Size, VDuration, Verdict};
use elnic_script::Place;

#[test]
fn features_are_those_of_qemu_without_offloads() {
    let mut driver = Driver::new(VERSION_1);
    assert_eq!(driver.bench.read(Place { region: 0, offset: 0 }, Size::Word), Ok(0x79bf_8064));
    assert_eq!(driver.r(0x04, Size::Word), 0x30bf_8024);
    driver.w(0x00, Size::Word, 1);
    assert_eq!(driver.r(0x04, Size::Word), 0x101);
    driver.w(0x00, Size::Word, 2);
    assert_eq!(driver.r(0x04, Size::Word), 0);
}

#[test]
fn features_not_offered_or_without_what_they_need_are_not_agreed() {
    let mut driver = Driver::new(ALL);
    for wrong in [VERSION_1 | 1, VERSION_1 | CTRL_VLAN, VERSION_1 | 1 << 34, ALL & !CTRL_VQ] {
        driver.negotiate(wrong);
        assert_eq!(driver.status() & 8, 0, "{wrong:#x}");
    }
    driver.negotiate(ALL);
    assert_eq!(driver.status() & 8, 8);
}

#[test]
fn a_frame_leaves_from_any_layout_of_descriptors() {
    let frame = frame_to([0xff; 6], 100);
    let whole = [vec![0; 12], frame.clone()].concat();
    for cut in 1..whole.len() {
        let mut driver = Driver::new(ALL);
        driver.bench.ram.store(0x50_0000, &whole);
        let (first, rest) = (cut as u32, (whole.len() - cut) as u32);
        driver.chain(TX, 0, &[(0x50_0000, first, 0), (0x50_0000 + cut as u64, rest, 0)]);
        driver.kick(TX);
        assert_eq!(driver.sent(), std::slice::from_ref(&frame), "cut at {cut}");
        assert_eq!((driver.used(TX), driver.entry(TX, 0)), (1, (0, 0)));
    }
}

#[test]
fn an_indirect_chain_is_followed_once_and_not_nested() {
    let mut driver = Driver::new(ALL);
    driver.bench.ram.store(0x50_000c, &frame_to([0xff; 6], 60));
    driver.descriptor(0x60_0000, 0x50_0000, 12, NEXT, 1);
    driver.descriptor(0x60_0010, 0x50_000c, 60, 0, 0);
    driver.chain(TX, 7, &[(0x60_0000, 32, TABLE)]);
    driver.kick(TX);
    assert_eq!((driver.sent().len(), driver.entry(TX, 0)), (1, (7, 0)));
    driver.descriptor(0x60_0010, 0x60_0000, 32, TABLE, 0);
    driver.chain(TX, 8, &[(0x60_0000, 32, TABLE)]);
    driver.kick(TX);
    assert_eq!((driver.sent().len(), driver.status() & 0x40), (1, 0x40));
}

#[test]
fn a_long_frame_is_merged_from_as_many_buffers_as_it_needs() {
    let mut driver = Driver::new(ALL);
    for number in 0..4 {
        driver.chain(RX, number, &[(0x70_0000 + u64::from(number) * 0x100, 100, WRITE)]);
    }
    driver.kick(RX);
    let frame = frame_to(MAC, 250);
    assert_eq!(driver.receive(&frame), Verdict::Taken);
    assert_eq!(driver.used(RX), 3);
    let lengths = [0, 1, 2].map(|index| driver.entry(RX, index));
    assert_eq!(lengths, [(0, 100), (1, 100), (2, 62)]);
    let ram = |number: u64, bytes| driver.bench.ram.load(0x70_0000 + number * 0x100, bytes);
    let whole = [ram(0, 100), ram(1, 100), ram(2, 62)].concat();
    assert_eq!(whole[..12], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0]);
    assert_eq!(whole[12..], frame);
}

#[test]
fn a_frame_waits_for_buffers_and_is_delivered_when_they_come() {
    let mut driver = Driver::new(ALL);
    driver.chain(RX, 0, &[(0x70_0000, 100, WRITE)]);
    driver.kick(RX);
    assert_eq!(driver.receive(&frame_to(MAC, 150)), Verdict::Taken);
    assert_eq!(driver.used(RX), 0);
    assert_eq!(driver.bench.ready(), Some(Readiness::NotReady(NotReady::NoBuffers)));
    driver.bench.pulse();
    driver.chain(RX, 1, &[(0x70_1000, 100, WRITE)]);
    driver.kick(RX);
    assert_eq!(driver.used(RX), 2);
    assert_eq!(driver.bench.ready(), Some(Readiness::NotReady(NotReady::NoBuffers)));
    driver.chain(RX, 2, &[(0x70_2000, 100, WRITE)]);
    driver.kick(RX);
    assert_eq!(driver.bench.ready(), Some(Readiness::Ready));
}

#[test]
fn without_merging_a_frame_too_long_for_its_buffer_is_dropped_and_the_buffer_kept() {
    // CVE-2015-7295: the ring must go on working.
    let mut driver = Driver::new(VERSION_1);
    driver.chain(RX, 0, &[(0x70_0000, 100, WRITE)]);
    driver.kick(RX);
    let dropped = driver.receive(&frame_to(MAC, 65_536));
    assert_eq!(dropped, Verdict::Dropped(DropReason::TooLong));
    assert_eq!((driver.used(RX), driver.status() & 0x40), (0, 0));
    assert_eq!(driver.receive(&frame_to(MAC, 88)), Verdict::Taken);
    assert_eq!(driver.entry(RX, 0), (0, 100));
    assert_eq!(driver.bench.ram.load(0x70_000a, 2), [1, 0], "num_buffers is 1");
}

#[test]
fn interrupts_come_when_the_used_event_is_passed() {
    let mut driver = Driver::new(ALL);
    // The first time nothing is known of what the driver saw last, so it is told. Then entry 2 is wanted, not entry 1.
    driver.bench.ram.store(table(TX) + 0x4000 + 4 + 512, &[1, 0]);
    driver.bench.ram.store(0x50_0000, &[0; 72]);
    driver.chain(TX, 0, &[(0x50_0000, 72, 0)]);
    driver.kick(TX);
    let first = driver.bench.line();
    assert_eq!(driver.r(0x1000, Size::Byte), 1);
    driver.bench.ram.store(table(TX) + 0x4000 + 4 + 512, &[2, 0]);
    driver.chain(TX, 1, &[(0x50_0000, 72, 0)]);
    driver.kick(TX);
    let second = driver.bench.line();
    driver.chain(TX, 2, &[(0x50_0000, 72, 0)]);
    driver.kick(TX);
    assert_eq!((first, second, driver.bench.line()), (true, false, true));
    assert_eq!(driver.r(0x1000, Size::Byte), 1);
    assert!(!driver.bench.line(), "a read acknowledges");
}

#[test]
fn a_full_ring_is_worked_off_in_turns() {
    let mut driver = Driver::new(ALL);
    driver.bench.ram.store(0x50_0000, &[0; 72]);
    for number in 0..256 {
        driver.chain(TX, number, &[(0x50_0000, 72, 0)]);
    }
    driver.kick(TX);
    driver.bench.advance(VDuration::from_millis(1));
    assert_eq!((driver.sent().len(), driver.used(TX)), (256, 256));
}
