//! Directives: everything that begins with a dot.
//!
//! Source: gas manual, "Assembler Directives", as far as a program that is linked here can use them.

mod conditional;
mod data;
mod macros;
mod other;
mod section;
mod symbol;

use crate::assembler::Assembler;
use crate::diagnostic::Problem;
use crate::scan::Cursor;
use crate::source::Line;

pub(crate) use conditional::{conditional, is_conditional};
pub(crate) use data::{cut, origin};
pub(crate) use macros::expand_macro;
pub(crate) use symbol::assign;

/// A directive at work: the assembler, the line, and the cursor behind the directive's name.
pub(super) struct Call<'a, 'b, 'c, 'd> {
    /// The assembler.
    pub(super) assembler: &'a mut Assembler<'b>,
    /// The line.
    pub(super) line: &'a Line,
    /// The operands.
    pub(super) cursor: &'c mut Cursor<'d>,
    /// Byte offset of the directive's name.
    pub(super) start: usize,
}

impl<'d> Call<'_, '_, '_, 'd> {
    /// Reads a number that must be known now.
    fn number(&mut self) -> Result<i64, Problem> {
        self.assembler.number(self.line, self.cursor)
    }

    /// Reads a number that must be known now and be at least 0.
    fn count(&mut self, what: &str) -> Result<u64, Problem> {
        self.cursor.blank();
        let at = self.cursor.offset();
        let number = self.number()?;
        u64::try_from(number).map_err(|_| Problem::at(at, format!("{what} {number} is negative")))
    }

    /// Reads the name of a symbol.
    fn name(&mut self) -> Result<&'d str, Problem> {
        let word = self.cursor.word();
        if word.is_empty() {
            let found = self.cursor.found();
            return Err(self.cursor.problem(format!("expected the name of a symbol{found}")));
        }
        Ok(word.strip_prefix('$').filter(|name| !name.is_empty()).unwrap_or(word))
    }

    /// A problem at the directive itself.
    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::at(self.start, message)
    }
}

/// Carries out directive `word`; true if it pushed lines to be read before anything else.
pub(crate) fn run(
    assembler: &mut Assembler<'_>,
    line: &Line,
    word: &str,
    start: usize,
    cursor: &mut Cursor<'_>,
) -> Result<bool, Problem> {
    let mut call = Call { assembler, line, cursor, start };
    if macros::NAMES.contains(&word) {
        return macros::run(&mut call, word);
    }
    if data::NAMES.contains(&word) {
        data::run(&mut call, word)?;
    } else if section::NAMES.contains(&word) {
        section::run(&mut call, word)?;
    } else if symbol::NAMES.contains(&word) {
        symbol::run(&mut call, word)?;
    } else if other::IGNORED.contains(&word) {
        return Ok(false);
    } else if other::NAMES.contains(&word) {
        return other::run(&mut call, word);
    } else {
        let names = [
            &macros::NAMES[..],
            &data::NAMES,
            &section::NAMES,
            &symbol::NAMES,
            &other::NAMES,
            &other::IGNORED,
            &conditional::NAMES,
        ];
        let names = names.into_iter().flatten().copied();
        return Err(Problem::at(start, format!("unknown directive '{word}'")).meant(word, names));
    }
    call.cursor.end()?;
    Ok(false)
}
