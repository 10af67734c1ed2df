//! Why bytes are no bundle, and why a bundle has no bytes.
//!
//! A [`DecodeError`] is the text behind the guest's `exc_illegal_opcode`: it names the syllable, the value and the reason.

use crate::{Channels, IsaVersion};

/// Why bytes do not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bundle goes on behind the end of the bytes.
    #[error("the bundle is {needed} bytes long but only {available} are there")]
    Truncated {
        /// Bytes given.
        available: usize,
        /// Bytes the header asks for (8 where not even the header is complete).
        needed: usize,
    },
    /// HS has bit 11 set.
    #[error("HS {hs:#010x}: bit 11 must be 0")]
    ReservedHeader {
        /// The header.
        hs: u32,
    },
    /// `mdl` and the presence bits of HS contradict each other.
    #[error(
        "HS {hs:#010x}: mdl says {front} words in front, the presence bits explain {explained}"
    )]
    FrontLength {
        /// The header.
        hs: u32,
        /// Words according to `mdl`.
        front: u8,
        /// Words according to the presence bits.
        explained: u8,
    },
    /// `lng` is too small for the syllables HS and SS announce.
    #[error("HS {hs:#010x}: {needed} words are announced, lng leaves room for {room}")]
    TooShort {
        /// The header.
        hs: u32,
        /// Words announced.
        needed: u8,
        /// Words of the bundle.
        room: u8,
    },
    /// An ALES without its ALS.
    #[error("HS {hs:#010x}: ALES{channel} without ALS{channel}")]
    LoneExtension {
        /// The header.
        hs: u32,
        /// Channel.
        channel: u8,
    },
    /// No operation has this opcode.
    #[error("ALS{channel}: no operation has opcode {opcode:#04x}{}", Extension(*extension))]
    UnknownOpcode {
        /// Channel.
        channel: u8,
        /// ALS\[30:24\].
        opcode: u8,
        /// ALES\[15:8\].
        extension: Option<u8>,
    },
    /// The opcode is used, but not with these further fields.
    #[error(
        "ALS{channel}: opcode {opcode:#04x}{} has no operation with src1 {src1:#04x}, ALES low byte {low:#04x}, dst {dst:#04x}",
        Extension(*extension)
    )]
    UnknownSelection {
        /// Channel.
        channel: u8,
        /// ALS\[30:24\].
        opcode: u8,
        /// ALES\[15:8\].
        extension: Option<u8>,
        /// ALS\[23:16\].
        src1: u8,
        /// ALES\[7:0\], 0 without ALES.
        low: u8,
        /// ALS\[7:0\].
        dst: u8,
    },
    /// The operation may not stand on this channel.
    #[error("ALS{channel}: {mnemonic} may stand only on channels {allowed}")]
    WrongChannel {
        /// Channel.
        channel: u8,
        /// Operation.
        mnemonic: &'static str,
        /// Where it may stand.
        allowed: Channels,
    },
    /// The operation is not in this version.
    #[error("{place}: {what} exists in {since} to {until}, not in {version}")]
    WrongVersion {
        /// Syllable.
        place: Place,
        /// Operation.
        what: &'static str,
        /// First version.
        since: IsaVersion,
        /// Last version.
        until: IsaVersion,
        /// Version asked for.
        version: IsaVersion,
    },
    /// A field holds a value that means nothing.
    #[error("{place}: {field} {value:#x} is reserved")]
    Reserved {
        /// Syllable.
        place: Place,
        /// Field.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// A literal word is used that the bundle does not have.
    #[error("{place}: needs literal word LTS{word}, the bundle has {present}")]
    MissingLiteral {
        /// Who needs it.
        place: Place,
        /// Number of the word.
        word: u8,
        /// How many are there.
        present: u8,
    },
}

/// Text of an ALES selector in messages.
struct Extension(Option<u8>);

impl std::fmt::Display for Extension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |extension| write!(f, " in extension {extension:#04x}"))
    }
}

/// A syllable, by the name the ISA description gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// SS.
    Ss,
    /// ALSn (with its ALES).
    Als(u8),
    /// CS0.
    Cs0,
    /// CS1.
    Cs1,
    /// AAS of array channel n.
    Aas(u8),
    /// PLSn.
    Pls(u8),
    /// CDSn.
    Cds(u8),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ss => write!(f, "SS"),
            Self::Als(channel) => write!(f, "ALS{channel}"),
            Self::Cs0 => write!(f, "CS0"),
            Self::Cs1 => write!(f, "CS1"),
            // The half-syllables of the array channels 0..=3 are AAS2..=AAS5.
            Self::Aas(channel) => write!(f, "AAS{}", channel + 2),
            Self::Pls(number) => write!(f, "PLS{number}"),
            Self::Cds(number) => write!(f, "CDS{number}"),
        }
    }
}

/// Why a bundle cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// More than 64 bytes.
    #[error("the bundle needs {words} words, at most 16 are possible")]
    TooLong {
        /// Words needed.
        words: usize,
    },
    /// More words in front than `mdl` can say.
    #[error("{words} words in front of the middle, at most 16 are possible")]
    FrontTooLong {
        /// Words needed.
        words: usize,
    },
    /// `mova` without SS, which announces it.
    #[error("mova needs the stub syllable")]
    StubMissing,
    /// LTS0 is needed by `setwd` and says something else.
    #[error("setwd needs LTS0 = {needed:#010x}, but it holds {found:#010x}")]
    LiteralConflict {
        /// What `setwd` needs.
        needed: u32,
        /// What is there.
        found: u32,
    },
    /// An operand names a literal word that is not there.
    #[error("{place}: needs literal word LTS{word}, the bundle has {present}")]
    MissingLiteral {
        /// Who needs it.
        place: Place,
        /// Number of the word.
        word: u8,
        /// How many are there.
        present: u8,
    },
    /// An operand that this field cannot hold.
    #[error("{place}: {field} cannot hold {what}")]
    Operand {
        /// Where.
        place: Place,
        /// Field.
        field: &'static str,
        /// What was given.
        what: &'static str,
    },
    /// A number that does not fit its field.
    #[error("{place}: {field} {value} is outside 0..={max}")]
    Range {
        /// Where.
        place: Place,
        /// Field.
        field: &'static str,
        /// Value.
        value: u32,
        /// Greatest that fits.
        max: u32,
    },
    /// The operation may not stand here.
    #[error("ALS{channel}: {mnemonic} may stand only on channels {allowed}")]
    WrongChannel {
        /// Channel.
        channel: u8,
        /// Operation.
        mnemonic: &'static str,
        /// Where it may stand.
        allowed: Channels,
    },
    /// CS0 and CS1 contradict each other.
    #[error("icall and hcall need their parameter in CS0")]
    CallParameterMissing,
    /// ALES2 or ALES5 need a word of their own, which exists from version 4 on.
    #[error("ALES{channel} can only be {:#06x} before version 4", crate::syllable::Ales::IMPLIED.0)]
    ExtensionWord {
        /// Channel 2 or 5.
        channel: u8,
    },
}
