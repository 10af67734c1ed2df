//! The suite that every device passes, over the combinations of properties that make it another device.

use elnic_contract::{Entry, PropertySpec};
use elnic_virtio_net::{ENTRY, PROPERTIES};

const STANDARD: &str = include_str!("../src/scenarios/standard.txt");
const LEGACY: &str = include_str!("../src/scenarios/legacy.txt");
const PACKED: &str = include_str!("scenarios/packed.txt");
const PAIRS: &str = include_str!("scenarios/pairs.txt");
const TIMED: &str = include_str!("scenarios/timed.txt");

/// The model as it is when these properties are its defaults.
fn entry(
    overrides: &[(&'static str, &'static str)],
    scenarios: &'static [&'static str],
) -> &'static Entry {
    for (name, _) in overrides {
        assert!(PROPERTIES.iter().any(|spec| spec.name == *name), "there is a property {name}");
    }
    let specs = PROPERTIES.iter().map(|spec| {
        let other = overrides.iter().find(|(name, _)| *name == spec.name);
        other.map_or(*spec, |(_, value)| PropertySpec { default: Some(*value), ..*spec })
    });
    let properties: &'static [PropertySpec] = Box::leak(specs.collect());
    let mut entry = Entry { properties, scenarios, ..ENTRY };
    entry.model = entry.make([]).expect("the combination is possible").describe();
    Box::leak(Box::new(entry))
}

const EVERYTHING: &[(&str, &str)] = &[
    ("offloads", "on"),
    ("mq", "on"),
    ("rss", "on"),
    ("hash", "on"),
    ("queue-pairs", "2"),
    ("notf_coal", "on"),
    ("vq_notf_coal", "on"),
    ("device_stats", "on"),
    ("host_mtu", "1500"),
    ("strict", "on"),
];

elnic_testbench::generic_suite!(&[
    &ENTRY,
    entry(&[("disable-legacy", "on"), ("strict", "on")], &[STANDARD]),
    entry(&[("disable-modern", "on"), ("compat", "qemu")], &[LEGACY]),
    entry(&[("packed", "on"), ("in_order", "on"), ("notification_data", "on")], &[PACKED]),
    entry(EVERYTHING, &[PAIRS]),
    entry(&[("speed", "1000"), ("offloads", "on"), ("guest_rsc_ext", "on")], &[TIMED]),
    entry(
        &[
            ("speed", "100"),
            ("duplex", "half"),
            ("timing", "full"),
            ("rx-drop", "on"),
            ("tx", "timer")
        ],
        &[TIMED]
    ),
    entry(&[("ctrl_vq", "off"), ("vectors", "0"), ("vnet-hdr", "on")], &[]),
]);
