//! The options of every netdev type as data.
//!
//! Names, types and defaults are those of `qapi/net.json` and `qapi/sockets.json` of QEMU 8.0.

use super::Kind::{self, Address, Size, Switch, Text, Texts};
use super::{OptionSpec, TypeSpec};

const fn option(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    about: &'static str,
) -> OptionSpec {
    OptionSpec { name, kind, required: false, default, about }
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> OptionSpec {
    OptionSpec { name, kind, required: true, default: "", about }
}

const fn absent(
    name: &'static str,
    about: &'static str,
    options: &'static [OptionSpec],
) -> TypeSpec {
    TypeSpec { name, about, built: false, dotted: false, options }
}

const fn built(
    name: &'static str,
    about: &'static str,
    options: &'static [OptionSpec],
) -> TypeSpec {
    TypeSpec { name, about, built: true, dotted: false, options }
}

/// Every netdev type of the schema, in its order.
pub const TYPES: &[TypeSpec] = &[
    absent("none", "nothing (of -nic and -net only)", &[]),
    absent(
        "nic",
        "a network interface (of -net only)",
        &[
            option("netdev", Text, "", "id of the netdev to connect to"),
            option("macaddr", Text, "the next free one", "station address"),
            option("model", Text, "e1000", "device model"),
            option("addr", Text, "", "PCI device address"),
            option("vectors", Kind::UINT32, "", "MSI-X vectors, 0 for none"),
        ],
    ),
    built(
        "user",
        "user-mode network, needs no privileges",
        &[
            option("hostname", Text, "", "client hostname the DHCP server reports"),
            option("restrict", Switch, "off", "isolate the guest from the host"),
            option("ipv4", Switch, "on", "support IPv4; alone, it turns IPv6 off"),
            option("ipv6", Switch, "on", "support IPv6; alone, it turns IPv4 off"),
            option("ip", Text, "", "legacy: as net=, with /24"),
            option("net", Text, "10.0.2.0/24", "network of the guest: address[/mask]"),
            option("host", Text, "10.0.2.2", "guest-visible address of the host"),
            option("tftp", Text, "", "directory the TFTP server serves"),
            option("bootfile", Text, "", "BOOTP file name"),
            option("dhcpstart", Text, "10.0.2.15", "first of the 16 addresses DHCP gives out"),
            option("dns", Text, "10.0.2.3", "guest-visible address of the name server"),
            option("dnssearch", Texts, "", "domain suffix to search"),
            option("domainname", Text, "", "guest-visible domain name"),
            option("ipv6-prefix", Text, "fec0::", "IPv6 network prefix"),
            option("ipv6-prefixlen", Kind::INT, "64", "IPv6 prefix length, 0 to 126"),
            option("ipv6-host", Text, "fec0::2", "guest-visible IPv6 address of the host"),
            option("ipv6-dns", Text, "fec0::3", "guest-visible IPv6 address of the name server"),
            option("smb", Text, "", "directory the SMB server serves"),
            option("smbserver", Text, "10.0.2.4", "guest-visible address of the SMB server"),
            option("hostfwd", Texts, "", "[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport"),
            option("guestfwd", Texts, "", "[tcp]:[server]:port-cmd:COMMAND or -tcp:HOST:PORT"),
            option("tftp-server-name", Text, "", "TFTP server name (RFC 2132)"),
        ],
    ),
    built(
        "tap",
        "TAP interface of the host",
        &[
            option("ifname", Text, "", "interface name"),
            option("fd", Text, "", "descriptor of an open tap"),
            option("fds", Text, "", "descriptors of an open multiqueue tap, a:b:…"),
            option("script", Text, "/etc/qemu-ifup", "script to set the interface up, or 'no'"),
            option(
                "downscript",
                Text,
                "/etc/qemu-ifdown",
                "script to take the interface down, or 'no'",
            ),
            option("br", Text, "br0", "bridge for the helper"),
            option("helper", Text, "", "command that makes the interface"),
            option("sndbuf", Size, "unlimited", "send buffer limit in bytes"),
            option("vnet_hdr", Switch, "on", "headers for checksums and segmentation"),
            option("vhost", Switch, "off", "vhost-net accelerator (refused: not in this version)"),
            option("vhostfd", Text, "", "descriptor of an open vhost-net device (refused)"),
            option("vhostfds", Text, "", "descriptors of open vhost-net devices, a:b:… (refused)"),
            option("vhostforce", Switch, "off", "vhost for guests without MSI-X too (refused)"),
            option("queues", Kind::UINT32, "1", "queues, 1 to 1024"),
            option("poll-us", Kind::UINT32, "0", "busy polling, in µs"),
        ],
    ),
    built(
        "l2tpv3",
        "Ethernet over an L2TPv3 tunnel",
        &[
            required("src", Text, "source address"),
            required("dst", Text, "destination address"),
            option("srcport", Text, "", "source port (UDP)"),
            option("dstport", Text, "", "destination port (UDP)"),
            option("ipv6", Switch, "off", "IPv6"),
            option("udp", Switch, "off", "inside UDP"),
            option("cookie64", Switch, "off", "cookies of 64 bits instead of 32"),
            option("counter", Switch, "off", "sequence counter"),
            option("pincounter", Switch, "off", "sequence counter fixed at zero"),
            option("txcookie", Kind::UINT64, "", "transmit cookie"),
            option("rxcookie", Kind::UINT64, "", "receive cookie"),
            required("txsession", Kind::UINT32, "transmit session"),
            option("rxsession", Kind::UINT32, "txsession", "receive session"),
            option("offset", Kind::UINT32, "0", "extra bytes before the payload, 0 to 255"),
        ],
    ),
    built(
        "socket",
        "TCP or UDP to another emulator (legacy: use stream or dgram)",
        &[
            option("fd", Text, "", "descriptor of an open socket"),
            option("listen", Text, "", "[host]:port to listen at"),
            option("connect", Text, "", "host:port to connect to"),
            option("mcast", Text, "", "group:port"),
            option("localaddr", Text, "", "source address of multicast and UDP"),
            option("udp", Text, "", "host:port"),
        ],
    ),
    TypeSpec {
        name: "stream",
        about: "a stream socket to another emulator",
        built: true,
        dotted: true,
        options: &[
            OptionSpec {
                required: true,
                ..option("addr", Address, "", "where to listen or connect")
            },
            option("server", Switch, "off", "listen"),
            option(
                "reconnect",
                Kind::UINT32,
                "0",
                "connect again after so many seconds, 0 for never",
            ),
            option(
                "reconnect-ms",
                Kind::UINT32,
                "0",
                "connect again after so many milliseconds, 0 for never",
            ),
        ],
    },
    TypeSpec {
        name: "dgram",
        about: "datagrams over UDP, multicast or a unix socket",
        built: true,
        dotted: true,
        options: &[
            option("local", Address, "", "where to receive; optional for a group only"),
            option("remote", Address, "", "where to send; not with local.type=fd"),
        ],
    },
    built(
        "vde",
        "a VDE switch",
        &[
            option(
                "sock",
                Text,
                "the usual places",
                "directory of the switch, as vde_switch -s has it",
            ),
            option("port", Kind::UINT16, "0", "port of the switch, 0 for any"),
            option("group", Text, "", "group owner of our socket"),
            option("mode", Kind::UINT16, "0700", "permissions of our socket, 0 to 0777"),
        ],
    ),
    built(
        "bridge",
        "TAP interface on a host bridge, by a helper",
        &[
            option("br", Text, "br0", "bridge for the helper"),
            option("helper", Text, "", "command that makes the interface"),
        ],
    ),
    built(
        "hubport",
        "port of a hub inside the emulator",
        &[
            required("hubid", Kind::INT32, "number of the hub"),
            option("netdev", Text, "", "netdev to connect to the hub instead of a device"),
        ],
    ),
    absent(
        "netmap",
        "a netmap interface or VALE port",
        &[
            required("ifname", Text, "interface, or valeXXX:YYY"),
            option("devname", Text, "/dev/netmap", "netmap device"),
        ],
    ),
    built(
        "vhost-user",
        "vhost-user over a unix socket",
        &[
            required("chardev", Text, "character device of the socket"),
            option("vhostforce", Switch, "off", "guests without MSI-X too, which is so anyway"),
            option(
                "queues",
                Kind::INT,
                "1",
                "pairs of queues the back end has to serve, 1 to 1024",
            ),
        ],
    ),
    absent(
        "vhost-vdpa",
        "a vDPA device",
        &[
            option("vhostdev", Text, "/dev/vhost-vdpa-0", "device"),
            option("vhostfd", Text, "", "descriptor of an open device"),
            option("queues", Kind::INT, "1", "queues"),
            option("x-svq", Switch, "off", "shadow virtqueue (experimental)"),
        ],
    ),
    absent(
        "vmnet-host",
        "vmnet of macOS, host mode",
        &[
            option("start-address", Text, "", "first address, the gateway"),
            option("end-address", Text, "", "last address of DHCP"),
            option("subnet-mask", Text, "", "mask"),
            option("isolated", Switch, "off", "no traffic with other vmnet interfaces"),
            option("net-uuid", Text, "", "isolated network to join"),
        ],
    ),
    absent(
        "vmnet-shared",
        "vmnet of macOS, shared mode (NAT)",
        &[
            option("start-address", Text, "", "first address, the gateway"),
            option("end-address", Text, "", "last address of DHCP"),
            option("subnet-mask", Text, "", "mask"),
            option("isolated", Switch, "off", "no traffic with other vmnet interfaces"),
            option("nat66-prefix", Text, "", "IPv6 prefix, fd00::/8 and 64 bits long"),
        ],
    ),
    absent(
        "vmnet-bridged",
        "vmnet of macOS, bridged mode",
        &[
            required("ifname", Text, "interface of the host"),
            option("isolated", Switch, "off", "no traffic with other vmnet interfaces"),
        ],
    ),
];

/// The kinds of socket address (`SocketAddress`) and their members, without `type`.
pub const ADDRESSES: &[(&str, &[OptionSpec])] = &[
    (
        "inet",
        &[
            required("host", Text, "name or address"),
            required("port", Text, "port number"),
            option("numeric", Switch, "off", "the host is an address, not a name"),
            option("to", Kind::UINT16, "", "try ports up to this one"),
            option("ipv4", Switch, "", "allow IPv4"),
            option("ipv6", Switch, "", "allow IPv6"),
            option("keep-alive", Switch, "off", "TCP keep-alive"),
            option("mptcp", Switch, "off", "multipath TCP"),
        ],
    ),
    (
        "unix",
        &[
            required("path", Text, "socket path"),
            option("abstract", Switch, "off", "in the abstract namespace of Linux"),
            option("tight", Switch, "on", "an abstract name without padding"),
        ],
    ),
    ("vsock", &[required("cid", Text, "context id"), required("port", Text, "port number")]),
    ("fd", &[required("str", Text, "number of an open descriptor")]),
];

/// The options of `filter-dump` and `filter-buffer` that all filters have.
pub const FILTER_OPTIONS: &[OptionSpec] = &[
    required("netdev", Text, "netdev to stand at"),
    option("queue", Text, "all", "frames to see: tx (sent by the netdev), rx or all"),
    option("status", Text, "on", "on or off"),
    option("position", Text, "tail", "head, tail or id=FILTER"),
    option("insert", Text, "behind", "before or behind the filter of position=id="),
];

/// The options of `filter-dump`.
pub const DUMP_OPTIONS: &[OptionSpec] = &[
    required("file", Text, "pcap file to write"),
    option("maxlen", Kind::UINT32, "65536", "bytes kept of a frame"),
    option("clock", Text, "virtual", "virtual (time since power-on) or host (time of day)"),
    option("format", Text, "pcap", "pcap, or pcapng with nanoseconds and directions"),
];

/// The options of `filter-buffer`.
pub const BUFFER_OPTIONS: &[OptionSpec] =
    &[required("interval", Kind::UINT32, "µs of virtual time between releases")];

/// The options of `filter-mirror`.
pub const MIRROR_OPTIONS: &[OptionSpec] = &[
    required("outdev", Text, "chardev that gets a copy of each frame"),
    option("vnet_hdr_support", Switch, "off", "offload headers before frames (refused)"),
];

/// The options of `filter-redirector`.
pub const REDIRECTOR_OPTIONS: &[OptionSpec] = &[
    option("indev", Text, "", "chardev whose frames go on from here"),
    option("outdev", Text, "", "chardev that gets each frame instead of the peer"),
    option("vnet_hdr_support", Switch, "off", "offload headers before frames (refused)"),
];

/// The options of `net-fault`.
pub const FAULT_OPTIONS: &[OptionSpec] = &[
    option("seed", Kind::UINT64, "0", "where chance begins: the same faults for the same seed"),
    option("loss", Kind::Percent, "0", "frames lost"),
    option("duplicate", Kind::Percent, "0", "frames that come twice"),
    option("corrupt", Kind::Percent, "0", "frames with one bit turned over"),
    option("reorder", Kind::Percent, "0", "frames that overtake, or without delay are overtaken"),
    option("delay", Kind::UINT32, "0", "µs of virtual time each frame takes"),
    option("jitter", Kind::UINT32, "0", "µs it may take longer"),
    option("rate", Size, "unlimited", "bits a second (k, M, G are 1024s)"),
    option("limit", Kind::UINT32, "1000", "frames on their way, each direction; more are lost"),
];
