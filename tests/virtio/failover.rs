//! Failover by QMP: when a primary is there, who hears of it, and what is refused. The orders of describing and plugging are
//! those of QEMU's own test of failover.

use elnic_contract::Size;
use elnic_netclient::NetCore;
use elnic_nettest::FarEnd;
use elnic_testbench::drivers::virtio::net::{NetDriver, Personality};
use elnic_testbench::drivers::virtio::{Host, Layout};
use elnic_tests::{Desk, Monitor, Seat};
use serde_json::{Value, json};

const STANDBY: u64 = 1 << 62;
const MAC: &str = "52:54:00:11:11:11";
const STANDBY_SLOT: u8 = 3;
const PRIMARY_SLOT: u8 = 4;

type Properties<'a> = &'a [(&'a str, &'a str)];

const STANDBY_NIC: Properties<'_> =
    &[("id", "standby0"), ("failover", "on"), ("netdev", "n0"), ("addr", "3"), ("mac", MAC)];
const PRIMARY_NIC: Properties<'_> = &[
    ("id", "primary0"),
    ("failover_pair_id", "standby0"),
    ("netdev", "n1"),
    ("addr", "4"),
    ("mac", MAC),
];

fn desk(devices: &[(&str, Properties<'_>)]) -> (Desk, Monitor) {
    let wire = |net: &mut NetCore| {
        for name in ["n0", "n1", "n2"] {
            net.add_backend(name, FarEnd::with_credits(9).client()).unwrap();
        }
    };
    let desk = Desk::new(wire, devices);
    let monitor = Monitor::new(&desk);
    (desk, monitor)
}

/// The arguments of `device_add`.
fn plug(model: &str, properties: Properties<'_>) -> Value {
    let all = properties.iter().copied().chain([("driver", model)]);
    all.map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Which of standby and primary the guest sees.
fn there(desk: &Desk) -> (bool, bool) {
    let seen = |slot| desk.seat(slot).config(0, Size::Half) != 0xffff;
    (seen(STANDBY_SLOT), seen(PRIMARY_SLOT))
}

/// A driver that takes the feature if it is offered, or does not.
fn drive(desk: &Desk, takes: bool) -> NetDriver<Seat> {
    let more = if takes { STANDBY } else { 0 };
    let seat = desk.seat(STANDBY_SLOT);
    let driver = NetDriver::on(seat, Personality::Ipxe, more, Layout::machine(STANDBY_SLOT));
    desk.settle();
    driver
}

fn negotiated() -> (String, Value) {
    ("FAILOVER_NEGOTIATED".to_owned(), json!({"device-id": "standby0"}))
}

#[test]
fn a_primary_is_hidden_until_the_driver_knows_of_the_standby() {
    for model in ["e1000", "rtl8139", "virtio-net-pci"] {
        let (desk, mut monitor) = desk(&[("virtio-net-pci", STANDBY_NIC), (model, PRIMARY_NIC)]);
        assert_eq!(there(&desk), (true, false), "{model}");
        assert_eq!(
            monitor.refused("qom-list", json!({"path": "primary0"})),
            "Device 'primary0' not found"
        );
        drive(&desk, true);
        assert_eq!(monitor.events(), [negotiated()], "{model}");
        assert_eq!(there(&desk), (true, true), "{model}");
        let get = |property| json!({"path": "/machine/peripheral/primary0", "property": property});
        assert_eq!(monitor.run("qom-get", get("mac")), MAC);
        assert_eq!(monitor.run("qom-get", get("failover_pair_id")), "standby0");
        assert_eq!(monitor.run("qom-get", get("type")), model);
    }
}

#[test]
fn a_driver_without_the_feature_never_sees_the_primary() {
    let (desk, mut monitor) = desk(&[("virtio-net-pci", STANDBY_NIC), ("e1000", PRIMARY_NIC)]);
    drive(&desk, false);
    assert_eq!((there(&desk), monitor.events()), ((true, false), vec![]));
}

#[test]
fn a_primary_whose_standby_is_none_is_there_from_the_start() {
    let without: Vec<_> =
        STANDBY_NIC.iter().copied().filter(|(name, _)| *name != "failover").collect();
    let renamed: Vec<_> = PRIMARY_NIC
        .iter()
        .map(|(name, value)| (*name, if *name == "failover_pair_id" { "standby1" } else { value }))
        .collect();
    let virtio = "virtio-net-pci";
    for (devices, event) in [
        // Nobody of that id; no failover; described before its standby, as in QEMU.
        (vec![(virtio, STANDBY_NIC), ("e1000", &renamed[..])], true),
        (vec![(virtio, &without[..]), ("e1000", PRIMARY_NIC)], false),
        (vec![("e1000", PRIMARY_NIC), (virtio, STANDBY_NIC)], true),
    ] {
        let (desk, mut monitor) = desk(&devices);
        assert_eq!(there(&desk), (true, true));
        drive(&desk, true);
        assert_eq!(monitor.events(), if event { vec![negotiated()] } else { vec![] });
        assert_eq!(there(&desk), (true, true));
    }
}

#[test]
fn both_can_be_plugged_in_either_order() {
    let standby = plug("virtio-net-pci", STANDBY_NIC);
    let primary = plug("e1000", PRIMARY_NIC);
    let add = "device_add";
    // The standby, its driver, then the primary: at once.
    let (table, mut monitor) = desk(&[]);
    monitor.run(add, standby.clone());
    drive(&table, true);
    assert_eq!((there(&table), monitor.events()), ((true, false), vec![negotiated()]));
    monitor.run(add, primary.clone());
    assert_eq!(there(&table), (true, true));
    // The standby, the primary, then the driver.
    let (table, mut monitor) = desk(&[]);
    monitor.run(add, standby.clone());
    monitor.run(add, primary.clone());
    assert_eq!(there(&table), (true, false));
    drive(&table, true);
    assert_eq!((there(&table), monitor.events()), ((true, true), vec![negotiated()]));
    // The primary first: nobody stands in for it yet.
    let (table, mut monitor) = desk(&[]);
    monitor.run(add, primary);
    assert_eq!(there(&table), (false, true));
    monitor.run(add, standby);
    drive(&table, true);
    assert_eq!((there(&table), monitor.events()), ((true, true), vec![negotiated()]));
}

#[test]
fn what_cannot_be_a_primary_is_refused_in_qemus_words() {
    let (desk, mut monitor) = desk(&[("virtio-net-pci", STANDBY_NIC), ("e1000", PRIMARY_NIC)]);
    let mut refused = |model: &str, properties: Properties<'_>| {
        monitor.refused("device_add", plug(model, properties))
    };
    let pair = ("failover_pair_id", "standby0");
    for (model, properties, text) in [
        ("e1000", &[pair][..], "Device with failover_pair_id needs to have id"),
        ("pvpanic-pci", &[pair, ("id", "p")], "failover primary device is not an Ethernet device"),
        (
            "e1000",
            &[pair, ("id", "p"), ("multifunction", "on")],
            "failover: primary device must be in its own PCI slot",
        ),
        (
            "rtl8139",
            &[pair, ("id", "primary1")],
            "Cannot attach more than one primary device to 'standby0': 'primary0' and 'primary1'",
        ),
        ("rtl8139", &[("id", "primary0")], "Duplicate ID 'primary0' for device"),
    ] {
        assert_eq!(refused(model, properties), text);
    }
    drive(&desk, true);
    assert_eq!(
        monitor.refused("device_add", plug("rtl8139", &[pair, ("id", "primary1")])),
        "Cannot attach more than one primary device to 'standby0': 'primary0' and 'primary1'"
    );
    assert_eq!(there(&desk), (true, true));
}

#[test]
fn a_driver_that_lets_go_of_the_feature_loses_the_primary_and_gets_it_back() {
    let (desk, mut monitor) = desk(&[("virtio-net-pci", STANDBY_NIC), ("e1000", PRIMARY_NIC)]);
    for _ in 0..2 {
        drive(&desk, true);
        assert_eq!((there(&desk), monitor.events()), ((true, true), vec![negotiated()]));
        // Another driver, as that of a firmware.
        drive(&desk, false);
        assert_eq!((there(&desk), monitor.events()), ((true, false), vec![]));
    }
}

#[test]
fn a_reset_of_the_machine_hides_the_primary_again() {
    let (desk, mut monitor) = desk(&[("virtio-net-pci", STANDBY_NIC), ("rtl8139", PRIMARY_NIC)]);
    drive(&desk, true);
    assert_eq!((there(&desk), monitor.events()), ((true, true), vec![negotiated()]));
    monitor.run("system_reset", json!({}));
    assert_eq!(there(&desk), (true, false));
    assert!(monitor.events().iter().all(|(name, _)| name == "RESET"), "nothing was deleted");
    drive(&desk, true);
    assert_eq!((there(&desk), monitor.events()), ((true, true), vec![negotiated()]));
}

/// What a `pc` lets go of goes when the guest ejects it.
fn eject(desk: &Desk, slot: u8) {
    desk.machine().write_port(0xae08, Size::Word, 1 << slot);
    desk.settle();
}

/// QEMU's issue 2440: the standby goes while its primary is hidden.
#[test]
fn a_standby_that_goes_takes_its_hidden_primary_along() {
    let (desk, mut monitor) = desk(&[("virtio-net-pci", STANDBY_NIC), ("e1000", PRIMARY_NIC)]);
    monitor.run("device_del", json!({"id": "standby0"}));
    eject(&desk, STANDBY_SLOT);
    assert_eq!(there(&desk), (false, false));
    let names: Vec<_> =
        monitor.events().into_iter().map(|(_, data)| data["device"].clone()).collect();
    assert_eq!(names, [Value::Null, json!("standby0")]);
    // Both names are free again, and nothing of the old pair acts on the new one.
    monitor.run("device_add", plug("e1000", PRIMARY_NIC));
    monitor.run("device_add", plug("virtio-net-pci", STANDBY_NIC));
    assert_eq!(there(&desk), (true, true));
}

#[test]
fn a_primary_can_be_deleted_hidden_or_not() {
    let (desk, mut monitor) = desk(&[("virtio-net-pci", STANDBY_NIC), ("e1000", PRIMARY_NIC)]);
    monitor.run("device_del", json!({"id": "primary0"}));
    assert_eq!(
        monitor.refused("device_del", json!({"id": "primary0"})),
        "Device 'primary0' not found"
    );
    drive(&desk, true);
    assert_eq!((there(&desk), monitor.events()), ((true, false), vec![negotiated()]));
    monitor.run("device_add", plug("e1000", PRIMARY_NIC));
    assert_eq!(there(&desk), (true, true));
    monitor.run("device_del", json!({"id": "primary0"}));
    eject(&desk, PRIMARY_SLOT);
    assert_eq!(there(&desk), (true, false));
    assert_eq!(monitor.events().len(), 1, "deleted");
    drive(&desk, false);
    drive(&desk, true);
    assert_eq!((there(&desk), monitor.events()), ((true, false), vec![negotiated()]));
}

#[test]
fn a_primary_that_cannot_be_plugged_leaves_the_standby_at_work() {
    let (desk, mut monitor) = desk(&[("virtio-net-pci", STANDBY_NIC), ("e1000", PRIMARY_NIC)]);
    // Its netdev is taken meanwhile.
    monitor.run("device_add", plug("rtl8139", &[("netdev", "n1"), ("addr", "5")]));
    let mut driver = drive(&desk, true);
    assert_eq!((there(&desk), monitor.events()), ((true, false), vec![negotiated()]));
    driver.send(&[0xff; 60]);
    let mut machine = desk.machine();
    let port = machine.net().netdev("n0").unwrap();
    assert_eq!(machine.net().stats(port).unwrap().received_frames, 1);
}
