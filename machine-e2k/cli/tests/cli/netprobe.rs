//! `netprobe` on each NIC it has a driver for: one image, and it finds out.

use crate::common::{Ran, elnic, scratch};

const FILE: &str = "probe.bin";

/// Runs the image with this interface; the console.
fn probe(interface: &str) -> String {
    probe_on("e8c", interface)
}

/// The same on this machine.
fn probe_on(machine: &str, interface: &str) -> String {
    let folder = scratch();
    let image = folder.path().join("netprobe.elf");
    std::fs::write(&image, elnic_firmware::NETPROBE).unwrap();
    std::fs::write(folder.path().join(FILE), content()).unwrap();
    let netdev = format!("user,id=net0,ipv6=off,tftp={},bootfile={FILE}", folder.path().display());
    let device = format!("{interface},addr=3,netdev=net0,mac=52:54:00:ab:cd:ef");
    let kernel = image.to_str().unwrap();
    let Ran { code, stdout, stderr } = elnic([
        "-machine",
        machine,
        "-nodefaults",
        "-serial",
        "stdio",
        "-kernel",
        kernel,
        "-netdev",
        &netdev,
        "-device",
        &device,
        "-device",
        "pvpanic-pci,addr=8",
    ]);
    assert_eq!(code, Some(0), "{interface}:\n{stdout}\n{stderr}");
    stdout
}

/// Nine blocks and a tail of odd length.
fn content() -> Vec<u8> {
    (0..9 * 1024 + 77).map(|index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn one_image_holds_its_conversation_through_every_nic() {
    for (interface, identity) in
        [("e1000", "8086:100e"), ("rtl8139", "10ec:8139"), ("virtio-net-pci", "1af4:1000")]
    {
        let console = probe(interface);
        let fetched = format!("bytes 9293 blocks 10 crc32 {:08x},", crc32fast::hash(&content()));
        for wanted in [
            &format!("pci 00:03 {identity} registers at 80200000"),
            "mac 52:54:00:ab:cd:ef",
            "link up",
            "dhcp 10.0.2.15 mask 255.255.255.0 router 10.0.2.2",
            "arp 10.0.2.2 is 52:55:0a:00:02:02",
            "ping 10.0.2.2 seq 4 bytes 64",
            &fetched,
        ] {
            assert!(console.contains(wanted), "{interface}: '{wanted}' is not in\n{console}");
        }
    }
}

/// All but the one with another address map, which the image does not know.
#[test]
fn the_image_holds_its_conversation_on_every_board_with_its_address_map() {
    for machine in ["e2s", "e8c2", "e16c", "e2c3"] {
        let console = probe_on(machine, "e1000");
        assert!(console.contains("bytes 9293 blocks 10 crc32"), "{machine}:\n{console}");
    }
}

#[test]
fn hardware_times_change_no_word_of_the_conversation() {
    let words = |console: String| {
        let uncounted = console.lines().map(|line| line.split(", ").next().unwrap_or_default());
        let unrtt = uncounted.map(|line| line.split(" rtt ").next().unwrap_or_default().to_owned());
        unrtt.collect::<Vec<_>>()
    };
    for interface in ["e1000", "rtl8139"] {
        let fidelity = |timing| words(probe(&format!("{interface},timing={timing}")));
        let immediate = fidelity("off");
        assert_eq!(immediate, fidelity("wire"), "{interface}");
        assert_eq!(immediate, fidelity("full"), "{interface}");
    }
}
