//! Link addresses: who is asked, who answers, who learns.

use std::net::Ipv4Addr;

use elnic_netclient::NetClient;
use elnic_user::{Discard, Options};
use smoltcp::wire::{EthernetAddress, EthernetFrame, EthernetProtocol};

use crate::bench::{Bench, DNS, GUEST, GUEST_MAC, HOST, HOST_MAC, arp, ipv4_of, udp};

#[test]
fn the_hosts_address_is_answered_for_with_64_bytes_as_by_qemu() {
    let mut bench = Bench::new(&Options { restrict: true, ..Options::default() });
    let replies = bench.exchange(arp(1, GUEST_MAC, GUEST, HOST));
    let mut expected = vec![
        0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x52, 0x55, 0x0a, 0x00, 0x02, 0x02, 0x08, 0x06, 0x00,
        0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02, 0x52, 0x55, 0x0a, 0x00, 0x02, 0x02, 0x0a, 0x00,
        0x02, 0x02, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x0a, 0x00, 0x02, 0x0f,
    ];
    expected.resize(64, 0);
    assert_eq!(replies, [expected]);
}

#[test]
fn only_the_hosts_and_the_name_servers_address_are_answered_for() {
    let mut bench = Bench::new(&Options::default());
    let reply = bench.exchange(arp(1, GUEST_MAC, GUEST, DNS));
    assert_eq!(reply[0][6..12], [0x52, 0x55, 10, 0, 2, 3]);
    for other in [[10, 0, 2, 1], [10, 0, 2, 16], [10, 0, 2, 255], [10, 0, 3, 2], [127, 0, 0, 1]] {
        assert!(bench.exchange(arp(1, GUEST_MAC, GUEST, other.into())).is_empty(), "{other:?}");
    }
    // A probe of RFC 5227 has no sender address; one for the host's address is told it is taken.
    assert_eq!(bench.exchange(arp(1, GUEST_MAC, Ipv4Addr::UNSPECIFIED, HOST)).len(), 1);
    assert!(bench.exchange(arp(2, GUEST_MAC, GUEST, HOST)).is_empty());
}

#[test]
fn a_guest_that_is_not_known_is_asked_for_before_it_is_answered() {
    let mut bench = Bench::new(&Options::default());
    let echo = crate::icmp::echo(GUEST.into(), HOST, 1, b"x");
    let question = bench.exchange(echo);
    assert_eq!(question.len(), 1);
    let frame = EthernetFrame::new_checked(&question[0][..]).unwrap();
    assert_eq!(frame.ethertype(), EthernetProtocol::Arp);
    assert_eq!((frame.dst_addr(), frame.src_addr()), (EthernetAddress::BROADCAST, HOST_MAC));
    assert_eq!(frame.payload()[24..28], GUEST.octets());
    let answer = bench.exchange(arp(2, GUEST_MAC, GUEST, HOST));
    assert_eq!(ipv4_of(&answer[0]).dst_addr(), GUEST);
}

#[test]
fn what_waits_for_a_guest_that_does_not_answer_is_dropped_after_a_second() {
    let mut bench = Bench::new(&Options::default());
    bench.exchange(crate::icmp::echo(GUEST.into(), HOST, 1, b"x"));
    let expiry = bench.net.next_event().expect("something waits");
    assert_eq!(expiry.as_nanos(), 1_000_000_000);
    bench.advance(1000);
    assert!(bench.take().is_empty());
    assert_eq!(bench.net.counters().discarded(Discard::Unresolved), 1);
    assert_eq!(bench.net.next_event(), None);
    assert!(bench.exchange(arp(2, GUEST_MAC, GUEST, HOST)).is_empty());
}

#[test]
fn frames_between_two_guests_on_a_hub_are_left_alone() {
    let mut bench = Bench::new(&Options::default());
    bench.announce();
    let other = EthernetAddress([0x52, 0x54, 0, 0, 0, 9]);
    bench.exchange(arp(1, other, [10, 0, 2, 16].into(), [10, 0, 2, 16].into()));
    let mut frame = udp((GUEST, 1000), ([10, 0, 2, 16], 7), b"to the other guest");
    frame[..6].copy_from_slice(&other.0);
    assert!(bench.exchange(frame).is_empty());
    assert_eq!(bench.net.counters().discarded(Discard::NotForUs), 1);
}

#[test]
fn answers_come_after_the_latency_that_was_asked_for() {
    let latency = elnic_contract::VDuration::from_micros(250);
    let mut bench = Bench::new(&Options { latency, ..Options::default() });
    bench.send(arp(1, GUEST_MAC, GUEST, HOST));
    assert!(bench.take().is_empty());
    let arrival = bench.net.next_event().expect("a frame is on its way");
    assert_eq!(arrival.as_nanos(), 250_000);
    bench.now = arrival;
    assert_eq!(bench.take().len(), 1);
}

#[test]
fn the_info_line_is_that_of_qemu() {
    let info = |options: &Options| Bench::new(options).net.info();
    assert_eq!(info(&Options::default()), "net=10.0.2.0,restrict=off");
    let options =
        Options { restrict: true, net: Some("192.168.7.9/24".to_owned()), ..Options::default() };
    assert_eq!(info(&options), "net=192.168.7.0,restrict=on");
}
