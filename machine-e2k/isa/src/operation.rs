//! The operation table: which bits mean which operation, on which channel, since which version.
//!
//! The rows come from `operations.tsv`. Lookup by encoding takes the cell (extension, opcode) and tells its few candidates
//! apart by channel, version and selecting fields; lookup by name is a binary search (ISA notes 2, appendix A).

use std::fmt;

use crate::{AauRegister, IsaVersion, Mas, syllable};

include!(concat!(env!("OUT_DIR"), "/operations.rs"));

/// One way to encode an operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Name in assembly text, without channel and `,sm`.
    pub mnemonic: &'static str,
    /// What it does.
    pub op: Op,
    /// Which fields hold what.
    pub format: Format,
    /// ALS\[30:24\].
    pub opcode: u8,
    /// ALES\[15:8\]; `None`: no ALES word.
    pub extension: Option<u8>,
    /// Further fields that are part of the operation code.
    pub select: Select,
    /// Whether a memory access specifier (MAS) may be given.
    pub memory: bool,
    /// A second spelling: found by name only, never by decoding.
    pub alias: bool,
    /// Where it may stand.
    pub channels: Channels,
    /// First version that has it.
    pub since: IsaVersion,
    /// Last version that has it.
    pub until: IsaVersion,
    /// Kind of the result.
    pub dst: Kind,
    /// Kinds of the sources src1, src2, src3 (for stores src3 is the datum).
    pub src: [Kind; 3],
}

impl Operation {
    /// Every row, sorted by mnemonic.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &OPERATIONS
    }

    /// Every encoding of `mnemonic`, on any channel and in any version.
    #[must_use]
    pub fn by_mnemonic(mnemonic: &str) -> &'static [Self] {
        let start = OPERATIONS.partition_point(|row| row.mnemonic < mnemonic);
        let rest = OPERATIONS.get(start..).unwrap_or_default();
        let count = rest.partition_point(|row| row.mnemonic == mnemonic);
        rest.get(..count).unwrap_or_default()
    }

    /// The operation that `als` with `ales` encodes on `channel`.
    ///
    /// `mas` is the channel's: the accesses to registers of the array access unit differ from `staa`/`ldaa` by it only.
    #[must_use]
    pub fn find(
        channel: u8,
        als: syllable::Als,
        ales: Option<syllable::Ales>,
        mas: Mas,
        version: IsaVersion,
    ) -> Option<&'static Self> {
        candidates(ales.map(|ales| ales.opc2()), als.cop())
            .find(|row| row.is_allowed(channel, version) && row.select.matches(als, ales, mas))
    }

    /// Whether it may stand on `channel` in `version`.
    #[must_use]
    pub fn is_allowed(&self, channel: u8, version: IsaVersion) -> bool {
        self.channels.contains(channel) && (self.since..=self.until).contains(&version)
    }

    /// Whether it is written into both slots of a channel pair: 128-bit values in register pairs (ISA notes 2.4).
    #[must_use]
    pub fn is_paired(&self) -> bool {
        self.pair(0).is_some() || self.pair(2).is_some()
    }

    /// The channel pair (first, second) this operation takes when one of its halves stands on `channel`.
    #[must_use]
    pub fn pair(&self, channel: u8) -> Option<(u8, u8)> {
        let quad = |kind: &Kind| matches!(kind, Kind::Quad);
        let quad_register =
            quad(&self.dst) || self.format.stores() && self.src.get(2).is_some_and(quad);
        if !quad_register {
            return None;
        }
        let pairs: &[(u8, u8)] = match self.channels {
            Channels(0b10_0100) => &[(2, 5)],
            Channels(0b10_1101) => &[(0, 2), (3, 5)],
            _ => &[(0, 1), (3, 4)],
        };
        pairs.iter().copied().find(|(first, second)| channel == *first || channel == *second)
    }

    /// The truth table of `plog`/`qplog`: bit `a << 2 | b << 1 | c` is the result for the source bits a, b, c.
    #[must_use]
    pub fn truth_table(&self) -> Option<u8> {
        let half = self.extension? & 1;
        matches!(self.op, Op::Plog | Op::Qplog).then_some(half << 7 | self.opcode)
    }
}

/// Rows that share extension and opcode, whatever channel and version, the most particular first.
pub(crate) fn candidates(
    extension: Option<u8>,
    opcode: u8,
) -> impl Iterator<Item = &'static Operation> {
    // Extension 0 does not exist: its cells hold the operations without an ALES word.
    let cell = match extension {
        Some(0) => None,
        Some(extension) => Some(usize::from(extension) << 7 | usize::from(opcode)),
        None => Some(usize::from(opcode)),
    };
    let (start, count) = cell.and_then(|cell| INDEX.get(cell)).copied().unwrap_or_default();
    let range = usize::from(start)..usize::from(start) + usize::from(count);
    CANDIDATES
        .get(range)
        .unwrap_or_default()
        .iter()
        .filter_map(|row| OPERATIONS.get(usize::from(*row)))
}

/// Fields beside the opcode that must hold a certain value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Select {
    /// ALS\[23:16\].
    pub src1: Option<u8>,
    /// ALES\[7:0\].
    pub low: Option<u8>,
    /// ALS\[7:5\], the relation of a compare.
    pub compare: Option<u8>,
    /// MAS of the channel; the address fields must then name a register of the array access unit.
    pub mas: Option<u8>,
}

impl Select {
    /// Whether the words hold what is asked for.
    #[must_use]
    pub fn matches(&self, als: syllable::Als, ales: Option<syllable::Ales>, mas: Mas) -> bool {
        self.src1.is_none_or(|value| value == als.src1())
            && self.low.is_none_or(|value| ales.is_some_and(|ales| ales.low() == value))
            && self.compare.is_none_or(|value| value == als.compare())
            && self.mas.is_none_or(|value| value == mas.0 && AauRegister::from_als(als).is_some())
    }
}

/// A set of the channels 0..=5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels(pub u8);

impl Channels {
    /// Whether `channel` is in the set.
    #[must_use]
    pub fn contains(self, channel: u8) -> bool {
        channel < 6 && self.0 >> channel & 1 == 1
    }

    /// The channels of the set, lowest first.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..6).filter(move |channel| self.contains(*channel))
    }
}

impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|channel| write!(f, "{channel}"))
    }
}

/// Instruction formats: which field holds which operand (ISA notes 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// src1, src2 → dst.
    Alopf1,
    /// As [`Self::Alopf1`] with a merge condition.
    Alopf1Merge,
    /// src2 → dst; src1 selects.
    Alopf2,
    /// Store: address src1 + src2, datum in ALS\[7:0\].
    Alopf3,
    /// Compare to a predicate: relation in ALS\[7:5\], predicate in ALS\[4:0\].
    Alopf7,
    /// Test of flags to a predicate; one source.
    Alopf8,
    /// Array store (`staa`).
    Alopf10,
    /// Extended src1, src2 → dst.
    Alopf11,
    /// As [`Self::Alopf11`] with an 8-bit literal in ALES\[7:0\].
    Alopf11Literal,
    /// As [`Self::Alopf11`] with a merge condition.
    Alopf11Merge,
    /// Extended src2 → dst; src1 selects.
    Alopf12,
    /// As [`Self::Alopf12`] with an 8-bit literal in ALES\[7:0\].
    Alopf12Literal,
    /// `ibranchd`: branch to src2.
    Alopf12Branch,
    /// `icalld`: call of src2, src1 is the window shift.
    Alopf12Call,
    /// Extended store.
    Alopf13,
    /// State register write: src2 → register number in ALS\[7:0\].
    Alopf15,
    /// State register read: number in src1 → dst.
    Alopf16,
    /// Packed compare to a predicate.
    Alopf17,
    /// Array load (`ldaa`).
    Alopf19,
    /// src1, src2, src3 → dst, src3 in ALES\[7:0\].
    Alopf21,
    /// As [`Self::Alopf21`] with a merge condition.
    Alopf21Merge,
    /// Register of the array access unit → dst.
    AauRead,
    /// ALS\[7:0\] → register of the array access unit.
    AauWrite,
}

impl Format {
    /// Whether ALS\[7:0\] is a source (the datum) instead of the destination.
    #[must_use]
    pub fn stores(self) -> bool {
        matches!(self, Self::Alopf3 | Self::Alopf13 | Self::Alopf10 | Self::AauWrite)
    }

    /// Whether it takes a merge condition instead of, or beside, a qualifying predicate.
    #[must_use]
    pub fn merges(self) -> bool {
        matches!(self, Self::Alopf1Merge | Self::Alopf11Merge | Self::Alopf21Merge)
    }
}

/// What an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// There is none.
    Absent,
    /// 32 bits.
    Single,
    /// 64 bits.
    Double,
    /// 80-bit floating point in one register.
    Extended,
    /// 128 bits in a register pair, one half a channel.
    Quad,
    /// 128 bits in one register (version 5).
    QuadPacked,
    /// A predicate.
    Predicate,
    /// A 64-bit register or `%ctprN`.
    DoubleOrControlTransfer,
    /// A state register.
    StateRegister,
    /// A register of the array access unit.
    AauRegister,
    /// `%aadN [ %aastiM + literal ]`.
    ArrayAddress,
    /// `%tst`, `%tc`, `%tcd`.
    TrapRegister,
    /// Window shift of `icalld`.
    WindowShift,
    /// Unsigned literal in ALES\[7:0\].
    Literal8 {
        /// Greatest value that means something; the field holds all eight bits.
        max: u8,
    },
}
