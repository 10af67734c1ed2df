//! Networks and devices: `-device`, `-netdev`, `-nic`, `-object filter-dump`.
//!
//! The guest of most tests is the firmware `netprobe`, which drives an e1000 through DHCP, ARP, ping and TFTP.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::{Ran, guest, on_stdout, printer, run, scratch, start};

/// Bytes of the file that `netprobe` fetches.
const GREETING: &[u8] = b"a file of 29 bytes to fetch.\n";

/// `netprobe` and a folder with the file it fetches.
fn netprobe(folder: &Path) -> PathBuf {
    let image = folder.join("netprobe.elf");
    std::fs::write(&image, elnic_firmware::NETPROBE).unwrap();
    std::fs::write(folder.join("greeting"), GREETING).unwrap();
    image
}

/// Runs `netprobe`; `{}` in the options is a user network's options.
fn probe(folder: &Path, options: &str) -> String {
    let image = netprobe(folder);
    let user = format!("tftp={},bootfile=greeting", folder.display());
    run(&image, &options.replace("{}", &user)).console()
}

/// `netprobe` came to its end.
#[track_caller]
fn assert_conversation(console: &str) {
    for wanted in ["link up", "dhcp 10.0.2.15", "ping 10.0.2.2 seq 4", "tftp greeting bytes 29"] {
        assert!(console.contains(wanted), "'{wanted}' is not in\n{console}");
    }
}

#[test]
fn a_guest_converses_with_a_user_network() {
    let folder = scratch();
    let console = probe(folder.path(), "-netdev user,id=n0,{} -device e1000,netdev=n0");
    assert_conversation(&console);
    assert!(console.contains("mac 52:54:00:12:34:56"), "the first address of the pool\n{console}");
}

#[test]
fn one_option_makes_netdev_and_interface() {
    let folder = scratch();
    let options = "-nic user,model=e1000,mac=52:54:00:00:00:01,{} -nic none";
    let console = probe(folder.path(), options);
    assert_conversation(&console);
    assert!(console.contains("mac 52:54:00:00:00:01"), "{console}");
}

#[test]
fn the_older_way_meets_on_a_hub() {
    let folder = scratch();
    let options = "-net nic,model=e1000,macaddr=52:54:00:00:00:02,addr=3 -net user,{} -net none";
    let console = probe(folder.path(), options);
    assert_conversation(&console);
    assert!(console.contains("mac 52:54:00:00:00:02"), "{console}");
    let options = "-netdev user,id=n0,{} -net nic,netdev=n0,model=virtio-net-pci,vectors=2";
    assert_conversation(&probe(folder.path(), options));
}

#[test]
fn a_hub_that_leads_nowhere_is_told_of() {
    let folder = scratch();
    let image = netprobe(folder.path());
    let options = "-net nic,addr=3 -netdev hubport,id=h1,hubid=1 -S -monitor null";
    let mut child = start(&format!("{} {options}", on_stdout(&image)), |_| {});
    let mut said = String::new();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    for _ in 0..2 {
        std::io::BufRead::read_line(&mut stderr, &mut said).unwrap();
    }
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    child.wait().unwrap();
    for wanted in ["hub 0 is not connected to host network", "hub port h1 has no peer"] {
        assert!(said.contains(wanted), "'{wanted}' is not in {said}");
    }
}

#[test]
fn hub_ports_connect_a_guest_with_a_network() {
    let folder = scratch();
    let options = "-netdev user,id=u0,{} -netdev hubport,id=h0,hubid=0,netdev=u0 \
                   -netdev hubport,id=h1,hubid=0 -device e1000,netdev=h1";
    assert_conversation(&probe(folder.path(), options));
}

#[test]
fn a_dump_keeps_every_frame_of_a_netdev() {
    let folder = scratch();
    let file = folder.path().join("dump.pcap");
    let dump = format!("-object filter-dump,id=f0,netdev=n0,file={}", file.display());
    let options = format!("-netdev user,id=n0,{{}} -device e1000,netdev=n0 {dump}");
    assert_conversation(&probe(folder.path(), &options));
    let dump = std::fs::read(file).unwrap();
    assert_eq!(dump.get(..4), Some(&0xa1b2_c3d4_u32.to_le_bytes()[..]));
    for (what, bytes) in [("DHCP", &[0x63, 0x82, 0x53, 0x63][..]), ("the file", GREETING)] {
        assert!(dump.windows(bytes.len()).any(|window| window == bytes), "{what} is not in it");
    }
}

#[test]
fn frames_go_through_datagram_sockets() {
    let folder = scratch();
    let image = netprobe(folder.path());
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let socket = UnixDatagram::bind(&ours).unwrap();
    let ends = format!(
        "local.type=unix,local.path={},remote.type=unix,remote.path={}",
        theirs.display(),
        ours.display()
    );
    let nic = "-device e1000,netdev=n0,mac=52:54:00:00:00:02";
    let options = format!("{} -netdev dgram,id=n0,{ends} {nic}", on_stdout(&image));
    let program = start(&options, |_| {});
    let mut frame = [0; 2048];
    let length = socket.recv(&mut frame).unwrap();
    kill(Pid::from_raw(program.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(Ran::from(program.wait_with_output().unwrap()).code, Some(0));
    assert_eq!(frame.get(..6), Some(&[0xff; 6][..]), "a DHCP request is broadcast");
    assert_eq!(frame.get(6..12), Some(&[0x52, 0x54, 0, 0, 0, 2][..]));
    assert!(length > 240, "{length}");
}

/// Prints the 32-bit word at each configuration address.
fn config(addresses: &[&str]) -> String {
    let one = |address: &&str| {
        format!(
            "li %dr0, (PCI_CONFIG | {address})\n {{ ldw,2 [ %dr0 + 0 ], %dr1, mas=PCI_SPACE\n nop 4 }}
            print_hex %dr1, 8\n print \" \"\n"
        )
    };
    addresses.iter().map(one).collect()
}

#[test]
fn a_device_stands_where_its_address_says() {
    let folder = scratch();
    let (slot_3, slot_5) = ("3 << 15", "5 << 15");
    let image = guest(folder.path(), &config(&[slot_3, slot_5]));
    assert_eq!(run(&image, "-device e1000,addr=5").console(), "ffffffff 100e8086 ");
    assert_eq!(run(&image, "-device e1000").console(), "100e8086 ffffffff ", "the first free slot");
    assert_eq!(run(&image, "-device rtl8139,addr=0x5.0").console(), "ffffffff 813910ec ");
    assert_eq!(run(&image, "-device virtio-net-pci,addr=3").console(), "10001af4 ffffffff ");
}

#[test]
fn several_functions_stand_in_one_slot() {
    let folder = scratch();
    let image = guest(folder.path(), &config(&["4 << 15 | 0xc", "4 << 15 | 1 << 12"]));
    let options = "-device e1000,addr=4,multifunction=on -device rtl8139,addr=4.1";
    assert_eq!(run(&image, options).console(), "00800000 813910ec ");
    assert_eq!(run(&image, "-device e1000,addr=4").console(), "00000000 ffffffff ");
}

#[test]
fn a_device_stands_behind_the_bridge() {
    let folder = scratch();
    let number = "li %dr0, (PCI_CONFIG | 0x18)\n li %dr1, 0x010100
        { stw,2 %r1, [ %dr0 + 0 ], mas=PCI_SPACE }\n";
    let image = guest(folder.path(), &(number.to_owned() + &config(&["1 << 20 | 6 << 15"])));
    let options = "-device e1000,bus=iohub-pcibridge,addr=6";
    assert_eq!(run(&image, options).console(), "100e8086 ");
    assert_eq!(run(&image, "-device e1000,bus=pci.0,addr=6").console(), "ffffffff ");
}

#[test]
fn a_device_is_called_by_its_id() {
    let folder = scratch();
    let image = guest(folder.path(), &config(&["7 << 15"]));
    let trace = folder.path().join("trace");
    let options = format!("-device e1000,id=left.nic-0,addr=7 -trace {}", trace.display());
    assert_eq!(run(&image, &options).console(), "100e8086 ");
    let trace = std::fs::read_to_string(trace).unwrap();
    assert!(trace.contains(" left.nic-0 r32 config+0x0 -> 0x100e8086"), "{trace}");
}

#[test]
fn an_expansion_rom_comes_from_its_file() {
    let folder = scratch();
    // The size the register shows, then the first word of the enabled ROM.
    let show = "li %dr0, (PCI_CONFIG | 3 << 15)\n li %dr1, 0xfffffffe
        { stw,2 %r1, [ %dr0 + 0x30 ], mas=PCI_SPACE }
        { ldw,2 [ %dr0 + 0x30 ], %dr2, mas=PCI_SPACE\n nop 4 }
        print_hex %dr2, 8
        li %dr1, 0x80400001
        { stw,2 %r1, [ %dr0 + 0x30 ], mas=PCI_SPACE }
        li %dr1, 7
        { sth,2 %r1, [ %dr0 + 4 ], mas=PCI_SPACE }
        li %dr3, 0x80400000
        { ldw,2 [ %dr3 + 0 ], %dr2, mas=PCI_SPACE\n nop 4 }
        print \" \"\n print_hex %dr2, 8";
    let image = guest(folder.path(), show);
    let rom = folder.path().join("rom");
    std::fs::write(&rom, [&[0x55, 0xaa, 0x04, 0x90][..], &[0; 2044]].concat()).unwrap();
    let options = format!("-device e1000,romfile={}", rom.display());
    assert_eq!(run(&image, &options).console(), "fffff800 9004aa55");
    let none = run(&image, "-device e1000,romfile=").console();
    assert!(none.starts_with("00000000 "), "{none}");
}

#[test]
fn an_index_of_boot_order_may_say_that_nothing_starts_from_there() {
    let folder = scratch();
    let image = printer(folder.path(), "up", 0);
    assert_eq!(run(&image, "-device e1000,bootindex=-1").console(), "up");
}
