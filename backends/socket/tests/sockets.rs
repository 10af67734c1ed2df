//! Real sockets on 127.0.0.1.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixDatagram, UnixStream};

use elnic_contract::LinkState;
use elnic_netclient::{NetClient, Notice};
use elnic_nettest::{Bench, PATIENCE, lengths, numbered};
use elnic_socket::{Client, Options, open};

fn bench(options: &Options) -> Bench<dyn NetClient> {
    match open("n0", options).unwrap() {
        Client::Stream(client) => Bench::new(Box::new(client)),
        Client::Datagram(client) => Bench::new(Box::new(client)),
    }
}

fn some(text: impl ToString) -> Option<String> {
    Some(text.to_string())
}

fn refusal(options: &Options) -> String {
    open("n0", options).unwrap_err().to_string()
}

fn none() -> Options {
    Options::default()
}

/// A port nobody has at the moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_wrong_combination_has_qemus_text() {
    let one = "exactly one of fd=, listen=, connect=, mcast= or udp= is required";
    assert_eq!(refusal(&none()), one);
    assert_eq!(refusal(&Options { localaddr: some("127.0.0.1"), ..none() }), one);
    assert_eq!(refusal(&Options { listen: some(":1"), connect: some(":1"), ..none() }), one);
    for (options, why) in [
        (
            Options { listen: some(":1"), localaddr: some("127.0.0.1"), ..none() },
            "localaddr= is only valid with mcast= or udp=",
        ),
        (
            Options { fd: some("0"), localaddr: some("127.0.0.1"), ..none() },
            "localaddr= is only valid with mcast= or udp=",
        ),
        (Options { udp: some("127.0.0.1:1"), ..none() }, "localaddr= is mandatory with udp="),
        (
            Options { udp: some("127.0.0.1:0"), localaddr: some("127.0.0.1:0"), ..none() },
            "port number '0' is invalid for udp=: it takes 1 to 65535",
        ),
        (
            Options { connect: some("127.0.0.1:0"), ..none() },
            "port number '0' is invalid for connect=: it takes 1 to 65535",
        ),
        (
            Options { mcast: some("10.0.0.1:1"), ..none() },
            "specified mcastaddr 10.0.0.1 (0x0a000001) does not contain a multicast address (224.0.0.0/4)",
        ),
        (
            Options { mcast: some("230.0.0.1:1"), localaddr: some("here"), ..none() },
            "localaddr 'here' is not a valid IPv4 address",
        ),
        (
            Options { listen: some("1"), ..none() },
            "host address '1' doesn't contain ':' separating host from port",
        ),
        (
            Options { connect: some("1.2.3:1"), ..none() },
            "host address '1.2.3' is not a valid IPv4 address",
        ),
        (
            Options { connect: some("127.0.0.1:x"), ..none() },
            "port number 'x' is invalid: it takes 0 to 65535",
        ),
        (
            Options { fd: some("x"), ..none() },
            "file descriptor 'x' is not the number of an open descriptor",
        ),
    ] {
        assert_eq!(refusal(&options), why);
    }
}

#[test]
fn listen_serves_one_peer_after_the_other() {
    let port = free_port();
    let mut netdev = bench(&Options { listen: some(format!("127.0.0.1:{port}")), ..none() });
    assert_eq!(netdev.client.info(), "");
    for round in [1, 2] {
        let mut peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        let from = peer.local_addr().unwrap();
        netdev.await_info(|info| info == format!("socket: connection from {from}"));
        peer.write_all(&[0, 0, 0, 1, round]).unwrap();
        assert_eq!(netdev.receive(1), [[round]]);
        netdev.send([vec![round; 14]]);
        let mut read = [0; 18];
        peer.read_exact(&mut read).unwrap();
        assert_eq!(read[..5], [0, 0, 0, 14, round]);
        drop(peer);
        netdev.await_info(str::is_empty);
        netdev.await_carrier(LinkState::Down);
    }
    assert_eq!(netdev.client.notices(), Vec::<Notice>::new(), "only stream has events");
    let again = Options { listen: some(format!("127.0.0.1:{port}")), ..none() };
    assert!(refusal(&again).starts_with(&format!("can't bind ip=127.0.0.1:{port} to socket: ")));
}

#[test]
fn connect_connects_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut netdev = bench(&Options { connect: some(address), ..none() });
    let (mut peer, _) = listener.accept().unwrap();
    netdev.await_info(|info| info == format!("socket: connect to {address}"));
    let frames = lengths(65_507);
    netdev.send(frames.clone());
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    for frame in &frames {
        let mut read = vec![0; frame.len() + 4];
        peer.read_exact(&mut read).unwrap();
        assert_eq!(&read[4..], &frame[..]);
    }
    drop((peer, listener));
    netdev.await_carrier(LinkState::Down);
    let refused = bench(&Options { connect: some(address), ..none() });
    refused.await_info(|info| info.starts_with("socket: error: Connection refused"));
}

#[test]
fn udp_sends_to_one_and_takes_from_anyone() {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let remote = peer.local_addr().unwrap();
    let local = free_port();
    let mut netdev = bench(&Options {
        udp: some(remote),
        localaddr: some(format!("127.0.0.1:{local}")),
        ..none()
    });
    assert_eq!(netdev.client.info(), format!("socket: udp={remote}"));
    netdev.send([vec![3; 60]]);
    assert_eq!(peer.recv(&mut [0; 100]).unwrap(), 60);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.send_to(&[8; 42], ("127.0.0.1", local)).unwrap();
    assert_eq!(netdev.receive(1), [[8; 42]]);
}

#[test]
fn a_group_hears_itself() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = Options {
        mcast: some(format!("239.255.77.2:{port}")),
        localaddr: some("127.0.0.1"),
        ..none()
    };
    if let Err(error) = open("probe", &options) {
        println!("skipped: this host has no multicast on its loopback interface: {error}");
        return;
    }
    let mut one = bench(&options);
    let mut other = bench(&options);
    assert_eq!(one.client.info(), format!("socket: mcast=239.255.77.2:{port}"));
    one.send([vec![5; 60]]);
    assert_eq!(other.receive(1), [[5; 60]]);
    assert_eq!(one.receive(1), [[5; 60]]);
}

#[test]
fn a_descriptor_is_a_stream_or_datagrams_by_its_type() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let fd = |fd: i32| Options { fd: some(fd), ..none() };
    let mut netdev = bench(&fd(ours.as_raw_fd()));
    assert_eq!(netdev.client.info(), format!("socket: fd={}", ours.as_raw_fd()));
    theirs.write_all(&[0, 0, 0, 2, 7, 7]).unwrap();
    assert_eq!(netdev.receive(1), [[7, 7]]);
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let mut netdev = bench(&fd(ours.as_raw_fd()));
    assert_eq!(netdev.client.info(), format!("socket: fd={} unix", ours.as_raw_fd()));
    for frame in numbered(5, 60) {
        theirs.send(&frame).unwrap();
    }
    assert_eq!(netdev.receive(5), numbered(5, 60));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = listener.as_raw_fd();
    assert!(
        refusal(&fd(number)).starts_with(&format!("file descriptor '{number}' is not connected"))
    );
    let file = std::fs::File::open("/dev/null").unwrap();
    assert!(refusal(&fd(file.as_raw_fd())).ends_with("is neither a stream nor a datagram socket"));
}
