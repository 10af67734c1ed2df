//! Wake-up frames: masks and checks of up to eight patterns ([`crate::wake_pattern`]).

use elnic_contract::Mode::Rw;
use elnic_contract::Register;

use super::general::f;

pub(super) const CRC: Register = Register::new(
    "CRC",
    0x84,
    1,
    &[f(
        "CRC",
        0,
        8,
        Rw,
        "check of a wake-up frame's masked bytes; of a long pattern its low half",
    )],
)
.array(8, 1)
.about("check of wake-up frame 0 to 7", "DS CRC0-7");

pub(super) const WAKEUP: Register = Register::new(
    "WAKEUP",
    0x8c,
    4,
    &[f("MASK", 0, 32, Rw, "which bytes count, from byte 12 on; of a long pattern from byte 0")],
)
.array(16, 4)
.about("byte mask of wake-up frame 0 to 7, two words each", "DS Wakeup0-7");

pub(super) const LSBCRC: Register = Register::new(
    "LSBCRC",
    0xcc,
    1,
    &[f(
        "LSBCRC",
        0,
        8,
        Rw,
        "the last masked byte of a wake-up frame; of a long pattern the check's high half",
    )],
)
.array(8, 1)
.about("last masked byte of wake-up frame 0 to 7", "DS LSBCRC0-7");
