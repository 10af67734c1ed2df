//! Real tunnels on 127.0.0.1 and ::1.

use std::net::UdpSocket;

use elnic_l2tpv3::{L2tpv3Error, Options, open};
use elnic_netclient::NetClient;
use elnic_nettest::{Bench, PATIENCE, lengths};
use elnic_sockets::DatagramClient;

fn options() -> Options {
    Options {
        src: "127.0.0.1".to_owned(),
        dst: "127.0.0.1".to_owned(),
        srcport: Some("0".to_owned()),
        dstport: Some("9".to_owned()),
        udp: true,
        txsession: 1,
        ..Options::default()
    }
}

fn refusal(options: &Options) -> String {
    open("n0", options).unwrap_err().to_string()
}

#[test]
fn each_wrong_combination_says_what_is_wrong() {
    for (options, why) in [
        (Options { offset: 256, ..options() }, "offset must be less than 256 bytes, not 256"),
        (
            Options { txcookie: Some(1), ..options() },
            "require both 'rxcookie' and 'txcookie' or neither",
        ),
        (
            Options { rxcookie: Some(1), ..options() },
            "require both 'rxcookie' and 'txcookie' or neither",
        ),
        (Options { cookie64: Some(true), ..options() }, "'cookie64' is the width of"),
        (
            Options { txcookie: Some(1), rxcookie: Some(1 << 32), ..options() },
            "'rxcookie=4294967296' does not fit the 32 bits",
        ),
        (
            Options {
                txcookie: Some(1 << 32),
                rxcookie: Some(1),
                cookie64: Some(false),
                ..options()
            },
            "'txcookie=4294967296' does not fit the 32 bits",
        ),
        (Options { srcport: None, ..options() }, "need both src and dst port for udp"),
        (Options { dstport: None, ..options() }, "need both src and dst port for udp"),
        (Options { dstport: Some("x".to_owned()), ..options() }, "port number 'x' is invalid"),
        (Options { udp: false, ..options() }, "'srcport' is a port of UDP"),
        (Options { udp: false, srcport: None, ..options() }, "'dstport' is a port of UDP"),
        (
            Options { src: "::1".to_owned(), ..options() },
            "could not resolve src '::1': it has no IPv4 address",
        ),
        (
            Options { ipv6: true, ..options() },
            "could not resolve src '127.0.0.1': it has no IPv6 address",
        ),
        (
            Options { ipv6: true, src: "::1".to_owned(), ..options() },
            "could not resolve dst '127.0.0.1': it has no IPv6 address",
        ),
        (
            Options { src: "192.0.2.1".to_owned(), ..options() },
            "could not bind socket to 192.0.2.1:0: ",
        ),
    ] {
        let said = refusal(&options);
        assert!(said.starts_with(why), "{said}");
    }
}

/// A netdev and the datagrams of its peer.
fn peered(change: impl FnOnce(&mut Options)) -> (Bench<DatagramClient>, UdpSocket) {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let ours = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut options = Options {
        srcport: Some(ours.to_string()),
        dstport: Some(peer.local_addr().unwrap().port().to_string()),
        rxsession: Some(2),
        ..options()
    };
    change(&mut options);
    peer.connect(("127.0.0.1", ours)).unwrap();
    (Bench::new(Box::new(open("n0", &options).unwrap())), peer)
}

fn heard(peer: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 70_000];
    let length = peer.recv(&mut buffer).unwrap();
    buffer.truncate(length);
    buffer
}

#[test]
fn cookies_of_32_bits_have_32_bits_and_a_pinned_counter_is_sent() {
    let (mut netdev, peer) = peered(|options| {
        (options.txcookie, options.rxcookie) = (Some(0x0102_0304), Some(5));
        (options.cookie64, options.pincounter) = (Some(false), true);
    });
    assert_eq!(netdev.client.info(), "l2tpv3: connected");
    netdev.send([vec![9; 14], vec![9; 14]]);
    for _ in 0..2 {
        let datagram = heard(&peer);
        assert_eq!(datagram[..16], [0, 3, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 0, 0, 0, 0]);
        assert_eq!(datagram[16..], [9; 14]);
    }
}

#[test]
fn what_is_not_of_the_session_is_counted_and_the_rest_comes() {
    let (mut netdev, peer) = peered(|_| ());
    peer.send(&[0, 3, 0, 0, 0, 0, 0, 7, 1]).unwrap();
    peer.send(&[1]).unwrap();
    peer.send(&[0, 3, 0, 0, 0, 0, 0, 2]).unwrap();
    peer.send(&[0, 3, 0, 0, 0, 0, 0, 2, 42]).unwrap();
    assert_eq!(netdev.receive(1), [[42]]);
    assert_eq!((netdev.lost("malformed-datagram"), netdev.lost("empty-datagram")), (2, 1));
}

#[test]
fn jumbo_frames_come_whole() {
    let (mut netdev, peer) = peered(|options| options.offset = 255);
    let frames = lengths(60_000);
    for frame in &frames {
        let mut datagram = vec![0, 3, 0, 0, 0, 0, 0, 2];
        datagram.resize(8 + 255, 0xee);
        datagram.extend(frame);
        peer.send(&datagram).unwrap();
        assert_eq!(netdev.receive(1), std::slice::from_ref(frame));
        netdev.send([frame.clone()]);
        assert_eq!(heard(&peer)[8 + 255..], frame[..]);
    }
}

#[test]
fn without_udp_the_protocol_is_115_of_ipv4_and_of_ipv6() {
    for address in ["127.0.0.1", "::1"] {
        let end = |txsession, rxsession| Options {
            src: address.to_owned(),
            dst: address.to_owned(),
            ipv6: address == "::1",
            counter: true,
            txsession,
            rxsession: Some(rxsession),
            ..Options::default()
        };
        // Sessions of this process alone: raw sockets hear every tunnel of the host.
        let [one, other] = [1, 2].map(|end| (std::process::id() << 2) + end);
        let (first, second) = match (open("n0", &end(one, other)), open("n1", &end(other, one))) {
            (Ok(first), Ok(second)) => (first, second),
            (Err(L2tpv3Error::Socket(why, hint)), _) => {
                println!("skipped: {why}{hint}");
                return;
            }
            (Err(why), _) | (_, Err(why)) => {
                assert!(address == "::1", "{why}");
                println!("skipped: this host has no IPv6: {why}");
                return;
            }
        };
        let (mut first, mut second) = (Bench::new(Box::new(first)), Bench::new(Box::new(second)));
        let frames = lengths(60_000);
        for frame in frames {
            first.send([frame.clone()]);
            assert_eq!(second.receive(1), [frame]);
        }
    }
}
