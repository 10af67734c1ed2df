//! NIC_RX_FILTER_CHANGED: a driver changes its filters at random while a client asks at random, and events and answers
//! follow the rule at every step.

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};

use crate::bench::Bench;

const STEPS: usize = 10_000;

/// What the interface lets through, beside what the monitor says of it.
fn truth(bench: &Bench) -> elnic_contract::RxFilter {
    let port = bench.machine.devices().into_iter().find_map(|device| device.port).unwrap();
    bench.machine.rx_filter(port).unwrap()
}

/// The answer says what is true.
fn check_answer(filter: &elnic_contract::RxFilter, answer: &Value) {
    assert_eq!(answer["promiscuous"], filter.promiscuous);
    assert_eq!(answer["main-mac"], filter.main_mac.to_string());
    assert_eq!(answer["broadcast-allowed"], filter.broadcast_allowed);
    let table = |name: &str| -> Vec<&str> {
        let items = answer[name].as_array().unwrap().iter();
        items.map(|address| address.as_str().unwrap()).collect()
    };
    let told = |table: &[elnic_contract::MacAddr]| -> Vec<String> {
        table.iter().rev().map(ToString::to_string).collect()
    };
    assert_eq!(table("unicast-table"), told(&filter.unicast_table));
    assert_eq!(table("multicast-table"), told(&filter.multicast_table));
    assert_eq!(answer["vlan-table"].as_array().unwrap().len(), filter.vlan_table.len());
}

/// `change` is one step of a driver, drawn from the numbers given; `path` is where the events come from.
fn follow(
    model: &str,
    path: &str,
    set_up: impl Fn(&mut Bench),
    change: impl Fn(&mut Bench, u32, u32),
) {
    let mut bench = Bench::ready("pc", &[(model, &[("id", "nic"), ("addr", "4")])]);
    set_up(&mut bench);
    bench.events();
    bench.run("query-rx-filter", json!({}));
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let (mut told, mut events_seen, mut changes) = (false, 0, 0);
    for _ in 0..STEPS {
        let before = truth(&bench);
        if random.next_u32().is_multiple_of(4) {
            let all = bench.run("query-rx-filter", json!({"name": "nic"}));
            check_answer(&before, &all[0]);
            told = false;
            continue;
        }
        change(&mut bench, random.next_u32(), random.next_u32());
        let changed = truth(&bench) != before;
        changes += usize::from(changed);
        match bench.events()[..] {
            [] => assert!(told || !changed, "a change went untold"),
            [(ref name, ref data)] => {
                let wanted = json!({"name": "nic", "path": path});
                assert_eq!((name.as_str(), data), ("NIC_RX_FILTER_CHANGED", &wanted));
                assert!(!told, "told twice");
                told = true;
                events_seen += 1;
            }
            ref several => panic!("{several:?}"),
        }
    }
    assert!(events_seen > 100 && changes > 100, "{events_seen} events, {changes} changes");
}

/// RCTL with UPE, MPE, BAM and VFE; a receive address; the multicast and the VLAN table (82540EM manual §13.4.22, §13.5).
#[test]
fn an_e1000_tells_of_its_filters() {
    let set_up = |bench: &mut Bench| bench.map(4, 0xe000_0000);
    follow("e1000", "/machine/peripheral/nic", set_up, |bench, which, value| {
        let (register, value) = match which % 5 {
            0 | 1 => (0x0100, value & 0x0004_8018),
            // The high half of receive address 1, with its valid bit.
            2 => (0x540c, value & 0x8000_00ff),
            3 => (0x5200 + 4 * (which >> 8 & 0x7f), value & 3),
            _ => (0x5600 + 4 * (which >> 8 & 0x7f), value & 3),
        };
        bench.test(&format!("writel {:#x} {value:#x}", 0xe000_0000 + register));
    });
}

/// RCR with AAP, APM, AM and AB; MAR0 to MAR7 (RTL8139D data sheet §5.7, §5.3).
#[test]
fn an_rtl8139_tells_of_its_filters() {
    let set_up = |bench: &mut Bench| {
        bench.configure(4, 0x10, 0xc000);
        bench.configure(4, 0x04, 7);
        bench.test("outb 0xc037 0x0c");
    };
    follow("rtl8139", "/machine/peripheral/nic", set_up, |bench, which, value| {
        let line = match which % 3 {
            0 | 1 => format!("outl 0xc044 {:#x}", value & 0xf),
            _ => format!("outl {:#x} {:#x}", 0xc008 + 4 * (which >> 8 & 1), value & 3),
        };
        bench.test(&line);
    });
}

/// The station address of the legacy interface, byte by byte, and resets (Virtio 1.2 §4.1.4.8, §5.1.4).
#[test]
fn a_virtio_net_tells_of_its_filters() {
    let set_up = |bench: &mut Bench| {
        bench.configure(4, 0x10, 0xc000);
        bench.configure(4, 0x04, 7);
    };
    let path = "/machine/peripheral/nic/virtio-backend";
    follow("virtio-net-pci", path, set_up, |bench, which, value| {
        let line = match which % 8 {
            0 => "outb 0xc012 0".to_owned(),
            // The first byte keeps the address that of a station.
            _ => format!("outb {:#x} {:#x}", 0xc014 + 1 + which % 5, value & 3),
        };
        bench.test(&line);
    });
}
