//! The register table: all 256 bytes that the chip decodes, with fields, modes and reset values.
//!
//! Sources: *RTL8139C(L) Fast Ethernet Controller* (rev. 1.4) for the registers of both revisions, *RTL8139C+* (rev. 1.6)
//! for those of C+ mode, called DS throughout; values of the C+ where the revisions differ.
//!
//! Both base address registers show the same registers, so the table knows one window ([`WINDOW`]); the other is
//! translated to it. Where C+ mode shows another register at the same offset, that one stands in a window of its own
//! ([`CPLUS`]) at the same offset. Offsets that the data sheet calls reserved are decoded as registers without fields.

mod config;
mod general;
mod power;
mod receive;
mod transceiver;
mod transmit;
pub(crate) mod views;

/// The register window, of both base address registers.
pub(crate) const WINDOW: u8 = 0;
/// What C+ mode shows at offsets that have another meaning in C mode.
pub(crate) const CPLUS: u8 = 2;
/// Length of a window in bytes.
pub(crate) const WINDOW_SIZE: u64 = 256;

/// TCR with the version of the RTL8139C+ (HWVERID 1110110).
pub(crate) const VERSION_CPLUS: u64 = 0x7480_0000;
/// TCR with the version of the RTL8139C (HWVERID 1110100).
pub(crate) const VERSION_C: u64 = 0x7400_0000;
/// Revision of the RTL8139C+.
pub(crate) const REVISION_CPLUS: u8 = 0x20;
/// Revision of the RTL8139C.
pub(crate) const REVISION_C: u8 = 0x10;

elnic_registers::register_file! {
    /// The registers of the RTL8139C and C+.
    pub(crate) enum Reg {
        IDR = general::IDR,
        MAR = receive::MAR,
        TSD = transmit::TSD,
        TSAD = transmit::TSAD,
        RBSTART = receive::RBSTART,
        ERBCR = receive::ERBCR,
        ERSR = receive::ERSR,
        CR = general::CR,
        CAPR = receive::CAPR,
        CBR = receive::CBR,
        IMR = general::IMR,
        ISR = general::ISR,
        TCR = transmit::TCR,
        RCR = receive::RCR,
        TCTR = general::TCTR,
        MPC = receive::MPC,
        CR9346 = config::CR9346,
        CONFIG0 = config::CONFIG0,
        CONFIG1 = config::CONFIG1,
        RESERVED_53 = config::RESERVED_53,
        TIMERINT = general::TIMERINT,
        MSR = transceiver::MSR,
        CONFIG3 = config::CONFIG3,
        CONFIG4 = config::CONFIG4,
        HLTCLK = general::HLTCLK,
        MULINT = receive::MULINT,
        RERID = general::RERID,
        RESERVED_5F = config::RESERVED_5F,
        TSALLD = transmit::TSALLD,
        BMCR = transceiver::BMCR,
        BMSR = transceiver::BMSR,
        ANAR = transceiver::ANAR,
        ANLPAR = transceiver::ANLPAR,
        ANER = transceiver::ANER,
        DIS = transceiver::DIS,
        FCSC = transceiver::FCSC,
        NWAYTR = transceiver::NWAYTR,
        REC = transceiver::REC,
        CSCR = transceiver::CSCR,
        RESERVED_76 = config::RESERVED_76,
        PHY1_PARM = transceiver::PHY1_PARM,
        TW_PARM = transceiver::TW_PARM,
        PHY2_PARM = transceiver::PHY2_PARM,
        RESERVED_81 = config::RESERVED_81,
        TDOKLADDR = transmit::TDOKLADDR,
        CRC = power::CRC,
        WAKEUP = power::WAKEUP,
        LSBCRC = power::LSBCRC,
        FLASH = config::FLASH,
        CONFIG5 = config::CONFIG5,
        TPPOLL = transmit::TPPOLL,
        RESERVED_DA = config::RESERVED_DA,
        RESERVED_DC = config::RESERVED_DC,
        CPCR = general::CPCR,
        RESERVED_E2 = config::RESERVED_E2,
        RDSAR = receive::RDSAR,
        MTPS = transmit::MTPS,
        RESERVED_ED = config::RESERVED_ED,
        RESERVED_EE = config::RESERVED_EE,
        RESERVED_F0 = config::RESERVED_F0,
        DTCCR = general::DTCCR,
    }
}

impl Reg {
    /// Whether only the RTL8139C+ has this register.
    pub(crate) const fn is_cplus_only(self) -> bool {
        matches!(
            self,
            Self::TDOKLADDR
                | Self::FLASH
                | Self::TPPOLL
                | Self::CPCR
                | Self::RDSAR
                | Self::MTPS
                | Self::DTCCR
        )
    }

    /// Whether software must open the register first, by CR9346.EEM = 11 (DS 9346CR). Of BMCR only some bits are locked.
    pub(crate) const fn is_locked(self) -> bool {
        matches!(self, Self::IDR | Self::CONFIG0 | Self::CONFIG1 | Self::CONFIG3 | Self::CONFIG4)
    }
}
