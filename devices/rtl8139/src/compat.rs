//! Where QEMU's model and the data sheet disagree, and which of the two an instance follows (property `compat`).
//!
//! The data sheet comes first; `compat=qemu` is for software that has only ever met QEMU. Where the data sheet says nothing,
//! both follow QEMU and nothing is listed. [`QEMU_DIFFERENCES`] has everything else: what the switch changes, and what is
//! the data sheet's whatever the switch says.

/// Whom an instance follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compat {
    /// The data sheet.
    DataSheet,
    /// QEMU's model.
    Qemu,
}

impl Compat {
    /// From the word of the property.
    pub(crate) fn from_word(word: Option<&str>) -> Self {
        if word == Some("qemu") { Self::Qemu } else { Self::DataSheet }
    }

    fn qemu(self) -> bool {
        self == Self::Qemu
    }

    /// IDR can be written while CR9346.EEM is not 11. The chip asks for that (DS IDR, 9346CR), and drivers do so.
    pub(crate) fn station_address_is_open(self) -> bool {
        self.qemu()
    }

    /// CR.RST loads IDR from the EEPROM again and resets the transceiver's registers. The chip keeps IDR (DS CR), and
    /// drivers rely on a forced medium to last.
    pub(crate) fn software_reset_reloads(self) -> bool {
        self.qemu()
    }

    /// RCR.AAP lets groups and broadcast through and leaves the kind of address out of the receive status. On the chip
    /// it concerns station addresses (DS RCR), and PAM, MAR and BAR say what the frame is (DS receive status).
    pub(crate) fn promiscuous_takes_all(self) -> bool {
        self.qemu()
    }

    /// A write of RCR puts CAPR and CBR back to the start, under a driver that reads there. On the chip RBSTART and CR.RE
    /// do: drivers change the filter of a running receiver.
    pub(crate) fn configuration_rewinds(self) -> bool {
        self.qemu()
    }

    /// Whether a rise of CR.RE puts the pointers of the ring buffer back.
    pub(crate) fn receiver_rewinds(self) -> bool {
        !self.configuration_rewinds()
    }

    /// Any write of CPCR shows DTCCR in the place of TSD0 and TSD1 until a reset. On the chip C+ mode has to be on.
    pub(crate) fn any_write_selects_cplus(self) -> bool {
        self.qemu()
    }

    /// A short frame that comes back by loopback is padded even if RCR.AR asks for runts.
    pub(crate) fn loopback_hides_runts(self) -> bool {
        self.qemu()
    }

    /// While RXOVW is masked, no frame is taken into a ring buffer without room for the longest, and nothing says so. On
    /// the chip ISR tells of an overflow whether it is masked or not.
    pub(crate) fn masked_overflow_is_silent(self) -> bool {
        self.qemu()
    }

    /// A receiver without room asks its partner to pause, if that was negotiated (DS MSR.TXFCE).
    pub(crate) fn sends_pause(self) -> bool {
        !self.qemu()
    }
}

/// Something that software sees on QEMU's model and not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QemuDifference {
    /// The register, or registers.
    pub register: &'static str,
    /// Offset in the register window.
    pub offset: u32,
    /// Bits that may read otherwise after a reset or a plain write. Zero: the values are equal, what happens is not.
    pub bits: u32,
    /// What the data sheet says, and where.
    pub reason: &'static str,
    /// `compat=qemu` does as QEMU; otherwise the data sheet is followed always.
    pub switched: bool,
}

const fn value(
    register: &'static str,
    offset: u32,
    bits: u32,
    reason: &'static str,
) -> QemuDifference {
    QemuDifference { register, offset, bits, reason, switched: false }
}

const fn behaviour(register: &'static str, offset: u32, reason: &'static str) -> QemuDifference {
    QemuDifference { register, offset, bits: 0, reason, switched: false }
}

impl QemuDifference {
    const fn switched(mut self) -> Self {
        self.switched = true;
        self
    }
}

/// Every difference that software can tell.
pub const QEMU_DIFFERENCES: &[QemuDifference] = &[
    value(
        "IDR0-3, IDR4-5",
        0x00,
        u32::MAX,
        "locked (DS 9346CR.EEM), and a software reset keeps it (DS CR.RST)",
    )
    .switched(),
    value("BMCR, ANAR, CSCR", 0x62, 0xffff, "a software reset keeps the transceiver's registers")
        .switched(),
    value("TSD0, TSD1", 0x10, 0xffc0_c000, "DTCCR stands there in C+ mode only (DS DTCCR)")
        .switched(),
    behaviour("RCR.AAP", 0x44, "concerns station addresses; the status names the kind (DS RCR)")
        .switched(),
    behaviour("RCR", 0x44, "a write leaves CAPR and CBR alone; RBSTART and CR.RE rewind them")
        .switched(),
    behaviour("RCR.AR", 0x44, "a looped frame of less than 60 bytes is a runt (DS RCR.AR)")
        .switched(),
    behaviour("ISR.RXOVW", 0x3e, "an overflow shows whether it is masked or not (DS ISR)")
        .switched(),
    behaviour("MSR.TXPF", 0x58, "a receiver without room sends PAUSE (DS MSR.TXFCE)").switched(),
    value("MPC", 0x4c, 0xff00_0000, "the counter has 24 bits (DS MPC)"),
    value(
        "BMCR",
        0x62,
        0x3300,
        "what chooses the medium can be set once open; RESTART clears itself (DS BMCR)",
    ),
    value("BMSR", 0x64, 0x00c0, "read-only throughout (DS BMSR)"),
    value("ANER", 0x6a, 0xffff, "read-only throughout (DS ANER)"),
    value("CSCR", 0x74, 0x8fff, "can be written (DS CSCR)"),
    value(
        "PHY1_PARM, TW_PARM, PHY2_PARM",
        0x78,
        u32::MAX,
        "can be written and read back (DS PHY1_PARM)",
    ),
    value(
        "CRC, WAKEUP, LSBCRC",
        0x84,
        u32::MAX,
        "wake-up frames are stored and matched (DS CRC0-7, Wakeup0-7)",
    ),
    value("FLASH", 0xd4, u32::MAX, "stored, though there is no flash (DS FLASH)"),
    behaviour(
        "BMSR.LINK",
        0x64,
        "a lost link shows until it is read; negotiation takes time (IEEE 802.3 §22.2.4.2)",
    ),
    behaviour(
        "TSD",
        0x10,
        "all descriptors that are due are sent, not one for each write (DS TSD)",
    ),
    behaviour(
        "THPDS, TPPOLL",
        0x28,
        "the high-priority ring, FSWINT and TDU are there (DS TPPoll)",
    ),
    behaviour("ERSR, ERBCR, MULINT", 0x36, "early receive is there (DS RCR.ERTH)"),
    behaviour("CPCR.RXCHKSUM", 0xe0, "PID, IPF, UDPF and TCPF are set (DS C+ Rx descriptor)"),
    behaviour(
        "RDSAR",
        0xe4,
        "a frame goes on in the next buffer, and waits for one in the FIFO (DS C+ mode)",
    ),
    behaviour(
        "DTCCR",
        0x10,
        "both modes count; a frame that the filter refuses is no error (DS DTCCR)",
    ),
    behaviour(
        "large send",
        0x20,
        "FIN and PSH leave with the last segment; what cannot be cut gets TES (DS C+ mode)",
    ),
];
