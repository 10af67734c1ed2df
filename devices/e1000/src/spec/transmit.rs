//! Transmit registers: control, ring, timers, thresholds, FIFO diagnosis (nic-models.md §1.2).

use elnic_contract::Mode::{Rw, Sc};
use elnic_contract::{Field, Mode, Register};

use super::receive::pointer;

const fn f(name: &'static str, lo: u8, bits: u8, mode: Mode, about: &'static str) -> Field {
    Field::new(name, lo, bits, mode, about)
}

pub(super) const TCTL: Register = Register::new(
    "TCTL",
    0x00400,
    4,
    &[
        f("EN", 1, 1, Rw, "transmitter enable"),
        f("PSP", 3, 1, Rw, "pad short packets to 64 bytes"),
        f("CT", 4, 8, Rw, "collision threshold; half duplex is not modelled"),
        f("COLD", 12, 10, Rw, "collision distance; half duplex is not modelled"),
        f("SWXOFF", 22, 1, Sc, "send a PAUSE frame").volatile(),
        f("RTLC", 24, 1, Rw, "retransmit on late collision; full duplex has none"),
        f("NRTU", 25, 1, Rw, "no retransmit on underrun; there is none"),
    ],
)
.about("transmit control", "nic-models.md §1.2");

pub(super) const TIPG: Register = Register::new(
    "TIPG",
    0x00410,
    4,
    &[
        f("IPGT", 0, 10, Rw, "gap between packets, in MAC clocks of 8 bit times; 4 come on top"),
        f("IPGR1", 10, 10, Rw, "half-duplex deferral, first part"),
        f("IPGR2", 20, 10, Rw, "half-duplex deferral, whole"),
    ],
)
.about("transmit inter-packet gap", "nic-models.md §1.2");

pub(super) const TBT: Register = Register::new(
    "TBT",
    0x00448,
    4,
    &[f("TBT", 0, 32, Mode::NotModelled, "transmit burst timer; half duplex")],
)
.about("transmit burst timer", "nic-models.md §1.2");

pub(super) const AIT: Register = Register::new(
    "AIT",
    0x00458,
    4,
    &[f("AIFS", 0, 16, Rw, "adaptive gap; only after collisions, of which there are none")],
)
.about("adaptive inter-frame spacing throttle", "nic-models.md §1.2");

pub(super) const TXDMAC: Register = Register::new(
    "TXDMAC",
    0x03000,
    4,
    &[f("DPP", 0, 1, Rw, "fetch no packet before the one ahead of it has left the FIFO")],
)
.about("transmit DMA control", "nic-models.md §1.2");

pub(super) const TDFH: Register = pointer!("TDFH", 0x03410, "transmit FIFO head");
pub(super) const TDFT: Register = pointer!("TDFT", 0x03418, "transmit FIFO tail");
pub(super) const TDFHS: Register = pointer!("TDFHS", 0x03420, "transmit FIFO head, saved");
pub(super) const TDFTS: Register = pointer!("TDFTS", 0x03428, "transmit FIFO tail, saved");
pub(super) const TDFPC: Register = pointer!("TDFPC", 0x03430, "transmit FIFO packet count");

pub(super) const TIDV: Register = Register::new(
    "TIDV",
    0x03820,
    4,
    &[f(
        "IDV",
        0,
        16,
        Rw,
        "TXDW so long after the last write-back with IDE, in 1.024 µs; 0: at once",
    )],
)
.about("transmit interrupt delay value", "nic-models.md §1.2");

pub(super) const TXDCTL: Register = Register::new(
    "TXDCTL",
    0x03828,
    4,
    &[
        f("PTHRESH", 0, 6, Rw, "fetch ahead while fewer are on the chip"),
        f("HTHRESH", 8, 6, Rw, "and the ring offers so many"),
        f("WTHRESH", 16, 6, Rw, "give back so many at a time; 0 and 1: each at once"),
        f("GRAN", 24, 1, Rw, "thresholds count descriptors, not cache lines"),
        f("LWTHRESH", 25, 7, Rw, "TXD_LOW when so many times 8 descriptors are left; 0: off"),
    ],
)
.about("transmit descriptor control", "nic-models.md §1.2");

pub(super) const TADV: Register = Register::new(
    "TADV",
    0x0382c,
    4,
    &[f("IDV", 0, 16, Rw, "TXDW no later than this after the first, in 1.024 µs; 0: off")],
)
.about("transmit absolute interrupt delay value", "nic-models.md §1.2");

pub(super) const TSPMT: Register = Register::new(
    "TSPMT",
    0x03830,
    4,
    &[
        f("TSMT", 0, 16, Rw, "bytes that the FIFO must have room for before a segment is fetched"),
        f("TSPBP", 16, 16, Rw, "bytes of the FIFO that segmentation leaves free besides"),
    ],
)
.reset(0x0100_0400)
.about("segmentation pad and threshold", "nic-models.md §1.2");
