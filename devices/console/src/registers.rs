//! Bits of the write and read registers (Z85C30 SCC User's Manual UM0109 §5).

/// WR0: bits 2:0 point at a register.
pub(crate) const WR0_POINTER: u8 = 0b0000_0111;
/// WR0: bits 5:3 are a command.
pub(crate) const WR0_COMMAND: u8 = 0b0011_1000;

/// Commands of WR0 bits 5:3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Null,
    PointHigh,
    ResetExternal,
    SendAbort,
    InterruptOnNextCharacter,
    ResetTransmitPending,
    ErrorReset,
    ResetHighestUnderService,
}

impl Command {
    pub(crate) const fn of(wr0: u8) -> Self {
        match (wr0 & WR0_COMMAND) >> 3 {
            0 => Self::Null,
            1 => Self::PointHigh,
            2 => Self::ResetExternal,
            3 => Self::SendAbort,
            4 => Self::InterruptOnNextCharacter,
            5 => Self::ResetTransmitPending,
            6 => Self::ErrorReset,
            _ => Self::ResetHighestUnderService,
        }
    }
}

pub(crate) const WR1_EXTERNAL_ENABLE: u8 = 1 << 0;
pub(crate) const WR1_TRANSMIT_ENABLE: u8 = 1 << 1;
/// WR1: wait and DMA request pins.
pub(crate) const WR1_WAIT_REQUEST: u8 = 0b1110_0000;

/// When a received character interrupts: WR1 bits 4:3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReceiveInterrupt {
    Never,
    FirstOrSpecial,
    AllOrSpecial,
    SpecialOnly,
}

impl ReceiveInterrupt {
    pub(crate) const fn of(wr1: u8) -> Self {
        match (wr1 >> 3) & 3 {
            0 => Self::Never,
            1 => Self::FirstOrSpecial,
            2 => Self::AllOrSpecial,
            _ => Self::SpecialOnly,
        }
    }
}

pub(crate) const WR3_RECEIVE_ENABLE: u8 = 1 << 0;
/// WR4: bits 3:2 are the stop bits; none means a synchronous mode.
pub(crate) const WR4_STOP_BITS: u8 = 0b0000_1100;
pub(crate) const WR5_TRANSMIT_ENABLE: u8 = 1 << 3;
/// WR7': reads of RR4, RR5, RR9, RR11 and RR14 show write registers.
pub(crate) const WR7P_EXTENDED_READ: u8 = 1 << 6;
pub(crate) const WR9_STATUS_HIGH: u8 = 1 << 4;
pub(crate) const WR9_MASTER_ENABLE: u8 = 1 << 3;
pub(crate) const WR9_SOFTWARE_ACKNOWLEDGE: u8 = 1 << 5;
pub(crate) const WR14_LOCAL_LOOPBACK: u8 = 1 << 4;
pub(crate) const WR14_AUTO_ECHO: u8 = 1 << 3;
/// WR15: WR7 stands for WR7'.
pub(crate) const WR15_WR7_PRIME: u8 = 1 << 0;

pub(crate) const RR0_RECEIVE_AVAILABLE: u8 = 1 << 0;
pub(crate) const RR0_TRANSMIT_EMPTY: u8 = 1 << 2;
/// RR0: no synchronous frame is being sent; always so in asynchronous modes.
pub(crate) const RR0_UNDERRUN: u8 = 1 << 6;
pub(crate) const RR1_ALL_SENT: u8 = 1 << 0;
/// RR1: residue code of a whole character.
pub(crate) const RR1_RESIDUE: u8 = 0b0000_0110;
pub(crate) const RR1_OVERRUN: u8 = 1 << 5;
