//! Feature bits of a network device (virtio 1.3 §5.1.3) and what they need.

use elnic_contract::OffloadSupport;
use elnic_virtio::{Kind, feature};

/// The driver may leave checksums to the device.
pub(crate) const CSUM: u64 = 1 << 0;
/// The device may leave checksums to the driver.
pub(crate) const GUEST_CSUM: u64 = 1 << 1;
/// Offloads of received frames can be changed at run time.
pub(crate) const CTRL_GUEST_OFFLOADS: u64 = 1 << 2;
/// The configuration has the largest MTU.
pub(crate) const MTU: u64 = 1 << 3;
/// The configuration has the station address.
pub(crate) const MAC: u64 = 1 << 5;
/// Legacy: the device segments whatever the driver gives it.
pub(crate) const GSO: u64 = 1 << 6;
/// The driver takes large TCP over IPv4.
pub(crate) const GUEST_TSO4: u64 = 1 << 7;
/// The driver takes large TCP over IPv6.
pub(crate) const GUEST_TSO6: u64 = 1 << 8;
/// The driver takes large TCP that saw congestion.
pub(crate) const GUEST_ECN: u64 = 1 << 9;
/// The driver takes large UDP, to be fragmented.
pub(crate) const GUEST_UFO: u64 = 1 << 10;
/// The device takes large TCP over IPv4.
pub(crate) const HOST_TSO4: u64 = 1 << 11;
/// The device takes large TCP over IPv6.
pub(crate) const HOST_TSO6: u64 = 1 << 12;
/// The device takes large TCP that saw congestion.
pub(crate) const HOST_ECN: u64 = 1 << 13;
/// The device takes large UDP, to be fragmented.
pub(crate) const HOST_UFO: u64 = 1 << 14;
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
/// Several queue pairs.
pub(crate) const MQ: u64 = 1 << 22;
/// The station address can be set by command.
pub(crate) const CTRL_MAC_ADDR: u64 = 1 << 23;
/// Statistics by command.
pub(crate) const DEVICE_STATS: u64 = 1 << 50;
/// Interrupts of each queue can be moderated.
pub(crate) const VQ_NOTF_COAL: u64 = 1 << 52;
/// Interrupts can be moderated.
pub(crate) const NOTF_COAL: u64 = 1 << 53;
/// The driver takes large UDP over IPv4, to be cut into datagrams.
pub(crate) const GUEST_USO4: u64 = 1 << 54;
/// The driver takes large UDP over IPv6, to be cut into datagrams.
pub(crate) const GUEST_USO6: u64 = 1 << 55;
/// The device takes large UDP, to be cut into datagrams.
pub(crate) const HOST_USO: u64 = 1 << 56;
/// Headers of received frames have a hash.
pub(crate) const HASH_REPORT: u64 = 1 << 57;
/// The hash chooses the receive queue.
pub(crate) const RSS: u64 = 1 << 60;
/// The device puts segments together and says of how many.
pub(crate) const RSC_EXT: u64 = 1 << 61;
/// The device stands in for another with the same address.
pub(crate) const STANDBY: u64 = 1 << 62;
/// The configuration has speed and duplex mode.
pub(crate) const SPEED_DUPLEX: u64 = 1 << 63;

/// What a driver lets the device leave to it in received frames; [`CTRL_GUEST_OFFLOADS`] switches among these.
pub(crate) const GUEST_OFFLOADS: u64 =
    GUEST_CSUM | GUEST_TSO4 | GUEST_TSO6 | GUEST_ECN | GUEST_UFO | GUEST_USO4 | GUEST_USO6;

/// What a driver with these of [`GUEST_OFFLOADS`] switched on takes unfinished.
pub(crate) const fn support(offloads: u64) -> OffloadSupport {
    const USO: u64 = GUEST_USO4 | GUEST_USO6;
    OffloadSupport {
        checksum: offloads & GUEST_CSUM != 0,
        tcp_v4: offloads & GUEST_TSO4 != 0,
        tcp_v6: offloads & GUEST_TSO6 != 0,
        ecn: offloads & GUEST_ECN != 0,
        udp_fragment: offloads & GUEST_UFO != 0,
        udp_segment: offloads & USO == USO,
    }
}

/// What the transport needs to know.
pub(crate) static KIND: Kind = Kind {
    model: crate::model::NAME,
    legacy_only: GSO,
    fallback: MAC,
    needs: &[
        (GUEST_TSO4, GUEST_CSUM),
        (GUEST_TSO6, GUEST_CSUM),
        (GUEST_ECN, GUEST_TSO4 | GUEST_TSO6),
        (GUEST_UFO, GUEST_CSUM),
        (GUEST_USO4, GUEST_CSUM),
        (GUEST_USO6, GUEST_CSUM),
        (HOST_TSO4, CSUM),
        (HOST_TSO6, CSUM),
        (HOST_ECN, HOST_TSO4 | HOST_TSO6),
        (HOST_UFO, CSUM),
        (HOST_USO, CSUM),
        (CTRL_RX, CTRL_VQ),
        (CTRL_VLAN, CTRL_VQ),
        (CTRL_RX_EXTRA, CTRL_VQ),
        (GUEST_ANNOUNCE, CTRL_VQ),
        (MQ, CTRL_VQ),
        (CTRL_MAC_ADDR, CTRL_VQ),
        (CTRL_GUEST_OFFLOADS, CTRL_VQ),
        (NOTF_COAL, CTRL_VQ),
        (VQ_NOTF_COAL, CTRL_VQ),
        (DEVICE_STATS, CTRL_VQ),
        (HASH_REPORT, CTRL_VQ),
        (RSS, CTRL_VQ),
        (RSC_EXT, HOST_TSO4 | HOST_TSO6),
    ],
};

/// A feature that a switch offers: name of the property, bits, default, what it is.
pub(crate) type Switch = (&'static str, u64, &'static str, &'static str);

/// Switches that offer a feature each, whoever the peer is. Names and defaults are QEMU's where QEMU has the feature.
pub(crate) const SWITCHES: [Switch; 25] = [
    (
        "any_layout",
        feature::ANY_LAYOUT,
        "on",
        "legacy drivers may split messages over descriptors at will",
    ),
    (
        "ctrl_guest_offloads",
        CTRL_GUEST_OFFLOADS,
        "on",
        "receive offloads can be changed by command",
    ),
    ("ctrl_mac_addr", CTRL_MAC_ADDR, "on", "the station address can be set by command"),
    ("ctrl_rx", CTRL_RX, "on", "receive modes and address table"),
    ("ctrl_rx_extra", CTRL_RX_EXTRA, "on", "further receive modes"),
    ("ctrl_vlan", CTRL_VLAN, "on", "VLAN filter"),
    ("ctrl_vq", CTRL_VQ, "on", "control queue"),
    ("device_stats", DEVICE_STATS, "off", "statistics by command"),
    ("event_idx", feature::EVENT_IDX, "on", "notifications are suppressed by index"),
    ("failover", STANDBY, "off", "the device stands in for another with the same address"),
    ("gso", GSO, "on", "the legacy bit GSO, which promises nothing without csum"),
    ("guest_announce", GUEST_ANNOUNCE, "on", "the driver announces itself when asked to"),
    ("hash", HASH_REPORT, "off", "headers of received frames have a hash"),
    ("in_order", feature::IN_ORDER, "off", "buffers are used in the order in which they came"),
    ("indirect_desc", feature::INDIRECT_DESC, "on", "indirect descriptors"),
    ("mq", MQ, "off", "several queue pairs"),
    ("mrg_rxbuf", MRG_RXBUF, "on", "a received frame may span several buffers"),
    ("notf_coal", NOTF_COAL, "off", "interrupts can be moderated by command"),
    (
        "notification_data",
        feature::NOTIFICATION_DATA,
        "off",
        "notifications say how far the driver is",
    ),
    (
        "notify_on_empty",
        feature::NOTIFY_ON_EMPTY,
        "on",
        "legacy: interrupt when a queue runs empty",
    ),
    ("packed", feature::RING_PACKED, "off", "packed rings"),
    ("queue_reset", feature::RING_RESET, "on", "a queue can be reset by itself"),
    ("rss", RSS, "off", "a hash chooses the receive queue"),
    ("status", STATUS, "on", "link status in the configuration"),
    ("vq_notf_coal", VQ_NOTF_COAL, "off", "interrupts can be moderated by command for each queue"),
];

/// Switches that offer work on checksums and large frames, which depends on the peer unless `offloads=on`.
pub(crate) const OFFLOAD_SWITCHES: [Switch; 14] = [
    ("csum", CSUM, "on", "transmitted frames may lack their checksum"),
    ("guest_csum", GUEST_CSUM, "on", "received frames may lack their checksum"),
    ("guest_ecn", GUEST_ECN, "on", "received large TCP may have seen congestion"),
    ("guest_rsc_ext", RSC_EXT, "off", "the device puts received TCP segments together"),
    ("guest_tso4", GUEST_TSO4, "on", "received frames may be large TCP over IPv4"),
    ("guest_tso6", GUEST_TSO6, "on", "received frames may be large TCP over IPv6"),
    ("guest_ufo", GUEST_UFO, "on", "received frames may be large UDP"),
    ("guest_uso4", GUEST_USO4, "on", "received frames may be many UDP datagrams over IPv4"),
    ("guest_uso6", GUEST_USO6, "on", "received frames may be many UDP datagrams over IPv6"),
    ("host_ecn", HOST_ECN, "on", "transmitted large TCP may have seen congestion"),
    ("host_tso4", HOST_TSO4, "on", "transmitted frames may be large TCP over IPv4"),
    ("host_tso6", HOST_TSO6, "on", "transmitted frames may be large TCP over IPv6"),
    ("host_ufo", HOST_UFO, "on", "transmitted frames may be large UDP"),
    ("host_uso", HOST_USO, "on", "transmitted frames may be many UDP datagrams"),
];
