//! The drivers of the field, each in its own order: frames, interrupts and statistics.

use elnic_contract::{DropReason, Lines, LinkState, Size};
use elnic_pci::{FunctionOptions, PciFunction};
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality, feature};
use elnic_virtio_net::ENTRY;

const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];

fn function(properties: &[(&str, &str)]) -> PciFunction {
    let device = ENTRY.make(properties.iter().copied()).expect("the properties are right");
    PciFunction::new(device, FunctionOptions::default()).expect("it is a PCI function")
}

fn frame(to: [u8; 6], length: usize, fill: u8) -> Vec<u8> {
    let mut bytes = [&to[..], &[2, 0, 0, 0, 0, 1, 8, 0]].concat();
    bytes.resize(length, fill);
    bytes
}

/// A hundred frames each way, of all lengths; every one is where it belongs.
fn converse(driver: &mut NetDriver) -> Vec<u32> {
    assert_eq!(driver.mac, MAC);
    let mut interrupts = Vec::new();
    for number in 0..100 {
        let length = 60 + number * 14;
        let (out, back) =
            (frame([0xff; 6], length, number as u8), frame(MAC, length, !number as u8));
        driver.send(&out);
        let (sent, messages) = driver.came_out();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].data(), out);
        interrupts.extend(messages);
        assert!(driver.receive(&back), "frame {number} is taken");
        let received = driver.received();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].1, back);
        interrupts.extend(driver.came_out().1);
    }
    let nic = driver.function.bench.function.nic().expect("it is a NIC");
    let counters = nic.counters();
    assert_eq!((counters.tx_frames, counters.rx_frames), (100, 100));
    let dropped =
        DropReason::ALL.map(|reason| counters.rx_dropped(reason) + counters.tx_dropped(reason));
    assert_eq!(dropped, [0; 11]);
    interrupts
}

#[test]
fn linux_talks_with_messages_in_every_kind_of_ring() {
    for (properties, more) in [
        (&[][..], 0),
        (&[("packed", "on")][..], feature::RING_PACKED),
        (
            &[("packed", "on"), ("disable-legacy", "on")][..],
            feature::RING_PACKED | feature::EVENT_IDX,
        ),
        (&[("in_order", "on")][..], 1 << 35),
    ] {
        let mut driver = NetDriver::bring_up(function(properties), Personality::Linux, more);
        assert_eq!(driver.answers, [0; 4], "all commands are carried out");
        driver.came_out();
        let interrupts = converse(&mut driver);
        if more & feature::EVENT_IDX == 0 {
            let of = |vector| interrupts.iter().filter(|data| **data == vector).count();
            assert_eq!((of(1), of(2)), (100, 100), "one message a frame, each on its vector");
        }
        assert_eq!(driver.function.bench.function.lines(), Lines::NONE);
        assert!(!driver.receive(&frame([2; 6], 60, 0)), "Linux has left promiscuous mode");
        let counters = driver.function.bench.function.nic().unwrap().counters();
        assert_eq!(counters.rx_dropped(DropReason::AddressFilter), 1);
    }
}

#[test]
fn linux_acknowledges_a_link_change_and_an_announcement_is_refused_unasked() {
    let mut driver = NetDriver::bring_up(function(&[]), Personality::Linux, 0);
    driver.came_out();
    driver.function.bench.enter(|function, cx| function.link(cx, LinkState::Down));
    assert_eq!(driver.came_out().1, [0], "the configuration vector");
    assert_eq!(driver.function.configuration(6), 0);
    driver.function.bench.enter(|function, cx| function.link(cx, LinkState::Up));
    assert_eq!(driver.function.configuration(6), 1);
    assert_eq!(driver.command(&[3, 0]), 1, "no announcement is pending");
}

#[test]
fn the_legacy_driver_talks_by_line_behind_ten_bytes() {
    for properties in [&[][..], &[("disable-modern", "on"), ("vectors", "0")]] {
        let mut driver = NetDriver::bring_up(function(properties), Personality::Legacy, 0);
        assert!(converse(&mut driver).is_empty(), "no messages");
        assert_eq!(driver.function.bench.function.lines(), Lines::INTA);
        assert_eq!(driver.function.isr(), 1);
        assert_eq!(driver.function.bench.function.lines(), Lines::NONE, "reading acknowledges");
    }
}

#[test]
fn with_msi_x_the_legacy_window_has_vectors_and_the_configuration_moves() {
    let mut driver = NetDriver::bring_up(function(&[]), Personality::LegacyMsix, 0);
    let interrupts = converse(&mut driver);
    assert_eq!(interrupts.len(), 200);
    assert!(interrupts.iter().all(|vector| [1, 2].contains(vector)));
    // With MSI-X off again the configuration is back where it was.
    driver.function.bench.set_config(0x98 + 2, Size::Half, 0);
    let hit = |offset| elnic_pci::Hit { window: elnic_pci::Window::Region(0), offset };
    let octets: Vec<u64> = (0..6)
        .map(|octet| {
            driver.function.bench.enter(|f, cx| f.read(cx, hit(0x14 + octet), Size::Byte)).unwrap()
        })
        .collect();
    assert_eq!(octets, MAC.map(u64::from));
}

#[test]
fn netkvm_sends_commands_it_did_not_agree_on_and_is_answered_unless_strict() {
    let driver = NetDriver::bring_up(function(&[]), Personality::NetKvm, 0);
    assert_eq!(driver.answers, [0; 8]);
    let filter = driver.function.bench.function.nic().unwrap().rx_filter();
    assert!(!filter.promiscuous && filter.broadcast_allowed);
    let strict = NetDriver::bring_up(function(&[("strict-ctrl", "on")]), Personality::NetKvm, 0);
    assert_eq!(strict.answers, [1; 8]);
    assert!(strict.function.bench.function.nic().unwrap().rx_filter().promiscuous);
}

#[test]
fn ipxe_polls_by_registers_or_through_configuration_space_alone() {
    for personality in [Personality::Ipxe, Personality::IpxeWindow] {
        for properties in [&[][..], &[("disable-legacy", "on")]] {
            let mut driver = NetDriver::bring_up(function(properties), personality, 0);
            assert!(converse(&mut driver).is_empty());
        }
    }
}

#[test]
fn what_is_announced_without_bus_mastering_is_done_once_there_is() {
    let mut driver = NetDriver::bring_up(function(&[]), Personality::Linux, 0);
    driver.came_out();
    driver.function.bench.command(3);
    for number in 0..5 {
        driver.send(&frame([0xff; 6], 60, number));
    }
    assert!(!driver.receive(&frame(MAC, 60, 9)));
    assert!(driver.came_out().0.is_empty(), "nothing can be fetched");
    driver.function.bench.command(7);
    let sent = driver.came_out().0;
    assert_eq!(sent.iter().map(|frame| frame.data()[20]).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(driver.function.status() & 0x40, 0, "and nothing is broken");
    assert!(driver.receive(&frame(MAC, 60, 9)));
}

#[test]
fn a_control_queue_that_is_not_offered_is_not_there() {
    for (properties, queues) in [
        (&[][..], 3),
        (&[("ctrl_vq", "off")][..], 2),
        (&[("mq", "on"), ("queue-pairs", "4")][..], 9),
        (&[("mq", "on"), ("queue-pairs", "31")][..], 63),
    ] {
        let device = ENTRY.make(properties.iter().copied()).unwrap();
        let place = elnic_contract::Access::new(1, 0x12, Size::Half).unwrap();
        assert_eq!(device.peek(place), Some(queues), "{properties:?}");
    }
}

#[test]
fn interfaces_have_their_identities_and_registers() {
    for (properties, id, bars) in [
        (&[][..], 0x1000_1af4, [1, 0, 0, 0, 0xc]),
        (&[("disable-legacy", "on")][..], 0x1041_1af4, [0, 0, 0, 0, 0xc]),
        (&[("disable-modern", "on")][..], 0x1000_1af4, [1, 0, 0, 0, 0]),
    ] {
        let function = function(properties);
        assert_eq!(function.config_read(0, Size::Word), id);
        let shown = [0x10, 0x14, 0x18, 0x1c, 0x20].map(|at| function.config_read(at, Size::Word));
        assert_eq!(shown, bars, "{properties:?}");
    }
    assert!(ENTRY.make([("disable-legacy", "on"), ("disable-modern", "on")]).is_err());
    assert!(ENTRY.make([("queue-pairs", "2")]).is_err());
}
