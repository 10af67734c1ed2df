//! The raw floor: which words a bundle has and where they stand (ISA notes 1).
//!
//! Decoding checks everything that can be checked without knowing what a word means: the presence bits against `mdl` and
//! `lng`. What a word says is the business of [`Bundle`](crate::Bundle).

use crate::bundle::Literals;
use crate::syllable::{Aas, Ales, Als, Cs0, Cs1, Hs, Pls, Rlp, Ss};
use crate::{DecodeError, EncodeError, IsaVersion};

/// Words of a bundle at most.
const MAX_WORDS: usize = 16;

/// The words of one bundle, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Syllables {
    /// HS.nop.
    pub nop: u8,
    /// HS.loop_mode.
    pub loop_mode: bool,
    /// HS.set_mark.
    pub set_mark: bool,
    /// SS.
    pub ss: Option<Ss>,
    /// ALS0..=5.
    pub als: [Option<Als>; 6],
    /// ALES0..=5; ALES2 and ALES5 without a word of their own are [`Ales::IMPLIED`].
    pub ales: [Option<Ales>; 6],
    /// The word for ALES2 and ALES5 is there (version 4).
    pub explicit_ales25: bool,
    /// CS0.
    pub cs0: Option<Cs0>,
    /// CS1.
    pub cs1: Option<Cs1>,
    /// AAS2..=5 with the destination byte from AAS0 or AAS1, by array channel 0..=3.
    pub aas: [Option<(Aas, u8)>; 4],
    /// LTS0..=3.
    pub literals: Literals,
    /// PLS0..=2.
    pub pls: [Option<Pls>; 3],
    /// CDS0..=2, high half first.
    pub cds: [Option<[Rlp; 2]>; 3],
    /// Unused length behind everything else, in units of 8 bytes.
    pub padding: u8,
}
