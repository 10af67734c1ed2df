//! Ports of the host that lead to the guest.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use elnic_contract::VTime;
use elnic_netclient::{Doorbell, NetClient};
use elnic_user::{Options, UserNet};
use smoltcp::socket::{tcp, udp};

use crate::bench::GUEST;
use crate::guest::Guest;

fn forwarding(rule: &str) -> (Guest, SocketAddr) {
    let options = Options { hostfwd: vec![rule.to_owned()], ..Options::default() };
    let guest = Guest::new(&options);
    let local = guest.bench.net.hostfwds()[0].1;
    (guest, local)
}

#[test]
fn a_connection_to_a_forwarded_port_reaches_the_guest() {
    let (mut guest, local) = forwarding("tcp:127.0.0.1:0-:22");
    let handle = guest.tcp_socket();
    guest.tcp(handle).listen(22).unwrap();
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(local).unwrap();
        stream.write_all(b"hello guest").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer, stream.local_addr().unwrap().port())
    });
    let mut greeting = Vec::new();
    guest.until("the greeting", |guest| {
        let socket = guest.tcp(handle);
        while socket.can_recv() {
            socket.recv(|data| (data.len(), greeting.extend_from_slice(data))).unwrap();
        }
        socket.state() == tcp::State::CloseWait
    });
    assert_eq!(greeting, b"hello guest");
    let seen = guest.tcp(handle).remote_endpoint().unwrap();
    assert_eq!(seen.addr.to_string(), "10.0.2.2", "a local client looks like the host");
    let table = guest.bench.net.connections();
    assert!(table.contains("TCP[HOST_FORWARD]"), "{table}");
    assert!(
        table.contains(&format!("127.0.0.1 {:5}       10.0.2.15    22", local.port())),
        "{table}"
    );
    guest.tcp(handle).send_slice(b"hello host").unwrap();
    guest.tcp(handle).close();
    guest.until("the end", |_| client.is_finished());
    assert_eq!(client.join().unwrap(), ("hello host".to_owned(), seen.port));
}

#[test]
fn a_port_the_guest_refuses_resets_the_client() {
    let (mut guest, local) = forwarding("tcp:127.0.0.1:0-:22");
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(local).unwrap();
        stream.read(&mut [0; 1]).map_err(|error| error.kind())
    });
    guest.until("the client's end", |_| client.is_finished());
    assert_eq!(client.join().unwrap(), Err(std::io::ErrorKind::ConnectionReset));
}

#[test]
fn datagrams_to_a_forwarded_port_are_answered_even_by_a_restricted_guest() {
    let options = Options {
        restrict: true,
        hostfwd: vec!["udp:127.0.0.1:0-10.0.2.15:7".to_owned()],
        ..Options::default()
    };
    let mut guest = Guest::new(&options);
    let local = guest.bench.net.hostfwds()[0].1;
    let buffer = || udp::PacketBuffer::new(vec![udp::PacketMetadata::EMPTY; 4], vec![0; 4096]);
    let mut socket = udp::Socket::new(buffer(), buffer());
    socket.bind(7).unwrap();
    let handle = guest.sockets.add(socket);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    client.send_to(b"ping", local).unwrap();
    guest.until("the datagram", |guest| {
        let socket = guest.sockets.get_mut::<udp::Socket<'_>>(handle);
        let Ok((data, from)) = socket.recv().map(|(data, from)| (data.to_vec(), from)) else {
            return false;
        };
        assert_eq!(data, b"ping");
        socket.send_slice(b"pong", from).unwrap();
        true
    });
    guest.step();
    guest.step();
    let mut answer = [0; 16];
    let (length, from) = client.recv_from(&mut answer).unwrap();
    assert_eq!((&answer[..length], from), (&b"pong"[..], local));
    assert!(guest.bench.net.connections().contains("UDP[HOST_FORWARD]"));
}

#[test]
fn a_doorbell_that_is_attached_after_the_rules_rings_for_them() {
    let hostfwd = vec!["tcp:127.0.0.1:0-:22".to_owned()];
    let mut net = UserNet::new(&Options { hostfwd, ..Options::default() }).unwrap();
    let (ring, rung) = std::sync::mpsc::channel();
    net.attach(Doorbell::new(move || ring.send(()).unwrap_or_default()));
    let _client = TcpStream::connect(net.hostfwds()[0].1).unwrap();
    let mut out = Vec::new();
    while out.is_empty() {
        rung.recv_timeout(Duration::from_secs(20)).expect("the doorbell rings");
        net.poll(VTime::ZERO, 64, &mut out);
    }
    assert_eq!(out[0].data()[12..14], [8, 6], "the guest is asked for");
}

#[test]
fn rules_come_and_go_while_the_guest_runs() {
    let mut guest = Guest::new(&Options::default());
    let net = &mut guest.bench.net;
    let local = net.add_hostfwd("tcp:127.0.0.1:0-:22").unwrap();
    assert_eq!(net.hostfwds()[0].0.guest, (GUEST, 22).into());
    let rule = format!("tcp:127.0.0.1:{}", local.port());
    let taken = net.add_hostfwd(&format!("{rule}-:23")).unwrap_err().to_string();
    let expected = format!("Could not set up host forwarding rule '{rule}-:23'");
    assert!(taken.starts_with(&expected), "{taken}");
    net.remove_hostfwd(&rule).unwrap();
    assert!(net.hostfwds().is_empty());
    let missing = net.remove_hostfwd(&rule).unwrap_err().to_string();
    assert_eq!(missing, format!("host forwarding rule for {rule} not found"));
    assert_eq!(net.remove_hostfwd("tcp").unwrap_err().to_string(), "invalid format");
    guest.until("the port to be free", |_| TcpListener::bind(local).is_ok());
}

#[test]
fn one_rule_that_cannot_be_set_up_leaves_none() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let (taken_port, free_address) =
        (taken.local_addr().unwrap().port(), free.local_addr().unwrap());
    drop(free);
    let rule = format!("tcp:127.0.0.1:{taken_port}-:1");
    let hostfwd = vec![rule.clone(), format!("tcp:127.0.0.1:{}-:2", free_address.port())];
    let error = UserNet::new(&Options { hostfwd, ..Options::default() }).unwrap_err();
    let expected = format!("Could not set up host forwarding rule '{rule}'");
    assert!(error.to_string().starts_with(&expected), "{error}");
    TcpListener::bind(free_address).expect("the other rule's port is free again");
}
