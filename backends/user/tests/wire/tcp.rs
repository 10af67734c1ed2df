//! Connections of a guest to the host, by an independent TCP.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;

use elnic_user::Options;
use smoltcp::socket::tcp::State;
use smoltcp::wire::{Icmpv4Message, IpProtocol};

use crate::bench::{GUEST, GUEST_MAC, HOST, arp, ip, ipv4_of};
use crate::guest::Guest;

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 251) as u8).collect()
}

#[test]
fn bytes_go_both_ways_and_each_end_closes_for_itself() {
    let (listener, port) = listener();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = Vec::new();
        // Ends when the guest has closed its half.
        stream.read_to_end(&mut question).unwrap();
        stream.write_all(&question).unwrap();
        stream.write_all(b" is what you said").unwrap();
    });
    let mut guest = Guest::new(&Options::default());
    let handle = guest.connect(40_000, HOST, port);
    guest.until("a connection", |guest| guest.tcp(handle).may_send());
    assert!(guest.bench.net.connections().contains("TCP[ESTABLISHED]"));
    guest.tcp(handle).send_slice(b"hello").unwrap();
    guest.tcp(handle).close();
    let mut answer = Vec::new();
    guest.until("the end of the answer", |guest| {
        let socket = guest.tcp(handle);
        while socket.can_recv() {
            socket.recv(|data| (data.len(), answer.extend_from_slice(data))).unwrap();
        }
        !socket.may_recv() && socket.state() != State::FinWait1 && socket.state() != State::FinWait2
    });
    assert_eq!(answer, b"hello is what you said");
    server.join().unwrap();
}

#[test]
fn a_host_that_closes_first_still_hears_the_guest() {
    let (listener, port) = listener();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"banner").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut last_words = String::new();
        stream.read_to_string(&mut last_words).unwrap();
        last_words
    });
    let mut guest = Guest::new(&Options::default());
    let handle = guest.connect(40_000, HOST, port);
    guest.until("the end of the banner", |guest| guest.tcp(handle).state() == State::CloseWait);
    assert_eq!(guest.tcp(handle).recv(|data| (data.len(), data.to_vec())).unwrap(), b"banner");
    guest.tcp(handle).send_slice(b"last words").unwrap();
    guest.tcp(handle).close();
    guest.until("the end", |guest| guest.tcp(handle).state() == State::Closed);
    assert_eq!(server.join().unwrap(), "last words");
    // The stack waits for stray segments, in virtual time, and then forgets.
    guest.bench.advance(60_000);
    guest.step();
    assert!(!guest.bench.net.connections().contains("TCP["));
    assert_eq!(guest.next_event(), None);
}

#[test]
fn megabytes_arrive_whole_in_both_directions_at_once() {
    const LENGTH: usize = 3 << 20;
    let (listener, port) = listener();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut writer = stream.try_clone().unwrap();
        let upload = thread::spawn(move || {
            writer.write_all(&pattern(LENGTH)).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut received = Vec::new();
        { stream }.read_to_end(&mut received).unwrap();
        upload.join().unwrap();
        assert!(received == pattern(LENGTH));
    });
    let mut guest = Guest::new(&Options::default());
    let handle = guest.connect(40_000, HOST, port);
    let (outgoing, mut sent, mut received) = (pattern(LENGTH), 0, Vec::new());
    guest.until("all bytes", |guest| {
        let socket = guest.tcp(handle);
        if socket.can_send() {
            sent += socket.send_slice(&outgoing[sent..]).unwrap();
            if sent == LENGTH {
                socket.close();
            }
        }
        while socket.can_recv() {
            socket.recv(|data| (data.len(), received.extend_from_slice(data))).unwrap();
        }
        sent == LENGTH && received.len() == LENGTH
    });
    assert!(received == outgoing);
    guest.until("the end", |guest| {
        matches!(guest.tcp(handle).state(), State::Closed | State::TimeWait)
    });
    server.join().unwrap();
}

#[test]
fn a_guest_that_does_not_read_holds_the_host_up() {
    let (listener, port) = listener();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let (mut total, piece) = (0, [0; 65_536]);
        let mut idle = 0;
        // Until nothing has moved for a while.
        while idle < 100 {
            match stream.write(&piece) {
                Ok(length) => (total, idle) = (total + length, 0),
                Err(_) => {
                    thread::sleep(std::time::Duration::from_millis(2));
                    idle += 1;
                }
            }
        }
        total
    });
    let mut guest = Guest::new(&Options::default());
    let handle = guest.connect(40_000, HOST, port);
    guest.until("the host to be held up", |_| server.is_finished());
    // All buffers on the way: the host's own, the stack's two, the guest's.
    assert!(server.join().unwrap() < 16 << 20);
    assert!(guest.tcp(handle).recv_queue() > 0);
}

#[test]
fn a_refused_connection_is_reset() {
    let (listener, port) = listener();
    drop(listener);
    let mut guest = Guest::new(&Options::default());
    let handle = guest.connect(40_000, HOST, port);
    guest.until("a reset", |guest| guest.tcp(handle).state() == State::Closed);
    assert!(!guest.bench.net.connections().contains("TCP["));
}

#[test]
fn a_reset_crosses_in_both_directions() {
    let (listener, port) = listener();
    let mut guest = Guest::new(&Options::default());
    let handle = guest.connect(40_000, HOST, port);
    guest.until("a connection", |guest| guest.tcp(handle).may_send());
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    guest.tcp(handle).abort();
    guest.until("the stack to forget", |guest| !guest.bench.net.connections().contains("TCP["));
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    let handle = guest.connect(40_001, HOST, port);
    guest.until("a connection", |guest| guest.tcp(handle).may_send());
    let (stream, _) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    guest.tcp(handle).send_slice(b"never read").unwrap();
    guest.until("the bytes to arrive", |_| stream.peek(&mut [0; 1]).is_ok_and(|n| n == 1));
    // Closing with bytes unread is a reset.
    drop(stream);
    guest.until("a reset", |guest| guest.tcp(handle).state() == State::Closed);
}

#[test]
fn many_connections_at_once_do_not_mix() {
    let (listener, port) = listener();
    let server = thread::spawn(move || {
        for _ in 0..40 {
            let (mut stream, _) = listener.accept().unwrap();
            thread::spawn(move || {
                let mut name = [0; 2];
                stream.read_exact(&mut name).unwrap();
                stream.write_all(&name).unwrap();
            });
        }
    });
    let mut guest = Guest::new(&Options::default());
    let handles: Vec<_> = (0..40_u16).map(|i| (i, guest.connect(40_000 + i, HOST, port))).collect();
    let mut echoed = [None; 40];
    guest.until("all echoes", |guest| {
        for (index, handle) in &handles {
            let socket = guest.tcp(*handle);
            if socket.may_send() && socket.can_send() {
                socket.send_slice(&index.to_be_bytes()).unwrap();
                socket.close();
            }
            if socket.recv_queue() == 2 {
                let mut name = [0; 2];
                socket.recv_slice(&mut name).unwrap();
                echoed[usize::from(*index)] = Some(u16::from_be_bytes(name));
            }
        }
        echoed.iter().all(Option::is_some)
    });
    assert!(echoed.iter().enumerate().all(|(index, name)| *name == Some(index as u16)));
    server.join().unwrap();
}

#[test]
fn unreachable_destinations_are_reported_and_unknown_connections_reset() {
    let mut guest = Guest::new(&Options::default());
    let bench = &mut guest.bench;
    bench.exchange(arp(1, GUEST_MAC, GUEST, GUEST));
    let segment = |to: [u8; 4], flags: u8| {
        let mut segment = vec![0; 20];
        segment[..2].copy_from_slice(&40_000_u16.to_be_bytes());
        segment[2..4].copy_from_slice(&80_u16.to_be_bytes());
        (segment[12], segment[13]) = (0x50, flags);
        let mut view = smoltcp::wire::TcpPacket::new_unchecked(&mut segment[..]);
        view.fill_checksum(&GUEST.into(), &std::net::Ipv4Addr::from(to).into());
        ip(GUEST.into(), to.into(), IpProtocol::Tcp, 64, &segment)
    };
    let replies = bench.exchange(segment([10, 0, 2, 77], 0x02));
    assert_eq!(crate::icmp::message_of(&replies[0]).0, Icmpv4Message::DstUnreachable);
    let replies = bench.exchange(segment([10, 0, 2, 2], 0x10));
    let packet = ipv4_of(&replies[0]);
    assert_eq!(packet.next_header(), IpProtocol::Tcp);
    assert_eq!(packet.payload()[13] & 0x04, 0x04, "a reset");
    // Never a reset for a reset; and the host's loopback cannot be named.
    assert!(bench.exchange(segment([10, 0, 2, 2], 0x04)).is_empty());
    assert!(bench.exchange(segment([127, 0, 0, 1], 0x02)).is_empty());
}

#[test]
fn a_guest_that_has_closed_its_half_gets_the_rest_without_a_pause() {
    const LENGTH: usize = 2 << 20;
    let (listener, port) = listener();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        stream.write_all(&pattern(LENGTH)).unwrap();
    });
    let mut guest = Guest::new(&Options::default());
    let handle = guest.connect(40_000, HOST, port);
    guest.until("a connection", |guest| guest.tcp(handle).may_send());
    guest.tcp(handle).close();
    let mut received = Vec::new();
    guest.until("all bytes", |guest| {
        // Lets its window fill for the most part before it reads.
        let socket = guest.tcp(handle);
        if socket.recv_queue() > socket.recv_capacity() * 9 / 10 || server.is_finished() {
            socket.recv(|data| (data.len(), received.extend_from_slice(data))).unwrap_or(());
        }
        received.len() == LENGTH
    });
    assert!(received == pattern(LENGTH));
    // Virtual time: shorter than any retransmission or window probe would take.
    assert!(guest.bench.now.as_nanos() < 1_000_000_000, "{}", guest.bench.now);
    server.join().unwrap();
}
