//! Receive registers: filter, ring buffer of C mode, descriptor ring of C+ mode, early receive.

use elnic_contract::Mode::{Ro, Rw, W1c};
use elnic_contract::Register;

use super::general::f;

pub(super) const MAR: Register = Register::new(
    "MAR",
    0x08,
    8,
    &[f("MAR", 0, 64, Rw, "one bit for each hash of a group address")],
)
.about("multicast hash table", "DS MAR0-7");

pub(super) const RBSTART: Register =
    Register::new("RBSTART", 0x30, 4, &[f("RBSTART", 0, 32, Rw, "address of the ring buffer")])
        .about("receive buffer start", "DS RBSTART");

pub(super) const ERBCR: Register = Register::new(
    "ERBCR",
    0x34,
    2,
    &[f("ERBCR", 0, 16, Ro, "bytes of the frame that are in the buffer").volatile()],
)
.about("early receive byte count", "DS ERBCR");

pub(super) const ERSR: Register = Register::new(
    "ERSR",
    0x36,
    1,
    &[
        f("EROK", 0, 1, Ro, "a frame is longer than the early threshold and still arrives")
            .volatile(),
        f("EROVW", 1, 1, W1c, "the buffer ran full under a frame that arrived early").volatile(),
        f("ERBAD", 2, 1, W1c, "a frame that arrived early turned out damaged").volatile(),
        f("ERGOOD", 3, 1, W1c, "a frame that arrived early turned out good").volatile(),
    ],
)
.about("early receive status", "DS ERSR");

pub(super) const CAPR: Register = Register::new(
    "CAPR",
    0x38,
    2,
    &[f("CAPR", 0, 16, Rw, "where software reads the ring buffer, less 16").volatile()],
)
.reset(0xfff0)
.about("current address of packet read", "DS CAPR");

pub(super) const CBR: Register = Register::new(
    "CBR",
    0x3a,
    2,
    &[f("CBR", 0, 16, Ro, "where the hardware writes the ring buffer").volatile()],
)
.about("current buffer address", "DS CBR");

pub(super) const RCR: Register = Register::new(
    "RCR",
    0x44,
    4,
    &[
        f("AAP", 0, 1, Rw, "accept all station addresses"),
        f("APM", 1, 1, Rw, "accept the own station address"),
        f("AM", 2, 1, Rw, "accept group addresses whose hash is in MAR"),
        f("AB", 3, 1, Rw, "accept broadcast"),
        f("AR", 4, 1, Rw, "accept frames of less than 64 bytes"),
        f("AER", 5, 1, Rw, "accept damaged frames"),
        f("SEL9356", 6, 1, Ro, "0: the EEPROM is a 93C46"),
        f("WRAP", 7, 1, Rw, "let a frame run past the end of the ring buffer; not with 64 KiB"),
        f("MXDMA", 8, 3, Rw, "largest bus burst: 16 << MXDMA bytes; 7: unlimited"),
        f("RBLEN", 11, 2, Rw, "size of the ring buffer: 8 KiB << RBLEN"),
        f("RXFTH", 13, 3, Rw, "FIFO threshold; the whole frame is awaited in any case"),
        f("RER8", 16, 1, Rw, "accept damaged frames of 8 bytes and more, not only of 64"),
        f("MULERINT", 17, 1, Rw, "early receive by MULINT for every kind of frame"),
        f("ERTH", 24, 4, Rw, "early receive when so many sixteenths of a frame are there; 0: off"),
    ],
)
.about("receive configuration", "DS RCR");

pub(super) const MPC: Register = Register::new(
    "MPC",
    0x4c,
    4,
    &[f("MPC", 0, 24, Ro, "frames lost for want of room; any write clears it").volatile()],
)
.about("missed packet counter", "DS MPC");

pub(super) const MULINT: Register = Register::new(
    "MULINT",
    0x5c,
    2,
    &[f("MISR", 0, 12, Rw, "early receive after so many bytes of a frame of unknown kind; 0: off")],
)
.about("multiple interrupt select", "DS MULINT");

pub(super) const RDSAR: Register = Register::new(
    "RDSAR",
    0xe4,
    4,
    &[f(
        "RDSAR",
        0,
        32,
        Rw,
        "address of the receive descriptors, low then high half; the low 8 bits are taken as 0",
    )],
)
.array(2, 4)
.about("C+: receive descriptor start address", "DS RDSAR");
