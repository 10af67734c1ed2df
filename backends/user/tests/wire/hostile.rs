//! Whatever a guest sends: no panic, bounded memory, bounded answers, the same answers every time.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use elnic_contract::{Frame, VDuration, VTime};
use elnic_netclient::NetClient;
use elnic_user::{Options, TftpRoot, UserNet};
use proptest::collection::vec;
use proptest::prelude::*;
use smoltcp::wire::{IpProtocol, Ipv4Packet};

use crate::bench::{DNS, GUEST, GUEST_MAC, HOST, arp, ip, udp};

/// A network that answers for itself alone, so that a test's outcome is the guest's doing.
fn options() -> Options {
    let files = BTreeMap::from([("f".to_owned(), Bytes::from(vec![7; 5000]))]);
    Options { restrict: true, tftp: Some(TftpRoot::Memory(files)), ..Options::default() }
}

/// Sends the frames, a millisecond apart, and returns all that comes back.
fn play(frames: &[Vec<u8>]) -> Vec<Frame> {
    let mut net = UserNet::new(&options()).unwrap();
    let mut now = VTime::ZERO;
    let mut out = Vec::new();
    let first = arp(1, GUEST_MAC, GUEST, HOST);
    for frame in std::iter::once(&first).chain(frames) {
        now += VDuration::from_millis(1);
        if let Ok(frame) = Frame::new(frame.clone(), now) {
            net.deliver(now, &mut VecDeque::from([frame]));
        }
        net.poll(now, 64, &mut out);
    }
    out
}

/// Well-formed frames of every protocol the stack speaks.
fn seeds() -> Vec<Vec<u8>> {
    let dhcp = {
        let mut message = vec![1, 1, 6, 0, 1, 2, 3, 4];
        message.resize(236, 0);
        message[28..34].copy_from_slice(&GUEST_MAC.0);
        message.extend([0x63, 0x82, 0x53, 0x63, 53, 1, 1, 50, 4, 10, 0, 2, 20, 57, 2, 5, 0, 255]);
        message
    };
    let tcp = [0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 4, 0, 0, 0, 0, 0, 2, 4, 5, 0xb4];
    let mut fragment = ip(GUEST.into(), HOST.into(), IpProtocol::Icmp, 64, &[8; 64]);
    let mut packet = Ipv4Packet::new_unchecked(&mut fragment[14..]);
    packet.set_dont_frag(false);
    packet.set_more_frags(true);
    packet.fill_checksum();
    let v6 = "[fec0::15]:1000".parse::<std::net::SocketAddr>().unwrap();
    vec![
        arp(1, GUEST_MAC, GUEST, HOST),
        udp(([0, 0, 0, 0], 68), ([255; 4], 67), &dhcp),
        udp((GUEST, 2000), (HOST, 69), b"\0\x01f\0octet\0blksize\x001024\0windowsize\x004\0"),
        udp((GUEST, 2000), (HOST, 69), b"\0\x04\0\0"),
        udp((GUEST, 2000), (DNS, 53), b"query"),
        crate::icmp::echo(GUEST.into(), HOST, 1, b"data"),
        ip(GUEST.into(), HOST.into(), IpProtocol::Tcp, 64, &tcp),
        fragment,
        udp(v6, "[ff02::1:2]:547".parse::<std::net::SocketAddr>().unwrap(), b"\x0b\x01\x02\x03"),
        ip(v6.ip(), "fec0::2".parse().unwrap(), IpProtocol::Icmpv6, 255, &[135; 24]),
    ]
}

/// A seed with some bytes changed, cut or lengthened.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let seeds = seeds();
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (0..seeds.len(), changes, any::<prop::sample::Index>(), 0..4_u8, any::<bool>()).prop_map(
        move |(seed, changes, cut, whole, repair)| {
            let mut frame = seeds[seed].clone();
            for (at, value) in changes {
                let at = at.index(frame.len());
                frame[at] = value;
            }
            if whole == 0 {
                frame.truncate(1 + cut.index(frame.len()));
            }
            // With a right header checksum the inner parsers see the damage too.
            if repair && frame.len() >= 34 && frame[12..14] == [8, 0] {
                let mut packet = Ipv4Packet::new_unchecked(&mut frame[14..]);
                if packet.check_len().is_ok() {
                    packet.fill_checksum();
                }
            }
            frame
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_do_no_harm(frames in vec(vec(any::<u8>(), 0..200), 0..20)) {
        play(&frames);
    }

    #[test]
    fn damaged_frames_do_no_harm_and_get_bounded_answers(frames in vec(mutated(), 0..40)) {
        let out = play(&frames);
        // At most a window of four blocks of TFTP for a frame of the guest.
        prop_assert!(out.len() <= 4 * (frames.len() + 1));
        for frame in &out {
            prop_assert!((60..=1514).contains(&frame.len()));
        }
    }

    #[test]
    fn the_same_frames_get_the_same_answers(frames in vec(mutated(), 0..40)) {
        prop_assert_eq!(play(&frames), play(&frames));
    }
}

#[test]
fn every_seed_that_should_be_answered_is() {
    // Otherwise the properties above would say nothing about what lies behind the first check.
    let answered = seeds().into_iter().map(|seed| play(&[seed]).len() > 1).collect::<Vec<_>>();
    let expected = [true, true, true, true, false, true, false, false, true, false];
    assert_eq!(answered, expected);
}

#[test]
fn a_guest_that_never_listens_fills_no_memory() {
    let mut net = UserNet::new(&options()).unwrap();
    let frame = Frame::new(arp(1, GUEST_MAC, GUEST, HOST), VTime::ZERO).unwrap();
    for _ in 0..50 {
        let mut frames: VecDeque<_> = std::iter::repeat_n(frame.clone(), 100).collect();
        net.deliver(VTime::ZERO, &mut frames);
        assert!(frames.is_empty());
    }
    let mut out = Vec::new();
    net.poll(VTime::ZERO, usize::MAX, &mut out);
    assert_eq!(out.len(), 1024);
    assert_eq!(net.counters().discarded(elnic_user::Discard::NoRoom), 5000 - 1024);
}

#[test]
fn what_waits_for_the_guest_is_no_event_in_time() {
    let mut net = UserNet::new(&options()).unwrap();
    let frame = Frame::new(arp(1, GUEST_MAC, GUEST, HOST), VTime::ZERO).unwrap();
    net.deliver(VTime::ZERO, &mut VecDeque::from([frame]));
    assert_eq!(net.next_event(), Some(VTime::ZERO), "a frame to be fetched now");
    let mut out = Vec::new();
    net.poll(VTime::ZERO, 0, &mut out);
    assert_eq!(net.next_event(), None, "the guest knows when it has room");
    net.poll(VTime::ZERO, 1, &mut out);
    assert_eq!(out.len(), 1);
}

#[test]
fn a_guest_with_a_thousand_addresses_fills_no_table() {
    let mut net = UserNet::new(&options()).unwrap();
    for address in 0..3000_u32 {
        let sender = std::net::Ipv4Addr::from(0x0b00_0000 + address);
        let frame = crate::icmp::echo(sender.into(), HOST, 1, b"x");
        let frame = Frame::new(frame, VTime::ZERO).unwrap();
        net.deliver(VTime::ZERO, &mut VecDeque::from([frame]));
    }
    let mut out = Vec::new();
    net.poll(VTime::ZERO, usize::MAX, &mut out);
    assert_eq!(out.len(), 64, "one question for each packet that may wait");
}
