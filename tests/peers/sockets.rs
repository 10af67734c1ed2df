//! stream, socket and dgram against QEMU's.

use elnic_contract::LinkState;
use elnic_netclient::Notice;
use elnic_nettest::lengths;

use crate::relay::Relay;
use crate::support::{bench, free_port};

/// The longest UDP carries, which the relay's other side is.
const LONGEST: usize = 65_507;

#[test]
fn a_stream_client_exchanges_frames_with_qemus_server_and_finds_it_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let address = format!("addr.type=unix,addr.path={}", path.display());
    let server = format!("stream,id=x,server=on,{address}");
    let Some(relay) = Relay::start(&server) else { return };
    let mut netdev = bench(&format!("stream,id=n,reconnect-ms=20,{address}"));
    assert!(matches!(netdev.notice(), Notice::StreamConnected { .. }));
    relay.exchange(&mut netdev, &lengths(LONGEST));
    relay.kill();
    assert_eq!(netdev.notice(), Notice::StreamDisconnected);
    netdev.await_carrier(LinkState::Down);
    let relay = Relay::start(&server).unwrap();
    assert!(matches!(netdev.notice(), Notice::StreamConnected { .. }));
    relay.await_path(&mut netdev);
    relay.exchange(&mut netdev, &lengths(LONGEST));
}

#[test]
fn a_stream_server_exchanges_frames_with_one_qemu_after_the_other() {
    let port = free_port();
    let address = format!("addr.type=inet,addr.host=127.0.0.1,addr.port={port}");
    let mut netdev = bench(&format!("stream,id=n,server=on,{address}"));
    for _ in 0..2 {
        let Some(relay) = Relay::start(&format!("stream,id=x,{address}")) else { return };
        assert!(matches!(netdev.notice(), Notice::StreamConnected { .. }));
        relay.exchange(&mut netdev, &lengths(LONGEST));
        relay.kill();
        assert_eq!(netdev.notice(), Notice::StreamDisconnected);
    }
}

#[test]
fn the_legacy_socket_listens_for_and_connects_to_qemus() {
    let port = free_port();
    let mut netdev = bench(&format!("socket,id=n,listen=127.0.0.1:{port}"));
    for _ in 0..2 {
        let Some(relay) = Relay::start(&format!("socket,id=x,connect=127.0.0.1:{port}")) else {
            return;
        };
        netdev.await_carrier(LinkState::Up);
        relay.exchange(&mut netdev, &lengths(LONGEST));
        relay.kill();
        netdev.await_carrier(LinkState::Down);
    }
    let port = free_port();
    let relay = Relay::start(&format!("socket,id=x,listen=127.0.0.1:{port}")).unwrap();
    // It does not try twice: let QEMU listen first.
    let mut netdev = loop {
        let netdev = bench(&format!("socket,id=n,connect=127.0.0.1:{port}"));
        netdev.await_info(|info| !info.is_empty());
        if netdev.client.carrier() == LinkState::Up {
            break netdev;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    relay.exchange(&mut netdev, &lengths(LONGEST));
}

#[test]
fn the_legacy_socket_and_dgram_exchange_datagrams_with_qemus() {
    for (ours, theirs) in [
        (
            "socket,id=n,udp=127.0.0.1:B,localaddr=127.0.0.1:A",
            "socket,id=x,udp=127.0.0.1:A,localaddr=127.0.0.1:B",
        ),
        (
            "dgram,id=n,local.type=inet,local.host=127.0.0.1,local.port=A,remote.type=inet,remote.host=127.0.0.1,remote.port=B",
            "dgram,id=x,local.type=inet,local.host=127.0.0.1,local.port=B,remote.type=inet,remote.host=127.0.0.1,remote.port=A",
        ),
    ] {
        let (a, b) = (free_port().to_string(), free_port().to_string());
        let text = |text: &str| {
            text.replace(":A", &format!(":{a}"))
                .replace(":B", &format!(":{b}"))
                .replace("=A", &format!("={a}"))
                .replace("=B", &format!("={b}"))
        };
        let mut netdev = bench(&text(ours));
        for _ in 0..2 {
            let Some(relay) = Relay::start(&text(theirs)) else { return };
            relay.await_path(&mut netdev);
            relay.exchange(&mut netdev, &lengths(LONGEST));
            relay.kill();
        }
    }
}

#[test]
fn dgram_over_unix_sockets_exchanges_frames_with_qemus() {
    let directory = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| directory.path().join(name).display().to_string());
    let end = |id: &str, local: &str, remote: &str| {
        format!(
            "dgram,id={id},local.type=unix,local.path={local},remote.type=unix,remote.path={remote}"
        )
    };
    let mut netdev = bench(&end("n", &a, &b));
    for _ in 0..2 {
        let Some(relay) = Relay::start(&end("x", &b, &a)) else { return };
        relay.await_path(&mut netdev);
        // Beyond the ten datagrams a unix socket queues, QEMU lets later frames overtake those it has to send again.
        relay.exchange_by(8, &mut netdev, &lengths(LONGEST));
        relay.kill();
    }
}

#[test]
fn groups_are_shared_with_qemu() {
    let port = free_port();
    let group = |id: &str| format!("socket,id={id},mcast=239.255.77.3:{port},localaddr=127.0.0.1");
    let Some(relay) = Relay::start(&group("x")) else { return };
    let mut netdev = bench(&group("n"));
    relay.await_path(&mut netdev);
    // Our own frames come back: they are part of the group's.
    netdev.listen(std::time::Duration::from_millis(50));
    relay.socket.send(&[7; 61]).unwrap();
    assert_eq!(netdev.receive(1), [[7; 61]]);
    assert_eq!(relay.socket.recv(&mut [0; 100]).unwrap(), 61, "QEMU hears itself too");
    netdev.send([vec![8; 62]]);
    assert_eq!(relay.socket.recv(&mut [0; 100]).unwrap(), 62);
    assert_eq!(netdev.receive(1), [[8; 62]]);
}
