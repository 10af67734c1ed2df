//! Station address, command, interrupts, timer, C+ command and tally counters.

use elnic_contract::Mode::{Ro, Rw, Sc, W1c};
use elnic_contract::{Field, Mode, Register};

use super::{CPLUS, REVISION_CPLUS};

/// Shorthand for the tables.
pub(super) const fn f(
    name: &'static str,
    lo: u8,
    bits: u8,
    mode: Mode,
    about: &'static str,
) -> Field {
    Field::new(name, lo, bits, mode, about)
}

pub(super) const IDR: Register = Register::new(
    "IDR",
    0x00,
    8,
    &[f("IDR", 0, 48, Rw, "station address, IDR0 lowest; loaded from the EEPROM; locked")
        .volatile()],
)
.about("station address", "DS IDR0-5");

pub(super) const CR: Register = Register::new(
    "CR",
    0x37,
    1,
    &[
        f("BUFE", 0, 1, Ro, "the receive buffer is empty: CBR is where software reads").volatile(),
        f("TE", 2, 1, Rw, "transmitter enable"),
        f("RE", 3, 1, Rw, "receiver enable"),
        f("RST", 4, 1, Sc, "software reset").volatile(),
    ],
)
.reset(0x01)
.about("command", "DS CR");

pub(super) const IMR: Register = Register::new(
    "IMR",
    0x3c,
    2,
    &[
        f("ROK", 0, 1, Rw, "interrupt when a frame was received"),
        f("RER", 1, 1, Rw, "interrupt when a damaged frame was received"),
        f("TOK", 2, 1, Rw, "interrupt when a frame was sent"),
        f("TER", 3, 1, Rw, "interrupt when a frame was not sent"),
        f("RXOVW", 4, 1, Rw, "interrupt when there is no room in the receive buffer or ring"),
        f("PUN", 5, 1, Rw, "interrupt when the link changes"),
        f("FOVW", 6, 1, Rw, "interrupt when the receive FIFO overflows"),
        f("TDU", 7, 1, Rw, "interrupt when no transmit descriptor is left"),
        f("SWINT", 8, 1, Rw, "interrupt by software"),
        f("LENCHG", 13, 1, Rw, "interrupt when the cable length changes"),
        f("TIMEOUT", 14, 1, Rw, "interrupt when TCTR reaches TIMERINT"),
        f("SERR", 15, 1, Rw, "interrupt when a bus-master access fails"),
    ],
)
.about("interrupt mask", "DS IMR");

pub(super) const ISR: Register = Register::new(
    "ISR",
    0x3e,
    2,
    &[
        f("ROK", 0, 1, W1c, "a frame was received").volatile(),
        f("RER", 1, 1, W1c, "a damaged frame was received").volatile(),
        f("TOK", 2, 1, W1c, "a frame was sent").volatile(),
        f("TER", 3, 1, W1c, "a frame was not sent").volatile(),
        f("RXOVW", 4, 1, W1c, "no room in the receive buffer; C+: no receive descriptor")
            .volatile(),
        f("PUN", 5, 1, W1c, "the link has changed").volatile(),
        f("FOVW", 6, 1, W1c, "the receive FIFO overflowed").volatile(),
        f("TDU", 7, 1, W1c, "C+: no transmit descriptor is left").volatile(),
        f("SWINT", 8, 1, W1c, "C+: TPPOLL.FSWINT was written").volatile(),
        f("LENCHG", 13, 1, W1c, "the cable length has changed; it never does").volatile(),
        f("TIMEOUT", 14, 1, W1c, "TCTR has reached TIMERINT").volatile(),
        f("SERR", 15, 1, W1c, "a bus-master access failed").volatile(),
    ],
)
.about("interrupt status", "DS ISR");

pub(super) const TCTR: Register = Register::new(
    "TCTR",
    0x48,
    4,
    &[f("TCTR", 0, 32, Ro, "counts PCI clocks; any write starts it at 0").volatile()],
)
.read_hook()
.about("timer count", "DS TCTR");

pub(super) const TIMERINT: Register = Register::new(
    "TIMERINT",
    0x54,
    4,
    &[f("TIMERINT", 0, 32, Rw, "TCTR raises TIMEOUT when it comes to this value; 0: never")],
)
.about("timer interrupt", "DS TimerInt");

pub(super) const HLTCLK: Register = Register::new(
    "HLTCLK",
    0x5b,
    1,
    &[f("HLTCLK", 0, 8, Rw, "write 'R' to run, 'H' to halt the clock; reads 1 or 0").volatile()],
)
.reset(1)
.about("halt clock", "DS HLTCLK");

pub(super) const RERID: Register =
    Register::new("RERID", 0x5e, 1, &[f("REVISION", 0, 8, Ro, "0x10: RTL8139C; 0x20: RTL8139C+")])
        .reset(REVISION_CPLUS as u64)
        .about("PCI revision", "DS RERID");

pub(super) const CPCR: Register = Register::new(
    "CPCR",
    0xe0,
    2,
    &[
        f("CPTX", 0, 1, Rw, "transmit from descriptor rings"),
        f("CPRX", 1, 1, Rw, "receive into the descriptor ring"),
        f("MULRW", 3, 1, Mode::NotModelled, "PCI multiple read and write commands"),
        f("DAC", 4, 1, Rw, "dual address cycles; addresses have 64 bits in any case"),
        f("RXCHKSUM", 5, 1, Rw, "check IP, UDP and TCP checksums of received frames"),
        f("RXVLAN", 6, 1, Rw, "take VLAN tags out of received frames"),
    ],
)
.about("C+ command", "DS C+CR");

pub(super) const DTCCR: Register = Register::new(
    "DTCCR",
    0x10,
    8,
    &[
        f("RESERVED", 0, 3, Rw, "no meaning"),
        f("CMD", 3, 1, Rw, "write the tally counters to memory; clears itself").volatile(),
        f("UNUSED", 4, 2, Rw, "no meaning; the address is a multiple of 64"),
        f("ADDRESS", 6, 58, Rw, "where to, bits 63 to 6"),
    ],
)
.region(CPLUS)
.about("dump tally counters, in C+ mode at the place of TSD0 and TSD1", "DS DTCCR");
