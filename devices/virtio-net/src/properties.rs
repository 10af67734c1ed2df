//! What `-device virtio-net-pci,…` takes. Names are QEMU's where QEMU has the property.

use elnic_contract::{PropertyKind, PropertySpec};

use crate::features::{OFFLOAD_SWITCHES, SWITCHES, Switch};

const fn spec(
    name: &'static str,
    kind: PropertyKind,
    default: Option<&'static str>,
    about: &'static str,
) -> PropertySpec {
    PropertySpec { name, kind, default, about }
}

const fn number(min: u64, max: u64) -> PropertyKind {
    PropertyKind::Number { min, max }
}

/// Most queue pairs.
pub(crate) const MAX_PAIRS: u64 = 31;
/// Sizes that a data queue can have.
const QUEUE_SIZES: PropertyKind = PropertyKind::Choice(&["64", "128", "256", "512", "1024"]);

/// Properties that are no single feature.
const GENERAL: [PropertySpec; 26] = [
    spec(
        "mac",
        PropertyKind::Mac,
        None,
        "station address; 52:54:00:12:34:56 if the machine gives none",
    ),
    spec(
        "disable-legacy",
        PropertyKind::Choice(&["auto", "on", "off"]),
        Some("auto"),
        "without the legacy interface; auto is off on conventional PCI",
    ),
    spec("disable-modern", PropertyKind::Switch, Some("off"), "without the standard interface"),
    spec(
        "vectors",
        number(0, 64),
        None,
        "MSI-X vectors; one for each queue and one for the configuration if not given",
    ),
    spec(
        "queue-pairs",
        number(1, MAX_PAIRS),
        Some("1"),
        "queue pairs offered with mq=on or rss=on",
    ),
    spec("rx_queue_size", QUEUE_SIZES, Some("256"), "descriptors of a receive queue"),
    spec("tx_queue_size", QUEUE_SIZES, Some("256"), "descriptors of a transmit queue"),
    spec(
        "host_mtu",
        number(0, 65_535),
        Some("0"),
        "MTU in bytes that the driver is told; 0 tells none",
    ),
    spec(
        "speed",
        number(1, 100_000),
        None,
        "speed of the link in Mb/s, which the driver is told and timing=wire keeps; unknown if not given",
    ),
    spec(
        "duplex",
        PropertyKind::Choice(&["half", "full"]),
        None,
        "duplex mode of the link; unknown if not given",
    ),
    spec(
        "timing",
        PropertyKind::Choice(&["off", "wire", "full"]),
        Some("wire"),
        "hardware time kept: off (none, as QEMU), wire (the cable, if speed is given), full (bus transfers too)",
    ),
    spec(
        "doorbell-ns",
        number(0, 1_000_000),
        Some("300"),
        "time in ns from a notification to the first fetch; with timing=full",
    ),
    spec(
        "dma-latency-ns",
        number(0, 1_000_000),
        Some("500"),
        "time in ns that a bus-master read takes to come back; with timing=full",
    ),
    spec(
        "dma-mbytes",
        number(1, 1_000_000),
        Some("2000"),
        "bandwidth of bus-master transfers in MB/s; with timing=full",
    ),
    spec(
        "rsc_interval",
        number(1_000, 1_000_000_000),
        Some("300000"),
        "how long in ns received segments wait to be put together, with guest_rsc_ext=on",
    ),
    spec(
        "rx-drop",
        PropertyKind::Switch,
        Some("off"),
        "drop frames without a buffer, as hardware must, instead of letting the peer wait",
    ),
    spec(
        "vnet-hdr",
        PropertyKind::Switch,
        Some("off"),
        "the peer has a header for checksums and large frames (vnet_hdr); set by the machine",
    ),
    spec(
        "offloads",
        PropertyKind::Choice(&["auto", "on"]),
        Some("auto"),
        "offer checksum and segmentation offloads: auto, to such a peer only, as QEMU; on, always, the device does the work \
         if the peer does not",
    ),
    spec(
        "tx",
        PropertyKind::Choice(&["bh", "timer"]),
        Some("bh"),
        "start transmission at once (bh) or x-txtimer after the first notification (timer)",
    ),
    spec("x-txtimer", number(1_000, 1_000_000_000), Some("150000"), "delay of tx=timer in ns"),
    spec(
        "x-txburst",
        number(1, 1_024),
        Some("256"),
        "chains that a transmit queue works on before it gives way",
    ),
    spec(
        "strict-ctrl",
        PropertyKind::Switch,
        Some("off"),
        "refuse control commands whose feature was not negotiated; QEMU takes them, and some drivers send them",
    ),
    spec(
        "strict",
        PropertyKind::Switch,
        Some("off"),
        "remark, once each, upon what a driver does against the specification",
    ),
    spec(
        "compat",
        PropertyKind::Choice(&["datasheet", "qemu"]),
        Some("datasheet"),
        "whom to follow where QEMU and the specification disagree and software can tell",
    ),
    spec(
        "x-qemu-rx-filter-compat",
        PropertyKind::Switch,
        Some("off"),
        "report the receive filter as QEMU does: broadcast-allowed inverted, all VLANs listed while none is filtered, no notice of resets",
    ),
    spec(
        "rx-backlog",
        number(1, 256),
        Some("64"),
        "frames that wait for buffers of one of several receive queues before further ones are dropped",
    ),
];

/// All of them.
pub const PROPERTIES: &[PropertySpec] = &all();

const COUNT: usize = GENERAL.len() + SWITCHES.len() + OFFLOAD_SWITCHES.len();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated when the list is compiled: a mistake is a build error"
)]
const fn all() -> [PropertySpec; COUNT] {
    const fn switch((name, _, default, about): Switch) -> PropertySpec {
        spec(name, PropertyKind::Switch, Some(default), about)
    }
    let mut specs = [GENERAL[0]; COUNT];
    let mut at = 0;
    while at < COUNT {
        specs[at] = if at < GENERAL.len() {
            GENERAL[at]
        } else if at < GENERAL.len() + SWITCHES.len() {
            switch(SWITCHES[at - GENERAL.len()])
        } else {
            switch(OFFLOAD_SWITCHES[at - GENERAL.len() - SWITCHES.len()])
        };
        at += 1;
    }
    specs
}
