//! Operands of the array access unit: `staa`/`ldaa` addresses, `mova`, the unit's registers (ISA notes 1.3, 2.7, 8.9).

use crate::Destination;
use crate::syllable::Als;

/// Address of `staa`/`ldaa`: `%aadD [ %aastiI + literal ]`, with the increment applied afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArrayAddress {
    /// `%aadN`, 0..=31.
    pub descriptor: u8,
    /// `%aastiN`, 0..=15.
    pub index: u8,
    /// `%aaincrN`, 0..=7; 0 is the fixed step of one element.
    pub increment: u8,
    /// `am`: the index register advances by the increment (`incr` in the same bundle).
    pub advance: bool,
    /// Literal word added to the address, LTS0..LTS2.
    pub literal: Option<u8>,
}

/// A register file of the array access unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AauFile {
    /// `%aad0`..`%aad31`: array descriptors.
    Aad = 0x00,
    /// `%aasti0`..`%aasti15`: store indices.
    Aasti = 0x01,
    /// `%aaind0`..`%aaind15`: prefetch indices.
    Aaind = 0x02,
    /// `%aaincr0`..`%aaincr7`: increments.
    Aaincr = 0x03,
    /// `%aaldi0`..`%aaldi31`: current prefetch indices.
    Aaldi = 0x04,
    /// `%aalda0`..`%aalda31`: prefetch area attributes.
    Aalda = 0x05,
    /// `%aafstr`.
    Aafstr = 0x08,
    /// `%aaldv`.
    Aaldv = 0x09,
    /// `%aaldm`.
    Aaldm = 0x0a,
    /// `%aabf0`..`%aabf15`.
    Aabf = 0x0c,
    /// `%aadr0`..`%aadr31`.
    Aadr = 0x10,
    /// `%aasti_tag`.
    AastiTag = 0x11,
    /// `%aaind_tag`.
    AaindTag = 0x12,
    /// `%aaincr_tag`.
    AaincrTag = 0x13,
    /// `%aasr`: state.
    Aasr = 0x1b,
}

impl AauFile {
    /// All files with name and number of registers; 1 means that the name has no number.
    pub const ALL: [(Self, &'static str, u8); 15] = [
        (Self::Aad, "aad", 32),
        (Self::Aasti, "aasti", 16),
        (Self::Aaind, "aaind", 16),
        (Self::Aaincr, "aaincr", 8),
        (Self::Aaldi, "aaldi", 32),
        (Self::Aalda, "aalda", 32),
        (Self::Aafstr, "aafstr", 1),
        (Self::Aaldv, "aaldv", 1),
        (Self::Aaldm, "aaldm", 1),
        (Self::Aabf, "aabf", 16),
        (Self::Aadr, "aadr", 32),
        (Self::AastiTag, "aasti_tag", 1),
        (Self::AaindTag, "aaind_tag", 1),
        (Self::AaincrTag, "aaincr_tag", 1),
        (Self::Aasr, "aasr", 1),
    ];

    /// The file with this code (ALS\[14:10\]).
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().map(|(file, ..)| file).find(|file| *file as u8 == code)
    }

    /// Whether the register number stands in the descriptor field (ALS\[23:19\]) instead of the index field (ALS\[18:15\]).
    #[must_use]
    pub fn numbered_by_descriptor(self) -> bool {
        matches!(self, Self::Aad | Self::Aaldi | Self::Aalda | Self::Aadr)
    }
}

/// A register of the array access unit as `aaurw`/`aaurr` name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AauRegister {
    /// Its file.
    pub file: AauFile,
    /// Its number in the file, 0 where there is one register only.
    pub number: u8,
}

impl AauRegister {
    /// The register the address fields of an array access name; `None` if they are not written as one.
    #[must_use]
    pub fn from_als(als: Als) -> Option<Self> {
        let file = AauFile::from_code(als.aau_file())?;
        let (number, other) = match file.numbered_by_descriptor() {
            true => (als.aad(), als.ind()),
            false => (als.ind(), als.aad()),
        };
        (other == 0 && als.aau_unused() == 0).then_some(Self { file, number })
    }

    /// The register named `name`, written without `%`.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        AauFile::ALL.into_iter().find_map(|(file, stem, count)| {
            let number = name.strip_prefix(stem)?;
            let number = match (count, number) {
                (1, "") => 0,
                (1, _) => return None,
                _ => number.parse().ok().filter(|number| *number < count)?,
            };
            Some(Self { file, number })
        })
    }
}

/// Width of a `mova` (AAS\[14:12\]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MoveFormat {
    /// `movab`: 8 bits.
    Byte = 1,
    /// `movah`: 16 bits.
    Half = 2,
    /// `movaw`: 32 bits.
    Word = 3,
    /// `movad`: 64 bits.
    Double = 4,
    /// `movaq`: half of a register pair, both channels of a pair together.
    Quad = 5,
    /// `movaqp`: 128 bits.
    QuadPacked = 7,
}

impl MoveFormat {
    /// All widths with the letter(s) after `mova`.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Byte, "b"),
        (Self::Half, "h"),
        (Self::Word, "w"),
        (Self::Double, "d"),
        (Self::Quad, "q"),
        (Self::QuadPacked, "qp"),
    ];

    /// The width coded `code`.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().map(|(format, _)| format).find(|format| *format as u8 == code)
    }
}

/// One `mova`: takes the next element of a prefetched area of the array buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArrayMove {
    /// Width.
    pub format: MoveFormat,
    /// `be`: the element is big-endian.
    pub big_endian: bool,
    /// `area`, 0..=31.
    pub area: u8,
    /// `ind`, 0..=31: offset in the area, in elements.
    pub index: u8,
    /// `am`: the area's pointer advances.
    pub advance: bool,
    /// Register or `%empty`.
    pub dst: Destination,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_found_by_name_within_their_file() {
        let named = |name| AauRegister::by_name(name).map(|r| (r.file, r.number));
        assert_eq!(named("aad31"), Some((AauFile::Aad, 31)));
        assert_eq!(named("aadr7"), Some((AauFile::Aadr, 7)));
        assert_eq!(named("aaind_tag"), Some((AauFile::AaindTag, 0)));
        assert_eq!(named("aasti16"), None);
        assert_eq!(named("aasr0"), None);
    }
}
