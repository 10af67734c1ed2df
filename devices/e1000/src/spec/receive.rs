//! Receive registers: control, ring, timers, thresholds, checksum offload, FIFO diagnosis (nic-models.md §1.2).

use elnic_contract::Mode::{Rw, Sc};
use elnic_contract::{Field, Mode, Register};

const fn f(name: &'static str, lo: u8, bits: u8, mode: Mode, about: &'static str) -> Field {
    Field::new(name, lo, bits, mode, about)
}

pub(super) const RCTL: Register = Register::new(
    "RCTL",
    0x00100,
    4,
    &[
        f("EN", 1, 1, Rw, "receiver enable"),
        f("SBP", 2, 1, Rw, "store bad packets"),
        f("UPE", 3, 1, Rw, "unicast promiscuous"),
        f("MPE", 4, 1, Rw, "multicast promiscuous"),
        f("LPE", 5, 1, Rw, "long packets"),
        f("LBM", 6, 2, Rw, "loopback: 0 none, 1 in the MAC, 3 in the PHY"),
        f("RDMTS", 8, 2, Rw, "RXDMT0 at 1/2, 1/4, 1/8 of the ring"),
        f("MO", 12, 2, Rw, "which bits of a group address are hashed"),
        f("BAM", 15, 1, Rw, "accept broadcast"),
        f("BSIZE", 16, 2, Rw, "buffer size: 2048, 1024, 512, 256"),
        f("VFE", 18, 1, Rw, "VLAN filter"),
        f("CFIEN", 19, 1, Rw, "compare the canonical form indicator"),
        f("CFI", 20, 1, Rw, "its wanted value"),
        f("DPF", 22, 1, Rw, "discard PAUSE frames"),
        f("PMCF", 23, 1, Rw, "pass MAC control frames"),
        f("BSEX", 25, 1, Rw, "buffer size times 16"),
        f("SECRC", 26, 1, Rw, "strip the FCS"),
    ],
)
.about("receive control", "nic-models.md §1.2");

pub(super) const FCRTL: Register = Register::new(
    "FCRTL",
    0x02160,
    4,
    &[
        f("RTL", 3, 13, Rw, "FIFO level in 8 bytes at which XON is sent"),
        f("XONE", 31, 1, Rw, "send XON"),
    ],
)
.about("flow control receive threshold low", "nic-models.md §1.2");

pub(super) const FCRTH: Register = Register::new(
    "FCRTH",
    0x02168,
    4,
    &[f("RTH", 3, 13, Rw, "FIFO level in 8 bytes at which XOFF is sent; 0: never")],
)
.about("flow control receive threshold high", "nic-models.md §1.2");

/// A pointer into the packet buffer, in 8-byte units.
macro_rules! pointer {
    ($name:literal, $offset:literal, $about:literal) => {
        Register::new(
            $name,
            $offset,
            4,
            &[f($name, 0, 13, Mode::Rw, "in the packet buffer, in 8 bytes; a count for packets")
                .volatile()],
        )
        .about($about, "nic-models.md §1.2")
    };
}
pub(super) use pointer;

pub(super) const RDFH: Register = pointer!("RDFH", 0x02410, "receive FIFO head");
pub(super) const RDFT: Register = pointer!("RDFT", 0x02418, "receive FIFO tail");
pub(super) const RDFHS: Register = pointer!("RDFHS", 0x02420, "receive FIFO head, saved");
pub(super) const RDFTS: Register = pointer!("RDFTS", 0x02428, "receive FIFO tail, saved");
pub(super) const RDFPC: Register = pointer!("RDFPC", 0x02430, "receive FIFO packet count");

pub(super) const RDTR: Register = Register::new(
    "RDTR",
    0x02820,
    4,
    &[
        f("DELAY", 0, 16, Rw, "RXT0 so long after the last packet, in 1.024 µs; 0: at once"),
        f("FPD", 31, 1, Sc, "end the delay now").volatile(),
    ],
)
.about("receive delay timer", "nic-models.md §1.2");

pub(super) const RXDCTL: Register = Register::new(
    "RXDCTL",
    0x02828,
    4,
    &[
        f("PTHRESH", 0, 6, Rw, "fetch ahead while fewer are on the chip"),
        f("HTHRESH", 8, 6, Rw, "and the ring offers so many"),
        f("WTHRESH", 16, 6, Rw, "give back so many at a time; 0 and 1: each at once"),
        f("GRAN", 24, 1, Rw, "thresholds count descriptors, not cache lines"),
    ],
)
.reset(0x0101_0000)
.about("receive descriptor control", "nic-models.md §1.2");

pub(super) const RADV: Register = Register::new(
    "RADV",
    0x0282c,
    4,
    &[f("DELAY", 0, 16, Rw, "RXT0 no later than this after the first packet, in 1.024 µs; 0: off")],
)
.about("receive absolute delay timer", "nic-models.md §1.2");

pub(super) const RSRPD: Register = Register::new(
    "RSRPD",
    0x02c00,
    4,
    &[f("SIZE", 0, 12, Rw, "SRPD for packets up to this length; 0: off")],
)
.about("receive small packet detect", "nic-models.md §1.2");

pub(super) const RXCSUM: Register = Register::new(
    "RXCSUM",
    0x05000,
    4,
    &[
        f("PCSS", 0, 8, Rw, "where the packet checksum starts"),
        f("IPOFL", 8, 1, Rw, "check IPv4 headers"),
        f("TUOFL", 9, 1, Rw, "check TCP and UDP"),
        f("IPV6OFL", 10, 1, Rw, "check TCP and UDP over IPv6"),
    ],
)
.about("receive checksum control", "nic-models.md §1.2");
