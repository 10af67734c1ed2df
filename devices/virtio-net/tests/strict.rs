//! `strict=on` names what a driver does against the specification, once each; `strict-ctrl=on` refuses commands nobody agreed
//! to.

use elnic_contract::{LogEntry, Size};
use elnic_pci::{FunctionOptions, PciFunction};
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality, feature};
use elnic_testbench::drivers::virtio::{Buffer, Path, VirtioFunction};
use elnic_virtio_net::{ENTRY, RULES};
use etherparse::PacketBuilder;

const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const VERSION_1: u64 = 1 << 32;
const MTU: u64 = 1 << 3;
const HOST_TSO4: u64 = 1 << 11;

/// Registers of the common configuration structure.
mod common {
    pub(crate) const DRIVER_FEATURE_SELECT: u64 = 0x08;
    pub(crate) const DRIVER_FEATURE: u64 = 0x0c;
    pub(crate) const QUEUE_SELECT: u64 = 0x16;
    pub(crate) const QUEUE_SIZE: u64 = 0x18;
    pub(crate) const QUEUE_ENABLE: u64 = 0x1c;
    pub(crate) const QUEUE_DESC: u64 = 0x20;
}

fn function(properties: &[(&str, &str)]) -> PciFunction {
    let given = properties.iter().copied().chain([("strict", "on"), ("offloads", "on")]);
    let device = ENTRY.make(given).expect("the properties are right");
    PciFunction::new(device, FunctionOptions::default()).unwrap()
}

/// The rules that were said to be broken, in order.
fn broken(function: &mut VirtioFunction) -> Vec<&'static str> {
    let notes = function.bench.notes.take().into_iter();
    let names = notes.filter_map(|entry| match entry {
        LogEntry::Strict { rule, .. } => Some(rule.name),
        _ => None,
    });
    names.collect()
}

fn fresh(properties: &[(&str, &str)]) -> VirtioFunction {
    VirtioFunction::new(function(properties), Path::Capabilities)
}

/// A driver that has agreed on these features and set up a pair and, if it is agreed on, the control queue.
fn at_work(properties: &[(&str, &str)], features: u64) -> VirtioFunction {
    let mut driver = fresh(properties);
    driver.negotiate(feature::MAC | features);
    let queues = if driver.features & feature::CTRL_VQ != 0 { 3 } else { 2 };
    (0..queues).for_each(|queue| driver.add_queue(queue, 64, None));
    driver.start();
    driver
}

fn accept(driver: &mut VirtioFunction, features: u64) {
    for word in 0..2 {
        driver.set_common(common::DRIVER_FEATURE_SELECT, Size::Word, word);
        let half = features >> (32 * word) & 0xffff_ffff;
        driver.set_common(common::DRIVER_FEATURE, Size::Word, half);
    }
}

fn statuses(driver: &mut VirtioFunction, values: &[u64]) {
    values.iter().for_each(|value| driver.set_status(*value));
}

fn part(at: u64, length: u32, writable: bool) -> Buffer {
    Buffer { at, length, writable }
}

/// Sends a frame of 9000 bytes of TCP behind this header.
fn transmit(driver: &mut VirtioFunction, header: &[u8], length: usize) {
    let mut frame = Vec::new();
    let builder = PacketBuilder::ethernet2([4; 6], MAC).ipv4([1; 4], [2; 4], 9).tcp(1, 2, 3, 4);
    builder.write(&mut frame, &vec![7; length]).unwrap();
    let mut bytes = header.to_vec();
    bytes.resize(12, 0);
    bytes.extend(frame);
    driver.bench.ram.store(0x5000_0000, &bytes);
    driver.add(1, &[part(0x5000_0000, bytes.len() as u32, false)]);
    driver.kick(1);
}

/// A header: flags, kind, segment size, where the checksum starts and stands.
fn header(flags: u8, gso: u8, size: u16, start: u16, offset: u16) -> Vec<u8> {
    [&[flags, gso][..], &[54, size, start, offset].map(u16::to_le_bytes).concat()].concat()
}

fn command(driver: &mut VirtioFunction, bytes: &[u8], answer: bool) {
    driver.bench.ram.store(0x6000_0000, bytes);
    let mut parts = vec![part(0x6000_0000, bytes.len() as u32, false)];
    if answer {
        parts.push(part(0x6100_0000, 1, true));
    }
    driver.add(2, &parts);
    driver.kick(2);
}

/// Each way to break a rule, with its name: what makes the device ready for it, and the breach.
type Breach = (&'static str, fn() -> VirtioFunction, fn(&mut VirtioFunction));

const TRANSPORT: &[Breach] = &[
    (
        "feature-not-offered",
        || fresh(&[]),
        |d| {
            accept(d, VERSION_1 | feature::RING_PACKED);
            statuses(d, &[1, 3, 0xb]);
        },
    ),
    (
        "feature-without-its-need",
        || fresh(&[]),
        |d| {
            accept(d, VERSION_1 | feature::CTRL_RX);
            statuses(d, &[1, 3, 0xb]);
        },
    ),
    ("features-after-agreement", || at_work(&[], 0), |d| accept(d, VERSION_1)),
    (
        "driver-ok-without-features",
        || fresh(&[]),
        |d| {
            accept(d, VERSION_1);
            statuses(d, &[1, 3, 7]);
        },
    ),
    ("status-out-of-order", || fresh(&[]), |d| statuses(d, &[4])),
    ("status-bit-cleared", || at_work(&[], 0), |d| statuses(d, &[0xb])),
    (
        "notified-before-driver-ok",
        || {
            let mut driver = fresh(&[]);
            driver.negotiate(feature::MAC);
            driver.add_queue(1, 64, None);
            driver
        },
        |d| d.kick(1),
    ),
    ("notified-no-queue", || at_work(&[], 0), |d| d.kick(9)),
    (
        "notified-without-bus-master",
        || {
            let mut driver = at_work(&[], 0);
            driver.bench.command(3);
            driver
        },
        |d| transmit(d, &[], 60),
    ),
    (
        "area-misaligned",
        || fresh(&[]),
        |d| {
            d.negotiate(feature::MAC);
            d.set_common(common::QUEUE_SELECT, Size::Half, 1);
            d.set_common(common::QUEUE_DESC, Size::Word, 0x1000_0008);
            d.set_common(common::QUEUE_ENABLE, Size::Half, 1);
        },
    ),
    (
        "queue-shaped-at-work",
        || at_work(&[], 0),
        |d| {
            d.set_common(common::QUEUE_SELECT, Size::Half, 1);
            d.set_common(common::QUEUE_SIZE, Size::Half, 32);
        },
    ),
    (
        "queue-enable-not-one",
        || at_work(&[], 0),
        |d| {
            d.set_common(common::QUEUE_SELECT, Size::Half, 1);
            d.set_common(common::QUEUE_ENABLE, Size::Half, 0);
        },
    ),
    (
        "isr-read-with-msix",
        || {
            let mut driver = fresh(&[]);
            driver.enable_msix(4);
            driver
        },
        |d| _ = d.isr(),
    ),
];

const NETWORK: &[Breach] = &[
    (
        "command-without-feature",
        || at_work(&[], feature::CTRL_VQ),
        |d| {
            command(d, &[0, 0, 0], true);
        },
    ),
    (
        "transmit-header-without-feature",
        || at_work(&[], 0),
        |d| {
            transmit(d, &header(1, 0, 0, 34, 16), 60);
        },
    ),
    (
        "transmit-header-wrong",
        || at_work(&[], feature::CSUM),
        |d| {
            transmit(d, &header(1, 0, 0, 0xffff, 0), 60);
        },
    ),
    (
        "transmit-longer-than-mtu",
        || at_work(&[("host_mtu", "1500")], MTU),
        |d| {
            transmit(d, &[], 1_600);
        },
    ),
    (
        "transmit-on-idle-pair",
        || {
            let given = [("mq", "on"), ("queue-pairs", "2")];
            let mut driver = fresh(&given);
            driver.negotiate(feature::MAC | feature::CTRL_VQ | feature::MQ);
            (0..5).for_each(|queue| driver.add_queue(queue, 64, None));
            driver.start();
            driver
        },
        |d| {
            d.add(3, &[part(0x5000_0000, 72, false)]);
            d.kick(3);
        },
    ),
    (
        "transmit-writable",
        || at_work(&[], 0),
        |d| {
            d.add(1, &[part(0x5000_0000, 72, false), part(0x5100_0000, 72, true)]);
            d.kick(1);
        },
    ),
    (
        "receive-buffer-short",
        || at_work(&[], 0),
        |d| {
            d.add(0, &[part(0x4000_0000, 200, true)]);
            d.kick(0);
            let frame = elnic_contract::Frame::new([0xff; 60].to_vec(), d.bench.now).unwrap();
            assert!(d.receive(&frame).is_some());
        },
    ),
    ("mac-written-directly", || at_work(&[], 0), |d| d.set_configuration(0, 2)),
    ("command-layout", || at_work(&[], feature::CTRL_VQ), |d| command(d, &[0, 0, 0], false)),
    (
        "transmit-large-without-checksum",
        || at_work(&[], feature::CSUM | HOST_TSO4),
        |d| {
            transmit(d, &header(0, 1, 1_400, 0, 0), 9_000);
        },
    ),
];

#[test]
fn each_rule_is_named_when_it_is_broken_once_and_nothing_else_is() {
    for (name, ready, breach) in TRANSPORT.iter().chain(NETWORK) {
        let mut driver = ready();
        assert_eq!(broken(&mut driver), [""; 0], "{name}: before");
        breach(&mut driver);
        assert_eq!(broken(&mut driver), [*name]);
        breach(&mut driver);
        assert!(!broken(&mut driver).contains(name), "{name}: said already");
    }
}

#[test]
fn there_is_a_breach_for_each_rule() {
    let names = |rules: &[elnic_contract::StrictRule]| {
        rules.iter().map(|rule| rule.name).collect::<Vec<_>>()
    };
    let breaches =
        |breaches: &[Breach]| breaches.iter().map(|(name, ..)| *name).collect::<Vec<_>>();
    assert_eq!(breaches(NETWORK), names(RULES));
    assert_eq!(breaches(TRANSPORT), names(elnic_virtio::RULES));
}

#[test]
fn drivers_that_behave_break_no_rule() {
    for (personality, expected) in [
        (Personality::Linux, &[][..]),
        (Personality::Legacy, &[]),
        (Personality::LegacyMsix, &[]),
        (Personality::Ipxe, &[]),
        (Personality::IpxeWindow, &[]),
        // It sends commands whatever was agreed.
        (Personality::NetKvm, &["command-without-feature"]),
    ] {
        let mut driver = NetDriver::bring_up(function(&[]), personality, 0);
        for _ in 0..100 {
            driver.send(&[0xff; 60]);
            assert!(driver.receive(&[&MAC[..], &[0; 54]].concat()));
            driver.received();
        }
        assert_eq!(broken(&mut driver.function), expected, "{personality:?}");
    }
}

#[test]
fn a_rule_is_said_with_register_and_value_and_off_nothing_is() {
    let (name, ready, breach) = &TRANSPORT[0];
    let mut driver = ready();
    breach(&mut driver);
    let said = driver.bench.notes.take().into_iter().find_map(|entry| match entry {
        LogEntry::Strict { rule, register, value } => Some((rule.name, register, value)),
        _ => None,
    });
    assert_eq!(said, Some((*name, "DRIVER_FEATURE", feature::RING_PACKED)));
    let device = ENTRY.make([("strict", "off")]).unwrap();
    let function = PciFunction::new(device, FunctionOptions::default()).unwrap();
    let mut driver = VirtioFunction::new(function, Path::Capabilities);
    breach(&mut driver);
    assert_eq!(broken(&mut driver), [""; 0]);
}

/// Commands, the feature each needs, and whether QEMU takes it without.
const COMMANDS: &[(&str, &[u8], u64, bool)] = &[
    ("promiscuous", &[0, 0, 0], 1 << 18, true),
    ("all multicast", &[0, 1, 1], 1 << 18, true),
    ("all unicast", &[0, 2, 1], 1 << 20, true),
    ("no multicast", &[0, 3, 1], 1 << 20, true),
    ("no unicast", &[0, 4, 1], 1 << 20, true),
    ("no broadcast", &[0, 5, 1], 1 << 20, true),
    ("address table", &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1 << 18, true),
    ("address", &[1, 1, 2, 0, 0, 0, 0, 1], 1 << 23, true),
    ("VLAN", &[2, 0, 5, 0], 1 << 19, true),
    ("pairs", &[4, 0, 1, 0], 1 << 22, false),
    ("hash", &[4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1 << 57, false),
    ("offloads", &[5, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1 << 2, false),
    ("moderation", &[6, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1 << 53, false),
    ("moderation of a queue", &[6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1 << 52, false),
];

#[test]
fn strict_ctrl_refuses_each_command_without_its_feature_and_takes_it_with() {
    const EVERYTHING: [(&str, &str); 4] =
        [("mq", "on"), ("hash", "on"), ("notf_coal", "on"), ("vq_notf_coal", "on")];
    for (what, bytes, needs, lenient) in COMMANDS {
        for (strict, agreed) in [(false, false), (true, false), (false, true), (true, true)] {
            let choice = if strict { "on" } else { "off" };
            let given = [&EVERYTHING[..], &[("strict-ctrl", choice)]].concat();
            let mut driver = fresh(&given);
            driver.negotiate(feature::MAC | feature::CTRL_VQ | if agreed { *needs } else { 0 });
            (0..3).for_each(|queue| driver.add_queue(queue, 64, None));
            driver.start();
            let before = driver.bench.function.nic().unwrap().rx_filter();
            command(&mut driver, bytes, true);
            let answer = driver.bench.ram.load(0x6100_0000, 1)[0];
            let taken = agreed || *lenient && !strict;
            assert_eq!(answer, u8::from(!taken), "{what}: strict {strict}, agreed {agreed}");
            let after = driver.bench.function.nic().unwrap().rx_filter();
            assert!(taken || after == before, "{what}: a refusal changes nothing");
        }
    }
}
