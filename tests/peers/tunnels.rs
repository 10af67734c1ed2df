//! l2tpv3 against QEMU's.

use elnic_nettest::lengths;

use crate::relay::Relay;
use crate::support::{bench, free_port, skip};

/// QEMU 7.2 cuts what is longer.
const LONGEST: usize = 2_048;

#[test]
fn tunnels_over_udp_exchange_frames_with_qemus() {
    for header in [
        "",
        ",cookie64=on,txcookie=TX,rxcookie=RX",
        ",cookie64=on,txcookie=TX,rxcookie=RX,counter=on,offset=12",
        ",counter=on",
    ] {
        let (a, b) = (free_port(), free_port());
        let end = |id: &str, from: u16, to: u16, tx: u8, rx: u8| {
            let header = header
                .replace("TX", &format!("0x{tx:016x}"))
                .replace("RX", &format!("0x{rx:016x}"));
            format!(
                "l2tpv3,id={id},src=127.0.0.1,dst=127.0.0.1,udp=on,srcport={from},dstport={to},\
                 txsession={tx},rxsession={rx}{header}"
            )
        };
        let mut netdev = bench(&end("n", a, b, 1, 2));
        for _ in 0..2 {
            let Some(relay) = Relay::start(&end("x", b, a, 2, 1)) else { return };
            relay.await_path(&mut netdev);
            relay.exchange(&mut netdev, &lengths(LONGEST));
            relay.kill();
        }
    }
}

#[test]
fn tunnels_over_ip_alone_exchange_frames_with_qemus() {
    if !nix::unistd::geteuid().is_root() {
        return skip("raw sockets take root");
    }
    for (address, ipv6) in [("127.0.0.1", "off"), ("::1", "on")] {
        let (a, b) = (std::process::id() << 1, std::process::id() << 1 | 1);
        let end = |id: &str, tx: u32, rx: u32| {
            format!(
                "l2tpv3,id={id},src={address},dst={address},ipv6={ipv6},txsession={tx},rxsession={rx}"
            )
        };
        let Some(relay) = Relay::start(&end("x", b, a)) else { return };
        let mut netdev = bench(&end("n", a, b));
        relay.await_path(&mut netdev);
        relay.exchange(&mut netdev, &lengths(LONGEST));
    }
}
