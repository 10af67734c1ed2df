//! `query-rx-filter` of virtio-net, ours and QEMU's: the same driver sends both the same commands, and every field of every
//! answer, every event and every answer to a command is compared.
//!
//! Known differences are those of `elnic_virtio_net::QEMU_DIFFERENCES`: `broadcast-allowed` has the schema's meaning here, VLANs
//! are not listed while none are filtered, and a reset is told. `x-qemu-rx-filter-compat=on` takes them all away.

use elnic_netclient::NetCore;
use elnic_nettest::FarEnd;
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality};
use elnic_testbench::drivers::virtio::{Host, Layout};
use elnic_tests::{Desk, Monitor};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};

use crate::qemu::Qemu;

const MAC: &str = "52:54:00:12:34:56";
const STATUS: u64 = 1 << 16;
const CTRL_VQ: u64 = 1 << 17;
const CTRL_RX: u64 = 1 << 18;
const CTRL_VLAN: u64 = 1 << 19;
const CTRL_RX_EXTRA: u64 = 1 << 20;
const GUEST_ANNOUNCE: u64 = 1 << 21;
const CTRL_MAC_ADDR: u64 = 1 << 23;
const ALL: u64 = CTRL_VQ | CTRL_RX | CTRL_VLAN | CTRL_RX_EXTRA | CTRL_MAC_ADDR | STATUS;

/// Commands of every kind: what drivers send, what is at the edge, and what is wrong.
fn commands(random: &mut TestRng, count: usize) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for mode in 0..=6 {
        for value in [1, 0, 2, 0xff] {
            all.push(vec![0, mode, value]);
        }
    }
    for (unicast, multicast) in
        [(0, 0), (1, 1), (64, 0), (64, 1), (10, 60), (0, 64), (0, 65), (65, 3), (63, 1)]
    {
        all.push(table(unicast, multicast));
    }
    let whole = table(2, 2);
    all.extend((1..whole.len()).map(|length| whole[..length].to_vec()));
    all.extend([vec![1, 1, 2, 0, 0, 0, 0, 7], vec![1, 1, 2, 0, 0], vec![1, 2], vec![9, 9]]);
    for vlan in [0, 1, 5, 4_095, 4_096, 0xffff_u16] {
        let [low, high] = vlan.to_le_bytes();
        all.extend([vec![2, 0, low, high], vec![2, 1, low, high], vec![2, 0, low]]);
    }
    all.extend([vec![3, 0], vec![3, 1], vec![4, 0, 1, 0], vec![4, 0, 0, 0], vec![4, 0, 2, 0]]);
    all.extend([vec![5, 0, 0, 0, 0, 0, 0, 0, 0, 0], vec![6, 0, 0, 0, 0, 0, 0, 0, 0, 0]]);
    let mut byte = |below: u32| (random.next_u32() % below) as u8;
    for _ in 0..count {
        let command = match byte(4) {
            0 => vec![0, byte(6), byte(2)],
            1 => table(byte(6), byte(6)),
            2 => vec![2, byte(2), byte(8), byte(2)],
            _ => vec![1, 1, 2, 0, 0, 0, 0, byte(255)],
        };
        all.push(command);
    }
    all
}

/// A table of so many addresses of each class.
fn table(unicast: u8, multicast: u8) -> Vec<u8> {
    let list = |first: u8, count: u8| {
        let mut bytes = u32::from(count).to_le_bytes().to_vec();
        (0..count).for_each(|number| bytes.extend([first, 0, 0, 0, 0, number]));
        bytes
    };
    [&[1, 0][..], &list(2, unicast), &list(1, multicast)].concat()
}

/// One of the two: a driver and its monitor.
struct Side<H> {
    driver: NetDriver<H>,
    query: Box<dyn FnMut() -> Value>,
    events: Box<dyn FnMut() -> Vec<(String, Value)>>,
}

impl<H: Host> Side<H> {
    fn restart(self, host: H, features: u64) -> Self {
        let driver = NetDriver::on(host, Personality::Ipxe, features, Layout::machine(3));
        Self { driver, ..self }
    }
}

fn ours(
    compat: bool,
) -> (Desk, Box<dyn FnMut() -> Value>, Box<dyn FnMut() -> Vec<(String, Value)>>) {
    let far = FarEnd::with_credits(9);
    let wire = |net: &mut NetCore| _ = net.add_backend("h0", far.client()).unwrap();
    let choice = if compat { "on" } else { "off" };
    let nic = [
        ("id", "v0"),
        ("netdev", "h0"),
        ("addr", "3"),
        ("mac", MAC),
        ("x-qemu-rx-filter-compat", choice),
    ];
    let desk = Desk::new(wire, &[("virtio-net-pci", &nic)]);
    let monitor = std::rc::Rc::new(std::cell::RefCell::new(Monitor::new(&desk)));
    let asking = std::rc::Rc::clone(&monitor);
    let query = move || asking.borrow_mut().run("query-rx-filter", json!({"name": "v0"}));
    let events = move || monitor.borrow_mut().events();
    (desk, Box::new(query), Box::new(events))
}

/// The answer as our own would be without the differences that are meant.
fn without_differences(mut answer: Value) -> Value {
    let info = &mut answer[0];
    let allowed = info["broadcast-allowed"].as_bool().unwrap();
    info["broadcast-allowed"] = (!allowed).into();
    if info["vlan"] == "all" {
        info["vlan-table"] = json!([]);
    }
    answer
}

fn compare(compat: bool, rounds: &[u64]) {
    let qemu = Qemu::start(&[
        "-netdev",
        "hubport,id=h0,hubid=0",
        "-device",
        &format!("virtio-net-pci,id=v0,netdev=h0,addr=3,mac={MAC},romfile=,ioeventfd=off"),
    ]);
    let Some(qemu) = qemu else { return };
    let (desk, query, events) = ours(compat);
    let start =
        |features| NetDriver::on(desk.seat(3), Personality::Ipxe, features, Layout::machine(3));
    let mut us = Side { driver: start(rounds[0]), query, events };
    let (asked, told) = (qemu.clone(), qemu.clone());
    let mut them = Side {
        driver: NetDriver::on(qemu.seat(3), Personality::Ipxe, rounds[0], Layout::machine(3)),
        query: Box::new(move || asked.run("query-rx-filter", json!({"name": "v0"}))),
        events: Box::new(move || told.events()),
    };
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    for (number, features) in rounds.iter().enumerate() {
        if number > 0 {
            us = us.restart(desk.seat(3), *features);
            them = them.restart(qemu.seat(3), *features);
        }
        let same = |us: &mut Side<_>, them: &mut Side<_>, what: &str| {
            let (mine, other) = ((us.query)(), (them.query)());
            let other = if compat { other } else { without_differences(other) };
            assert_eq!(mine, other, "features {features:#x}: {what}");
        };
        same(&mut us, &mut them, "after the negotiation");
        // What was told of the negotiation differs: ours tells of a reset.
        ((us.events)(), (them.events)());
        for command in commands(&mut random, 150) {
            let what = format!("{command:02x?}");
            let answers = (us.driver.command(&command), them.driver.command(&command));
            assert_eq!(answers.0, answers.1, "features {features:#x}: {what}");
            // Every few changes nobody asks, so that an event can be missing.
            if random.next_u32() % 4 != 0 {
                same(&mut us, &mut them, &what);
                assert_eq!((us.events)(), (them.events)(), "features {features:#x}: {what}");
            }
        }
    }
}

#[test]
fn with_the_compat_property_every_answer_is_qemus() {
    compare(true, &[ALL, ALL & !CTRL_VLAN, CTRL_VQ, ALL | GUEST_ANNOUNCE]);
}

#[test]
fn without_it_only_what_is_meant_differs() {
    compare(false, &[ALL, ALL & !CTRL_VLAN, CTRL_VQ, ALL | GUEST_ANNOUNCE]);
}
