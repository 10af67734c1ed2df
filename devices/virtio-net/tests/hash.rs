//! Hashes and the pairs they choose, against a reference of our own: the packets are made from the values that the reference
//! is given, so nothing is parsed twice (virtio 1.3 §5.1.6.4.3, §5.1.6.5.6; the hash is that of "Toeplitz hash" in Microsoft's
//! RSS specification).
#![expect(clippy::disallowed_types, reason = "prop_oneof! shares its arms")]

use elnic_pci::{FunctionOptions, PciFunction};
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality, feature};
use elnic_testbench::drivers::virtio::{Buffer, Path, VirtioFunction};
use elnic_virtio_net::ENTRY;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];

const IPV4: u32 = 1;
const TCPV4: u32 = 2;
const UDPV4: u32 = 4;
const IPV6: u32 = 8;
const TCPV6: u32 = 0x10;
const UDPV6: u32 = 0x20;
const IP_EX: u32 = 0x40;
const TCP_EX: u32 = 0x80;
const UDP_EX: u32 = 0x100;

/// What stands between the IPv6 header and the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extension {
    None,
    HopByHop,
    /// Destination options with a home address (RFC 6275 §6.3).
    Home([u8; 16]),
    /// Routing of type 2 with another destination (RFC 6275 §6.4).
    Routing([u8; 16]),
}

#[derive(Clone, Debug)]
struct Packet {
    v6: bool,
    source: [u8; 16],
    destination: [u8; 16],
    protocol: u8,
    ports: (u16, u16),
    extension: Extension,
    /// IPv4 only: a fragment but the first.
    fragment: bool,
    tagged: bool,
}

const TCP: u8 = 6;
const UDP: u8 = 17;

impl Packet {
    fn bytes(&self) -> Vec<u8> {
        let mut transport = [self.ports.0.to_be_bytes(), self.ports.1.to_be_bytes()].concat();
        let offset = if self.protocol == TCP { 0x50 } else { 0 };
        transport.extend([0, 0, 0, 0, 0, 0, 0, 0, offset, 0]);
        transport.resize(40, 0);
        if self.protocol == UDP {
            transport[4..6].copy_from_slice(&40_u16.to_be_bytes());
        }
        let mut frame = [&MAC[..], &[2, 0, 0, 0, 0, 1]].concat();
        if self.tagged {
            frame.extend([0x81, 0, 0, 7]);
        }
        if self.v6 {
            let (next, extension) = self.extension();
            let length = (extension.len() + transport.len()) as u16;
            frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
            frame.extend(length.to_be_bytes());
            frame.extend([next, 64]);
            frame.extend(self.source);
            frame.extend(self.destination);
            frame.extend(extension);
        } else {
            frame.extend([8, 0, 0x45, 0]);
            frame.extend((20 + transport.len() as u16).to_be_bytes());
            let place = if self.fragment { 185_u16 } else { 0 };
            frame.extend([0, 1]);
            frame.extend(place.to_be_bytes());
            frame.extend([64, self.protocol, 0, 0]);
            frame.extend(&self.source[..4]);
            frame.extend(&self.destination[..4]);
        }
        frame.extend(transport);
        frame
    }

    /// The first next-header value, and the extension header.
    fn extension(&self) -> (u8, Vec<u8>) {
        match self.extension {
            Extension::None => (self.protocol, Vec::new()),
            Extension::HopByHop => (0, vec![self.protocol, 0, 1, 4, 0, 0, 0, 0]),
            Extension::Home(home) => {
                // Four bytes of padding, then the option: type 201, 16 bytes.
                (60, [&[self.protocol, 2, 1, 2, 0, 0, 201, 16][..], &home].concat())
            }
            Extension::Routing(home) => {
                (43, [&[self.protocol, 2, 2, 1, 0, 0, 0, 0][..], &home].concat())
            }
        }
    }

    /// Hash input and report of this packet with these types enabled, as the specification lists them; none if none fits.
    fn input(&self, types: u32) -> Option<(Vec<u8>, u16)> {
        let transport = |tcp: u32, udp: u32| match self.protocol {
            TCP => types & tcp,
            UDP => types & udp,
            _ => 0,
        };
        let ports = [self.ports.0.to_be_bytes(), self.ports.1.to_be_bytes()].concat();
        let number = |bit: u32| bit.trailing_zeros() as u16 + 1;
        if !self.v6 {
            let addresses = [&self.source[..4], &self.destination[..4]].concat();
            let with_ports = if self.fragment { 0 } else { transport(TCPV4, UDPV4) };
            return match (with_ports, types & IPV4) {
                (0, 0) => None,
                (0, bit) => Some((addresses, number(bit))),
                (bit, _) => Some(([addresses, ports].concat(), number(bit))),
            };
        }
        if self.extension != Extension::None {
            let (mut source, mut destination) = (self.source, self.destination);
            match self.extension {
                Extension::Home(home) => source = home,
                Extension::Routing(home) => destination = home,
                Extension::None | Extension::HopByHop => {}
            }
            let addresses = [source, destination].concat();
            match (transport(TCP_EX, UDP_EX), types & IP_EX) {
                (0, 0) => {}
                (0, bit) => return Some((addresses, number(bit))),
                (bit, _) => return Some(([addresses, ports].concat(), number(bit))),
            }
        }
        let addresses = [self.source, self.destination].concat();
        match (transport(TCPV6, UDPV6), types & IPV6) {
            (0, 0) => None,
            (0, bit) => Some((addresses, number(bit))),
            (bit, _) => Some(([addresses, ports].concat(), number(bit))),
        }
    }
}

/// Bit by bit, from the left: where the input has a one, the 32 bits of the key at that place are added without carry. A key
/// that is too short goes on with zeros.
fn toeplitz(key: &[u8], input: &[u8]) -> u32 {
    let key_bit = |at: usize| key.get(at / 8).is_some_and(|byte| byte << (at % 8) & 0x80 != 0);
    let window = |at: usize| (at..at + 32).fold(0, |word, bit| word << 1 | u32::from(key_bit(bit)));
    let ones = (0..input.len() * 8).filter(|at| input[at / 8] << (at % 8) & 0x80 != 0);
    ones.fold(0, |hash, at| hash ^ window(at))
}

fn packets() -> impl Strategy<Value = Packet> {
    let address = prop::array::uniform16(any::<u8>());
    let extension = prop_oneof![
        Just(Extension::None),
        Just(Extension::HopByHop),
        address.prop_map(Extension::Home),
        address.prop_map(Extension::Routing),
    ];
    let protocol = prop_oneof![Just(TCP), Just(UDP), Just(47)];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (address, address, protocol, any::<(u16, u16)>(), extension, flags).prop_map(
        |(source, destination, protocol, ports, extension, (v6, fragment, tagged))| Packet {
            v6,
            source,
            destination,
            protocol,
            ports,
            extension,
            fragment: fragment && !v6,
            tagged,
        },
    )
}

fn driver(properties: &[(&str, &str)], features: u64) -> NetDriver {
    let device = ENTRY.make(properties.iter().copied()).expect("the properties are right");
    let function = PciFunction::new(device, FunctionOptions::default()).unwrap();
    NetDriver::bring_up(function, Personality::NetKvm, features)
}

#[test]
fn the_published_examples_hash_to_the_published_values() {
    let key = [
        0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f,
        0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
        0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
    ];
    let v4 = |from: [u8; 4], to: [u8; 4]| [from, to].concat();
    let ports = |from: u16, to: u16| [from.to_be_bytes(), to.to_be_bytes()].concat();
    let first = v4([66, 9, 149, 187], [161, 142, 100, 80]);
    assert_eq!(toeplitz(&key, &first), 0x323e_8fc2);
    assert_eq!(toeplitz(&key, &[first, ports(2794, 1766)].concat()), 0x51cc_c178);
    let second = v4([199, 92, 111, 2], [65, 69, 140, 83]);
    assert_eq!(toeplitz(&key, &second), 0xd718_262a);
    assert_eq!(toeplitz(&key, &[second, ports(14230, 4739)].concat()), 0xc626_b0ea);
    let source = 0x3ffe_2501_0200_1fff_0000_0000_0000_0007_u128;
    let destination = 0x3ffe_2501_0200_0003_0000_0000_0000_0001_u128;
    let third = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    assert_eq!(toeplitz(&key, &third), 0x2cc1_8cd5);
    assert_eq!(toeplitz(&key, &[third, ports(2794, 1766)].concat()), 0x4020_7d3d);
}

#[test]
fn ten_thousand_headers_report_the_hash_of_the_reference() {
    let mut driver = driver(&[("hash", "on")], feature::HASH_REPORT);
    let cases = (packets(), 0..0x200_u32, prop::collection::vec(any::<u8>(), 1..=40));
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(10_000) });
    let driver = std::cell::RefCell::new(&mut driver);
    let result = runner.run(&cases, |(packet, types, key)| {
        let driver = &mut **driver.borrow_mut();
        let mut config = [&[4, 2][..], &types.to_le_bytes(), &[0; 8], &[key.len() as u8]].concat();
        config.extend(&key);
        prop_assert_eq!(driver.command(&config), 0);
        // Everything is let through, tagged or not.
        prop_assert_eq!(driver.command(&[0, 0, 1]), 0);
        prop_assert!(driver.receive(&packet.bytes()));
        let received = driver.received();
        let header = &received[0].0;
        let hash = u32::from_le_bytes(header[12..16].try_into().unwrap());
        let report = u16::from_le_bytes(header[16..18].try_into().unwrap());
        let expected = packet.input(types).map(|(input, report)| (toeplitz(&key, &input), report));
        prop_assert_eq!((hash, report), expected.unwrap_or((0, 0)));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn the_table_sends_each_packet_to_the_pair_of_the_reference() {
    const RSS: u64 = 1 << 60;
    let given = [("mq", "on"), ("rss", "on"), ("queue-pairs", "4")];
    let cases = (packets(), 0..0x200_u32, 0..8_u32, any::<[u8; 128]>(), 0..4_u16);
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(2_000) });
    let result = runner.run(&cases, |(packet, types, exponent, entries, unclassified)| {
        let device = ENTRY.make(given).expect("the properties are right");
        let function = PciFunction::new(device, FunctionOptions::default()).unwrap();
        let mut driver = VirtioFunction::new(function, Path::Capabilities);
        driver.negotiate(feature::MAC | feature::CTRL_VQ | feature::MQ | RSS);
        (0..9).for_each(|queue| driver.add_queue(queue, 4, None));
        for pair in 0..4 {
            driver.add(pair * 2, &[Buffer { at: 0x4000_0000, length: 2048, writable: true }]);
        }
        driver.start();
        let key: Vec<u8> = (0..40).map(|number| number * 5 + 1).collect();
        let table: Vec<u16> =
            entries[..1 << exponent].iter().map(|entry| u16::from(entry % 4)).collect();
        let mut bytes = [&[4, 1][..], &types.to_le_bytes()].concat();
        bytes.extend((table.len() as u16 - 1).to_le_bytes());
        bytes.extend(unclassified.to_le_bytes());
        bytes.extend(table.iter().flat_map(|entry| entry.to_le_bytes()));
        bytes.extend([4, 0, key.len() as u8]);
        bytes.extend(&key);
        driver.bench.ram.store(0x6000_0000, &bytes);
        let part = |at, length: usize, writable| Buffer { at, length: length as u32, writable };
        driver.add(8, &[part(0x6000_0000, bytes.len(), false), part(0x6100_0000, 1, true)]);
        driver.kick(8);
        prop_assert_eq!(driver.bench.ram.load(0x6100_0000, 1), [0]);
        let frame = elnic_contract::Frame::new(packet.bytes(), driver.bench.now).unwrap();
        prop_assert!(driver.receive(&frame).is_some());
        let expected = match packet.input(types) {
            Some((input, _)) => table[toeplitz(&key, &input) as usize % table.len()],
            None => unclassified,
        };
        let pairs: Vec<u16> =
            (0..4).filter(|pair| !driver.completions(pair * 2).is_empty()).collect();
        prop_assert_eq!(pairs, [expected]);
        Ok(())
    });
    result.unwrap();
}
