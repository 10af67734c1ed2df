//! What `restrict=on` leaves: the stack itself, and nothing behind it.

use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};

use bytes::Bytes;
use elnic_user::{Discard, Options, TftpRoot};
use smoltcp::socket::tcp::State;

use crate::bench::{Bench, DNS, GUEST, GUEST_MAC, HOST, arp, udp, udp_of};
use crate::guest::Guest;

fn restricted() -> Options {
    let files = BTreeMap::from([("f".to_owned(), Bytes::from_static(b"content"))]);
    Options { restrict: true, tftp: Some(TftpRoot::Memory(files)), ..Options::default() }
}

#[test]
fn the_stack_itself_answers() {
    let mut bench = Bench::new(&restricted());
    bench.announce();
    assert_eq!(bench.exchange(arp(1, GUEST_MAC, GUEST, HOST)).len(), 1);
    assert_eq!(bench.exchange(crate::icmp::echo(GUEST.into(), HOST, 1, b"x")).len(), 1);
    let block = bench.exchange(udp((GUEST, 5000), (HOST, 69), b"\0\x01f\0octet\0"));
    assert_eq!(udp_of(&block[0]).2, b"\0\x03\0\x01content");
}

#[test]
fn nothing_behind_it_is_reached_nor_spoken_of() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let port = server.local_addr().unwrap().port();
    let mut bench = Bench::new(&restricted());
    bench.announce();
    let frames = [
        udp((GUEST, 5000), (HOST, port), b"x"),
        udp((GUEST, 5000), (DNS, 53), b"x"),
        udp((GUEST, 5000), ([192, 0, 2, 1], 9), b"x"),
        udp((GUEST, 5000), ([10, 0, 2, 77], 9), b"x"),
        crate::icmp::echo(GUEST.into(), [192, 0, 2, 1].into(), 1, b"x"),
    ];
    let count = frames.len() as u64;
    for frame in frames {
        assert!(bench.exchange(frame).is_empty());
    }
    assert_eq!(bench.net.counters().discarded(Discard::Restricted), count);
    assert!(server.recv(&mut [0; 1]).is_err());
}

#[test]
fn connections_go_unanswered() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut guest = Guest::new(&restricted());
    let handle = guest.connect(40_000, HOST, port);
    for _ in 0..100 {
        guest.step();
        guest.bench.advance(50);
    }
    assert_eq!(guest.tcp(handle).state(), State::SynSent);
    assert!(listener.accept().is_err());
}

#[test]
fn a_guest_forwarding_rule_leads_to_a_command_and_to_a_server_all_the_same() {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let rules = [
        "tcp:10.0.2.100:80-cmd:tr a-z A-Z".to_owned(),
        format!("tcp:10.0.2.101:81-tcp:{}", listener.local_addr().unwrap()),
    ];
    let mut guest = Guest::new(&Options { guestfwd: rules.to_vec(), ..restricted() });
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).unwrap();
        stream.write_all(heard.to_uppercase().as_bytes()).unwrap();
    });
    for (local, address, port) in [(40_000, [10, 0, 2, 100], 80), (40_001, [10, 0, 2, 101], 81)] {
        let handle = guest.connect(local, std::net::Ipv4Addr::from(address), port);
        guest.until("a connection", |guest| guest.tcp(handle).may_send());
        guest.tcp(handle).send_slice(b"hello").unwrap();
        guest.tcp(handle).close();
        let mut answer = Vec::new();
        guest.until("the answer", |guest| {
            let socket = guest.tcp(handle);
            while socket.can_recv() {
                socket.recv(|data| (data.len(), answer.extend_from_slice(data))).unwrap();
            }
            answer.len() == 5
        });
        assert_eq!(answer, b"HELLO");
    }
    server.join().unwrap();
    // Another port of the same address leads nowhere.
    let handle = guest.connect(40_002, std::net::Ipv4Addr::new(10, 0, 2, 100), 9);
    for _ in 0..100 {
        guest.step();
        guest.bench.advance(50);
    }
    assert_eq!(guest.tcp(handle).state(), State::SynSent);
}
