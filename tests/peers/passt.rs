//! stream against passt: it answers DHCP over the length-framed stream.

use std::process::Stdio;
use std::time::Duration;

use elnic_nettest::PATIENCE;

use crate::support::{Process, bench, program, wait_for};
use elnic_tests::namespace::Namespace;

/// A DHCPDISCOVER (RFC 2131) from 52:54:00:12:34:56.
fn discover() -> Vec<u8> {
    const STATION: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
    let mut bootp = vec![1, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0x80, 0];
    bootp.resize(28, 0);
    bootp.extend(STATION);
    bootp.resize(236, 0);
    bootp.extend([99, 130, 83, 99, 53, 1, 1, 55, 2, 1, 3, 255]);
    bootp.resize(300, 0);
    let udp = etherparse::PacketBuilder::ethernet2(STATION, [0xff; 6])
        .ipv4([0; 4], [255; 4], 64)
        .udp(68, 67);
    let mut frame = Vec::new();
    udp.write(&mut frame, &bootp).unwrap();
    frame
}

#[test]
fn passt_offers_an_address_and_again_after_it_was_killed() {
    let Some(passt) = program("passt") else { return };
    let Some(namespace) = Namespace::new("passt") else { return };
    // passt copies the addresses and the route of an interface: it gets one to copy.
    namespace.ip("link add veth0 type veth peer name veth1");
    for command in [
        "addr add 192.0.2.2/24 dev veth0",
        "link set veth0 up",
        "link set veth1 up",
        "route add default via 192.0.2.1",
    ] {
        namespace.ip(command);
    }
    // passt gives its rights up and must still make its socket here.
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .unwrap();
    let path = directory.path().join("s");
    let mut netdev =
        bench(&format!("stream,id=n,reconnect-ms=20,addr.type=unix,addr.path={}", path.display()));
    for _ in 0..2 {
        let mut command = namespace.command(passt.to_str().unwrap());
        command.args(["-f", "-e", "-4", "-t", "none", "-u", "none", "-s"]).arg(&path);
        let process = Process::start(command.stderr(Stdio::null()));
        wait_for("passt's socket", || path.exists());
        netdev.await_carrier(elnic_contract::LinkState::Up);
        netdev.send([discover()]);
        let until = std::time::Instant::now() + PATIENCE;
        let offer = loop {
            let frames = netdev.listen(Duration::from_millis(20));
            let is_offer = |frame: &Vec<u8>| frame.get(36..38) == Some(&[0, 68]);
            if let Some(offer) = frames.into_iter().find(is_offer) {
                break offer;
            }
            assert!(std::time::Instant::now() < until, "no offer comes");
        };
        assert_eq!(offer[58..62], [192, 0, 2, 2], "the address of the interface is offered");
        process.kill();
        netdev.await_carrier(elnic_contract::LinkState::Down);
        let _ = std::fs::remove_file(&path);
    }
}
