//! Real datagrams, on 127.0.0.1 and on unix sockets in a directory of their own.

use std::collections::VecDeque;
use std::fs;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use elnic_contract::{Frame, VTime};
use elnic_dgram::{Address, Options, open};
use elnic_netclient::NetClient;
use elnic_nettest::{Bench, PATIENCE, numbered};
use elnic_sockets::DatagramClient;

type Netdev = Bench<DatagramClient>;

fn netdev(local: Option<Address>, remote: Option<Address>) -> Netdev {
    Bench::new(Box::new(open("n0", &Options { local, remote }).unwrap()))
}

fn inet(port: u16) -> Option<Address> {
    Some(Address::Inet { host: "127.0.0.1".to_owned(), port: port.to_string() })
}

fn unix(path: &Path) -> Option<Address> {
    Some(Address::Unix { path: path.to_owned() })
}

fn fd(socket: &impl AsRawFd) -> Option<Address> {
    Some(Address::Fd { number: socket.as_raw_fd().to_string() })
}

/// A netdev on a port the system chose, and its peer.
fn udp_pair() -> (Netdev, UdpSocket) {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let netdev = netdev(inet(0), inet(peer.local_addr().unwrap().port()));
    let info = netdev.client.info();
    let (local, remote) = info.strip_prefix("udp=").unwrap().split_once('/').unwrap();
    assert_eq!(remote, peer.local_addr().unwrap().to_string());
    peer.connect(local).unwrap();
    (netdev, peer)
}

#[test]
fn udp_carries_frames_in_order_both_ways() {
    let (mut netdev, peer) = udp_pair();
    let frames = numbered(100, 1514);
    // A few at a time: UDP loses what its buffer does not hold.
    for some in frames.chunks(20) {
        netdev.send(some.to_vec());
        for frame in some {
            let mut buffer = [0; 2000];
            let length = peer.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], &frame[..]);
        }
        for frame in some {
            peer.send(frame).unwrap();
        }
        assert_eq!(netdev.receive(some.len()), some);
    }
}

#[test]
fn an_empty_datagram_is_counted_and_reception_goes_on() {
    let (mut netdev, peer) = udp_pair();
    peer.send(&[]).unwrap();
    peer.send(&[1, 2, 3]).unwrap();
    assert_eq!(netdev.receive(1), [[1, 2, 3]]);
    assert_eq!(netdev.lost("empty-datagram"), 1);
}

#[test]
fn a_frame_longer_than_udp_carries_is_counted_and_the_next_one_goes() {
    let (mut netdev, peer) = udp_pair();
    netdev.send([vec![9; Frame::MAX_LENGTH], vec![7; 60]]);
    assert_eq!(peer.recv(&mut [0; 100]).unwrap(), 60);
    assert_eq!(netdev.lost("too-long"), 1);
}

#[test]
fn a_core_that_does_not_poll_stops_the_reading_and_loses_nothing_itself() {
    let directory = tempfile::tempdir().unwrap();
    let [local, remote] = ["l", "r"].map(|name| directory.path().join(name));
    let peer = UnixDatagram::bind(&remote).unwrap();
    let mut netdev = netdev(unix(&local), unix(&remote));
    peer.connect(&local).unwrap();
    peer.set_nonblocking(true).unwrap();
    // A unix socket does not lose: its sender is told to wait once the mailbox and the kernel's queue are full.
    let frames = numbered(5_000, 60);
    let mut sent = 0;
    while let Some(frame) = frames.get(sent) {
        match peer.send(frame) {
            Ok(_) => sent += 1,
            // Long enough for the I/O thread to empty the kernel's queue if it were still reading.
            Err(_) if sent > 256 => break,
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
    assert!(sent < frames.len(), "somebody made the sender wait");
    assert_eq!(netdev.receive(sent), frames[..sent]);
}

#[test]
fn an_oversized_datagram_is_counted_and_not_cut() {
    let directory = tempfile::tempdir().unwrap();
    let [local, remote] = ["l", "r"].map(|name| directory.path().join(name));
    let peer = UnixDatagram::bind(&remote).unwrap();
    let mut netdev = netdev(unix(&local), unix(&remote));
    for length in [Frame::MAX_LENGTH + 1, Frame::MAX_LENGTH + 5, Frame::MAX_LENGTH] {
        peer.send_to(&vec![1; length], &local).unwrap();
    }
    assert_eq!(netdev.receive(1)[0].len(), Frame::MAX_LENGTH);
    assert_eq!(netdev.lost("oversized-datagram"), 2);
}

#[test]
fn two_netdevs_talk_over_unix_sockets_and_leave_no_path_behind() {
    let directory = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| directory.path().join(name));
    let mut first = netdev(unix(&one), unix(&other));
    assert_eq!(first.client.info(), format!("udp={}:{}", one.display(), other.display()));
    // Nobody is there yet: as on a cable without a partner, frames are lost, and that is all.
    first.send([vec![1; 60]]);
    first.await_lost("refused", 1);
    let mut second = netdev(unix(&other), unix(&one));
    let frames = numbered(200, 100);
    first.send(frames.clone());
    assert_eq!(second.receive(200), frames);
    second.send(frames.clone());
    assert_eq!(first.receive(200), frames);
    drop((first, second));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_peer_that_does_not_read_uses_the_credits_up_and_gets_all_when_it_does() {
    let directory = tempfile::tempdir().unwrap();
    let [local, remote] = ["l", "r"].map(|name| directory.path().join(name));
    let peer = UnixDatagram::bind(&remote).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut netdev = netdev(unix(&local), unix(&remote));
    let frames = numbered(2_000, 60);
    let mut queue: VecDeque<Frame> =
        frames.iter().map(|data| Frame::new(data.clone(), VTime::ZERO).unwrap()).collect();
    netdev.client.deliver(VTime::ZERO, &mut queue);
    assert!(!queue.is_empty(), "more frames than mailbox");
    let mut buffer = [0; 100];
    for frame in &frames {
        // The kernel's queue is short (net.unix.max_dgram_qlen): the thread tries again while we read.
        netdev.client.deliver(VTime::ZERO, &mut queue);
        let length = peer.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], &frame[..]);
    }
    assert_eq!(netdev.lost("refused"), 0);
}

#[test]
fn a_stale_socket_gives_way_and_a_file_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let [local, remote] = ["l", "r"].map(|name| directory.path().join(name));
    drop(UnixDatagram::bind(&local).unwrap());
    assert!(local.exists());
    drop(netdev(unix(&local), unix(&remote)));
    fs::write(&local, "precious").unwrap();
    let error = open("n0", &Options { local: unix(&local), remote: unix(&remote) }).unwrap_err();
    assert!(error.to_string().contains("exists and is no socket"), "{error}");
    assert_eq!(fs::read(&local).unwrap(), b"precious");
}

#[test]
fn a_path_taken_over_by_another_stays_with_him() {
    let directory = tempfile::tempdir().unwrap();
    let [local, remote] = ["l", "r"].map(|name| directory.path().join(name));
    let first = netdev(unix(&local), unix(&remote));
    let _second = netdev(unix(&local), unix(&remote));
    drop(first);
    assert!(local.exists());
}

#[test]
fn a_descriptor_passed_in_is_used_and_stays_open() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    theirs.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut netdev = netdev(fd(&ours), None);
    assert_eq!(netdev.client.info(), format!("fd={} unix", ours.as_raw_fd()));
    netdev.send([vec![1; 60]]);
    assert_eq!(theirs.recv(&mut [0; 100]).unwrap(), 60);
    theirs.send(&[2; 61]).unwrap();
    assert_eq!(netdev.receive(1), [[2; 61]]);
    drop(netdev);
    theirs.send(&[3; 62]).unwrap();
    assert_eq!(ours.recv(&mut [0; 100]).unwrap(), 62);
}

#[test]
fn a_descriptor_whose_peer_hung_up_ends_cleanly() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let mut netdev = netdev(fd(&ours), None);
    drop((ours, theirs));
    netdev.send([vec![1; 60]]);
    netdev.await_lost("refused", 1);
}

#[test]
fn what_is_no_datagram_socket_is_refused_by_name() {
    let file = tempfile::tempfile().unwrap();
    let stream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = |local| open("n0", &Options { local, remote: None }).unwrap_err().to_string();
    assert!(text(fd(&file)).ends_with("is not a datagram socket"));
    assert!(text(fd(&stream)).ends_with("is not a datagram socket"));
    for number in ["-1", "x", "", "99999"] {
        let refused = text(Some(Address::Fd { number: number.to_owned() }));
        assert_eq!(
            refused,
            format!("file descriptor '{number}' is not the number of an open descriptor")
        );
    }
}

#[test]
fn a_port_in_use_is_refused_and_a_dropped_netdev_frees_its_own() {
    let (netdev, peer) = udp_pair();
    let port = peer.peer_addr().unwrap().port();
    let again = open("n1", &Options { local: inet(port), remote: inet(port) });
    let text = again.unwrap_err().to_string();
    assert!(text.starts_with(&format!("can't bind ip=127.0.0.1:{port} to socket: ")), "{text}");
    drop(netdev);
    let bound = UdpSocket::bind(("127.0.0.1", port));
    assert!(bound.is_ok(), "{bound:?}");
}

#[test]
fn members_of_a_group_hear_each_other_and_themselves() {
    // A port of this test process alone, so that parallel runs do not hear each other.
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let group = || Some(Address::Inet { host: "239.255.77.1".to_owned(), port: port.to_string() });
    let options = Options { local: inet(0), remote: group() };
    if let Err(error) = open("probe", &options) {
        println!("skipped: this host has no multicast on its loopback interface: {error}");
        return;
    }
    let mut one = netdev(inet(0), group());
    let mut other = netdev(inet(0), group());
    assert_eq!(one.client.info(), format!("mcast=239.255.77.1:{port}"));
    one.send([vec![5; 60]]);
    assert_eq!(other.receive(1), [[5; 60]]);
    assert_eq!(one.receive(1), [[5; 60]]);
}
