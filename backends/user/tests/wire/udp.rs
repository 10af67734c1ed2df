//! Datagrams of a guest to the host, and queries to its resolver.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use bytes::Bytes;
use elnic_contract::{Checksum, Frame, GsoKind, Offload, Segmentation};
use elnic_user::Options;
use smoltcp::socket::dns;
use smoltcp::wire::{DnsQueryType, Icmpv4Message, IpAddress};

use crate::bench::{Bench, DNS, GUEST, HOST, udp, udp_of};
use crate::guest::Guest;

fn socket() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

fn announced(options: &Options) -> Bench {
    let mut bench = Bench::new(options);
    bench.announce();
    bench
}

fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_536];
    let (length, from) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(length);
    (buffer, from)
}

#[test]
fn a_datagram_to_the_host_is_answered_from_where_it_went() {
    let (server, port) = socket();
    let mut bench = announced(&Options::default());
    bench.send(udp((GUEST, 5000), (HOST, port), b"question"));
    let (question, from) = receive(&server);
    assert_eq!(question, b"question");
    server.send_to(b"answer", from).unwrap();
    let frames = bench.wait();
    let expected = ((HOST, port).into(), (GUEST, 5000).into(), b"answer".to_vec());
    assert_eq!(udp_of(&frames[0]), expected);
    let table = bench.net.connections();
    assert!(table.contains("UDP[239 sec]") || table.contains("UDP[240 sec]"), "{table}");
}

#[test]
fn all_peers_see_one_port_and_only_they_may_answer() {
    let ((first, first_port), (second, second_port)) = (socket(), socket());
    let mut bench = announced(&Options::default());
    bench.send(udp((GUEST, 5000), (HOST, first_port), b"1"));
    bench.send(udp((GUEST, 5000), (HOST, second_port), b"2"));
    let ((_, from_first), (_, from_second)) = (receive(&first), receive(&second));
    assert_eq!(from_first.port(), from_second.port());
    let (stranger, _) = socket();
    let nat = SocketAddr::from(([127, 0, 0, 1], from_first.port()));
    stranger.send_to(b"stranger", nat).unwrap();
    second.send_to(b"friend", nat).unwrap();
    let frames = bench.wait();
    assert_eq!(frames.len(), 1);
    let expected = ((HOST, second_port).into(), (GUEST, 5000).into(), b"friend".to_vec());
    assert_eq!(udp_of(&frames[0]), expected);
}

#[test]
fn a_port_nobody_listens_on_is_reported() {
    let (server, port) = socket();
    drop(server);
    let mut bench = announced(&Options::default());
    let frame = udp((GUEST, 5000), (HOST, port), b"anybody there?");
    bench.send(frame.clone());
    let frames = bench.wait();
    let (kind, code, quote) = crate::icmp::message_of(&frames[0]);
    assert_eq!((kind, code), (Icmpv4Message::DstUnreachable, 3));
    assert_eq!(quote[..28], frame[14..42]);
}

#[test]
fn datagrams_longer_than_a_frame_cross_in_both_directions() {
    let (server, port) = socket();
    let mut bench = announced(&Options::default());
    let long: Vec<u8> = (0..9000_u32).map(|i| i as u8).collect();
    let whole = udp((GUEST, 5000), (HOST, port), &long);
    for (index, piece) in whole[34..].chunks(1480).enumerate() {
        let mut frame = whole[..34].to_vec();
        frame.extend_from_slice(piece);
        let mut packet = smoltcp::wire::Ipv4Packet::new_unchecked(&mut frame[14..]);
        packet.set_total_len(u16::try_from(20 + piece.len()).unwrap());
        packet.set_dont_frag(false);
        packet.set_more_frags((index + 1) * 1480 < whole.len() - 34);
        packet.set_frag_offset(u16::try_from(index * 1480).unwrap());
        packet.fill_checksum();
        bench.send(frame);
    }
    let (received, from) = receive(&server);
    assert_eq!(received, long);
    server.send_to(&long, from).unwrap();
    let mut joined = Vec::new();
    while joined.len() < 9008 {
        for frame in bench.wait() {
            joined.extend_from_slice(crate::bench::ipv4_of(&frame).payload());
        }
    }
    assert_eq!(joined[8..], long);
}

#[test]
fn a_frame_that_stands_for_several_datagrams_is_told_apart() {
    let (server, port) = socket();
    let mut bench = announced(&Options::default());
    let frame = udp((GUEST, 5000), (HOST, port), b"aaaabbbbcc");
    let segmentation =
        Segmentation { kind: GsoKind::UdpSegment, size: 4, header_length: 42, ecn: false };
    let offload = Offload { checksum: Checksum::Complete, segmentation: Some(segmentation) };
    bench.deliver(Frame::with_offload(Bytes::from(frame), bench.now, offload).unwrap());
    for expected in [&b"aaaa"[..], b"bbbb", b"cc"] {
        assert_eq!(receive(&server).0, expected);
    }
}

/// The answer of a name server that knows one address.
fn name_answer(query: &[u8]) -> Vec<u8> {
    let mut answer = query.to_vec();
    answer[2..4].copy_from_slice(&[0x81, 0x80]);
    answer[7] = 1;
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 99]);
    answer
}

#[test]
fn queries_go_to_the_resolver_and_come_back_from_the_name_server() {
    let (resolver, _) = socket();
    let options = Options { resolver: Some(resolver.local_addr().unwrap()), ..Options::default() };
    let server = std::thread::spawn(move || {
        let (query, from) = receive(&resolver);
        resolver.send_to(&name_answer(&query), from).unwrap();
    });
    let mut guest = Guest::new(&options);
    let mut socket = dns::Socket::new(&[DNS.into()], Vec::new());
    let query =
        socket.start_query(guest.interface.context(), "name.test", DnsQueryType::A).unwrap();
    let handle = guest.sockets.add(socket);
    let mut addresses = Vec::new();
    guest.until("an address", |guest| {
        let socket = guest.sockets.get_mut::<dns::Socket<'_>>(handle);
        match socket.get_query_result(query) {
            Ok(found) => addresses = found.to_vec(),
            Err(dns::GetQueryResultError::Pending) => {}
            Err(error) => panic!("{error}"),
        }
        !addresses.is_empty()
    });
    assert_eq!(addresses, [IpAddress::v4(192, 0, 2, 99)]);
    server.join().unwrap();
}

#[test]
fn only_queries_reach_the_resolver() {
    let (resolver, port) = socket();
    let resolver_address = resolver.local_addr().ok();
    let mut bench = announced(&Options { resolver: resolver_address, ..Options::default() });
    let frames = bench.exchange(udp((GUEST, 5000), (DNS, port), b"not a query"));
    assert_eq!(crate::icmp::message_of(&frames[0]).1, 3);
}
