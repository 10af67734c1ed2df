//! Wake-up frames: masks and checks of up to eight patterns.
//!
//! The data sheet does not say how the 8-bit check of a pattern is computed, so no pattern ever matches; magic packets,
//! link changes and frames by address do wake the system.

use elnic_contract::{Mode, Register};

use super::general::f;

pub(super) const CRC: Register = Register::new(
    "CRC",
    0x84,
    1,
    &[f("CRC", 0, 8, Mode::NotModelled, "check of a wake-up frame's masked bytes")],
)
.array(8, 1)
.about("check of wake-up frame 0 to 7", "DS CRC0-7");

pub(super) const WAKEUP: Register = Register::new(
    "WAKEUP",
    0x8c,
    4,
    &[f("MASK", 0, 32, Mode::NotModelled, "which bytes count, from byte 12 on")],
)
.array(16, 4)
.about("byte mask of wake-up frame 0 to 7, two words each", "DS Wakeup0-7");

pub(super) const LSBCRC: Register = Register::new(
    "LSBCRC",
    0xcc,
    1,
    &[f("LSBCRC", 0, 8, Mode::NotModelled, "the last masked byte of a wake-up frame")],
)
.array(8, 1)
.about("last masked byte of wake-up frame 0 to 7", "DS LSBCRC0-7");
