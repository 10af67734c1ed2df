//! Echo and errors.

use std::net::{IpAddr, Ipv4Addr};

use elnic_contract::{Checksum, Frame, LineError, Offload};
use elnic_user::{Discard, Options};
use smoltcp::wire::{Icmpv4Message, Icmpv4Packet, IpProtocol};

use crate::bench::{Bench, DNS, GUEST, HOST, ip, ipv4_of, udp_with};

pub(crate) fn echo_message(sequence: u16, data: &[u8]) -> Vec<u8> {
    let mut message = vec![0; 8];
    message.extend_from_slice(data);
    let mut view = Icmpv4Packet::new_unchecked(&mut message[..]);
    view.set_msg_type(Icmpv4Message::EchoRequest);
    view.set_echo_ident(0x1234);
    view.set_echo_seq_no(sequence);
    view.fill_checksum();
    message
}

pub(crate) fn echo(source: IpAddr, destination: Ipv4Addr, sequence: u16, data: &[u8]) -> Vec<u8> {
    ip(source, destination.into(), IpProtocol::Icmp, 64, &echo_message(sequence, data))
}

fn announced() -> Bench {
    let mut bench = Bench::new(&Options::default());
    bench.announce();
    bench
}

/// Type, code and what follows the header of a frame's message.
pub(crate) fn message_of(frame: &[u8]) -> (Icmpv4Message, u8, Vec<u8>) {
    let ip = ipv4_of(frame);
    assert_eq!(ip.next_header(), IpProtocol::Icmp);
    let message = Icmpv4Packet::new_checked(ip.payload()).unwrap();
    assert!(message.verify_checksum());
    (message.msg_type(), message.msg_code(), message.data().to_vec())
}

#[test]
fn echo_to_the_stack_is_answered_at_once() {
    let mut bench = announced();
    for to in [HOST, DNS] {
        let replies = bench.exchange(echo(GUEST.into(), to, 7, b"payload"));
        assert_eq!(replies.len(), 1);
        let packet = ipv4_of(&replies[0]);
        assert_eq!((packet.src_addr(), packet.dst_addr(), packet.hop_limit()), (to, GUEST, 255));
        let message = Icmpv4Packet::new_checked(packet.payload()).unwrap();
        assert_eq!((message.echo_ident(), message.echo_seq_no()), (0x1234, 7));
        assert_eq!(message_of(&replies[0]), (Icmpv4Message::EchoReply, 0, b"payload".to_vec()));
    }
}

#[test]
fn a_large_echo_is_put_together_and_cut_again() {
    let mut bench = announced();
    let data: Vec<u8> = (0..4000_u32).map(|i| i as u8).collect();
    let message = echo_message(1, &data);
    let mut replies = Vec::new();
    for (index, piece) in message.chunks(1480).enumerate() {
        let mut frame = ip(GUEST.into(), HOST.into(), IpProtocol::Icmp, 64, piece);
        let mut packet = smoltcp::wire::Ipv4Packet::new_unchecked(&mut frame[14..]);
        packet.set_ident(99);
        packet.set_dont_frag(false);
        packet.set_more_frags((index + 1) * 1480 < message.len());
        packet.set_frag_offset(u16::try_from(index * 1480).unwrap());
        packet.fill_checksum();
        replies = bench.exchange(frame);
    }
    assert_eq!(replies.len(), 3);
    let mut joined = Vec::new();
    for (index, frame) in replies.iter().enumerate() {
        let packet = ipv4_of(frame);
        assert_eq!(usize::from(packet.frag_offset()), index * 1480);
        assert_eq!(packet.more_frags(), index < 2);
        joined.extend_from_slice(packet.payload());
    }
    assert_eq!(joined[8..], data);
    assert_eq!(joined[0], 0);
}

#[test]
fn damaged_frames_and_wrong_checksums_are_not_answered() {
    let mut bench = announced();
    let good = echo(GUEST.into(), HOST, 1, b"payload");
    let damaged = Frame::new(good.clone(), bench.now).unwrap().damaged(LineError::BadFcs);
    bench.deliver(damaged);
    for at in [14 + 10, 14 + 20 + 3, 14 + 30] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        bench.send(bad);
    }
    assert!(bench.take().is_empty());
    assert_eq!(bench.net.counters().discarded(Discard::LineError), 1);
    assert_eq!(bench.net.counters().discarded(Discard::Malformed), 3);
}

#[test]
fn a_checksum_left_to_the_receiver_is_completed() {
    let mut bench = announced();
    let mut frame = echo(GUEST.into(), HOST, 1, b"payload");
    frame[14 + 20 + 2..14 + 20 + 4].fill(0);
    let checksum = Checksum::Partial { start: 34, offset: 2 };
    let offload = Offload { checksum, segmentation: None };
    bench.deliver(Frame::with_offload(frame, bench.now, offload).unwrap());
    assert_eq!(message_of(&bench.take()[0]).0, Icmpv4Message::EchoReply);
}

#[test]
fn sources_no_guest_may_have_are_not_answered() {
    let mut bench = announced();
    for source in
        [[0, 0, 0, 0], [127, 0, 0, 1], [10, 0, 2, 2], [10, 0, 2, 255], [224, 0, 0, 1], [255; 4]]
    {
        let source = IpAddr::from(source);
        assert!(bench.exchange(echo(source, HOST, 1, b"x")).is_empty(), "{source}");
    }
}

#[test]
fn a_hop_too_many_is_reported_with_the_start_of_the_packet() {
    let mut bench = announced();
    let from = (GUEST, 40_000).into();
    let frame = udp_with(from, ([192, 0, 2, 1], 33_434).into(), 1, &[9; 1000]);
    let replies = bench.exchange(frame.clone());
    let (kind, code, data) = message_of(&replies[0]);
    assert_eq!((kind, code), (Icmpv4Message::TimeExceeded, 0));
    assert_eq!(data, frame[14..14 + 548]);
    assert_eq!(ipv4_of(&replies[0]).src_addr(), HOST);
}

#[test]
fn an_unused_address_of_the_network_is_an_unreachable_host() {
    let mut bench = announced();
    let frame = udp_with((GUEST, 40_000).into(), ([10, 0, 2, 77], 9).into(), 64, b"x");
    let replies = bench.exchange(frame);
    let (kind, code, _) = message_of(&replies[0]);
    assert_eq!((kind, code), (Icmpv4Message::DstUnreachable, 1));
    // Nothing is said about an error, nor about what many hear.
    let error = ipv4_of(&replies[0]).payload().to_vec();
    let frame = ip(GUEST.into(), [10, 0, 2, 77].into(), IpProtocol::Icmp, 64, &error);
    assert!(bench.exchange(frame).is_empty());
    let frame = udp_with((GUEST, 40_000).into(), ([10, 0, 2, 255], 9).into(), 64, b"x");
    assert!(bench.exchange(frame).is_empty());
}
