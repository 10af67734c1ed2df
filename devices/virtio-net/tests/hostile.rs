//! What broke other virtio devices, by the names of the advisories.

mod driver;

use driver::*;
use elnic_contract::{DropReason, Size, Verdict};
use elnic_script::DmaKind;

/// Sets up a transmit chain and expects the device to ask for a reset, and to work after one.
fn breaks(what: &str, arrange: impl FnOnce(&mut Driver)) {
    let mut driver = Driver::new(ALL);
    arrange(&mut driver);
    driver.kick(TX);
    assert_eq!(driver.status() & 0x40, 0x40, "{what}: DEVICE_NEEDS_RESET");
    assert!(driver.sent().is_empty(), "{what}");
    driver.negotiate(ALL);
    driver.start();
    driver.bench.ram.store(0x50_0000, &[0; 72]);
    driver.chain(TX, 0, &[(0x50_0000, 72, 0)]);
    driver.kick(TX);
    assert_eq!((driver.sent().len(), driver.status()), (1, 0xf), "{what}: after a reset");
}

#[test]
fn malformed_chains_stop_the_device_until_reset() {
    // CVE-2011-2212, CVE-2011-2512, CVE-2016-5403, CVE-2016-6490.
    breaks("head outside", |d| d.offer(TX, 256));
    breaks("loop", |d| {
        d.descriptor(table(TX), 0x50_0000, 72, NEXT, 0);
        d.offer(TX, 0);
    });
    breaks("next outside", |d| {
        d.descriptor(table(TX), 0x50_0000, 72, NEXT, 999);
        d.offer(TX, 0);
    });
    breaks("no bytes", |d| d.chain(TX, 0, &[(0x50_0000, 0, 0)]));
    breaks("readable behind writable", |d| {
        d.chain(TX, 0, &[(0x50_0000, 12, WRITE), (0x50_0000, 60, 0)]);
    });
    breaks("table of 24 bytes", |d| d.chain(TX, 0, &[(0x60_0000, 24, TABLE)]));
    breaks("empty table", |d| d.chain(TX, 0, &[(0x60_0000, 0, TABLE)]));
    breaks("indirect with next", |d| d.chain(TX, 0, &[(0x60_0000, 32, TABLE), (0, 1, 0)]));
    breaks("loop in a table", |d| {
        d.descriptor(0x60_0000, 0x50_0000, 72, NEXT, 0);
        d.chain(TX, 0, &[(0x60_0000, 16, TABLE)]);
    });
    breaks("header cut short", |d| d.chain(TX, 0, &[(0x50_0000, 11, 0)]));
    breaks("index beyond the ring", |d| d.bench.ram.store(table(TX) + 0x4002, &[0x01, 0x01]));
}

#[test]
fn a_chain_of_four_gibibytes_is_dropped_and_completed() {
    let mut driver = Driver::new(ALL);
    driver.chain(TX, 0, &[(0x50_0000, u32::MAX, 0), (0x50_0000, u32::MAX, 0)]);
    driver.kick(TX);
    let counters = driver.bench.device().as_nic().unwrap().counters().clone();
    assert_eq!(counters.tx_dropped(DropReason::BadDescriptor), 1);
    assert_eq!((driver.used(TX), driver.status()), (1, 0xf));
}

#[test]
fn the_shape_of_an_enabled_queue_is_fixed() {
    // CVE-2026-5747.
    let mut driver = Driver::new(ALL);
    driver.w(0x16, Size::Half, TX);
    for size in [0, 1, 3, 512, 0xffff] {
        driver.w(0x18, Size::Half, size);
        assert_eq!(driver.r(0x18, Size::Half), 256);
    }
    driver.w(0x20, Size::Double, 0x1234);
    assert_eq!(driver.r(0x20, Size::Double), table(TX));
    driver.w(0x16, Size::Half, 3);
    assert_eq!(driver.r(0x18, Size::Half), 0, "there is no such queue");
    driver.w(0x16, Size::Half, TX);
    driver.w(0x3a, Size::Half, 1);
    driver.w(0x18, Size::Half, 64);
    let shown =
        (driver.r(0x1c, Size::Half), driver.r(0x18, Size::Half), driver.r(0x3a, Size::Half));
    assert_eq!(shown, (0, 64, 0), "a queue that was reset can be shaped again");
}

#[test]
fn a_failed_store_of_a_frame_leaves_the_buffers_in_the_ring() {
    // CVE-2022-26353, CVE-2021-3748.
    let mut driver = Driver::new(ALL);
    driver.chain(RX, 0, &[(0x70_0000, 100, WRITE)]);
    driver.chain(RX, 1, &[(0x70_1000, 100, WRITE)]);
    driver.kick(RX);
    driver.bench.ram.fail(DmaKind::Write, 1, 1);
    assert_eq!(driver.receive(&frame_to(MAC, 150)), Verdict::Dropped(DropReason::DmaError));
    assert_eq!(driver.used(RX), 0);
    assert_eq!(driver.receive(&frame_to(MAC, 150)), Verdict::Taken);
    assert_eq!((driver.used(RX), driver.entry(RX, 0)), (2, (0, 100)));
}

#[test]
fn a_receive_chain_without_room_stops_the_device() {
    let mut driver = Driver::new(ALL);
    driver.chain(RX, 0, &[(0x70_0000, 100, 0)]);
    driver.kick(RX);
    assert_eq!(driver.receive(&frame_to(MAC, 60)), Verdict::Dropped(DropReason::BadDescriptor));
    assert_eq!(driver.status() & 0x40, 0x40);
}
