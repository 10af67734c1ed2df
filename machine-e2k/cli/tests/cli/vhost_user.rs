//! vhost-user both ways: one elnic hands its rings to another, and QEMU hands its own to us.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Ran, elnic, scratch};

/// A program that ends with its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `elnic vhost-user-net` on a user network, once it listens.
fn back_end(socket: &Path, netdev: &str) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_elnic"));
    command.args(["vhost-user-net", "-netdev", netdev, "-socket-path"]).arg(socket);
    let process = Process(command.stdin(Stdio::null()).spawn().unwrap());
    let until = Instant::now() + Duration::from_secs(20);
    while !socket.exists() {
        assert!(Instant::now() < until, "the back end does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    process
}

#[test]
fn netprobe_holds_its_conversation_over_rings_of_another_process() {
    let folder = scratch();
    let (image, socket) = (folder.path().join("netprobe.elf"), folder.path().join("s"));
    std::fs::write(&image, elnic_firmware::NETPROBE).unwrap();
    std::fs::write(folder.path().join("probe.bin"), [7; 3000]).unwrap();
    let tftp = folder.path().display();
    let netdev = format!("user,id=n0,ipv6=off,tftp={tftp},bootfile=probe.bin");
    let _peer = back_end(&socket, &netdev);
    let chardev = format!("socket,id=c0,path={}", socket.display());
    let Ran { code, stdout, stderr } = elnic([
        "-nodefaults",
        "-pace",
        "realtime",
        "-serial",
        "stdio",
        "-kernel",
        image.to_str().unwrap(),
        "-chardev",
        &chardev,
        "-netdev",
        "vhost-user,id=v0,chardev=c0",
        "-device",
        "virtio-net-pci,addr=3,netdev=v0,mac=52:54:00:ab:cd:ef",
        "-device",
        "pvpanic-pci,addr=8",
    ]);
    assert_eq!(code, Some(0), "{stdout}\n{stderr}");
    for wanted in ["dhcp 10.0.2.15", "ping 10.0.2.2 seq 4 bytes 64", "bytes 3000 blocks 3"] {
        assert!(stdout.contains(wanted), "'{wanted}' is not in\n{stdout}");
    }
}

#[test]
fn qemu_s_boot_rom_gets_its_lease_through_our_device() {
    let qemu = Path::new("/usr/bin/qemu-system-x86_64");
    if !qemu.exists() {
        assert!(std::env::var_os("CI").is_none(), "in CI all peers are there");
        println!("skipped: qemu-system-x86_64 is not installed");
        return;
    }
    let folder = scratch();
    let socket = folder.path().join("s");
    let _peer = back_end(&socket, "user,id=n0,ipv6=off,net=10.7.7.0/24,dhcpstart=10.7.7.77");
    let mut command = Command::new(qemu);
    command.args(["-M", "q35", "-accel", "tcg", "-m", "128", "-nographic", "-no-reboot"]);
    command.args(["-object", "memory-backend-memfd,id=m,size=128M,share=on"]);
    command.args(["-numa", "node,memdev=m", "-netdev", "vhost-user,id=v,chardev=c"]);
    command.args(["-device", "virtio-net-pci,netdev=v", "-boot", "n", "-chardev"]);
    command.arg(format!("socket,id=c,path={}", socket.display()));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process(command.spawn().unwrap());
    let mut output = process.0.stdout.take().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 256];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            if tell.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let until = Instant::now() + Duration::from_secs(90);
    let mut console = String::new();
    while !console.contains("10.7.7.77") {
        assert!(Instant::now() < until, "no lease:\n{console}");
        if let Ok(bytes) = told.recv_timeout(Duration::from_millis(100)) {
            console.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn what_vhost_user_cannot_do_is_refused_with_its_reason() {
    let folder = scratch();
    let socket = folder.path().join("s");
    let _peer = back_end(&socket, "user,id=n0,restrict=on");
    let unix = format!("socket,id=c0,path={}", socket.display());
    let absent = format!("socket,id=c0,path={}/absent", folder.path().display());
    let inet = "socket,id=c0,port=0,server=on,wait=off";
    let nic = "virtio-net-pci,netdev=v0";
    for (chardev, netdev, device, wanted) in [
        (inet, "vhost-user,id=v0,chardev=c1", nic, "chardev \"c1\" not found; did you mean 'c0'?"),
        (inet, "vhost-user,id=v0,chardev=c0", nic, "does not support FD passing"),
        ("null,id=c0", "vhost-user,id=v0,chardev=c0", nic, "chardev \"c0\" is not reconnectable"),
        (&absent, "vhost-user,id=v0,chardev=c0", nic, "Failed to connect to '"),
        (&unix, "vhost-user,id=v0,chardev=c0,queues=0", nic, "must be in range [1, 1024]"),
        (
            &unix,
            "vhost-user,id=v0,chardev=c0",
            "e1000,netdev=v0",
            "requires frontend driver virtio-net-*",
        ),
        (
            &unix,
            "vhost-user,id=v0,chardev=c0",
            "virtio-net-pci,netdev=v0,mq=on,queue-pairs=2",
            "2 queue pairs, and the back end serves 1",
        ),
    ] {
        let Ran { code, stderr, .. } = elnic([
            "-M",
            "e8c",
            "-nodefaults",
            "-monitor",
            "null",
            "-chardev",
            chardev,
            "-netdev",
            netdev,
            "-device",
            device,
        ]);
        assert_ne!(code, Some(0), "{netdev}");
        assert!(stderr.contains(wanted), "{netdev}: '{wanted}' is not in {stderr}");
    }
}

#[test]
fn a_back_end_says_what_it_is_and_what_it_wants() {
    let Ran { code, stdout, .. } = elnic(["vhost-user-net", "--print-capabilities"]);
    assert_eq!((code, stdout.as_str()), (Some(0), "{\"type\": \"net\"}\n"));
    for (arguments, wanted) in [
        (&["vhost-user-net"][..], "-netdev is missing"),
        (&["vhost-user-net", "-netdev", "user,id=n"], "-socket-path"),
        (
            &["vhost-user-net", "-netdev", "user,id=n", "-fd", "9999"],
            "'9999' is not the number of an open descriptor",
        ),
    ] {
        let Ran { code, stderr, .. } = elnic(arguments.iter().copied());
        assert_ne!(code, Some(0), "{arguments:?}");
        assert!(stderr.contains(wanted), "{arguments:?}: {stderr}");
    }
}
