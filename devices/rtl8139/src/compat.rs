//! Where QEMU's model and the data sheet disagree, and which of the two an instance follows (property `compat`).
//!
//! Software written against QEMU can see these differences, so an instance follows QEMU unless told otherwise. Everything
//! that is not listed here follows the data sheet in any case; [`QEMU_DIFFERENCES`] lists what of that shows in register
//! values.

/// Whom an instance follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compat {
    /// QEMU's model.
    Qemu,
    /// The data sheet.
    DataSheet,
}

impl Compat {
    /// From the word of the property.
    pub(crate) fn from_word(word: Option<&str>) -> Self {
        if word == Some("datasheet") { Self::DataSheet } else { Self::Qemu }
    }

    fn qemu(self) -> bool {
        self == Self::Qemu
    }

    /// CR.RST reads 1 from power-on until CR is written. On the chip the reset is over before anybody can look.
    pub(crate) fn reset_bit_shows_power_on(self) -> bool {
        self.qemu()
    }

    /// IDR can be written while CR9346.EEM is not 11.
    pub(crate) fn station_address_is_open(self) -> bool {
        self.qemu()
    }

    /// CR.RST loads IDR and CONFIG from the EEPROM again and keeps RCR, which the chip does the other way round (DS CR).
    pub(crate) fn software_reset_reloads(self) -> bool {
        self.qemu()
    }

    /// RCR.AAP lets groups and broadcast through and leaves the kind of address out of the receive status. On the chip
    /// it concerns station addresses (DS RCR).
    pub(crate) fn promiscuous_takes_all(self) -> bool {
        self.qemu()
    }

    /// A write of RCR puts CAPR and CBR back to the start. On the chip RBSTART and CR.RE do.
    pub(crate) fn configuration_rewinds(self) -> bool {
        self.qemu()
    }

    /// Any write of CPCR shows DTCCR in the place of TSD0 and TSD1 until a reset. On the chip C+ mode has to be on.
    pub(crate) fn any_write_selects_cplus(self) -> bool {
        self.qemu()
    }

    /// A frame that comes back by loopback is padded to the shortest length. On the chip it is a runt.
    pub(crate) fn loopback_pads(self) -> bool {
        self.qemu()
    }

    /// A frame that comes back by loopback and finds no room is lost at once. On the chip it waits in the FIFO.
    pub(crate) fn loopback_does_not_wait(self) -> bool {
        self.qemu()
    }

    /// While RXOVW is masked, no frame is taken into a ring buffer without room for the longest, and nothing says so. On
    /// the chip ISR tells of an overflow whether it is masked or not.
    pub(crate) fn masked_overflow_is_silent(self) -> bool {
        self.qemu()
    }
}

/// A value that QEMU's model shows and this one, with the data sheet, does not, whatever `compat` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QemuDifference {
    /// The register.
    pub register: &'static str,
    /// Offset in the register window.
    pub offset: u32,
    /// Bits that may read otherwise. All others are equal.
    pub bits: u32,
    /// Why.
    pub reason: &'static str,
}

/// Every difference a guest can see in register values after reset or a plain write and read.
pub const QEMU_DIFFERENCES: &[QemuDifference] = &[
    QemuDifference {
        register: "MPC",
        offset: 0x4c,
        bits: 0xff00_0000,
        reason: "the counter has 24 bits (DS MPC)",
    },
    QemuDifference {
        register: "BMCR",
        offset: 0x62,
        bits: 0x3300,
        reason: "speed, duplex and negotiation can be set once open, and RESTART clears itself (DS BMCR)",
    },
    QemuDifference {
        register: "BMSR",
        offset: 0x64,
        bits: 0x00c0,
        reason: "read-only throughout (DS BMSR)",
    },
    QemuDifference {
        register: "ANER",
        offset: 0x6a,
        bits: 0xffff,
        reason: "read-only throughout (DS ANER)",
    },
    QemuDifference {
        register: "CSCR",
        offset: 0x74,
        bits: 0x8fff,
        reason: "can be written (DS CSCR)",
    },
    QemuDifference {
        register: "PHY1_PARM, TW_PARM, PHY2_PARM",
        offset: 0x78,
        bits: 0xffff_ffff,
        reason: "the analogue parameters can be written and read back (DS PHY1_PARM)",
    },
    QemuDifference {
        register: "CRC, WAKEUP, LSBCRC",
        offset: 0x84,
        bits: 0xffff_ffff,
        reason: "wake-up frames are stored (DS CRC0-7, Wakeup0-7)",
    },
    QemuDifference {
        register: "FLASH",
        offset: 0xd4,
        bits: 0xffff_ffff,
        reason: "stored, though there is no flash (DS FLASH)",
    },
];
