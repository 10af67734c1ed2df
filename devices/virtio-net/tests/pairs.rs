//! Several pairs of queues: which is used, hashes in headers, statistics.

use elnic_pci::{FunctionOptions, PciFunction};
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality, feature};
use elnic_testbench::drivers::virtio::{Buffer, Path, VirtioFunction};
use elnic_virtio_net::ENTRY;
use etherparse::PacketBuilder;

const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const RSS: u64 = 1 << 60;
const STATS: u64 = 1 << 50;
const KEY: [u8; 40] = [
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
    0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
    0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
];

fn function(properties: &[(&str, &str)]) -> PciFunction {
    let device = ENTRY.make(properties.iter().copied()).expect("the properties are right");
    PciFunction::new(device, FunctionOptions::default()).unwrap()
}

fn udp(from: [u8; 4], to: [u8; 4], ports: (u16, u16)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let builder = PacketBuilder::ethernet2([4; 6], MAC).ipv4(from, to, 9).udp(ports.0, ports.1);
    builder.write(&mut bytes, &[0; 30]).unwrap();
    bytes
}

/// A driver of four pairs, each receive queue with eight buffers.
fn four_pairs() -> VirtioFunction {
    let given = [("mq", "on"), ("rss", "on"), ("queue-pairs", "4")];
    let mut driver = VirtioFunction::new(function(&given), Path::Capabilities);
    driver.negotiate(feature::MAC | feature::CTRL_VQ | feature::MQ | RSS | feature::MRG_RXBUF);
    assert_eq!([driver.configuration(8), driver.configuration(9)], [4, 0]);
    for queue in 0..9 {
        driver.add_queue(queue, 64, None);
    }
    for pair in 0..4 {
        for _ in 0..8 {
            driver.add(pair * 2, &[Buffer { at: 0x4000_0000, length: 2048, writable: true }]);
        }
    }
    driver.start();
    driver
}

fn command(driver: &mut VirtioFunction, bytes: &[u8]) -> u8 {
    driver.bench.ram.store(0x6000_0000, bytes);
    let part = |at, length: usize, writable| Buffer { at, length: length as u32, writable };
    driver.add(8, &[part(0x6000_0000, bytes.len(), false), part(0x6100_0000, 1, true)]);
    driver.kick(8);
    assert_eq!(driver.completions(8).len(), 1);
    driver.bench.ram.load(0x6100_0000, 1)[0]
}

fn rss(table: &[u16], unclassified: u16, pairs: u16) -> Vec<u8> {
    let mut bytes = vec![4, 1];
    bytes.extend(0x1ff_u32.to_le_bytes());
    bytes.extend((table.len() as u16).wrapping_sub(1).to_le_bytes());
    bytes.extend(unclassified.to_le_bytes());
    bytes.extend(table.iter().flat_map(|pair| pair.to_le_bytes()));
    bytes.extend(pairs.to_le_bytes());
    bytes.push(KEY.len() as u8);
    bytes.extend(KEY);
    bytes
}

/// The pair that a frame went to.
fn arrives(driver: &mut VirtioFunction, bytes: &[u8]) -> Option<u16> {
    let frame = elnic_contract::Frame::new(bytes.to_vec(), driver.bench.now).unwrap();
    assert!(driver.receive(&frame).is_some(), "it is taken");
    (0..4).find(|pair| !driver.completions(pair * 2).is_empty())
}

#[test]
fn the_hash_chooses_the_pair_by_the_table() {
    let mut driver = four_pairs();
    assert_eq!(command(&mut driver, &rss(&[3, 2, 1, 0], 2, 4)), 0);
    // The verification suite's first packet hashes to 0x51ccc178 with ports, which ends in binary 00.
    let first = udp([66, 9, 149, 187], [161, 142, 100, 80], (2794, 1766));
    assert_eq!(arrives(&mut driver, &first), Some(3));
    // And its second to 0xc626b0ea, which ends in binary 10.
    let second = udp([199, 92, 111, 2], [65, 69, 140, 83], (14230, 4739));
    assert_eq!(arrives(&mut driver, &second), Some(1));
    assert_eq!(arrives(&mut driver, &[&MAC[..], &[0; 54]].concat()), Some(2), "no IP");
}

#[test]
fn a_table_that_names_what_is_not_there_is_refused_and_changes_nothing() {
    // CVE-2024-6505.
    let mut driver = four_pairs();
    assert_eq!(command(&mut driver, &rss(&[1; 128], 1, 4)), 0);
    for wrong in [
        rss(&[4, 0], 0, 4),
        rss(&[0, 0], 4, 4),
        rss(&[0, 0], 0, 5),
        rss(&[0, 0], 0, 0),
        rss(&[0, 0, 0], 0, 4),
        rss(&[0; 256], 0, 4),
        rss(&[0, 0], 0, 4)[..20].to_vec(),
        vec![4, 0, 0, 0],
        vec![4, 0, 5, 0],
    ] {
        assert_eq!(command(&mut driver, &wrong), 1, "{wrong:?}");
    }
    let frame = udp([1; 4], [2; 4], (1, 2));
    assert_eq!(arrives(&mut driver, &frame), Some(1));
    // With fewer pairs in use than the table names, frames fall back to the first.
    assert_eq!(command(&mut driver, &rss(&[3, 3], 3, 2)), 0);
    assert_eq!(arrives(&mut driver, &frame), Some(0));
}

#[test]
fn without_a_table_answers_come_back_to_the_pair_that_asked() {
    let mut driver = four_pairs();
    assert_eq!(command(&mut driver, &[4, 0, 4, 0]), 0);
    for pair in [2_u16, 3, 1] {
        let ports = (1000 + pair, 2000 + pair);
        let question = udp([9; 4], [8; 4], ports);
        driver.bench.ram.store(0x5000_000c, &question);
        let length = question.len() as u32 + 12;
        driver.add(pair * 2 + 1, &[Buffer { at: 0x5000_0000, length, writable: false }]);
        driver.kick(pair * 2 + 1);
        let answer = udp([8; 4], [9; 4], (ports.1, ports.0));
        assert_eq!(arrives(&mut driver, &answer), Some(pair));
    }
}

#[test]
fn headers_of_twenty_bytes_carry_the_hash() {
    // CVE-2023-6693: the longest header, in both directions.
    let given = [("hash", "on")];
    let mut driver =
        NetDriver::bring_up(function(&given), Personality::Linux, feature::HASH_REPORT);
    let mut config = vec![4, 2];
    config.extend(0x1ff_u32.to_le_bytes());
    config.extend([0; 8]);
    config.push(40);
    config.extend(KEY);
    assert_eq!(driver.command(&config), 0);
    assert!(driver.receive(
        &[&MAC[..], &udp([66, 9, 149, 187], [161, 142, 100, 80], (2794, 1766))[6..]].concat()
    ));
    let received = driver.received();
    assert_eq!(
        received[0].0[12..18],
        [0x78, 0xc1, 0xcc, 0x51, 3, 0],
        "over addresses and ports of UDP"
    );
    driver.came_out();
    driver.send(&[0xff; 60]);
    assert_eq!(driver.came_out().0[0].data(), [0xff; 60]);
}

#[test]
fn statistics_tell_what_happened() {
    let mut driver =
        NetDriver::bring_up(function(&[("device_stats", "on")]), Personality::Linux, STATS);
    for _ in 0..3 {
        driver.send(&[0xff; 100]);
        assert!(driver.receive(&[&MAC[..], &[0; 54]].concat()));
    }
    driver.received();
    let query = driver.command_with(&[8, 0], 8);
    assert_eq!(query[..], [0, 0x0f, 0, 0x0f, 0, 1, 0, 0, 0]);
    let request = |queue: u16, types: u64| {
        [&[8, 1][..], &queue.to_le_bytes(), &[0; 6], &types.to_le_bytes()].concat()
    };
    let word = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let receive = driver.command_with(&request(0, 1), 56);
    assert_eq!(receive[..9], [0, 0, 0, 0, 0, 0, 0, 56, 0]);
    assert_eq!((word(&receive, 17), word(&receive, 25)), (3, 180), "packets and bytes");
    let transmit = driver.command_with(&request(1, 1 << 16), 56);
    assert_eq!([9, 17, 25, 33].map(|at| word(&transmit, at)), [3, 3, 300, 3]);
    let control = driver.command_with(&request(2, 1 << 32), 24);
    assert_eq!((word(&control, 9), word(&control, 17)), (7, 7), "four of Linux and three of ours");
    for wrong in [request(3, 1), request(0, 1 << 16), request(0, 1 << 40)] {
        assert_eq!(driver.command_with(&wrong, 56)[0], 1, "{wrong:?}");
    }
    assert_eq!(driver.command_with(&request(0, 1), 10)[0], 1, "no room for the answer");
}

#[test]
fn the_limits_of_a_queue_are_read_back() {
    let more = 1 << 52 | 1 << 53;
    let given = [("notf_coal", "on"), ("vq_notf_coal", "on")];
    let mut driver = NetDriver::bring_up(function(&given), Personality::Linux, more);
    assert_eq!(driver.command(&[6, 0, 5, 0, 0, 0, 6, 0, 0, 0]), 0, "all transmit queues");
    assert_eq!(driver.command(&[6, 2, 0, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0]), 0, "queue 0");
    for (queue, limits) in [(0, [7, 8]), (1, [5, 6])] {
        let answer = driver.command_with(&[6, 3, queue, 0, 0, 0], 8);
        assert_eq!(answer, [0, limits[0], 0, 0, 0, limits[1], 0, 0, 0]);
    }
}

#[test]
fn the_control_queue_is_behind_the_pairs_that_were_agreed() {
    // MQ is offered but not taken: the third queue is the control queue.
    let given = [("mq", "on"), ("queue-pairs", "4")];
    let mut driver = VirtioFunction::new(function(&given), Path::Capabilities);
    driver.negotiate(feature::MAC | feature::CTRL_VQ | feature::CTRL_RX);
    for queue in 0..3 {
        driver.add_queue(queue, 64, None);
    }
    assert_eq!(driver.queue(2).size, 64);
    driver.start();
    driver.bench.ram.store(0x6000_0000, &[0, 0, 0]);
    let part = |at, length, writable| Buffer { at, length, writable };
    driver.add(2, &[part(0x6000_0000, 3, false), part(0x6100_0000, 1, true)]);
    driver.kick(2);
    assert!(!driver.bench.function.nic().unwrap().rx_filter().promiscuous);
}
