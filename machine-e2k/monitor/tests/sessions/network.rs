//! The schema's own commands and events.

use serde_json::{Value, json};

use crate::bench::Bench;

const E1000: &[(&str, &[(&str, &str)])] =
    &[("e1000", &[("id", "e0"), ("netdev", "n0"), ("addr", "4"), ("timing", "off")])];

fn error(class: &str, text: &str) -> (String, String) {
    (class.to_owned(), text.to_owned())
}

#[test]
fn netdevs_are_made_and_removed() {
    let mut bench = Bench::ready("none", &[]);
    let arguments = json!({"type": "user", "id": "netdev1", "dnssearch": [{"str": "example.org"}]});
    assert_eq!(bench.run("netdev_add", arguments.clone()), json!({}));
    let duplicate = error("GenericError", "Duplicate ID 'netdev1'");
    assert_eq!(bench.refused("netdev_add", arguments), duplicate);
    assert_eq!(
        bench.human("info network"),
        "n0: index=0,type=recorder,\r\nnetdev1: index=0,type=user,net=10.0.2.0,restrict=off\r\n"
    );
    assert_eq!(bench.run("netdev_del", json!({"id": "netdev1"})), json!({}));
    let gone = error("DeviceNotFound", "Device 'netdev1' not found");
    assert_eq!(bench.refused("netdev_del", json!({"id": "netdev1"})), gone);
    let bad = bench.refused("netdev_add", json!({"type": "user", "id": "1a"}));
    assert_eq!(bad, error("GenericError", "Parameter 'id' expects an identifier"));
    let none = bench.refused("netdev_add", json!({"type": "none", "id": "a"}));
    assert_eq!(none.1, "network backend 'none' is not compiled into this binary");
}

#[test]
fn a_link_is_pulled_at_either_end() {
    let mut bench = Bench::ready("pc", E1000);
    bench.map(4, 0xe000_0000);
    let link_up = |bench: &mut Bench| {
        bench.test("readl 0xe0000008").ends_with(['2', '3', '6', '7', 'a', 'b', 'e', 'f'])
    };
    assert!(link_up(&mut bench));
    for name in ["e0", "n0"] {
        bench.run("set_link", json!({"name": name, "up": false}));
        assert!(!link_up(&mut bench), "{name} down, and the guest sees it before the answer");
        bench.run("set_link", json!({"name": name, "up": true}));
    }
    let missing = bench.refused("set_link", json!({"name": "e00", "up": true}));
    assert_eq!(missing, error("DeviceNotFound", "Device 'e00' not found"));
}

#[test]
fn a_netdev_under_a_network_interface_can_go() {
    let mut bench = Bench::ready("pc", E1000);
    bench.run("netdev_del", json!({"id": "n0"}));
    assert!(bench.human("info nics").contains("link=down"));
}

/// What the schema says of `query-rx-filter`: its members, and its three refusals.
#[test]
fn filters_are_told_for_all_or_one() {
    let mut bench = Bench::ready("pc", E1000);
    let all = bench.run("query-rx-filter", json!({}));
    assert_eq!(all, bench.run("query-rx-filter", json!({"name": "e0"})));
    let members: Vec<&String> = all[0].as_object().unwrap().keys().collect();
    let wanted = [
        "broadcast-allowed",
        "main-mac",
        "multicast",
        "multicast-overflow",
        "multicast-table",
        "name",
        "promiscuous",
        "unicast",
        "unicast-overflow",
        "unicast-table",
        "vlan",
        "vlan-table",
    ];
    assert_eq!(members, wanted);
    let refused =
        |bench: &mut Bench, name: &str| bench.refused("query-rx-filter", json!({"name": name})).1;
    assert_eq!(refused(&mut bench, "zz"), "invalid net client name: zz");
    assert_eq!(refused(&mut bench, "n0"), "net client(n0) isn't a NIC");
}

#[test]
fn stations_are_announced_and_series_replaced() {
    let mut bench = Bench::ready("pc", E1000);
    let frames = |bench: &Bench| bench.seen.lock().unwrap().len();
    let arguments = |rounds, interface: &str| {
        json!({"initial": 3_600_000, "max": 3_600_000, "rounds": rounds, "step": 0,
               "interfaces": [interface], "id": "bob"})
    };
    bench.run("announce-self", arguments(5, "vn2"));
    assert_eq!(frames(&bench), 0, "another interface was meant");
    bench.run("announce-self", arguments(5, "e0"));
    bench.machine.settle();
    let seen = bench.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 1);
    assert_eq!((&seen[0][..6], &seen[0][12..14]), (&[0xff; 6][..], &[0x80, 0x35][..]));
    assert!(bench.state.due_in().is_some());
    bench.run("announce-self", arguments(0, "e0"));
    assert_eq!(bench.state.due_in(), None, "no rounds end the series of that id");
    bench.run("stop", json!({}));
    bench.run("announce-self", arguments(1, "e0"));
    bench.machine.settle();
    assert_eq!(frames(&bench), 1, "a stopped machine sends nothing");
    bench.run("cont", json!({}));
    bench.machine.settle();
    assert_eq!(frames(&bench), 2);
    assert_eq!(bench.human("announce_self zz"), "");
}

#[test]
fn filters_on_netdevs_are_objects() {
    let mut bench = Bench::ready("none", &[]);
    let buffer = json!({"qom-type": "filter-buffer", "id": "f0", "netdev": "n0", "interval": 1000});
    bench.run("object-add", buffer.clone());
    assert_eq!(
        bench.run("qom-get", json!({"path": "/objects/f0", "property": "type"})),
        "filter-buffer"
    );
    bench.run("qom-set", json!({"path": "/objects/f0", "property": "status", "value": "off"}));
    assert!(bench.human("info network").contains("status=off"));
    assert!(bench.refused("object-add", buffer).1.contains("f0"));
    bench.run("object-del", json!({"id": "f0"}));
    assert_eq!(bench.refused("object-del", json!({"id": "f0"})).1, "object 'f0' not found");
    let unknown = bench.refused("object-add", json!({"qom-type": "foo", "id": "f"}));
    assert_eq!(unknown.1, "Parameter 'qom-type' does not accept value 'foo'");
}

/// The schema names the options of every netdev type; so does the reader of `-netdev`. They are the same.
#[test]
fn schema_and_command_line_know_the_same_netdevs() {
    use elnic_netdev::schema::{Kind, TYPES};
    use elnic_qapi::table::{Builtin, Item, Member, Shape, TypeRef, definition};

    let Some(Shape::Union { branches, .. }) = definition("Netdev").map(|it| it.shape) else {
        panic!("no union")
    };
    for spec in TYPES.iter().filter(|spec| !spec.options.is_empty()) {
        let (_, name) = branches.iter().find(|(case, _)| *case == spec.name).unwrap();
        let Some(Shape::Struct(members)) = definition(name).map(|it| it.shape) else {
            panic!("{name}")
        };
        let one = |builtin| TypeRef::One(Item::Builtin(builtin));
        let kind = |member: &Member| match member.kind {
            TypeRef::List(_) => Kind::Texts,
            TypeRef::One(Item::Named(_)) => Kind::Address,
            kind if kind == one(Builtin::Bool) => Kind::Switch,
            kind if kind == one(Builtin::Size) => Kind::Size,
            kind if kind == one(Builtin::Int) => Kind::INT,
            kind if kind == one(Builtin::Int32) => Kind::INT32,
            kind if kind == one(Builtin::Uint16) => Kind::UINT16,
            kind if kind == one(Builtin::Uint32) => Kind::UINT32,
            kind if kind == one(Builtin::Uint64) => Kind::UINT64,
            _ => Kind::Text,
        };
        let of_schema: Vec<_> =
            members.iter().map(|member| (member.name, kind(member), !member.optional)).collect();
        // Later versions of QEMU renamed `reconnect`; the command line takes both.
        let options = spec.options.iter().filter(|option| option.name != "reconnect-ms");
        let of_options: Vec<_> =
            options.map(|option| (option.name, option.kind, option.required)).collect();
        assert_eq!(of_schema, of_options, "{}", spec.name);
    }
}

#[test]
fn descriptors_without_a_descriptor_are_refused() {
    let mut bench = Bench::ready("none", &[]);
    let none = "No file descriptor supplied via SCM_RIGHTS";
    assert_eq!(bench.refused("getfd", json!({"fdname": "a"})).1, none);
    assert_eq!(bench.refused("add-fd", json!({})).1, none);
    assert_eq!(
        bench.refused("closefd", json!({"fdname": "a"})).1,
        "File descriptor named 'a' not found"
    );
    assert_eq!(bench.run("query-fdsets", json!({})), Value::Array(Vec::new()));
}
