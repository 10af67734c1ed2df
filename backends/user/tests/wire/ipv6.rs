//! The same network over IPv6.

use std::io::{Read, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;

use elnic_user::Options;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv6Message, Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv6Packet, NdiscRepr, UdpPacket,
};

use crate::bench::{Bench, GUEST_MAC, ip, udp};
use crate::guest::{GUEST_V6, Guest};

const HOST: Ipv6Addr = Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 2);
const DNS: Ipv6Addr = Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 3);
const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const GUEST_LINK: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0x5054, 0xff, 0xfe12, 0x3456);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

fn ndisc(source: Ipv6Addr, destination: Ipv6Addr, repr: NdiscRepr<'_>) -> Vec<u8> {
    let repr = Icmpv6Repr::Ndisc(repr);
    let mut message = vec![0; repr.buffer_len()];
    let mut view = Icmpv6Packet::new_unchecked(&mut message[..]);
    repr.emit(&source, &destination, &mut view, &ChecksumCapabilities::default());
    ip(source.into(), destination.into(), IpProtocol::Icmpv6, 255, &message)
}

fn announce(bench: &mut Bench, address: Ipv6Addr) -> Vec<Vec<u8>> {
    let lladdr = Some(GUEST_MAC.into());
    bench.exchange(ndisc(address, HOST, NdiscRepr::NeighborSolicit { target_addr: HOST, lladdr }))
}

fn message_of(frame: &[u8]) -> (Ipv6Packet<&[u8]>, Icmpv6Packet<&[u8]>) {
    let packet = Ipv6Packet::new_checked(&frame[14..]).unwrap();
    let message = Icmpv6Packet::new_checked(packet.payload()).unwrap();
    assert!(message.verify_checksum(&packet.src_addr(), &packet.dst_addr()));
    (packet, message)
}

#[test]
fn a_router_advertises_prefix_and_name_server_when_asked() {
    let mut bench = Bench::new(&Options::default());
    assert!(bench.take().is_empty(), "nothing comes unasked");
    let lladdr = Some(GUEST_MAC.into());
    let frames =
        bench.exchange(ndisc(GUEST_LINK, ALL_ROUTERS, NdiscRepr::RouterSolicit { lladdr }));
    assert_eq!(frames[0][6..12], [0x52, 0x56, 0, 0, 0, 2]);
    let (packet, message) = message_of(&frames[0]);
    assert_eq!((packet.src_addr(), packet.dst_addr()), (ROUTER, GUEST_LINK));
    assert_eq!(packet.hop_limit(), 255);
    let NdiscRepr::RouterAdvert { prefix_info: Some(prefix), router_lifetime, .. } =
        NdiscRepr::parse(&message).unwrap()
    else {
        panic!("no advertisement");
    };
    assert_eq!((prefix.prefix, prefix.prefix_len), ("fec0::".parse().unwrap(), 64));
    assert_eq!(router_lifetime.secs(), 1800);
    let server = [&[25, 3, 0, 0, 0, 0, 4, 0xb0][..], &DNS.octets()].concat();
    assert!(packet.payload().ends_with(&server));
}

#[test]
fn neighbours_and_echo_are_answered() {
    let mut bench = Bench::new(&Options::default());
    let frames = announce(&mut bench, GUEST_V6);
    let (packet, message) = message_of(&frames[0]);
    assert_eq!((packet.src_addr(), packet.dst_addr()), (HOST, GUEST_V6));
    assert_eq!(message.msg_type(), Icmpv6Message::NeighborAdvert);
    let echo = Icmpv6Repr::EchoRequest { ident: 1, seq_no: 2, data: b"data" };
    let mut request = vec![0; echo.buffer_len()];
    let mut view = Icmpv6Packet::new_unchecked(&mut request[..]);
    echo.emit(&GUEST_V6, &HOST, &mut view, &ChecksumCapabilities::default());
    let frames = bench.exchange(ip(GUEST_V6.into(), HOST.into(), IpProtocol::Icmpv6, 64, &request));
    let (_, message) = message_of(&frames[0]);
    assert_eq!(message.msg_type(), Icmpv6Message::EchoReply);
    assert_eq!(message.payload(), b"data");
}

#[test]
fn neighbour_discovery_from_beyond_the_link_is_ignored() {
    let mut bench = Bench::new(&Options::default());
    let lladdr = Some(GUEST_MAC.into());
    let repr = NdiscRepr::NeighborSolicit { target_addr: HOST, lladdr };
    let mut frame = ndisc(GUEST_V6, HOST, repr);
    frame[14 + 7] = 254;
    assert!(bench.exchange(frame).is_empty());
}

#[test]
fn stateless_configuration_names_the_server_and_the_boot_file() {
    let mut bench =
        Bench::new(&Options { bootfile: Some("boot.img".to_owned()), ..Options::default() });
    announce(&mut bench, GUEST_LINK);
    let servers: SocketAddr = "[ff02::1:2]:547".parse().unwrap();
    let client = SocketAddr::new(GUEST_LINK.into(), 546);
    let request = b"\x0b\x01\x02\x03\0\x01\0\x02id\0\x06\0\x04\0\x17\0\x3b";
    let frames = bench.exchange(udp(client, servers, request));
    let packet = Ipv6Packet::new_checked(&frames[0][14..]).unwrap();
    let reply = UdpPacket::new_checked(packet.payload()).unwrap();
    assert_eq!((reply.src_port(), reply.dst_port()), (547, 546));
    let expected = [
        &b"\x07\x01\x02\x03\0\x01\0\x02id\0\x02\0\x0a\0\x03\0\x01\x52\x56\0\0\0\x02\0\x17\0\x10"[..],
        &DNS.octets(),
        b"\0\x3b\0\x1btftp://[fec0::2]/boot.img",
    ];
    let length = "tftp://[fec0::2]/boot.img".len() as u8;
    let mut expected = expected.concat();
    let at = expected.len() - usize::from(length) - 1;
    expected[at] = length;
    assert_eq!(reply.payload(), expected);
    assert!(bench.exchange(udp(client, servers, b"\x01\x01\x02\x03")).is_empty(), "no addresses");
}

#[test]
fn connections_and_datagrams_reach_the_hosts_loopback() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: this host has no IPv6 loopback");
        return;
    };
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"hello").unwrap();
    });
    let mut guest = Guest::new(&Options::default());
    let handle = guest.connect(40_000, HOST, port);
    guest.until("the greeting", |guest| guest.tcp(handle).recv_queue() == 5);
    server.join().unwrap();

    let server = UdpSocket::bind("[::1]:0").unwrap();
    let to = SocketAddr::new(HOST.into(), server.local_addr().unwrap().port());
    guest.bench.send(udp(SocketAddr::new(GUEST_V6.into(), 5000), to, b"question"));
    let mut question = [0; 8];
    let (_, from) = server.recv_from(&mut question).unwrap();
    server.send_to(b"answer", from).unwrap();
    let mut answered = false;
    guest.bench.until("an answer", |bench| {
        answered |= bench.take().iter().any(|frame| frame.ends_with(b"answer"));
        answered
    });
}

#[test]
fn ports_are_forwarded_too() {
    let rule = "tcp:[::1]:0-[fec0::15]:22".to_owned();
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("skipped: this host has no IPv6 loopback");
        return;
    }
    let mut guest = Guest::new(&Options { hostfwd: vec![rule], ..Options::default() });
    let local = guest.bench.net.hostfwds()[0].1;
    let handle = guest.tcp_socket();
    guest.tcp(handle).listen(22).unwrap();
    let client = thread::spawn(move || {
        let mut answer = [0; 2];
        TcpStream::connect(local).unwrap().read_exact(&mut answer).unwrap();
        answer
    });
    guest.until("the client's end", |guest| {
        let socket = guest.tcp(handle);
        if socket.may_send() && socket.send_queue() == 0 && !client.is_finished() {
            socket.send_slice(b"ok").unwrap();
        }
        client.is_finished()
    });
    assert_eq!(&client.join().unwrap(), b"ok");
}
