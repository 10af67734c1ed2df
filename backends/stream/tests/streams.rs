//! Real streams, on 127.0.0.1 and on unix sockets in a directory of their own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use elnic_contract::{Frame, LinkState};
use elnic_netclient::{Endpoint, Notice};
use elnic_nettest::{Bench, PATIENCE, lengths, numbered};
use elnic_sockets::{StreamClient, StreamState};
use elnic_stream::{Address, InetAddress, Options, open};

fn unix(path: &Path) -> Options {
    let address = Address::Unix { path: path.to_owned(), is_abstract: false, tight: true };
    Options { address, server: false, reconnect: None, reconnect_ms: None }
}

fn inet(port: u16) -> Options {
    let address = Address::Inet(InetAddress {
        host: "127.0.0.1".to_owned(),
        port: port.to_string(),
        ..InetAddress::default()
    });
    Options { address, server: false, reconnect: None, reconnect_ms: None }
}

fn bench(options: &Options) -> Bench<StreamClient> {
    Bench::new(Box::new(open("n0", options).unwrap()))
}

fn server(path: &Path) -> Bench<StreamClient> {
    bench(&Options { server: true, ..unix(path) })
}

fn wire(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = Vec::new();
    for frame in frames {
        wire.extend(u32::try_from(frame.len()).unwrap().to_be_bytes());
        wire.extend(frame);
    }
    wire
}

fn read_exactly(peer: &mut impl Read, length: usize) -> Vec<u8> {
    let mut read = vec![0; length];
    peer.read_exact(&mut read).unwrap();
    read
}

#[test]
fn the_wire_is_a_big_endian_length_and_the_frame() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut netdev = server(&path);
    assert_eq!(netdev.client.state(), StreamState::Listening);
    let mut peer = UnixStream::connect(&path).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    netdev.await_carrier(LinkState::Up);
    let mut frames = lengths(Frame::MAX_LENGTH);
    frames.push(vec![5; Frame::MAX_LENGTH]);
    netdev.send(frames.clone());
    assert_eq!(read_exactly(&mut peer, wire(&frames).len()), wire(&frames));
    let sent = wire(&frames);
    let writer = std::thread::spawn(move || {
        peer.write_all(&sent).unwrap();
        peer
    });
    assert_eq!(netdev.receive(frames.len()), frames);
    drop(writer.join().unwrap());
    netdev.await_carrier(LinkState::Down);
}

#[test]
fn a_peer_that_reads_a_byte_at_a_time_gets_every_frame_whole() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    socket2::SockRef::from(&ours).set_send_buffer_size(1).unwrap();
    theirs.set_read_timeout(Some(PATIENCE)).unwrap();
    let address = Address::Fd { number: ours.as_raw_fd().to_string() };
    let mut netdev =
        bench(&Options { address, server: false, reconnect: None, reconnect_ms: None });
    drop(ours);
    let frames = numbered(300, 1514);
    let expected = wire(&frames);
    let reader = std::thread::spawn(move || {
        let mut read = Vec::new();
        for _ in 0..20_000 {
            read.extend(read_exactly(&mut theirs, 1));
        }
        let rest = read_exactly(&mut theirs, 300 * 1518 - 20_000);
        read.extend(rest);
        read
    });
    netdev.send(frames);
    assert!(reader.join().unwrap() == expected, "every byte in its place");
}

#[test]
fn frames_sent_in_single_bytes_are_put_together() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut netdev = server(&path);
    let mut peer = UnixStream::connect(&path).unwrap();
    let frames = numbered(3, 60);
    for byte in wire(&frames) {
        peer.write_all(&[byte]).unwrap();
    }
    assert_eq!(netdev.receive(3), frames);
}

#[test]
fn what_a_peer_sent_before_it_went_is_delivered_and_told_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut netdev = server(&path);
    let frames = numbered(200, 100);
    let mut peer = UnixStream::connect(&path).unwrap();
    peer.write_all(&wire(&frames)).unwrap();
    drop(peer);
    assert_eq!(netdev.receive(200), frames);
    let address = Endpoint::Unix { path: path.clone() };
    assert_eq!(netdev.notice(), Notice::StreamConnected { address });
    assert_eq!(netdev.notice(), Notice::StreamDisconnected);
    netdev.await_carrier(LinkState::Down);
}

#[test]
fn half_a_frame_dies_with_its_connection() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut netdev = server(&path);
    let mut peer = UnixStream::connect(&path).unwrap();
    peer.write_all(&[0, 0, 0, 60, 1, 2, 3]).unwrap();
    drop(peer);
    netdev.notice();
    assert_eq!(netdev.notice(), Notice::StreamDisconnected);
    let mut peer = UnixStream::connect(&path).unwrap();
    peer.write_all(&wire(&numbered(1, 60))).unwrap();
    assert_eq!(netdev.receive(1), numbered(1, 60));
}

#[test]
fn an_impossible_length_ends_the_connection_and_the_next_one_works() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut netdev = server(&path);
    let mut peer = UnixStream::connect(&path).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.write_all(&[0, 0, 0, 1, 7, 0, 1, 0x10, 1]).unwrap();
    assert_eq!(netdev.receive(1), [[7]]);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0, "the netdev hung up");
    netdev.await_lost("oversized-frame", 1);
    let mut peer = UnixStream::connect(&path).unwrap();
    peer.write_all(&[0, 0, 0, 0, 0, 0, 0, 1, 8]).unwrap();
    assert_eq!(netdev.receive(1), [[8]]);
    assert_eq!(netdev.lost("empty-frame"), 1);
}

#[test]
fn frames_without_a_peer_are_counted_and_not_kept_for_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut netdev = server(&path);
    netdev.send(numbered(10, 60));
    netdev.await_lost("disconnected", 10);
    let mut peer = UnixStream::connect(&path).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    netdev.await_carrier(LinkState::Up);
    netdev.send([vec![9; 60]]);
    assert_eq!(read_exactly(&mut peer, 64)[4], 9);
}

#[test]
fn a_second_peer_waits_until_the_first_has_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut netdev = server(&path);
    let mut first = UnixStream::connect(&path).unwrap();
    let mut second = UnixStream::connect(&path).unwrap();
    second.write_all(&[0, 0, 0, 1, 2]).unwrap();
    first.write_all(&[0, 0, 0, 1, 1]).unwrap();
    assert_eq!(netdev.receive(1), [[1]]);
    assert!(netdev.listen(Duration::from_millis(50)).is_empty());
    drop(first);
    assert_eq!(netdev.receive(1), [[2]]);
}

#[test]
fn a_client_connects_again_whenever_its_server_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut netdev = bench(&Options { reconnect_ms: Some(5), ..unix(&path) });
    netdev.await_info(|info| info.starts_with("error: No such file"));
    for round in 1..=3 {
        let listener = UnixListener::bind(&path).unwrap();
        let mut peer = listener.accept().unwrap().0;
        let address = Endpoint::Unix { path: path.clone() };
        assert_eq!(netdev.notice(), Notice::StreamConnected { address });
        assert_eq!(netdev.client.state(), connected(Endpoint::Unix { path: path.clone() }, false));
        peer.write_all(&[0, 0, 0, 1, round]).unwrap();
        assert_eq!(netdev.receive(1), [[round]]);
        std::fs::remove_file(&path).unwrap();
        drop((peer, listener));
        assert_eq!(netdev.notice(), Notice::StreamDisconnected);
    }
}

fn connected(address: Endpoint, accepted: bool) -> StreamState {
    StreamState::Connected { address, accepted }
}

#[test]
fn a_client_without_reconnect_tries_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut netdev = bench(&inet(port));
    let (peer, _) = listener.accept().unwrap();
    netdev.await_info(|info| info == format!("tcp:127.0.0.1:{port}"));
    let host = "127.0.0.1".to_owned();
    let address = Endpoint::Inet { host, port, ipv6: false };
    assert_eq!(netdev.notice(), Notice::StreamConnected { address });
    drop(peer);
    assert_eq!(netdev.notice(), Notice::StreamDisconnected);
    netdev.await_info(str::is_empty);
    listener.set_nonblocking(true).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert!(listener.accept().is_err(), "it does not come again");
    drop(listener);
    let refused = bench(&inet(port));
    refused.await_info(|info| info.starts_with("error: Connection refused"));
}

#[test]
fn a_tcp_server_names_the_client_and_knows_names() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    drop(taken);
    let named = |change: fn(&mut InetAddress)| {
        let mut inet = InetAddress {
            host: "localhost".to_owned(),
            port: port.to_string(),
            ipv4: Some(true),
            keep_alive: true,
            ..InetAddress::default()
        };
        change(&mut inet);
        Options { address: Address::Inet(inet), server: false, reconnect: None, reconnect_ms: None }
    };
    let mut server = bench(&Options { server: true, ..named(|_| ()) });
    let mut client = bench(&named(|inet| inet.host = String::new()));
    let Notice::StreamConnected { address: Endpoint::Inet { host, port: from, ipv6: false } } =
        server.notice()
    else {
        panic!("an inet peer");
    };
    assert_eq!(host, "127.0.0.1");
    assert_eq!(server.client.info_text(), format!("tcp:127.0.0.1:{from}"));
    client.await_carrier(LinkState::Up);
    let frames = lengths(Frame::MAX_LENGTH);
    client.send(frames.clone());
    assert_eq!(server.receive(frames.len()), frames);
    server.send(frames.clone());
    assert_eq!(client.receive(frames.len()), frames);
}

trait InfoText {
    fn info_text(&self) -> String;
}

impl InfoText for StreamClient {
    fn info_text(&self) -> String {
        elnic_netclient::NetClient::info(self)
    }
}

#[test]
fn a_core_that_does_not_poll_stops_the_reading_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut netdev = server(&path);
    let mut peer = UnixStream::connect(&path).unwrap();
    peer.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let frames = numbered(2_000, 1514);
    let whole = wire(&frames);
    let mut sent = 0;
    // The socket and the buffers behind it fill up; then nobody takes more.
    while let Ok(count) = peer.write(&whole[sent..]) {
        sent += count;
        assert!(sent < whole.len(), "somebody made the peer wait");
    }
    peer.set_write_timeout(None).unwrap();
    let writer = std::thread::spawn(move || peer.write_all(&whole[sent..]).map(|()| peer));
    assert_eq!(netdev.receive(2_000), frames);
    writer.join().unwrap().unwrap();
}

#[test]
fn abstract_names_are_served_and_found_padded_or_not() {
    let name = format!("elnic-{}", std::process::id());
    for tight in [true, false] {
        let options = |server| Options {
            address: Address::Unix { path: name.clone().into(), is_abstract: true, tight },
            server,
            reconnect: None,
            reconnect_ms: None,
        };
        let mut server = bench(&options(true));
        let mut client = bench(&options(false));
        let address = Endpoint::Unix { path: name.clone().into() };
        assert_eq!(client.notice(), Notice::StreamConnected { address });
        client.send([vec![1; 60]]);
        assert_eq!(server.receive(1), [[1; 60]]);
    }
}

#[test]
fn descriptors_are_used_by_what_they_are_and_stay_open() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let fd = |number: String, server| Options {
        address: Address::Fd { number },
        server,
        reconnect: None,
        reconnect_ms: None,
    };
    let number = listener.as_raw_fd().to_string();
    let mut netdev = bench(&fd(number.clone(), true));
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.write_all(&[0, 0, 0, 1, 4]).unwrap();
    assert_eq!(netdev.receive(1), [[4]]);
    let refusal = |options: &Options| open("n0", options).unwrap_err().to_string();
    assert!(
        refusal(&fd(number.clone(), false))
            .starts_with(&format!("file descriptor '{number}' is not connected: "))
    );
    let number = peer.as_raw_fd().to_string();
    assert!(
        refusal(&fd(number, true)).ends_with("does not listen: server=on takes a listening socket")
    );
    let file = tempfile::tempfile().unwrap();
    let number = file.as_raw_fd().to_string();
    assert!(refusal(&fd(number, false)).ends_with("is not a stream socket"));
    for number in ["", "-1", "getfd", "99999"] {
        assert_eq!(
            refusal(&fd(number.to_owned(), false)),
            format!("file descriptor '{number}' is not the number of an open descriptor")
        );
    }
    drop(netdev);
    drop(peer);
    let _again = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert!(listener.accept().is_ok(), "the listener passed in is ours still");
}

#[test]
fn a_servers_path_goes_with_it_and_a_file_in_its_place_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    drop(server(&path));
    assert!(!path.exists());
    std::fs::write(&path, "precious").unwrap();
    let error = open("n0", &Options { server: true, ..unix(&path) }).unwrap_err().to_string();
    assert!(error.ends_with("the path exists and is no socket"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}
