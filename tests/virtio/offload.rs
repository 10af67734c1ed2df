//! Work left in frames: what passes as it is, what is finished at which end, and who is told of a change.

use elnic_contract::{Checksum, Frame, GsoKind, Offload, Segmentation, VTime};
use elnic_netclient::{NetCore, OffloadSupport};
use elnic_nettest::FarEnd;
use elnic_testbench::drivers::virtio::Layout;
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality};
use elnic_tests::{Desk, Seat};
use elnic_wire::checksum;
use elnic_wire::layout::{Layout as Headers, Verified};
use etherparse::PacketBuilder;

const SENDER: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
const RECEIVER: [u8; 6] = [0x52, 0x54, 0, 0, 0, 2];
const FAR: [u8; 6] = [0x52, 0x54, 0, 0, 0, 9];

const CTRL_GUEST_OFFLOADS: u64 = 1 << 2;
const GUEST_TSO4: u64 = 1 << 7;
const GUEST_TSO6: u64 = 1 << 8;
const GUEST_ECN: u64 = 1 << 9;
const GUEST_UFO: u64 = 1 << 10;
const HOST_TSO4: u64 = 1 << 11;
const HOST_TSO6: u64 = 1 << 12;
const HOST_ECN: u64 = 1 << 13;
const HOST_UFO: u64 = 1 << 14;
const GUEST_USO4: u64 = 1 << 54;
const GUEST_USO6: u64 = 1 << 55;
const HOST_USO: u64 = 1 << 56;
const HOST: u64 = HOST_TSO4 | HOST_TSO6 | HOST_ECN | HOST_UFO | HOST_USO;

/// One kind of unfinished frame.
struct Work {
    what: &'static str,
    gso: u8,
    v6: bool,
    udp: bool,
    /// The features of a receiver that takes it.
    guest: u64,
    takes: OffloadSupport,
}

const NONE: OffloadSupport = OffloadSupport::NONE;
const SUM: OffloadSupport = OffloadSupport { checksum: true, ..NONE };

const WORK: [Work; 7] = [
    Work { what: "checksum", gso: 0, v6: false, udp: false, guest: 0, takes: SUM },
    Work {
        what: "TCP over IPv4",
        gso: 1,
        v6: false,
        udp: false,
        guest: GUEST_TSO4,
        takes: OffloadSupport { tcp_v4: true, ..SUM },
    },
    Work {
        what: "TCP over IPv4 that saw congestion",
        gso: 0x81,
        v6: false,
        udp: false,
        guest: GUEST_TSO4 | GUEST_ECN,
        takes: OffloadSupport { tcp_v4: true, ecn: true, ..SUM },
    },
    Work {
        what: "TCP over IPv6",
        gso: 4,
        v6: true,
        udp: false,
        guest: GUEST_TSO6,
        takes: OffloadSupport { tcp_v6: true, ..SUM },
    },
    Work {
        what: "UDP to be fragmented",
        gso: 3,
        v6: false,
        udp: true,
        guest: GUEST_UFO,
        takes: OffloadSupport { udp_fragment: true, ..SUM },
    },
    Work {
        what: "UDP over IPv4 to be cut",
        gso: 5,
        v6: false,
        udp: true,
        guest: GUEST_USO4 | GUEST_USO6,
        takes: OffloadSupport { udp_segment: true, ..SUM },
    },
    Work {
        what: "UDP over IPv6 to be cut",
        gso: 5,
        v6: true,
        udp: true,
        guest: GUEST_USO4 | GUEST_USO6,
        takes: OffloadSupport { udp_segment: true, ..SUM },
    },
];

const SIZE: u16 = 1_000;

impl Work {
    /// The frame as a driver sends it to `to`, with the header before it: the transport checksum is that of the pseudo
    /// header.
    fn frame(&self, to: [u8; 6]) -> (Vec<u8>, Vec<u8>) {
        let mut bytes = Vec::new();
        let payload = vec![0x5a; if self.gso == 0 { 500 } else { 4_500 }];
        let ethernet = PacketBuilder::ethernet2(SENDER, to);
        match (self.v6, self.udp) {
            (false, false) => ethernet
                .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
                .tcp(1, 2, 3, 4)
                .write(&mut bytes, &payload),
            (true, false) => {
                ethernet.ipv6([1; 16], [2; 16], 64).tcp(1, 2, 3, 4).write(&mut bytes, &payload)
            }
            (false, true) => ethernet
                .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
                .udp(1, 2)
                .write(&mut bytes, &payload),
            (true, true) => {
                ethernet.ipv6([1; 16], [2; 16], 64).udp(1, 2).write(&mut bytes, &payload)
            }
        }
        .unwrap();
        let (start, offset): (u16, u16) =
            (if self.v6 { 54 } else { 34 }, if self.udp { 6 } else { 16 });
        let (protocol, length) =
            (if self.udp { 17 } else { 6 }, bytes.len() as u32 - u32::from(start));
        let sum = match self.v6 {
            false => checksum::pseudo_v4([10, 0, 0, 1], [10, 0, 0, 2], protocol, length),
            true => checksum::pseudo_v6([1; 16], [2; 16], protocol, length),
        };
        let seed = sum.folded();
        let at = usize::from(start + offset);
        bytes[at..at + 2].copy_from_slice(&seed.to_be_bytes());
        let (size, headers) = match self.gso {
            0 => (0, 0),
            _ => (SIZE, start + if self.udp { 8 } else { 20 }),
        };
        let words = [headers, size, start, offset].map(u16::to_le_bytes).concat();
        ([&[1, self.gso][..], &words].concat(), bytes)
    }

    /// What a header says of it.
    fn offload(&self) -> Offload {
        let (start, offset) = (if self.v6 { 54 } else { 34 }, if self.udp { 6 } else { 16 });
        let kind = match self.gso & 0x7f {
            1 => GsoKind::TcpV4,
            3 => GsoKind::UdpFragment,
            4 => GsoKind::TcpV6,
            _ => GsoKind::UdpSegment,
        };
        let header_length = start + if self.udp { 8 } else { 20 };
        let ecn = self.gso & 0x80 != 0;
        let large = Segmentation { kind, size: SIZE, header_length, ecn };
        let checksum = Checksum::Partial { start, offset };
        Offload { checksum, segmentation: (self.gso != 0).then_some(large) }
    }
}

/// A machine with a virtio-net in slot 3 on `netdev`.
fn desk(wire: impl FnOnce(&mut NetCore), netdev: &str, properties: &[(&str, &str)]) -> Desk {
    let own = [("mac", "52:54:00:00:00:01"), ("netdev", netdev), ("addr", "3"), ("timing", "off")];
    let all: Vec<_> = own.iter().chain(properties).copied().collect();
    Desk::new(wire, &[("virtio-net-pci", &all)])
}

fn drive(desk: &Desk, slot: u8, features: u64) -> NetDriver<Seat> {
    let driver =
        NetDriver::on(desk.seat(slot), Personality::Linux, features, Layout::machine(slot));
    desk.settle();
    driver
}

/// Nothing is left to do in these frames, and their checksums are right. Fragments have none of their own.
fn finished(frames: &[Frame]) -> bool {
    frames.iter().all(|frame| {
        let plain = frame.offload() == Offload::default() && frame.len() <= 1_514;
        let sum = Headers::of(frame.data()).unwrap().transport_checksum(frame.data());
        plain && sum != Verified::Bad
    })
}

#[test]
fn a_netdev_that_takes_a_kind_gets_it_whole_and_another_gets_it_finished() {
    for work in &WORK {
        for takes in [true, false] {
            let far = FarEnd::with_credits(100);
            far.get().takes = if takes { work.takes } else { NONE };
            let wire = |net: &mut NetCore| _ = net.add_backend("n", far.client()).unwrap();
            let desk = desk(wire, "n", &[("offloads", "on")]);
            let mut driver = drive(&desk, 3, HOST);
            let (header, bytes) = work.frame(FAR);
            driver.send_with(&header, &bytes);
            desk.settle();
            let sent = &far.get().received;
            if takes {
                assert_eq!((sent.len(), sent[0].data()), (1, &bytes[..]), "{}", work.what);
                assert_eq!(sent[0].offload(), work.offload(), "{}", work.what);
            } else {
                assert_eq!(sent.len(), if work.gso == 0 { 1 } else { 5 }, "{}", work.what);
                assert!(finished(sent), "{}", work.what);
            }
        }
    }
}

#[test]
fn a_guest_gets_whole_what_its_driver_agreed_to_and_the_rest_finished() {
    for work in &WORK {
        for agreed in [true, false] {
            let far = FarEnd::with_credits(100);
            let wire = |net: &mut NetCore| _ = net.add_backend("n", far.client()).unwrap();
            let desk = desk(wire, "n", &[("offloads", "on")]);
            // Linux' driver takes checksums whatever else; what does not, takes nothing.
            let personality = if agreed { Personality::Linux } else { Personality::Ipxe };
            let more = if agreed { work.guest } else { 0 };
            let mut driver = NetDriver::on(desk.seat(3), personality, more, Layout::machine(3));
            desk.settle();
            assert_eq!(far.get().peer, if agreed { work.takes } else { NONE }, "{}", work.what);
            let (header, bytes) = work.frame(SENDER);
            far.sends([Frame::with_offload(bytes.clone(), VTime::ZERO, work.offload()).unwrap()]);
            desk.settle();
            let received = driver.received();
            if agreed {
                assert_eq!((received.len(), &received[0].1), (1, &bytes), "{}", work.what);
                assert_eq!(received[0].0[..10], header, "{}", work.what);
            } else {
                let frames: Vec<Frame> = received
                    .iter()
                    .map(|(_, data)| Frame::new(data.clone(), VTime::ZERO).unwrap())
                    .collect();
                assert_eq!(frames.len(), if work.gso == 0 { 1 } else { 5 }, "{}", work.what);
                assert!(finished(&frames), "{}", work.what);
            }
        }
    }
}

/// Two guests and a netdev that takes finished frames only, on one hub.
#[test]
fn on_a_hub_each_guest_gets_a_large_frame_as_it_takes_it() {
    let far = FarEnd::with_credits(100);
    let wire = |net: &mut NetCore| {
        for name in ["h1", "h2", "h3"] {
            net.add_hub_port(name, 0, None).unwrap();
        }
        net.add_backend("n", far.client()).unwrap();
        net.add_hub_port("h4", 0, Some("n")).unwrap();
    };
    let common = [("timing", "off"), ("offloads", "on")];
    let nic = |mac, netdev, slot| {
        [&common[..], &[("mac", mac), ("netdev", netdev), ("addr", slot)]].concat()
    };
    let desk = Desk::new(
        wire,
        &[
            ("virtio-net-pci", &nic("52:54:00:00:00:01", "h1", "3")),
            ("virtio-net-pci", &nic("52:54:00:00:00:02", "h2", "4")),
        ],
    );
    let tcp = &WORK[1];
    let mut sender = drive(&desk, 3, HOST);
    let mut receiver = drive(&desk, 4, GUEST_TSO4 | CTRL_GUEST_OFFLOADS);
    let (header, bytes) = tcp.frame(RECEIVER);
    sender.send_with(&header, &bytes);
    desk.settle();
    let received = receiver.received();
    assert_eq!((received.len(), &received[0].1), (1, &bytes), "as it was sent");
    assert_eq!(received[0].0[..10], header);
    let plain = std::mem::take(&mut far.get().received);
    assert!(plain.len() == 5 && finished(&plain), "the netdev takes nothing and gets segments");
    // The receiver's driver changes its mind at run time: nobody on the hub takes it now.
    assert_eq!(receiver.command(&[&[5, 0][..], &0_u64.to_le_bytes()].concat()), 0);
    desk.settle();
    sender.send_with(&header, &bytes);
    desk.settle();
    let received = receiver.received();
    assert_eq!(received.len(), 5);
    assert!(received.iter().all(|(header, _)| header[..10] == [0; 10]));
    assert_eq!(far.get().received.len(), 5);
}

#[test]
fn offloads_are_offered_where_the_netdev_has_headers_as_in_qemu() {
    const OFFERED: u64 = 1 | 2 | 0x7f80 | HOST_USO | GUEST_USO4 | GUEST_USO6;
    for (vnet_header, properties, offered) in [
        (true, &[][..], OFFERED),
        (false, &[][..], 0),
        (false, &[("offloads", "on")][..], OFFERED),
        (true, &[("host_tso4", "off")][..], OFFERED & !HOST_TSO4),
    ] {
        let far = FarEnd::with_credits(1);
        far.get().vnet_header = vnet_header;
        let wire = |net: &mut NetCore| _ = net.add_backend("n", far.client()).unwrap();
        let desk = desk(wire, "n", properties);
        let mut driver = drive(&desk, 3, 0);
        assert_eq!(driver.function.offered() & OFFERED, offered, "{vnet_header} {properties:?}");
    }
}

#[test]
fn a_reset_takes_back_what_the_driver_had_agreed_to() {
    let far = FarEnd::with_credits(1);
    let wire = |net: &mut NetCore| _ = net.add_backend("n", far.client()).unwrap();
    let desk = desk(wire, "n", &[("offloads", "on")]);
    let mut driver = drive(&desk, 3, GUEST_TSO4);
    assert_eq!(far.get().peer, OffloadSupport { tcp_v4: true, ..SUM });
    driver.function.set_status(0);
    assert_eq!(far.get().peer, NONE, "at once");
}
