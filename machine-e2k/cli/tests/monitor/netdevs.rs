//! The sequences of QEMU's `netdev-socket` test: strings and events compared with what it compares.

use serde_json::json;

use crate::program::Program;

fn netdev(options: &str) -> Program {
    Program::start(&format!("-M none -netdev {options}"))
}

#[test]
fn unix_streams_connect_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stream").display().to_string();
    let server = format!("stream,id=st0,server=true,addr.type=unix,addr.path={path},");
    let first = netdev(&server);
    let mut at_server = first.client();
    at_server.wait_for_network("st0: index=0,type=stream,listening\r\n");
    let peer =
        netdev(&format!("stream,server=false,id=st0,addr.type=unix,addr.path={path},reconnect=1"));
    let mut at_peer = peer.client();
    let connected = format!("st0: index=0,type=stream,unix:{path}\r\n");
    let address = json!({"netdev-id": "st0", "addr": {"type": "unix", "path": path}});
    at_server.wait_for_network(&connected);
    assert_eq!(at_server.event("NETDEV_STREAM_CONNECTED"), address);
    at_peer.wait_for_network(&connected);
    drop(first);
    assert_eq!(at_peer.event("NETDEV_STREAM_DISCONNECTED"), json!({"netdev-id": "st0"}));
    let second = netdev(&server);
    at_peer.wait_for_network(&connected);
    assert_eq!(at_peer.event("NETDEV_STREAM_CONNECTED"), address);
    drop(second);
}

#[test]
fn connections_are_told_while_the_machine_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stream").display().to_string();
    let program = Program::start("-M none -S");
    let mut client = program.client();
    let address = json!({"type": "unix", "path": path});
    for (id, server) in [("s0", true), ("s1", false)] {
        let options = json!({"type": "stream", "id": id, "server": server, "addr": address});
        client.run("netdev_add", options);
    }
    let connected = |id: &str| json!({"netdev-id": id, "addr": address});
    let told = ["NETDEV_STREAM_CONNECTED"; 2].map(|name| client.find_event(name));
    assert_eq!(client.take_events(), [serde_json::Value::Null; 0]);
    assert!(told.contains(&connected("s0")) && told.contains(&connected("s1")), "{told:?}");
}

#[test]
fn inet_streams_tell_the_peer_s_address() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address =
        format!("addr.type=inet,addr.ipv4=on,addr.ipv6=off,addr.host=127.0.0.1,addr.port={port}");
    let server = netdev(&format!("stream,id=st0,server=true,{address}"));
    let mut at_server = server.client();
    at_server.wait_for_network("st0: index=0,type=stream,listening\r\n");
    let peer = netdev(&format!("stream,server=false,id=st0,{address}"));
    let mut at_peer = peer.client();
    at_peer.wait_for_network(&format!("st0: index=0,type=stream,tcp:127.0.0.1:{port}\r\n"));
    let data = at_server.event("NETDEV_STREAM_CONNECTED");
    assert_eq!(
        (&data["addr"]["type"], &data["addr"]["host"]),
        (&json!("inet"), &json!("127.0.0.1"))
    );
    assert!(data["addr"]["port"].is_string(), "{data}");
}

#[test]
fn datagrams_show_both_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (here, there) = (path("a"), path("b"));
    let program = netdev(&format!(
        "dgram,id=st0,local.type=unix,local.path={here},remote.type=unix,remote.path={there}"
    ));
    program.client().wait_for_network(&format!("st0: index=0,type=dgram,udp={here}:{there}\r\n"));
    let group = netdev("dgram,id=st0,remote.type=inet,remote.host=230.0.0.1,remote.port=1234");
    group.client().wait_for_network("st0: index=0,type=dgram,mcast=230.0.0.1:1234\r\n");
}

#[test]
fn netdevs_come_and_go_while_the_machine_runs() {
    let program = Program::start("-M none");
    let mut client = program.client();
    let path = program.folder().join("st").display().to_string();
    let arguments = json!({"type": "stream", "id": "st0", "server": true, "addr": {"type": "unix", "path": path}});
    client.run("netdev_add", arguments);
    client.wait_for_network("st0: index=0,type=stream,listening\r\n");
    let peer = std::os::unix::net::UnixStream::connect(&path).unwrap();
    client.event("NETDEV_STREAM_CONNECTED");
    client.run("netdev_del", json!({"id": "st0"}));
    client.wait_for_network("");
    drop(peer);
}

#[test]
fn a_flapping_peer_is_told_of_as_often_as_asked() {
    let program = Program::start("-M none -event-interval 3600000");
    let mut client = program.client();
    let path = program.folder().join("st").display().to_string();
    let arguments = json!({"type": "stream", "id": "st0", "server": true, "addr": {"type": "unix", "path": path}});
    client.run("netdev_add", arguments);
    for _ in 0..3 {
        client.wait_for_network("st0: index=0,type=stream,listening\r\n");
        let peer = std::os::unix::net::UnixStream::connect(&path).unwrap();
        client.wait_for_network(&format!("st0: index=0,type=stream,unix:{path}\r\n"));
        drop(peer);
    }
    client.wait_for_network("st0: index=0,type=stream,listening\r\n");
    assert_eq!(client.kept("NETDEV_STREAM_CONNECTED"), 1);
    assert_eq!(client.kept("NETDEV_STREAM_DISCONNECTED"), 1);
}
