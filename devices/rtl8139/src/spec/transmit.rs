//! Transmit registers: descriptors of C mode, rings of C+ mode, configuration.

use elnic_contract::Mode::{Ro, Rw, Sc};
use elnic_contract::Register;

use super::VERSION_CPLUS;
use super::general::f;

pub(super) const TSD: Register = Register::new(
    "TSD",
    0x10,
    4,
    &[
        f("SIZE", 0, 13, Rw, "bytes to send; more than 1792 occupy the whole FIFO"),
        f("OWN", 13, 1, Rw, "1: software's; written 0 the frame is sent").volatile(),
        f("TUN", 14, 1, Ro, "the FIFO ran empty under the frame").volatile(),
        f("TOK", 15, 1, Ro, "the frame was sent").volatile(),
        f(
            "ERTXTH",
            16,
            6,
            Rw,
            "start when so many times 32 bytes are in the FIFO; the whole frame is awaited",
        ),
        f("NCC", 24, 4, Ro, "collisions; a link to one partner has none").volatile(),
        f("CDH", 28, 1, Ro, "no heart beat at 10 Mb/s; it always beats").volatile(),
        f("OWC", 29, 1, Ro, "collision out of its window").volatile(),
        f("TABT", 30, 1, Ro, "transmission was aborted; CLRABT tries again").volatile(),
        f("CRS", 31, 1, Ro, "no carrier: the link was down").volatile(),
    ],
)
.array(4, 4)
.reset(0x2000)
.about("transmit status of descriptor 0 to 3; taken in doublewords only", "DS TSD0-3");

pub(super) const TSAD: Register = Register::new(
    "TSAD",
    0x20,
    4,
    &[f(
        "TSAD",
        0,
        32,
        Rw,
        "buffer address; C+: TNPDS (0, 1) and THPDS (2, 3), low then high half",
    )],
)
.array(4, 4)
.about("transmit start address of descriptor 0 to 3", "DS TSAD0-3, TNPDS, THPDS");

pub(super) const TCR: Register = Register::new(
    "TCR",
    0x40,
    4,
    &[
        f("CLRABT", 0, 1, Sc, "send the aborted frame again").volatile(),
        f("TXRR", 4, 4, Rw, "retries after collisions, of which there are none").volatile(),
        f("MXDMA", 8, 3, Rw, "largest bus burst: 16 << MXDMA bytes").volatile(),
        f("CRC", 16, 1, Rw, "1: frames bring their own FCS").volatile(),
        f("LBK", 17, 2, Rw, "11: frames come back instead of leaving").volatile(),
        f("IFG2", 19, 1, Rw, "further bit of IFG; without effect").volatile(),
        f("HWVERID_B", 22, 2, Ro, "version of the chip, lower part"),
        f("IFG", 24, 2, Rw, "gap between frames: 84, 88, 92 or 96 bit times").volatile(),
        f("HWVERID_A", 26, 5, Ro, "version of the chip, upper part"),
    ],
)
.reset(VERSION_CPLUS)
.about("transmit configuration; writes count while CR.TE is set", "DS TCR");

pub(super) const TSALLD: Register = Register::new(
    "TSALLD",
    0x60,
    2,
    &[
        f("OWN", 0, 4, Ro, "OWN of descriptors 0 to 3").volatile(),
        f("TABT", 4, 4, Ro, "TABT of descriptors 0 to 3").volatile(),
        f("TUN", 8, 4, Ro, "TUN of descriptors 0 to 3").volatile(),
        f("TOK", 12, 4, Ro, "TOK of descriptors 0 to 3").volatile(),
    ],
)
.reset(0x000f)
.about("transmit status of all descriptors", "DS TSAD");

pub(super) const TDOKLADDR: Register = Register::new(
    "TDOKLADDR",
    0x82,
    2,
    &[f("TDOKLADDR", 0, 16, Ro, "low half of the address of the descriptor done last").volatile()],
)
.about("C+: low address of a transmit descriptor with Tx DMA OK", "DS TxDmaOkLowDesc");

pub(super) const TPPOLL: Register = Register::new(
    "TPPOLL",
    0xd9,
    1,
    &[
        f("FSWINT", 0, 1, Sc, "raise ISR.SWINT").volatile(),
        f("NPQ", 6, 1, Sc, "the normal-priority ring has frames").volatile(),
        f("HPQ", 7, 1, Sc, "the high-priority ring has frames").volatile(),
    ],
)
.about("C+: transmit priority polling", "DS TPPoll");

pub(super) const MTPS: Register = Register::new(
    "MTPS",
    0xec,
    1,
    &[f(
        "MTPS",
        0,
        8,
        Rw,
        "start when so many times 32 bytes are in the FIFO; the whole frame is awaited",
    )],
)
.about("C+: maximum transmit packet size", "DS ETThR");
