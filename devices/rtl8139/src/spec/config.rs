//! Configuration: EEPROM command, CONFIG0 to 5, flash, and what is reserved.

use elnic_contract::Mode::{Ro, Rw};
use elnic_contract::{Mode, Register};

use super::general::f;

macro_rules! reserved {
    ($name:literal, $offset:literal, $width:literal) => {
        Register::new($name, $offset, $width, &[]).about("reserved", "DS register map")
    };
}

pub(super) const CR9346: Register = Register::new(
    "9346CR",
    0x50,
    1,
    &[
        f("EEDO", 0, 1, Ro, "data out of the EEPROM").volatile(),
        f("EEDI", 1, 1, Rw, "data into the EEPROM").volatile(),
        f("EESK", 2, 1, Rw, "clock").volatile(),
        f("EECS", 3, 1, Rw, "chip select").volatile(),
        f("EEM", 6, 2, Rw, "0 normal, 1 load the EEPROM, 2 drive its pins, 3 open what is locked")
            .volatile(),
    ],
)
.about("93C46 command", "DS 9346CR");

pub(super) const CONFIG0: Register = Register::new(
    "CONFIG0",
    0x51,
    1,
    &[
        f("BS", 0, 3, Rw, "size of the boot ROM; locked").volatile(),
        f("PL", 3, 2, Ro, "medium: 0 negotiates"),
        f("T10", 5, 1, Ro, "10 Mb/s test"),
        f("PCS", 6, 1, Ro, "PCS test"),
        f("SCR", 7, 1, Ro, "scrambler test"),
    ],
)
.about("configuration 0", "DS CONFIG0");

pub(super) const CONFIG1: Register = Register::new(
    "CONFIG1",
    0x52,
    1,
    &[
        f("PMEN", 0, 1, Rw, "power management: wake-up is armed; locked").volatile(),
        f("VPD", 1, 1, Rw, "vital product data; locked").volatile(),
        f("IOMAP", 2, 1, Ro, "the chip answers in I/O space"),
        f("MEMMAP", 3, 1, Ro, "the chip answers in memory space"),
        f("LWACT", 4, 1, Rw, "level of the LANWAKE pin, which is not connected; locked").volatile(),
        f("DVRLOAD", 5, 1, Rw, "a driver is loaded; locked").volatile(),
        f("LEDS", 6, 2, Rw, "what the LEDs show; locked").volatile(),
    ],
)
.reset(0x0c)
.about("configuration 1", "DS CONFIG1");

pub(super) const CONFIG3: Register = Register::new(
    "CONFIG3",
    0x59,
    1,
    &[
        f("FBTBEN", 0, 1, Ro, "fast back-to-back transactions"),
        f("FUNCREGEN", 1, 1, Ro, "CardBus function registers"),
        f("CLKRUN_EN", 2, 1, Ro, "CardBus clock run"),
        f("CARDB_EN", 3, 1, Ro, "CardBus"),
        f("LINKUP", 4, 1, Rw, "a change of the link wakes the system; locked").volatile(),
        f("MAGIC", 5, 1, Rw, "a magic packet wakes the system; locked").volatile(),
        f("PARM_EN", 6, 1, Rw, "PHY parameters can be written; locked").volatile(),
        f("GNTSEL", 7, 1, Ro, "grant is delayed by a clock"),
    ],
)
.reset(0x01)
.about("configuration 3", "DS CONFIG3");

pub(super) const CONFIG4: Register = Register::new(
    "CONFIG4",
    0x5a,
    1,
    &[
        f("PBWAKEUP", 0, 1, Rw, "wake-up before the system starts; locked").volatile(),
        f("LWPTN", 2, 1, Rw, "LANWAKE pulses; locked").volatile(),
        f("LWPME", 4, 1, Rw, "LANWAKE only with PME#; locked").volatile(),
        f("LONGWF", 5, 1, Rw, "wake-up frames of 128 bytes; locked").volatile(),
        f("ANAOFF", 6, 1, Rw, "analogue part off while asleep; locked").volatile(),
        f(
            "RXFIFOAUTOCLR",
            7,
            1,
            Rw,
            "an overflow of the FIFO clears itself, as it does here; locked",
        )
        .volatile(),
    ],
)
.about("configuration 4", "DS CONFIG4");

pub(super) const CONFIG5: Register = Register::new(
    "CONFIG5",
    0xd8,
    1,
    &[
        f("PME_STS", 0, 1, Rw, "PME status is cleared by software only"),
        f("LANWAKE", 1, 1, Rw, "LANWAKE pin enable; it is not connected"),
        f("LDPS", 2, 1, Rw, "no link-down power saving, which nobody sees"),
        f("FIFOADDRPTR", 3, 1, Rw, "FIFO pointers count down, which nobody sees"),
        f("UWF", 4, 1, Rw, "a frame to this station wakes the system"),
        f("MWF", 5, 1, Rw, "a frame to an accepted group wakes the system"),
        f("BWF", 6, 1, Rw, "a broadcast wakes the system"),
    ],
)
.about("configuration 5; not locked", "DS CONFIG5");

pub(super) const FLASH: Register = Register::new(
    "FLASH",
    0xd4,
    4,
    &[
        f("MA", 0, 17, Mode::NotModelled, "flash address; there is no flash"),
        f("CONTROL", 17, 4, Mode::NotModelled, "flash control lines"),
        f("MD", 24, 8, Mode::NotModelled, "flash data"),
    ],
)
.about("C+: flash memory access", "DS FLASH");

pub(super) const RESERVED_53: Register = reserved!("RESERVED_53", 0x53, 1);
pub(super) const RESERVED_5F: Register = reserved!("RESERVED_5F", 0x5f, 1);
pub(super) const RESERVED_76: Register = reserved!("RESERVED_76", 0x76, 2);
pub(super) const RESERVED_81: Register = reserved!("RESERVED_81", 0x81, 1);
pub(super) const RESERVED_DA: Register = reserved!("RESERVED_DA", 0xda, 2);
pub(super) const RESERVED_DC: Register = reserved!("RESERVED_DC", 0xdc, 4);
pub(super) const RESERVED_E2: Register = reserved!("RESERVED_E2", 0xe2, 2);
pub(super) const RESERVED_ED: Register = reserved!("RESERVED_ED", 0xed, 1);
pub(super) const RESERVED_EE: Register = reserved!("RESERVED_EE", 0xee, 2);
pub(super) const RESERVED_F0: Register = Register::new("RESERVED_F0", 0xf0, 4, &[])
    .array(4, 4)
    .about("reserved: CardBus function registers", "DS FER, FEMR, FPSR, FFER");
