//! Literal operands: their value, format (`_f16s`, `_f32s`, `_f64`) and place (`_lts0hi`, `_lts1`, …).
//!
//! Source: gas's e2k port, ISA notes 3.1 and 10. A number takes the smallest format that holds it sign-extended (0..=15 as
//! src2 and 0..=31 as src1 need no literal); for 32-bit operands 32 bits always suffice; an address takes 64.

use elnic_isa::Source;

use super::draft::{Draft, LiteralRequest, LiteralValue, Second, Slot};
use crate::diagnostic::Problem;
use crate::expression::{Scope, parse};
use crate::scan::Cursor;

/// Format of a literal word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Format {
    Half,
    Word,
    Double,
}

impl Format {
    const ALL: [Self; 3] = [Self::Half, Self::Word, Self::Double];

    /// Where a literal of this format can stand, best first.
    fn slots(self) -> &'static [Slot] {
        const fn slot(position: u8, size: u8) -> Slot {
            Slot { position, size }
        }
        const HALF: [Slot; 4] = [slot(1, 1), slot(0, 1), slot(3, 1), slot(2, 1)];
        const WORD: [Slot; 4] = [slot(0, 2), slot(2, 2), slot(4, 2), slot(6, 2)];
        const DOUBLE: [Slot; 3] = [slot(0, 4), slot(2, 4), slot(4, 4)];
        match self {
            Self::Half => &HALF,
            Self::Word => &WORD,
            Self::Double => &DOUBLE,
        }
    }
}

/// What was written in front of a literal.
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    /// Format, with its name.
    format: Option<(Format, &'static str)>,
    /// First and last half word it may begin in.
    place: Option<(u8, u8)>,
}

const FORMATS: [(&str, Format); 5] = [
    ("_f16s", Format::Half),
    ("_f16", Format::Half),
    ("_f32s", Format::Word),
    ("_f32", Format::Word),
    ("_f64", Format::Double),
];

const PLACES: [(&str, (u8, u8)); 8] = [
    ("_lts0lo", (0, 0)),
    ("_lts0hi", (1, 1)),
    ("_lts0", (0, 1)),
    ("_lts1lo", (2, 2)),
    ("_lts1hi", (3, 3)),
    ("_lts1", (2, 3)),
    ("_lts2", (4, 4)),
    ("_lts3", (6, 6)),
];

/// What kind of operand a literal stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// 32 bits: the upper half does not matter.
    Single,
    /// More.
    Double,
    /// The word added to an array address: 32 bits of LTS0..=LTS2.
    Array,
}

/// A literal as written, before it is decided whether it needs a word.
#[derive(Clone, Debug)]
pub(super) struct Written {
    value: LiteralValue,
    wish: Wish,
    offset: usize,
}

/// A small number as src2, for operands that no source spells out.
pub(super) fn number(draft: &mut Draft, number: i64) -> Result<Second, Problem> {
    let value = LiteralValue::Number(number);
    Written { value, wish: Wish::default(), offset: 0 }.second(draft, Width::Double)
}

/// Reads a literal.
///
/// # Errors
/// No expression stands here.
pub(super) fn read(cursor: &mut Cursor<'_>, scope: &mut Scope<'_>) -> Result<Written, Problem> {
    let mut wish = Wish::default();
    for _ in 0..2 {
        cursor.blank();
        let at = cursor.offset();
        let word = cursor.word();
        if let Some((name, format)) = FORMATS.iter().find(|(name, _)| *name == word) {
            wish.format = Some((*format, name));
        } else if let Some((_, place)) = PLACES.iter().find(|(name, _)| *name == word) {
            wish.place = Some(*place);
        } else if word.starts_with("_lts") || word.starts_with("_f") && word.len() < 6 {
            let names = FORMATS.iter().map(|(name, _)| *name);
            let names = names.chain(PLACES.iter().map(|(name, _)| *name));
            return Err(Problem::at(at, format!("'{word}' is no literal format or place"))
                .meant(word, names));
        } else {
            cursor.seek(at);
            break;
        }
        cursor.eat(",");
    }
    cursor.blank();
    let offset = cursor.offset();
    let expression = parse(cursor, scope)?;
    let value = match expression.constant(scope.symbols) {
        Some(number) => LiteralValue::Number(number),
        None => LiteralValue::Later(expression),
    };
    Ok(Written { value, wish, offset })
}

impl Written {
    /// The number, if it is one that needs no literal word and asks for none.
    pub(super) fn short(&self, max: i64) -> Option<u8> {
        match self.value {
            LiteralValue::Number(number)
                if self.wish.format.is_none()
                    && self.wish.place.is_none()
                    && (0..=max).contains(&number) =>
            {
                u8::try_from(number).ok()
            }
            _ => None,
        }
    }

    /// The number, if it is one.
    pub(super) fn number(&self) -> Option<i64> {
        match self.value {
            LiteralValue::Number(number) => Some(number),
            LiteralValue::Later(_) => None,
        }
    }

    /// Byte offset of the value.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The operand as src2: a constant, or a literal of the bundle.
    ///
    /// # Errors
    /// A format or place that cannot hold it.
    pub(super) fn second(self, draft: &mut Draft, width: Width) -> Result<Second, Problem> {
        if width != Width::Array
            && let Some(constant) = self.short(15)
        {
            return Ok(Second::Ready(Source::Constant(constant)));
        }
        self.request(draft, width).map(Second::Literal)
    }

    /// Asks for a literal word; returns the number of the request.
    ///
    /// # Errors
    /// A format or place that cannot hold it.
    pub(super) fn request(self, draft: &mut Draft, width: Width) -> Result<usize, Problem> {
        let (least, greatest) = self.formats(width)?;
        let value = match (self.value, self.wish.format) {
            (LiteralValue::Number(number), Some((Format::Half, _))) => {
                LiteralValue::Number(number & 0xffff)
            }
            (LiteralValue::Number(number), Some((Format::Word, _))) => {
                LiteralValue::Number(number & 0xffff_ffff)
            }
            (value, _) => value,
        };
        let (first, last) = self.wish.place.unwrap_or((0, 7));
        let limit = if width == Width::Array { 4 } else { 7 };
        let slots: Vec<Slot> = Format::ALL
            .into_iter()
            .filter(|format| (least..=greatest).contains(format))
            .flat_map(|format| format.slots().iter().copied())
            .filter(|slot| (first..=last.min(limit)).contains(&slot.position))
            .collect();
        if slots.is_empty() {
            let message = "a literal of this size cannot stand in that place";
            let help = "16 bits: _lts0lo _lts0hi _lts1lo _lts1hi; 32 bits: _lts0 _lts1 _lts2 _lts3; \
                        64 bits: _lts0 _lts1 _lts2";
            return Err(Problem::at(self.offset, message).help(help));
        }
        draft.literals.push(LiteralRequest { value, slots });
        Ok(draft.literals.len() - 1)
    }

    /// The smallest and the largest format the value may take.
    fn formats(&self, width: Width) -> Result<(Format, Format), Problem> {
        let wished = self.wish.format;
        match &self.value {
            LiteralValue::Later(_) => match wished {
                None | Some((Format::Double, _)) => Ok((Format::Double, Format::Double)),
                Some((_, name)) => {
                    let message = format!("{name} cannot hold an address, which has 64 bits");
                    Err(Problem::at(self.offset, message))
                }
            },
            LiteralValue::Number(number) => {
                if let Some((format, name)) = wished {
                    self.check(*number, format, name)?;
                    return Ok((format, format));
                }
                let word = i32::try_from(*number).is_ok() || width == Width::Single;
                let least = if width == Width::Array {
                    Format::Word
                } else if i16::try_from(*number).is_ok() {
                    Format::Half
                } else if word {
                    Format::Word
                } else {
                    Format::Double
                };
                let fits = u32::try_from(*number).is_ok() || i32::try_from(*number).is_ok();
                if width != Width::Double && !fits {
                    let message = format!("{number:#x} does not fit 32 bits");
                    return Err(Problem::at(self.offset, message));
                }
                let greatest = if width == Width::Array { Format::Word } else { Format::Double };
                Ok((least, greatest))
            }
        }
    }

    /// Checks that `number` fits the format asked for, signed or unsigned.
    fn check(&self, number: i64, format: Format, name: &str) -> Result<(), Problem> {
        let fits = match format {
            Format::Half => i16::try_from(number).is_ok() || u16::try_from(number).is_ok(),
            Format::Word => i32::try_from(number).is_ok() || u32::try_from(number).is_ok(),
            Format::Double => true,
        };
        // A compiler may print a negative 16-bit value as 32 or 64 bits wide.
        let wrapped = match format {
            Format::Half => i32::try_from(number).is_ok() || u32::try_from(number).is_ok(),
            _ => false,
        };
        let negative = wrapped && u32::try_from(number).is_ok_and(|value| value >= 0xffff_8000);
        if fits || negative {
            return Ok(());
        }
        Err(Problem::at(self.offset, format!("{number:#x} does not fit {name}")))
    }
}
