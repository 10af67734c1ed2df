//! Operands of the arithmetic-logic channels (ISA notes 3.1).
//!
//! A register number is the same for every width: whether `%r5` means 32, 64, 80 or 128 bits is said by the operation's
//! [`Kind`](crate::Kind).

use crate::{AauRegister, ArrayAddress, ControlTransferRegister, StateRegister};

/// A general register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Register {
    /// `%b[n]`, relative to the rotating base, n in 0..=127.
    Based(u8),
    /// `%rN` of the window, 0..=63.
    Window(u8),
    /// `%gN`, 0..=31.
    Global(u8),
}

impl Register {
    /// The register a byte of ALS or ALES names; `None` for 0xc0..=0xdf.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x00..=0x7f => Some(Self::Based(byte)),
            0x80..=0xbf => Some(Self::Window(byte & 0x3f)),
            0xc0..=0xdf => None,
            0xe0..=0xff => Some(Self::Global(byte & 0x1f)),
        }
    }

    /// The byte that names it; the number is taken modulo the size of the file.
    #[must_use]
    pub fn to_byte(self) -> u8 {
        match self {
            Self::Based(number) => number & 0x7f,
            Self::Window(number) => 0x80 | number & 0x3f,
            Self::Global(number) => 0xe0 | number & 0x1f,
        }
    }
}

/// Where a literal stands among the literal words LTS0..LTS3; its value is [`Bundle::literal`](crate::Bundle::literal).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Literal {
    /// `_f16s`: half of LTS0 or LTS1, sign-extended.
    Half {
        /// Word 0 or 1.
        word: u8,
        /// Bits 31:16 instead of 15:0.
        high: bool,
    },
    /// `_f32s`: LTS0..LTS3, sign-extended.
    Word(u8),
    /// `_f64`: LTSn is the low, LTS(n+1) the high word, n in 0..=2.
    Double(u8),
}

impl Literal {
    /// The literal a src2 byte names, `None` for all others.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0xd0 | 0xd1 => Some(Self::Half { word: byte & 1, high: false }),
            0xd4 | 0xd5 => Some(Self::Half { word: byte & 1, high: true }),
            0xd8..=0xdb => Some(Self::Word(byte & 3)),
            0xdc..=0xde => Some(Self::Double(byte & 3)),
            _ => None,
        }
    }

    /// The src2 byte.
    #[must_use]
    pub fn to_byte(self) -> u8 {
        match self {
            Self::Half { word, high } => 0xd0 | u8::from(high) << 2 | word & 1,
            Self::Word(word) => 0xd8 | word & 3,
            Self::Double(word) => 0xdc | word & 3,
        }
    }

    /// How many literal words must be there, counted from LTS0.
    #[must_use]
    pub fn words_needed(self) -> u8 {
        match self {
            Self::Half { word, .. } | Self::Word(word) => word.saturating_add(1),
            Self::Double(word) => word.saturating_add(2),
        }
    }
}

/// What an operation reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The format has no such operand.
    Absent,
    /// A general register.
    Register(Register),
    /// Constant in the operand byte: 0..=31 as src1, 0..=15 as src2; zero-extended.
    Constant(u8),
    /// A literal word of the bundle.
    Literal(Literal),
    /// 8-bit literal in ALES\[7:0\] or the window shift of `icalld`; zero-extended.
    Immediate(u8),
    /// State register of `rrs`/`rrd`.
    State(StateRegister),
    /// Register of the array access unit (`aaurr`).
    Aau(AauRegister),
    /// Address of an array access.
    Array(ArrayAddress),
}

/// `%tst`, `%tc`, `%tcd`: destinations of `puttc` and `puttst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrapRegister {
    /// `%tst`.
    Tst = 0xcd,
    /// `%tc`.
    Tc = 0xce,
    /// `%tcd`.
    Tcd = 0xcf,
}

/// Where an operation puts its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    /// The format has none (stores).
    Absent,
    /// A general register.
    Register(Register),
    /// `%empty`: the result is thrown away, faults are taken.
    Empty,
    /// Code 0xde, the other half of `%empty` for 128-bit registers.
    EmptyHigh,
    /// `%predN`, 0..=31.
    Predicate(u8),
    /// `%ctprN` (`movtd`, `getpl`).
    ControlTransfer(ControlTransferRegister),
    /// `%tst`, `%tc`, `%tcd`.
    Trap(TrapRegister),
    /// State register of `rws`/`rwd`.
    State(StateRegister),
    /// Register of the array access unit (`aaurw`).
    Aau(AauRegister),
}
