//! Unfinished frames between a virtio-net's driver and the kernel's network stack, over a tap with headers.

use std::net::UdpSocket;
use std::time::Duration;

use elnic_netclient::NetCore;
use elnic_testbench::drivers::virtio::Layout;
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality};
use elnic_tests::namespace::Namespace;
use elnic_tests::{Desk, Seat};
use elnic_wire::checksum;
use etherparse::PacketBuilder;

use crate::support::{client, wait_for};

const GUEST: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
const KERNEL: [u8; 6] = [0x52, 0x54, 0, 0, 0, 9];
const GUEST_IP: [u8; 4] = [10, 0, 2, 15];
const KERNEL_IP: [u8; 4] = [10, 0, 2, 77];
const PORT: u16 = 4_711;

const CTRL_GUEST_OFFLOADS: u64 = 1 << 2;
const HOST_UFO: u64 = 1 << 14;
const HOST_USO: u64 = 1 << 56;

/// A guest on a tap, and a socket of the kernel at the other end.
fn set_up(namespace: &Namespace, features: u64) -> (Desk, NetDriver<Seat>, UdpSocket) {
    let tap = namespace.enter(|| client("tap,id=t,ifname=t0,script=no,downscript=no,vnet_hdr=on"));
    namespace.ip("link set t0 address 52:54:00:00:00:09");
    namespace.ip("addr add 10.0.2.77/24 dev t0");
    namespace.ip("link set t0 up");
    namespace.ip("neigh add 10.0.2.15 lladdr 52:54:00:00:00:01 dev t0");
    let nic = [("mac", "52:54:00:00:00:01"), ("netdev", "t"), ("addr", "3"), ("timing", "off")];
    let wire = |net: &mut NetCore| _ = net.add_backend("t", tap).unwrap();
    let desk = Desk::new(wire, &[("virtio-net-pci", &nic)]);
    let driver = NetDriver::on(desk.seat(3), Personality::Linux, features, Layout::machine(3));
    desk.settle();
    let socket = namespace.enter(|| UdpSocket::bind(("10.0.2.77", PORT)).unwrap());
    socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    (desk, driver, socket)
}

/// A datagram whose checksum is that of the pseudo header, behind a header that leaves the rest to the kernel.
fn unfinished(gso: u8, size: u16, payload: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut bytes = Vec::new();
    let builder = PacketBuilder::ethernet2(GUEST, KERNEL).ipv4(GUEST_IP, KERNEL_IP, 64);
    builder.udp(9, PORT).write(&mut bytes, payload).unwrap();
    let length = bytes.len() as u32 - 34;
    let seed = checksum::pseudo_v4(GUEST_IP, KERNEL_IP, 17, length).folded();
    bytes[40..42].copy_from_slice(&seed.to_be_bytes());
    let words = [42, size, 34, 6].map(u16::to_le_bytes).concat();
    ([&[1, gso][..], &words].concat(), bytes)
}

#[test]
fn the_kernel_finishes_what_a_guest_leaves_to_it() {
    let Some(namespace) = Namespace::new("leave") else { return };
    let (desk, mut driver, socket) = set_up(&namespace, HOST_UFO | HOST_USO);
    let payload: Vec<u8> = (0..4_500_u32).map(|number| (number / 7) as u8).collect();
    for (gso, size, length, lengths) in [
        (0, 0, 500, &[500][..]),
        (5, 1_000, 4_500, &[1_000, 1_000, 1_000, 1_000, 500]),
        (3, 1_000, 4_500, &[4_500]),
    ] {
        let (header, bytes) = unfinished(gso, size, &payload[..length]);
        driver.send_with(&header, &bytes);
        let mut received: Vec<Vec<u8>> = Vec::new();
        wait_for("datagrams", || {
            desk.settle();
            let mut buffer = [0; 9_000];
            while let Ok(length) = socket.recv(&mut buffer) {
                received.push(buffer[..length].to_vec());
            }
            received.iter().map(Vec::len).sum::<usize>() == length
        });
        assert_eq!(received.iter().map(Vec::len).collect::<Vec<_>>(), lengths, "kind {gso}");
        assert_eq!(received.concat(), payload[..length]);
    }
}

#[test]
fn the_kernel_leaves_to_the_guest_what_its_driver_takes_at_the_time() {
    let Some(namespace) = Namespace::new("take") else { return };
    let (desk, mut driver, socket) = set_up(&namespace, CTRL_GUEST_OFFLOADS);
    for (offloads, left) in [(None, true), (Some(0_u64), false), (Some(2), true)] {
        if let Some(offloads) = offloads {
            assert_eq!(driver.command(&[&[5, 0][..], &offloads.to_le_bytes()].concat()), 0);
            desk.settle();
        }
        socket.send_to(&[0x5a; 300], ("10.0.2.15", 9)).unwrap();
        let mut found = None;
        wait_for("the datagram", || {
            desk.settle();
            let frames = driver.received().into_iter();
            found = frames.into_iter().find(|(_, data)| data.ends_with(&[0x5a; 300]));
            found.is_some()
        });
        let (header, data) = found.unwrap();
        let sum = u16::from_be_bytes([data[40], data[41]]);
        let pseudo = checksum::pseudo_v4(KERNEL_IP, GUEST_IP, 17, 308).folded();
        assert_eq!((header[0], sum == pseudo), (u8::from(left), left), "{offloads:?}");
    }
}
