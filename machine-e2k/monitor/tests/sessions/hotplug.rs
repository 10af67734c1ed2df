//! Devices that come and go, and the paths they have.

use serde_json::json;

use crate::bench::Bench;

fn names(list: &serde_json::Value) -> Vec<String> {
    let names = list.as_array().unwrap().iter();
    names.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_device_is_plugged_found_by_its_path_and_pulled() {
    let mut bench = Bench::ready("e8c", &[]);
    bench.run(
        "device_add",
        json!({"driver": "virtio-net-pci", "id": "v0", "netdev": "n0", "addr": 40}),
    );
    bench.run("device_add", json!({"driver": "e1000"}));
    let list = |bench: &mut Bench, path: &str| names(&bench.run("qom-list", json!({"path": path})));
    assert_eq!(list(&mut bench, "/machine/peripheral"), ["type", "v0"]);
    assert_eq!(list(&mut bench, "/machine/peripheral-anon"), ["type", "device[0]"]);
    assert!(list(&mut bench, "v0").contains(&"virtio-backend".to_owned()));
    let get = |bench: &mut Bench, property: &str| {
        bench.run("qom-get", json!({"path": "/machine/peripheral/v0", "property": property}))
    };
    assert_eq!(get(&mut bench, "type"), "virtio-net-pci");
    assert_eq!(get(&mut bench, "netdev"), "n0");
    assert_eq!(get(&mut bench, "addr"), "05.0");
    bench.run("device_del", json!({"id": "v0"}));
    bench.run("device_del", json!({"id": "/machine/peripheral-anon/device[0]"}));
    let events = bench.events();
    let wanted = [
        json!({"path": "/machine/peripheral/v0/virtio-backend"}),
        json!({"device": "v0", "path": "/machine/peripheral/v0"}),
        json!({"path": "/machine/peripheral-anon/device[0]"}),
    ];
    let deleted = wanted.map(|data| ("DEVICE_DELETED".to_owned(), data));
    assert_eq!(events, deleted, "a board without a hot-plug controller lets go at once");
    bench.run("device_add", json!({"driver": "rtl8139", "id": "v0", "netdev": "n0"}));
}

#[test]
fn what_cannot_be_plugged_leaves_nothing() {
    let mut bench = Bench::ready("pc", &[("e1000", &[("id", "e0"), ("netdev", "n0")])]);
    let before = bench.human("info qtree");
    let mut refused = |arguments| bench.refused("device_add", arguments).1;
    assert_eq!(refused(json!({"driver": "foo"})), "'foo' is not a valid device model name");
    let taken = "Property 'e1000.netdev' can't take value 'n0', it's in use";
    assert_eq!(refused(json!({"driver": "e1000", "id": "e1", "netdev": "n0"})), taken);
    let missing = "Property 'e1000.netdev' can't find value 'nope'";
    assert_eq!(refused(json!({"driver": "e1000", "id": "e1", "netdev": "nope"})), missing);
    assert!(refused(json!({"driver": "e1000", "id": "e0"})).contains("'e0'"));
    assert!(refused(json!({"driver": "e1000", "addr": "2"})).contains("taken"));
    assert!(refused(json!({"driver": "e1000", "bogus": 1})).contains("'bogus'"));
    assert_eq!(bench.human("info qtree"), before);
    let nowhere = Bench::ready("none", &[]).refused("device_add", json!({"driver": "e1000"})).1;
    assert_eq!(nowhere, "No 'PCI' bus found for device 'e1000'");
}

#[test]
fn a_pc_s_guest_is_asked_to_let_go() {
    let mut bench = Bench::ready("pc", &[]);
    for ending in ["eject", "reset"] {
        bench.run("device_add", json!({"driver": "e1000", "id": "e1", "addr": "6"}));
        bench.run("device_del", json!({"id": "e1"}));
        assert_eq!(bench.events(), []);
        let again = bench.refused("device_del", json!({"id": "e1"})).1;
        assert_eq!(again, "Device e1 is already in the process of unplug");
        if ending == "eject" {
            assert_eq!(bench.test("outl 0xae08 0x40"), "OK");
        } else {
            bench.run("system_reset", json!({}));
        }
        let events = bench.events();
        let deleted = json!({"device": "e1", "path": "/machine/peripheral/e1"});
        assert_eq!(events.last().unwrap(), &("DEVICE_DELETED".to_owned(), deleted), "{ending}");
    }
    let gone = bench.refused("device_del", json!({"id": "e1"}));
    assert_eq!(gone, ("DeviceNotFound".to_owned(), "Device 'e1' not found".to_owned()));
}

#[test]
fn soldered_devices_stay() {
    let mut bench = Bench::ready("e8c", &[]);
    let text = bench.refused("device_del", json!({"id": "/machine/unattached/device[1]"})).1;
    assert!(text.contains("does not support hotplugging"), "{text}");
    assert_eq!(bench.refused("device_del", json!({"id": "console"})).0, "DeviceNotFound");
}

#[test]
fn models_and_their_properties_are_listed() {
    let mut bench = Bench::ready("pc", &[]);
    let types = bench.run("qom-list-types", json!({"implements": "device", "abstract": false}));
    let types = names(&types);
    assert!(types.contains(&"rtl8139".to_owned()) && !types.contains(&"pci-device".to_owned()));
    let properties = bench.run("device-list-properties", json!({"typename": "rtl8139"}));
    let mac =
        properties.as_array().unwrap().iter().find(|it| it["name"] == "multifunction").unwrap();
    assert_eq!((&mac["type"], &mac["default-value"]), (&json!("bool"), &json!(false)));
    let unknown = bench.refused("device-list-properties", json!({"typename": "foo"}));
    assert_eq!(unknown, ("DeviceNotFound".to_owned(), "Device 'foo' not found".to_owned()));
}
