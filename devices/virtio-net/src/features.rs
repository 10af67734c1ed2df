//! Feature bits of a network device (virtio 1.3 §5.1.3), and which of them an instance offers.

use elnic_contract::{Properties, PropertyKind, PropertySpec};
use elnic_virtio::{Kind, feature};

/// Offloads can be changed at run time; there are none, so only "none" can be set.
pub(crate) const CTRL_GUEST_OFFLOADS: u64 = 1 << 2;
/// The configuration has the station address.
pub(crate) const MAC: u64 = 1 << 5;
/// Legacy: a dead bit that QEMU offers; it promises nothing without checksum offload.
pub(crate) const GSO: u64 = 1 << 6;
/// A received frame may span several buffers.
pub(crate) const MRG_RXBUF: u64 = 1 << 15;
/// The configuration has the link status.
pub(crate) const STATUS: u64 = 1 << 16;
/// There is a control queue.
pub(crate) const CTRL_VQ: u64 = 1 << 17;
/// Receive modes and the address table.
pub(crate) const CTRL_RX: u64 = 1 << 18;
/// VLAN filtering.
pub(crate) const CTRL_VLAN: u64 = 1 << 19;
/// Further receive modes.
pub(crate) const CTRL_RX_EXTRA: u64 = 1 << 20;
/// The driver announces itself when asked to.
pub(crate) const GUEST_ANNOUNCE: u64 = 1 << 21;
/// The station address can be set by command.
pub(crate) const CTRL_MAC_ADDR: u64 = 1 << 23;

/// Number of the receive queue.
pub(crate) const RECEIVE: u16 = 0;
/// Number of the transmit queue.
pub(crate) const TRANSMIT: u16 = 1;
/// Number of the control queue.
pub(crate) const CONTROL: u16 = 2;

/// What the transport needs to know. The sizes and vectors are QEMU's.
pub(crate) static KIND: Kind = Kind {
    model: crate::model::NAME,
    queues: &[256, 256, 64],
    vectors: 4,
    legacy_only: GSO,
    fallback: MAC,
    needs: &[
        (CTRL_RX, CTRL_VQ),
        (CTRL_VLAN, CTRL_VQ),
        (CTRL_RX_EXTRA, CTRL_VQ),
        (GUEST_ANNOUNCE, CTRL_VQ),
        (CTRL_MAC_ADDR, CTRL_VQ),
        (CTRL_GUEST_OFFLOADS, CTRL_VQ),
    ],
};

/// Features no property switches off.
const ALWAYS: u64 = MAC | feature::VERSION_1 | feature::RING_RESET | feature::BAD_FEATURE;

/// Properties that offer a feature each, by QEMU's names.
const SWITCHES: [(&str, u64, &str); 14] = [
    (
        "any_layout",
        feature::ANY_LAYOUT,
        "legacy drivers may split messages over descriptors at will",
    ),
    ("ctrl_guest_offloads", CTRL_GUEST_OFFLOADS, "offloads can be changed by command"),
    ("ctrl_mac_addr", CTRL_MAC_ADDR, "the station address can be set by command"),
    ("ctrl_rx", CTRL_RX, "receive modes and address table"),
    ("ctrl_rx_extra", CTRL_RX_EXTRA, "further receive modes"),
    ("ctrl_vlan", CTRL_VLAN, "VLAN filter"),
    ("ctrl_vq", CTRL_VQ, "control queue"),
    ("event_idx", feature::EVENT_IDX, "notifications are suppressed by index"),
    ("gso", GSO, "the legacy bit GSO, which promises nothing by itself"),
    ("guest_announce", GUEST_ANNOUNCE, "the driver announces itself when asked to"),
    ("indirect_desc", feature::INDIRECT_DESC, "indirect descriptors"),
    ("mrg_rxbuf", MRG_RXBUF, "a received frame may span several buffers"),
    ("notify_on_empty", feature::NOTIFY_ON_EMPTY, "legacy: interrupt when a queue runs empty"),
    ("status", STATUS, "link status in the configuration"),
];

/// All properties: the two given, then one for each feature.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated when the list is compiled: a mistake is a build error"
)]
pub(crate) const fn specs<const TOTAL: usize>(first: [PropertySpec; 2]) -> [PropertySpec; TOTAL] {
    let mut specs = [first[0]; TOTAL];
    specs[1] = first[1];
    let mut at = 0;
    while at < SWITCHES.len() {
        let (name, _, about) = SWITCHES[at];
        specs[at + 2] =
            PropertySpec { name, kind: PropertyKind::Switch, default: Some("on"), about };
        at += 1;
    }
    specs
}

/// How many properties there are with the two that are no features.
pub(crate) const COUNT: usize = SWITCHES.len() + 2;

/// The features an instance offers.
pub(crate) fn of(properties: &Properties) -> u64 {
    let chosen = SWITCHES.iter().filter(|(name, _, _)| properties.switch(name));
    chosen.fold(ALWAYS, |features, (_, feature, _)| features | feature)
}
