//! `announce-self`: frames for all, and a question to the driver that can answer it.

use elnic_netclient::NetCore;
use elnic_nettest::FarEnd;
use elnic_testbench::drivers::virtio::Layout;
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality};
use elnic_tests::{Desk, Monitor};
use serde_json::json;

/// `VIRTIO_NET_S_LINK_UP` and `VIRTIO_NET_S_ANNOUNCE` in the configuration's status.
const LINK_UP: u8 = 1;
const ANNOUNCE: u8 = 2;
const ACK: [u8; 2] = [3, 0];
const CONFIGURATION_CHANGED: u64 = 2;

/// A machine with a virtio-net in slot 3 and an e1000 in slot 4.
fn desk(far: &FarEnd) -> Desk {
    let wire = |net: &mut NetCore| {
        net.add_backend("n", far.client()).unwrap();
        net.add_hub_port("h0", 0, Some("n")).unwrap();
        net.add_hub_port("h1", 0, None).unwrap();
        net.add_hub_port("h2", 0, None).unwrap();
    };
    let virtio = [("id", "v0"), ("netdev", "h1"), ("addr", "3"), ("mac", "52:54:00:00:00:01")];
    let e1000 = [
        ("id", "e0"),
        ("netdev", "h2"),
        ("addr", "4"),
        ("mac", "52:54:00:00:00:02"),
        ("timing", "off"),
    ];
    Desk::new(wire, &[("virtio-net-pci", &virtio), ("e1000", &e1000)])
}

fn parameters(interfaces: &[&str]) -> serde_json::Value {
    json!({"initial": 50, "max": 550, "rounds": 1, "step": 50, "interfaces": interfaces})
}

/// Who is announced by the frames that came out: the last octet of each sender, once each frame is known to be reverse
/// ARP.
fn announced(far: &FarEnd) -> Vec<u8> {
    let frames = std::mem::take(&mut far.get().received);
    let senders = frames.iter().map(|frame| {
        assert_eq!(frame.data()[12..14], [0x80, 0x35]);
        frame.data()[11]
    });
    senders.collect()
}

#[test]
fn a_driver_that_agreed_to_it_is_asked_and_acknowledges_and_everybody_is_told_by_frames() {
    let far = FarEnd::with_credits(100);
    let desk = desk(&far);
    let mut monitor = Monitor::new(&desk);
    let mut driver = NetDriver::on(desk.seat(3), Personality::Linux, 0, Layout::machine(3));
    assert_eq!(driver.function.configuration(6), LINK_UP);
    driver.function.isr();
    monitor.run("announce-self", parameters(&["v0", "e0"]));
    desk.settle();
    assert_eq!(announced(&far), [1, 2]);
    assert_eq!(driver.function.configuration(6), LINK_UP | ANNOUNCE);
    assert_eq!(driver.command(&ACK), 0);
    assert_eq!(driver.function.configuration(6), LINK_UP);
    assert_eq!(driver.command(&ACK), 1, "nothing is left to acknowledge");
}

#[test]
fn the_question_comes_with_an_interrupt_of_the_configuration() {
    let far = FarEnd::with_credits(100);
    let desk = desk(&far);
    let mut monitor = Monitor::new(&desk);
    // By line: iPXE's way, with what it needs to be asked.
    let (ctrl_vq, status, guest_announce) = (1 << 17, 1 << 16, 1 << 21);
    let more = ctrl_vq | status | guest_announce;
    let mut driver = NetDriver::on(desk.seat(3), Personality::Ipxe, more, Layout::machine(3));
    driver.function.isr();
    assert_eq!(driver.function.isr(), 0);
    monitor.run("announce-self", parameters(&["v0"]));
    assert_eq!(driver.function.isr() & CONFIGURATION_CHANGED, CONFIGURATION_CHANGED);
    assert_eq!(driver.function.isr(), 0, "reading has acknowledged it");
}

#[test]
fn a_driver_that_did_not_agree_is_not_asked() {
    let far = FarEnd::with_credits(100);
    let desk = desk(&far);
    let mut monitor = Monitor::new(&desk);
    monitor.run("announce-self", parameters(&["v0"]));
    desk.settle();
    assert_eq!(announced(&far), [1], "without a driver the frame is all there is");
    let mut driver = NetDriver::on(desk.seat(3), Personality::Ipxe, 1 << 16, Layout::machine(3));
    monitor.run("announce-self", parameters(&["v0"]));
    desk.settle();
    assert_eq!(announced(&far), [1]);
    assert_eq!(driver.function.configuration(6), LINK_UP);
}

#[test]
fn the_frame_tells_the_address_that_the_driver_has_set() {
    let far = FarEnd::with_credits(100);
    let desk = desk(&far);
    let mut monitor = Monitor::new(&desk);
    let mut driver = NetDriver::on(desk.seat(3), Personality::Linux, 0, Layout::machine(3));
    assert_eq!(driver.command(&[1, 1, 0x52, 0x54, 0, 0, 0, 0x77]), 0);
    monitor.run("announce-self", parameters(&["v0"]));
    desk.settle();
    assert_eq!(announced(&far), [0x77]);
}
