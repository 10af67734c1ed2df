//! General registers: control, status, EEPROM, PHY access, flow control, interrupts, LEDs (nic-models.md §1.2).

use elnic_contract::Mode::{Ro, Rw, Sc, W1s, Wo};
use elnic_contract::{Field, Mode, Register};

const fn f(name: &'static str, lo: u8, bits: u8, mode: Mode, about: &'static str) -> Field {
    Field::new(name, lo, bits, mode, about)
}

const CTRL_FIELDS: &[Field] = &[
    f("FD", 0, 1, Rw, "full duplex, if forced"),
    f("LRST", 3, 1, Mode::NotModelled, "link reset of the fibre interface"),
    f("ASDE", 5, 1, Rw, "follow the speed the PHY has resolved"),
    f("SLU", 6, 1, Rw, "set link up: let the MAC see the PHY's link"),
    f("ILOS", 7, 1, Mode::NotModelled, "invert loss of signal"),
    f("SPEED", 8, 2, Rw, "speed, if forced: 10, 100, 1000 Mb/s"),
    f("FRCSPD", 11, 1, Rw, "force speed"),
    f("FRCDPLX", 12, 1, Rw, "force duplex"),
    f("SDP0_DATA", 18, 1, Rw, "software-definable pin 0; not connected"),
    f("SDP1_DATA", 19, 1, Rw, "software-definable pin 1; not connected"),
    f("ADVD3WUC", 20, 1, Rw, "D3cold wake-up capability is advertised"),
    f("EN_PHY_PWR_MGMT", 21, 1, Rw, "PHY power management"),
    f("SDP0_IODIR", 22, 1, Rw, "direction of pin 0"),
    f("SDP1_IODIR", 23, 1, Rw, "direction of pin 1"),
    f("RST", 26, 1, Sc, "reset all but PHY and configuration space").volatile(),
    f("RFCE", 27, 1, Rw, "obey received PAUSE frames"),
    f("TFCE", 28, 1, Rw, "send PAUSE frames"),
    f("VME", 30, 1, Rw, "VLAN mode: strip and insert tags"),
    f("PHY_RST", 31, 1, Rw, "hold the PHY in reset"),
];

pub(super) const CTRL: Register = Register::new("CTRL", 0x00000, 4, CTRL_FIELDS)
    .reset(super::CTRL_DEFAULT)
    .about("device control", "nic-models.md §1.2");

pub(super) const CTRL_DUP: Register = Register::new("CTRL_DUP", 0x00004, 4, CTRL_FIELDS)
    .reset(super::CTRL_DEFAULT)
    .about("CTRL once more", "nic-models.md §1.2");

pub(super) const STATUS: Register = Register::new(
    "STATUS",
    0x00008,
    4,
    &[
        f("FD", 0, 1, Ro, "full duplex").volatile(),
        f("LU", 1, 1, Ro, "link is up").volatile(),
        f("FUNCTION_ID", 2, 2, Ro, "always 0: one function"),
        f("TXOFF", 4, 1, Ro, "transmission is paused").volatile(),
        f("TBIMODE", 5, 1, Ro, "always 0: internal PHY"),
        f("SPEED", 6, 2, Ro, "speed: 10, 100, 1000 Mb/s").volatile(),
        f("ASDV", 8, 2, Ro, "speed the automatic detection has found").volatile(),
        f("PCI66", 11, 1, Ro, "66 MHz bus"),
        f("BUS64", 12, 1, Ro, "64-bit bus"),
        f("PCIX_MODE", 13, 1, Ro, "PCI-X bus"),
        f("PCIXSPD", 14, 2, Ro, "PCI-X speed"),
    ],
)
.reset(super::STATUS_DEFAULT)
.about("device status", "nic-models.md §1.2");

pub(super) const EECD: Register = Register::new(
    "EECD",
    0x00010,
    4,
    &[
        f("SK", 0, 1, Rw, "clock"),
        f("CS", 1, 1, Rw, "chip select"),
        f("DI", 2, 1, Rw, "data into the EEPROM"),
        f("DO", 3, 1, Ro, "data out of the EEPROM").volatile(),
        f("FWE", 4, 2, Mode::NotModelled, "flash write enable"),
        f("REQ", 6, 1, Rw, "request access"),
        f("GNT", 7, 1, Ro, "access granted: the hardware does not use the EEPROM").volatile(),
        f("PRES", 8, 1, Ro, "an EEPROM is there"),
        f("SIZE", 9, 1, Ro, "0: 64 words, 1: 256 words"),
    ],
)
.reset(super::EECD_DEFAULT)
.about("EEPROM pins", "nic-models.md §1.2");

pub(super) const EERD: Register = Register::new(
    "EERD",
    0x00014,
    4,
    &[
        f("START", 0, 1, Sc, "read the word at ADDR").volatile(),
        f("DONE", 4, 1, Ro, "DATA is valid").volatile(),
        f("ADDR", 8, 8, Rw, "word address"),
        f("DATA", 16, 16, Ro, "the word").volatile(),
    ],
)
.about("EEPROM read", "nic-models.md §1.2");

pub(super) const CTRL_EXT: Register = Register::new(
    "CTRL_EXT",
    0x00018,
    4,
    &[
        f("GPI_EN", 0, 4, Mode::NotModelled, "pins as interrupts; not connected"),
        f("SDP4_DATA", 4, 1, Rw, "software-definable pin; not connected"),
        f("SDP5_DATA", 5, 1, Rw, "software-definable pin; not connected"),
        f("SDP6_DATA", 6, 1, Rw, "software-definable pin; not connected"),
        f("SDP7_DATA", 7, 1, Rw, "software-definable pin; not connected"),
        f("SDP4_IODIR", 8, 1, Rw, "direction"),
        f("SDP5_IODIR", 9, 1, Rw, "direction"),
        f("SDP6_IODIR", 10, 1, Rw, "direction"),
        f("SDP7_IODIR", 11, 1, Rw, "direction"),
        f("ASDCHK", 12, 1, Sc, "check the speed now; done at once").volatile(),
        f("EE_RST", 13, 1, Sc, "load the EEPROM again").volatile(),
        f("IPS", 14, 1, Rw, "invert the power state; not connected"),
        f("SPD_BYPS", 15, 1, Rw, "the speed is that of CTRL.SPEED, as with CTRL.FRCSPD"),
        f("RO_DIS", 17, 1, Rw, "no relaxed ordering, which PCI has not"),
        f("LINK_MODE", 22, 2, Rw, "0: copper"),
    ],
)
.about("extended device control", "nic-models.md §1.2");

pub(super) const FLA: Register = Register::new(
    "FLA",
    0x0001c,
    4,
    &[
        f("FL_NVM_SK", 0, 1, Mode::NotModelled, "flash clock; no flash is fitted"),
        f("FL_CE", 1, 1, Mode::NotModelled, "flash chip enable"),
        f("FL_SI", 2, 1, Mode::NotModelled, "flash data in"),
        f("FL_SO", 3, 1, Ro, "flash data out"),
        f("FL_REQ", 4, 1, Mode::NotModelled, "flash access request"),
        f("FL_GNT", 5, 1, Ro, "flash access grant"),
    ],
)
.about("flash access", "nic-models.md §1.2");

pub(super) const MDIC: Register = Register::new(
    "MDIC",
    0x00020,
    4,
    &[
        f("DATA", 0, 16, Rw, "data").volatile(),
        f("REGADD", 16, 5, Rw, "PHY register"),
        f("PHYADD", 21, 5, Rw, "PHY address; the internal PHY is 1"),
        f("OP", 26, 2, Rw, "1 write, 2 read"),
        f("R", 28, 1, Rw, "ready: the operation has ended").volatile(),
        f("I", 29, 1, Rw, "interrupt when ready"),
        f("E", 30, 1, Rw, "error: nobody answered").volatile(),
    ],
)
.about("PHY registers", "nic-models.md §1.2");

pub(super) const FCAL: Register =
    Register::new("FCAL", 0x00028, 4, &[f("FCAL", 0, 32, Rw, "PAUSE destination, bytes 0 to 3")])
        .about("flow control address low", "nic-models.md §1.2");

pub(super) const FCAH: Register =
    Register::new("FCAH", 0x0002c, 4, &[f("FCAH", 0, 16, Rw, "PAUSE destination, bytes 4 and 5")])
        .about("flow control address high", "nic-models.md §1.2");

pub(super) const FCT: Register =
    Register::new("FCT", 0x00030, 4, &[f("FCT", 0, 16, Rw, "PAUSE type field")])
        .about("flow control type", "nic-models.md §1.2");

pub(super) const VET: Register =
    Register::new("VET", 0x00038, 4, &[f("VET", 0, 16, Rw, "type field of a tagged frame")])
        .about("VLAN ether type", "nic-models.md §1.2");

/// The causes, at their bits in ICR, ICS, IMS and IMC.
macro_rules! causes {
    ($mode:expr) => {
        &[
            f("TXDW", 0, 1, $mode, "transmit descriptor written back").volatile(),
            f("TXQE", 1, 1, $mode, "transmit queue empty").volatile(),
            f("LSC", 2, 1, $mode, "link status change").volatile(),
            f("RXSEQ", 3, 1, $mode, "receive sequence error; fibre only").volatile(),
            f("RXDMT0", 4, 1, $mode, "receive descriptor minimum threshold").volatile(),
            f("BIT5", 5, 1, $mode, "reserved, without a source; only ICS sets it").volatile(),
            f("RXO", 6, 1, $mode, "receiver overrun").volatile(),
            f("RXT0", 7, 1, $mode, "receiver timer").volatile(),
            f("MDAC", 9, 1, $mode, "PHY access complete").volatile(),
            f("RXCFG", 10, 1, $mode, "receiving /C/ ordered sets; fibre only").volatile(),
            f("GPI0", 11, 1, $mode, "general purpose interrupt; not connected").volatile(),
            f("GPI1", 12, 1, $mode, "general purpose interrupt; not connected").volatile(),
            f("GPI2", 13, 1, $mode, "general purpose interrupt; not connected").volatile(),
            f("GPI3", 14, 1, $mode, "general purpose interrupt; not connected").volatile(),
            f("TXD_LOW", 15, 1, $mode, "transmit descriptor low threshold").volatile(),
            f("SRPD", 16, 1, $mode, "small receive packet detected").volatile(),
        ]
    };
}

pub(super) const ICR: Register = Register::new("ICR", 0x000c0, 4, causes!(Mode::RcW1c))
    .read_hook()
    .about("interrupt cause read", "nic-models.md §1.2");

pub(super) const ITR: Register = Register::new(
    "ITR",
    0x000c4,
    4,
    &[f("INTERVAL", 0, 16, Rw, "least distance of interrupts in 256 ns; 0: none")],
)
.about("interrupt throttling", "SDM 13.4.18 as nic-models.md §1.9 quotes it");

pub(super) const ICS: Register = Register::new("ICS", 0x000c8, 4, causes!(W1s))
    .about("interrupt cause set; reads as ICR without clearing it", "nic-models.md §1.2");

pub(super) const IMS: Register = Register::new("IMS", 0x000d0, 4, causes!(W1s))
    .about("interrupt mask set and read", "nic-models.md §1.2");

pub(super) const IMC: Register = Register::new("IMC", 0x000d8, 4, causes!(Wo))
    .about("interrupt mask clear", "nic-models.md §1.2");

pub(super) const FCTTV: Register = Register::new(
    "FCTTV",
    0x00170,
    4,
    &[f("TTV", 0, 16, Rw, "quanta in a transmitted PAUSE, of 512 bit times")],
)
.about("flow control transmit timer value", "nic-models.md §1.2");

pub(super) const TXCW: Register = Register::new(
    "TXCW",
    0x00178,
    4,
    &[
        f("TXCONFIGWORD", 0, 16, Mode::NotModelled, "fibre negotiation advertisement"),
        f("TXCONFIG", 30, 1, Mode::NotModelled, "send /C/ ordered sets"),
        f("ANE", 31, 1, Mode::NotModelled, "fibre negotiation"),
    ],
)
.about("transmit configuration word; fibre only", "nic-models.md §1.2");

pub(super) const RXCW: Register = Register::new(
    "RXCW",
    0x00180,
    4,
    &[
        f("RXCONFIGWORD", 0, 16, Ro, "the partner's advertisement"),
        f("RXNOCARRIER", 26, 1, Ro, "no carrier"),
        f("RXINVALID", 27, 1, Ro, "invalid symbol"),
        f("RXCHANGE", 28, 1, Ro, "the configuration has changed"),
        f("RXCONFIG", 29, 1, Ro, "receiving /C/ ordered sets"),
        f("RXSYNC", 30, 1, Ro, "synchronised"),
        f("ANC", 31, 1, Ro, "negotiation complete"),
    ],
)
.about("receive configuration word; fibre only", "nic-models.md §1.2");

pub(super) const LEDCTL: Register = Register::new(
    "LEDCTL",
    0x00e00,
    4,
    &[
        f("LED0_MODE", 0, 4, Rw, "what the lamp shows; no lamp is fitted"),
        f("LED0_BLINK_MODE", 5, 1, Rw, "blink rate"),
        f("LED0_IVRT", 6, 1, Rw, "invert"),
        f("LED0_BLINK", 7, 1, Rw, "blink"),
        f("LED1_MODE", 8, 4, Rw, "what the lamp shows"),
        f("LED1_BLINK_MODE", 13, 1, Rw, "blink rate"),
        f("LED1_IVRT", 14, 1, Rw, "invert"),
        f("LED1_BLINK", 15, 1, Rw, "blink"),
        f("LED2_MODE", 16, 4, Rw, "what the lamp shows"),
        f("LED2_BLINK_MODE", 21, 1, Rw, "blink rate"),
        f("LED2_IVRT", 22, 1, Rw, "invert"),
        f("LED2_BLINK", 23, 1, Rw, "blink"),
        f("LED3_MODE", 24, 4, Rw, "what the lamp shows"),
        f("LED3_BLINK_MODE", 29, 1, Rw, "blink rate"),
        f("LED3_IVRT", 30, 1, Rw, "invert"),
        f("LED3_BLINK", 31, 1, Rw, "blink"),
    ],
)
.reset(0x602)
.about("LED control", "nic-models.md §1.2");

pub(super) const PBA: Register = Register::new(
    "PBA",
    0x01000,
    4,
    &[
        f("RXA", 0, 7, Rw, "receive FIFO in KiB, of 64; effective after reset"),
        f("TXA", 16, 7, Ro, "transmit FIFO in KiB: what is left").volatile(),
    ],
)
.reset(0x0010_0030)
.about("packet buffer allocation", "nic-models.md §1.2");
