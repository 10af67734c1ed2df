//! Address tables, wake-up, management and diagnosis (nic-models.md §1.2).

use elnic_contract::Mode::{NotModelled, Ro, Rw, W1c};
use elnic_contract::{Field, Mode, Register};

const fn f(name: &'static str, lo: u8, bits: u8, mode: Mode, about: &'static str) -> Field {
    Field::new(name, lo, bits, mode, about)
}

const MTA_FIELDS: &[Field] = &[f("MTA", 0, 32, Rw, "one bit for each of 4096 hash values")];
// Element 0 is loaded from the EEPROM.
const RAL_FIELDS: &[Field] = &[f("RAL", 0, 32, Rw, "bytes 0 to 3 of the address").volatile()];
const RAH_FIELDS: &[Field] = &[
    f("RAH", 0, 16, Rw, "bytes 4 and 5 of the address").volatile(),
    f("AS", 16, 2, Rw, "compared with 0: destination, 1: source"),
    f("AV", 31, 1, Rw, "valid").volatile(),
];
const VFTA_FIELDS: &[Field] = &[f("VFTA", 0, 32, Rw, "one bit for each VLAN")];

/// The tables at their own places and at those of the 82542.
macro_rules! table {
    ($name:literal, $offset:literal, $fields:ident, $count:literal, $stride:literal, $about:literal, $source:literal) => {
        Register::new($name, $offset, 4, $fields).array($count, $stride).about($about, $source)
    };
}

pub(super) const RAL_A: Register =
    table!("RAL_A", 0x00040, RAL_FIELDS, 16, 8, "RAL, as on the 82542", "nic-models.md §1.2");
pub(super) const RAH_A: Register =
    table!("RAH_A", 0x00044, RAH_FIELDS, 16, 8, "RAH, as on the 82542", "nic-models.md §1.2");
pub(super) const MTA_A: Register =
    table!("MTA_A", 0x00200, MTA_FIELDS, 128, 4, "MTA, as on the 82542", "nic-models.md §1.2");
pub(super) const VFTA_A: Register =
    table!("VFTA_A", 0x00600, VFTA_FIELDS, 128, 4, "VFTA, as on the 82542", "nic-models.md §1.2");
pub(super) const MTA: Register =
    table!("MTA", 0x05200, MTA_FIELDS, 128, 4, "multicast table", "nic-models.md §1.2");
pub(super) const RAL: Register = table!(
    "RAL",
    0x05400,
    RAL_FIELDS,
    16,
    8,
    "receive address low; 0 comes from the EEPROM",
    "nic-models.md §1.2"
);
pub(super) const RAH: Register = table!(
    "RAH",
    0x05404,
    RAH_FIELDS,
    16,
    8,
    "receive address high; 0 comes from the EEPROM",
    "nic-models.md §1.2"
);
pub(super) const VFTA: Register =
    table!("VFTA", 0x05600, VFTA_FIELDS, 128, 4, "VLAN filter table", "nic-models.md §1.2");

pub(super) const WUC: Register = Register::new(
    "WUC",
    0x05800,
    4,
    &[
        f("APME", 0, 1, Rw, "wake up by magic packet without a driver; from the EEPROM").volatile(),
        f("PME_EN", 1, 1, Rw, "signal PME#"),
        f("PME_STATUS", 2, 1, W1c, "woken up").volatile(),
        f("APMPME", 3, 1, Rw, "signal PME# for magic packets that APME lets through"),
    ],
)
.about("wake-up control", "nic-models.md §1.2");

/// What may wake the machine up, for WUFC (enable) and WUS (status).
macro_rules! wake_sources {
    ($mode:expr) => {
        &[
            f("LNKC", 0, 1, $mode, "link change"),
            f("MAG", 1, 1, $mode, "magic packet"),
            f("EX", 2, 1, $mode, "directed packet"),
            f("MC", 3, 1, $mode, "directed multicast"),
            f("BC", 4, 1, $mode, "broadcast"),
            f("ARP", 5, 1, $mode, "ARP request"),
            f("IPV4", 6, 1, $mode, "directed IPv4"),
            f("IPV6", 7, 1, $mode, "directed IPv6"),
            f("FLX0", 16, 1, $mode, "flexible filter 0"),
            f("FLX1", 17, 1, $mode, "flexible filter 1"),
            f("FLX2", 18, 1, $mode, "flexible filter 2"),
            f("FLX3", 19, 1, $mode, "flexible filter 3"),
        ]
    };
}

pub(super) const WUFC: Register = Register::new("WUFC", 0x05808, 4, wake_sources!(Rw))
    .about("wake-up filter control", "nic-models.md §1.2");

pub(super) const WUS: Register = Register::new("WUS", 0x05810, 4, wake_sources!(W1c))
    .about("wake-up status", "nic-models.md §1.2");

pub(super) const MANC: Register = Register::new(
    "MANC",
    0x05820,
    4,
    &[
        f("SMBUS_EN", 0, 1, NotModelled, "SMBus; not connected"),
        f("ASF_EN", 1, 1, NotModelled, "alert standard format"),
        f("R_ON_FORCE", 2, 1, NotModelled, "reset on force TCO"),
        f("RMCP_EN", 8, 1, NotModelled, "filter RMCP 026f"),
        f("RMCP2_EN", 9, 1, NotModelled, "filter RMCP 0298"),
        f("IPV4_EN", 10, 1, NotModelled, "filter IPv4"),
        f("IPV6_EN", 11, 1, NotModelled, "filter IPv6"),
        f("SNAP_EN", 12, 1, NotModelled, "accept LLC and SNAP"),
        f("ARP_EN", 13, 1, NotModelled, "filter ARP requests"),
        f("NEIGHBOR_EN", 14, 1, NotModelled, "filter neighbour discovery"),
        f("ARP_RES_EN", 15, 1, NotModelled, "filter ARP responses"),
        f("TCO_RESET", 16, 1, NotModelled, "TCO reset happened"),
        f("RCV_TCO_EN", 17, 1, NotModelled, "receive TCO packets"),
        f("REPORT_STATUS", 18, 1, NotModelled, "report status"),
        f("RCV_ALL", 19, 1, NotModelled, "receive all"),
        f("BLK_PHY_RST_ON_IDE", 20, 1, NotModelled, "block PHY resets"),
        f("EN_MNG2HOST", 21, 1, NotModelled, "management packets to the host"),
        f("EN_IP_ADDR_FILTER", 22, 1, NotModelled, "filter IP addresses"),
        f("EN_XSUM_FILTER", 23, 1, NotModelled, "check checksums"),
        f("BR_EN", 24, 1, NotModelled, "accept broadcast"),
        f("SMB_REQ", 25, 1, NotModelled, "SMBus request"),
        f("SMB_GNT", 26, 1, NotModelled, "SMBus grant"),
        f("SMB_CLK_IN", 27, 1, NotModelled, "SMBus clock in"),
        f("SMB_DATA_IN", 28, 1, NotModelled, "SMBus data in"),
        f("SMB_DATA_OUT", 29, 1, NotModelled, "SMBus data out"),
        f("SMB_CLK_OUT", 30, 1, NotModelled, "SMBus clock out"),
    ],
)
.reset(0x0022_2300)
.about("management control; no management controller is fitted", "nic-models.md §1.2");

pub(super) const IPAV: Register = Register::new(
    "IPAV",
    0x05838,
    4,
    &[
        f("V40", 0, 1, Rw, "IP4AT 0 is valid"),
        f("V41", 1, 1, Rw, "IP4AT 1 is valid"),
        f("V42", 2, 1, Rw, "IP4AT 2 is valid"),
        f("V43", 3, 1, Rw, "IP4AT 3 is valid"),
        f("V60", 16, 1, Rw, "IP6AT is valid"),
    ],
)
.about("IP address valid", "nic-models.md §1.2");

pub(super) const IP4AT: Register =
    Register::new("IP4AT", 0x05840, 4, &[f("IPV4ADDR", 0, 32, Rw, "address to wake up for")])
        .array(4, 8)
        .about("IPv4 address table", "nic-models.md §1.2");

pub(super) const IP6AT: Register =
    Register::new("IP6AT", 0x05880, 4, &[f("IPV6ADDR", 0, 32, Rw, "address to wake up for")])
        .array(4, 4)
        .about("IPv6 address table", "nic-models.md §1.2");

pub(super) const WUPL: Register = Register::new(
    "WUPL",
    0x05900,
    4,
    &[f("LEN", 0, 12, Ro, "length of the packet that woke up").volatile()],
)
.about("wake-up packet length", "nic-models.md §1.2");

pub(super) const WUPM: Register = Register::new(
    "WUPM",
    0x05a00,
    4,
    &[f("WUPM", 0, 32, Ro, "the packet that woke up").volatile()],
)
.array(32, 4)
.about("wake-up packet memory", "nic-models.md §1.2");

pub(super) const FFLT: Register =
    Register::new("FFLT", 0x05f00, 4, &[f("LEN", 0, 11, Rw, "length of the flexible filter")])
        .array(4, 8)
        .about("flexible filter length table", "nic-models.md §1.2");

pub(super) const FFMT: Register =
    Register::new("FFMT", 0x09000, 4, &[f("MASK", 0, 4, Rw, "which filters look at this byte")])
        .array(128, 8)
        .about("flexible filter mask table", "nic-models.md §1.2");

pub(super) const FFVT: Register =
    Register::new("FFVT", 0x09800, 4, &[f("VALUE", 0, 32, Rw, "a byte for each of four filters")])
        .array(128, 8)
        .about("flexible filter value table", "nic-models.md §1.2");

pub(super) const PBM: Register = Register::new(
    "PBM",
    0x10000,
    4,
    &[f("DATA", 0, 32, Rw, "four bytes of packets as they stand in the FIFOs").volatile()],
)
.array(16384, 4)
.about("packet buffer memory", "nic-models.md §1.2");

pub(super) const IOADDR: Register = Register::new(
    "IOADDR",
    0x0,
    4,
    &[f("IOADDR", 0, 20, Rw, "offset of the register that IODATA reaches; up to 1ffff")],
)
.region(1)
.about("register address of the I/O window", "nic-models.md §1.2");

pub(super) const IODATA: Register =
    Register::new("IODATA", 0x4, 4, &[f("IODATA", 0, 32, Rw, "that register").volatile()])
        .region(1)
        .read_hook()
        .about("register data of the I/O window", "nic-models.md §1.2");
