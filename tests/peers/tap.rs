//! tap against the kernel's own network stack, in a namespace: the far end of the cable is our user network.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use elnic_contract::VTime;
use elnic_netclient::{Doorbell, NetClient, NetConfig, NetCore};

use crate::support::{client, program};
use elnic_tests::namespace::Namespace;

/// The gateway, and the machine on the tap.
const GATEWAY: &str = "10.0.2.2";

/// Runs a cable between `one` and our user network until `work` is done. Returns the mean length of the frames that `one`
/// brought.
pub(crate) fn with_user_network(one: Box<dyn NetClient>, work: impl FnOnce() + Send) -> u64 {
    let (ring, rung) = mpsc::sync_channel(1);
    let doorbell = Doorbell::new(move || {
        let _ = ring.try_send(());
    });
    let mut core = NetCore::new(NetConfig::default(), doorbell);
    let port = core.add_backend("one", one).unwrap();
    core.add_backend("user", client("user,id=user")).unwrap();
    core.add_hub_port("h0", 0, Some("one")).unwrap();
    core.add_hub_port("h1", 0, Some("user")).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            work();
            done.store(true, Ordering::Release);
        });
        let start = std::time::Instant::now();
        while !done.load(Ordering::Acquire) && !worker.is_finished() {
            let now = u64::try_from(start.elapsed().as_nanos()).unwrap();
            core.poll(VTime::from_nanos(now));
            let _ = rung.recv_timeout(Duration::from_millis(1));
        }
        worker.join().unwrap();
    });
    let stats = core.stats(port).unwrap();
    stats.sent_bytes / stats.sent_frames.max(1)
}

/// The kernel asks for our gateway's address, pings it and sends 20 MB by TCP to a server on this host.
pub(crate) fn talk(namespace: &Namespace, interface: &str) {
    namespace.ip(&format!("addr add 10.0.2.77/24 dev {interface}"));
    namespace.ip(&format!("link set {interface} up"));
    namespace.ip("route replace default via 10.0.2.2");
    const BYTES: u64 = 20_000_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script =
        format!("exec 3<>/dev/tcp/{GATEWAY}/{port}; head -c {BYTES} /dev/zero >&3; head -c 1 <&3");
    let mut sender = namespace.command("bash");
    let mut sender = sender.args(["-c", &script]).stdout(Stdio::null()).spawn().unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    let mut received = 0;
    let mut buffer = vec![0; 1 << 16];
    while received < BYTES {
        let count = socket.read(&mut buffer).unwrap();
        assert!(count > 0 && buffer[..count].iter().all(|byte| *byte == 0));
        received += count as u64;
    }
    assert_eq!(received, BYTES);
    std::io::Write::write_all(&mut socket, &vec![1; 3_000_000]).unwrap_or_default();
    assert!(sender.wait().unwrap().success());
}

#[test]
fn the_kernel_talks_to_the_world_over_a_tap_with_and_without_offloads_and_queues() {
    let Some(namespace) = Namespace::new("tap") else { return };
    for (number, options) in
        ["vnet_hdr=off", "vnet_hdr=on", "queues=3,sndbuf=1M", "poll-us=50"].iter().enumerate()
    {
        let text = format!("tap,id=t,ifname=t{number},script=no,downscript=no,{options}");
        let tap = namespace.enter(|| client(&text));
        assert_eq!(tap.info(), format!("ifname=t{number},script=no,downscript=no"));
        let mean = with_user_network(tap, || talk(&namespace, &format!("t{number}")));
        // Our user network takes large frames of TCP, and the kernel was told so.
        assert_eq!(mean > 1_514, *options != "vnet_hdr=off", "{options}: {mean} bytes");
        assert!(!Path::new(&format!("/sys/class/net/t{number}")).exists());
    }
}

#[test]
fn an_interface_that_is_taken_away_takes_the_carrier_with_it() {
    let Some(namespace) = Namespace::new("gone") else { return };
    let tap = namespace.enter(|| client("tap,id=t,ifname=gone,script=no,downscript=no"));
    let mut netdev = elnic_nettest::Bench::new(tap);
    netdev.send([vec![1; 60]]);
    netdev.await_lost("refused", 1);
    namespace.ip("link set gone up");
    namespace.ip("link del gone");
    netdev.await_carrier(elnic_contract::LinkState::Down);
}

#[test]
fn scripts_run_with_the_name_before_and_after() {
    let Some(namespace) = Namespace::new("script") else { return };
    let directory = tempfile::tempdir().unwrap();
    let [script, log] = ["script", "log"].map(|name| directory.path().join(name));
    // `ip` finds the interface: it is there both times.
    let text =
        format!("#!/bin/sh\nip link show \"$1\" >/dev/null && echo \"$1\" >>{}\n", log.display());
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = script.display();
    let text = format!("tap,id=t,script={path},downscript={path}");
    namespace.enter(|| {
        let tap = client(&text);
        assert_eq!(tap.info(), format!("ifname=tap0,script={path},downscript={path}"));
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "tap0\n");
        drop(tap);
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "tap0\ntap0\n");
        let refused = |text: &str| match elnic_netdev::parse(text).unwrap() {
            elnic_netdev::Request::Make(netdev) => {
                elnic_netdev::create(&netdev).err().unwrap().to_string()
            }
            elnic_netdev::Request::Help(help) => panic!("{help}"),
        };
        assert_eq!(
            refused("tap,id=t,script=/bin/false,downscript=no"),
            "network script /bin/false failed with status 256"
        );
    });
}

#[test]
fn an_open_interface_is_taken_over_by_its_number() {
    use std::os::fd::AsRawFd;
    let Some(namespace) = Namespace::new("fd") else { return };
    let Some(_) = program("ip") else { return };
    // Two processes may share a persistent interface, one after the other.
    namespace.ip("tuntap add dev held mode tap vnet_hdr");
    let file = std::fs::File::open("/dev/null").unwrap();
    let said = match elnic_netdev::parse(&format!("tap,id=t,fd={}", file.as_raw_fd())).unwrap() {
        elnic_netdev::Request::Make(netdev) => {
            elnic_netdev::create(&netdev).err().unwrap().to_string()
        }
        elnic_netdev::Request::Help(help) => panic!("{help}"),
    };
    assert!(
        said.starts_with(&format!("Unable to query TUNGETIFF on FD {}: ", file.as_raw_fd())),
        "{said}"
    );
    let tap = namespace.enter(|| client("tap,id=t,ifname=held,script=no,downscript=no"));
    with_user_network(tap, || talk(&namespace, "held"));
}
