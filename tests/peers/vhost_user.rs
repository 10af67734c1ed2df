//! vhost-user against DPDK, both ways: `net_vhost` maps our guest's memory and works on its rings by itself; our virtio-net
//! works on those of `virtio_user`.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use elnic_export::Bell;
use elnic_netclient::{NetConfig, NetCore};
use elnic_netdev::{Request, StreamOptions};
use elnic_vhost_user::VhostUser;

use crate::guest::{self, CTRL_VQ, Guest, MQ, MRG_RXBUF, STATUS, VERSION_1};
use crate::support::{Process, program, wait_for};

/// `testpmd` with a back end of vhost-user.
fn testpmd(path: &Path, prefix: &str, options: &str, queues: u16) -> Option<Process> {
    let device = format!("net_vhost0,iface={},queues={queues}{options}", path.display());
    testpmd_on(&device, prefix, queues)
}

/// `testpmd` on a machine without huge pages, sending back what it gets with the addresses swapped.
fn testpmd_on(device: &str, prefix: &str, queues: u16) -> Option<Process> {
    let testpmd = program("dpdk-testpmd")?;
    let mut command = Command::new(testpmd);
    command.args(["-l", "0-1", "--no-huge", "-m", "256", "--no-pci", "--no-telemetry"]);
    command.args(["--file-prefix", prefix, "--vdev", device, "--", "--no-mlockall"]);
    command.args(["--total-num-mbufs=2048", "--forward-mode=macswap", "--auto-start"]);
    command.args([format!("--rxq={queues}"), format!("--txq={queues}")]);
    Some(Process::start_with_input(command.stderr(Stdio::null())))
}

/// A frame of that length whose number can be told, and what comes back for it.
fn frame(number: u8, length: usize) -> (Vec<u8>, Vec<u8>) {
    let mut frame = vec![0x52, 0x54, 0, 0, 0, 1, 0x52, 0x54, 0, 0, 0, 2, 0x88, 0xb5];
    frame.extend((frame.len()..length).map(|at| (at as u8).wrapping_mul(number)));
    let mut swapped = frame.clone();
    swapped[..12].rotate_left(6);
    (frame, swapped)
}

/// Waits until the peer sends back what it takes: DPDK takes frames of a ring a moment before it can send any, and loses
/// those.
fn warm_up(guest: &mut Guest, pair: u16) {
    let (out, back) = frame(7, 99);
    wait_for("the first frame back", || {
        guest.send(pair, [out.clone()]);
        std::thread::sleep(Duration::from_millis(50));
        guest.received(pair).contains(&back)
    });
    std::thread::sleep(Duration::from_millis(100));
    guest.received(pair);
    guest.sent(pair);
}

fn exchange(guest: &mut Guest, pair: u16) {
    warm_up(guest, pair);
    let lengths = [14, 60, 61, 64, 590, 1514, 1518];
    for round in 0..40_u8 {
        let frames = lengths.iter().zip(1..).map(|(length, number)| frame(number + round, *length));
        let (out, back): (Vec<_>, Vec<_>) = frames.unzip();
        guest.send(pair, out);
        assert_eq!(guest.await_frames(pair, back.len()), back, "round {round}");
    }
    wait_for("buffers that were sent", || guest.sent(pair) > 0);
}

/// A chardev at a unix path.
fn at(path: &Path, server: bool) -> StreamOptions {
    StreamOptions { address: elnic_netdev::unix(path), server, reconnect: None, reconnect_ms: None }
}

#[test]
fn dpdk_sends_every_frame_back_and_again_after_it_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let Some(mut peer) = testpmd(&path, "elnic-a", "", 1) else { return };
    wait_for("DPDK's socket", || path.exists());
    let chardev = StreamOptions { reconnect_ms: Some(50), ..at(&path, false) };
    let machine = guest::machine(chardev, "vhost-user,id=n0,chardev=c0", &[]);
    let mut guest = Guest::new(machine, VERSION_1 | MRG_RXBUF | STATUS, 1);
    for life in 0..3 {
        guest.await_link(true);
        guest.interrupts();
        exchange(&mut guest, 0);
        assert_eq!(guest.interrupts() & 1, 1, "the driver was told of used buffers");
        if life == 1 {
            // A driver that starts over finds the same back end.
            guest.start(VERSION_1 | MRG_RXBUF | STATUS);
            exchange(&mut guest, 0);
            continue;
        }
        peer.kill();
        guest.await_link(false);
        let _ = std::fs::remove_file(&path);
        // Meanwhile the driver goes on: its ring is not lost.
        guest.sent(0);
        guest.send(0, [frame(99, 100).0]);
        let Some(next) = testpmd(&path, "elnic-a", "", 1) else { return };
        peer = next;
        wait_for("what was sent meanwhile", || {
            guest.machine.settle();
            guest.sent(0) == 1
        });
        guest.received(0);
    }
    drop(peer);
}

#[test]
fn dpdk_says_which_pages_it_writes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let Some(_peer) = testpmd(&path, "elnic-d", "", 1) else { return };
    wait_for("DPDK's socket", || path.exists());
    let chardev = at(&path, false);
    let machine = guest::machine(chardev, "vhost-user,id=n0,chardev=c0", &[]);
    let mut guest = Guest::new(machine, VERSION_1 | MRG_RXBUF | STATUS, 1);
    exchange(&mut guest, 0);
    let netdev = guest.machine.net().netdev("n0").unwrap();
    let client = guest.machine.net().client_mut::<VhostUser>(netdev).unwrap();
    let log = client.begin_log().unwrap();
    log.take();
    exchange(&mut guest, 0);
    let pages = log.take();
    let buffers = guest::buffers(0);
    assert!(pages.iter().any(|page| buffers.contains(page)), "received frames: {pages:x?}");
    assert!(pages.contains(&guest::used_ring(0)), "the used ring: {pages:x?}");
    let client = guest.machine.net().client_mut::<VhostUser>(netdev).unwrap();
    client.end_log().unwrap();
    exchange(&mut guest, 0);
    log.take();
    exchange(&mut guest, 0);
    assert!(log.take().is_empty(), "nothing is logged any more");
}

#[test]
fn dpdk_comes_to_a_server_and_works_on_two_pairs() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    // DPDK connects to whoever listens there, and tries again until somebody does.
    let Some(_peer) = testpmd(&path, "elnic-b", ",client=1", 2) else { return };
    let chardev = at(&path, true);
    let properties = [("mq", "on"), ("queue-pairs", "2")];
    let machine = guest::machine(chardev, "vhost-user,id=n0,chardev=c0,queues=2", &properties);
    let mut guest = Guest::new(machine, VERSION_1 | MRG_RXBUF | STATUS | CTRL_VQ | MQ, 2);
    assert_ne!(guest.offered() & MQ, 0);
    guest.await_link(true);
    exchange(&mut guest, 0);
    assert!(guest.command(4, 0, &2_u16.to_le_bytes()), "two pairs are taken into use");
    exchange(&mut guest, 0);
    exchange(&mut guest, 1);
}

#[test]
fn dpdk_s_virtio_user_works_with_our_device_and_again_after_it_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let (bell, button) = Bell::new().unwrap();
    let mut core = NetCore::new(NetConfig::default(), button);
    let (near, far) = (directory.path().join("near"), directory.path().join("far"));
    let socket = UnixDatagram::bind(&far).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let text = format!(
        "dgram,id=d0,local.type=unix,local.path={},remote.type=unix,remote.path={}",
        near.display(),
        far.display()
    );
    let Ok(Request::Make(netdev)) = elnic_netdev::parse(&text) else { panic!("{text}") };
    elnic_netdev::add(&mut core, &netdev).unwrap();
    let plan = elnic_netdev::stream_plan(elnic_netdev::unix(&path), true, 0).unwrap();
    let mut server = elnic_export::export(core, "d0", &[]).unwrap();
    // It serves as long as this test runs.
    std::thread::spawn(move || server.run(plan, &bell));
    socket.connect(&near).unwrap();
    for _ in 0..2 {
        let device = format!("net_virtio_user0,path={},queues=1", path.display());
        let Some(peer) = testpmd_on(&device, "elnic-c", 1) else { return };
        let mut bytes = [0; 4096];
        wait_for("the first frame back", || {
            socket.send(&frame(7, 99).0).unwrap();
            socket.recv(&mut bytes).is_ok()
        });
        while socket.recv(&mut bytes).is_ok() {}
        for round in 0..100_u8 {
            let frames = [14_usize, 60, 590, 1514].map(|length| frame(round, length));
            for (out, _) in &frames {
                socket.send(out).unwrap();
            }
            for (_, back) in frames {
                let length = socket.recv(&mut bytes).expect("a frame comes back");
                assert_eq!(bytes[..length], back[..], "round {round}");
            }
        }
        peer.kill();
    }
}
