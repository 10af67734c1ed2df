//! Link, announcement and resets, as a driver sees them.

mod driver;

use driver::*;
use elnic_contract::{
    Cx, Device, DropReason, LinkState, Nic as _, NotReady, Outbox, Properties, Readiness, Silent,
    Size, VTime,
};
use elnic_script::Event;
use elnic_testbench::SparseRam;
use elnic_virtio_net::{MODEL, PROPERTIES, VirtioNet};

const STATUS: u64 = 0x2006;

#[test]
fn a_pulled_cable_is_reported_and_stops_both_directions() {
    let mut driver = Driver::new(ALL);
    driver.w(0x10, Size::Half, 3);
    let generation = driver.r(0x15, Size::Byte);
    driver.bench.link(LinkState::Down);
    assert_eq!(driver.r(STATUS, Size::Half), 0);
    assert_eq!(driver.r(0x15, Size::Byte), generation + 1);
    assert!(driver.bench.line());
    assert!(driver.bench.events().iter().any(|(_, event)| *event == Event::Msi(3)));
    assert_eq!(driver.r(0x1000, Size::Byte), 2, "the configuration has changed, and nothing else");
    assert_eq!(driver.bench.ready(), Some(Readiness::NotReady(NotReady::LinkDown)));
    driver.chain(TX, 0, &[(0x50_0000, 72, 0)]);
    driver.kick(TX);
    let counters = driver.bench.device().as_nic().unwrap().counters().clone();
    assert_eq!(counters.tx_dropped(DropReason::LinkDown), 1);
    assert_eq!((driver.sent().len(), driver.used(TX)), (0, 1));
    driver.bench.link(LinkState::Up);
    assert_eq!(driver.r(STATUS, Size::Half), 1);
}

#[test]
fn vectors_that_are_not_there_read_back_as_none() {
    let mut driver = Driver::new(ALL);
    for (offset, vector, stored) in
        [(0x10, 3, 3), (0x10, 4, 0xffff), (0x1a, 0, 0), (0x1a, 9, 0xffff)]
    {
        driver.w(offset, Size::Half, vector);
        assert_eq!(driver.r(offset, Size::Half), stored);
    }
}

#[test]
fn writing_zero_to_the_status_resets_everything_a_driver_has_set_up() {
    let mut driver = Driver::new(ALL);
    driver.chain(RX, 0, &[(0x70_0000, 20, WRITE)]);
    driver.kick(RX);
    driver.receive(&frame_to(MAC, 150));
    driver.command(&[0, 0, 0]);
    driver.w(0x14, Size::Byte, 0);
    driver.w(0x16, Size::Half, RX);
    let shown = [0x14, 0x1c, 0x20, 0x0c, 0x1000].map(|offset| driver.r(offset, Size::Byte));
    assert_eq!(shown, [0; 5]);
    let nic = driver.bench.device().as_nic().unwrap();
    assert!(nic.rx_filter().promiscuous);
    assert_eq!(nic.counters().rx_dropped(DropReason::ReceiverOff), 1, "the frame that waited");
}

#[test]
fn an_announcement_is_asked_for_and_acknowledged_once() {
    // The method is not part of the contract, so this device is made by hand and takes over a driven one's state.
    let mut driver = Driver::new(ALL);
    let none: [(&str, &str); 0] = [];
    let properties = Properties::parse(MODEL.name, PROPERTIES, none).unwrap();
    let mut device = VirtioNet::new(&properties).unwrap();
    let (mut ram, mut outbox, mut log) = (SparseRam::new(), Outbox::new(), Silent);
    let mut cx = Cx::new(VTime::ZERO, &mut ram, &mut outbox, &mut log);
    assert!(!device.announce(&mut cx), "no driver is there");
    device.restore(&driver.bench.saved()).unwrap();
    assert!(device.announce(&mut cx));
    let state = device.save();
    driver.bench.enter(|driven, _| driven.restore(&state).unwrap());
    assert_eq!(driver.r(STATUS, Size::Half), 3);
    assert_eq!(driver.command(&[3, 0]), 0);
    assert_eq!(driver.r(STATUS, Size::Half), 1);
    assert_eq!(driver.command(&[3, 0]), 1);
}
