//! Instructions: from the text of a bundle to its bytes.
//!
//! ```text
//! mnemonic ─┬─ alu ──────── operations of the channels, by the operation table
//!           ├─ control ──── SS, CS0: transfers, rotation
//!           ├─ window ───── CS1, header
//!           ├─ predicate ── PLS
//!           └─ array ────── mova, incr, fapb
//!                 └─► draft ─ finish (place: channels, literals) ─► bytes
//! ```
//!
//! Source: ISA notes 1-5 and 10; conventions of gas's e2k port.

mod address;
mod alu;
mod array;
mod condition;
mod control;
mod draft;
mod finish;
mod implied;
mod literal;
mod operation;
mod place;
mod predicate;
mod qualify;
mod register;
mod special;
mod window;

use std::ops::RangeInclusive;

use elnic_isa::{IsaVersion, Operation};

use crate::diagnostic::{Problem, nearest};
use crate::expression::{Scope, parse};
use crate::scan::Cursor;

pub(crate) use draft::Draft;
pub(crate) use finish::{Pending, encode};

/// Switches that directives change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes {
    /// Instructions outside braces get the idle cycles they need behind them.
    pub(crate) strict_delay: bool,
    /// Stores are written address first (`.ignore ld_st_style`).
    pub(crate) address_first: bool,
    /// Bundles on channels 2 and 5 carry the ALES word even if it says nothing new.
    pub(crate) explicit_ales25: bool,
}

impl Default for Modes {
    fn default() -> Self {
        Self { strict_delay: true, address_first: false, explicit_ales25: false }
    }
}

/// What instructions are read for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// The instruction set.
    pub(crate) version: IsaVersion,
    /// Switches.
    pub(crate) modes: Modes,
}

/// The place of reading: text, names, the bundle being gathered.
pub(crate) struct Reader<'a, 'b, 'c> {
    /// The whole line.
    pub(crate) line: &'a str,
    /// The statement.
    pub(crate) cursor: Cursor<'a>,
    /// What names mean.
    pub(crate) scope: Scope<'b>,
    /// The bundle.
    pub(crate) draft: &'c mut Draft,
    /// Version and switches.
    pub(crate) context: Context,
}

impl Reader<'_, '_, '_> {
    /// Reads one instruction into the bundle.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn instruction(&mut self) -> Result<(), Problem> {
        self.cursor.blank();
        let offset = self.cursor.offset();
        let name = self.cursor.word();
        if name.is_empty() {
            let found = self.cursor.found();
            return Err(self.cursor.problem(format!("expected an instruction{found}")));
        }
        self.draft.count += 1;
        self.dispatch(name, offset)?;
        self.cursor.end()
    }

    fn dispatch(&mut self, name: &str, offset: usize) -> Result<(), Problem> {
        let version = self.context.version;
        let since = |names: &[(&str, u8)]| {
            names.iter().find(|(known, _)| *known == name).map(|(_, since)| *since)
        };
        let early = |since: u8| {
            Problem::at(offset, format!("'{name}' exists from v{since} on, not in {version}"))
        };
        if let Some(since) = since(&control::NAMES) {
            return match since <= version as u8 {
                true => control::read(self, name, offset),
                false => Err(early(since)),
            };
        }
        if let Some(since) = since(&window::NAMES) {
            return match since <= version as u8 {
                true => window::read(self, name, offset),
                false => Err(early(since)),
            };
        }
        if let Some((_, since, point)) = control::RECOVERY.iter().find(|(known, ..)| *known == name)
        {
            return match *since <= version as u8 {
                true => control::recovery(self, *point, offset),
                false => Err(early(*since)),
            };
        }
        if predicate::NAMES.contains(&name) {
            return predicate::read(self, name, offset);
        }
        if let Some(format) = array::move_format(name) {
            return array::read_move(self, format, offset);
        }
        match name {
            "incr" => return array::increment(self, offset),
            "fapb" | "apb" => return array::prefetch(self, offset),
            _ => {}
        }
        let all = Operation::by_mnemonic(name);
        let rows: Vec<&'static Operation> =
            all.iter().filter(|row| (row.since..=row.until).contains(&version)).collect();
        match all.first() {
            None => Err(unknown(name, offset)),
            Some(row) if rows.is_empty() => {
                let since = all.iter().map(|row| row.since).min().unwrap_or(row.since);
                let until = all.iter().map(|row| row.until).max().unwrap_or(row.until);
                let range = if since > version {
                    format!("from {since} on")
                } else {
                    format!("up to {until}")
                };
                Err(Problem::at(offset, format!("'{name}' exists {range}, not in {version}")))
            }
            Some(_) => alu::read(self, rows, offset),
        }
    }

    /// Reads a number that must be known now and lie in `range`.
    ///
    /// # Errors
    /// No number, or one outside the range.
    pub(crate) fn number(&mut self, range: RangeInclusive<i64>) -> Result<i64, Problem> {
        self.cursor.blank();
        let at = self.cursor.offset();
        let expression = parse(&mut self.cursor, &mut self.scope)?;
        let Some(number) = expression.constant(self.scope.symbols) else {
            return Err(Problem::at(at, "a number that is known here is expected"));
        };
        if range.contains(&number) {
            return Ok(number);
        }
        let (least, greatest) = (range.start(), range.end());
        Err(Problem::at(at, format!("{number} is outside {least}..={greatest}")))
    }

    /// Reads `name=number`.
    ///
    /// # Errors
    /// Anything else stands here, or the number is outside the range.
    fn setting(&mut self, name: &str, range: RangeInclusive<i64>) -> Result<i64, Problem> {
        match self.try_setting(name, range)? {
            Some(number) => Ok(number),
            None => {
                let found = self.cursor.found();
                Err(self.cursor.problem(format!("expected '{name}='{found}")))
            }
        }
    }

    /// Reads `name=number` if `name` stands here.
    ///
    /// # Errors
    /// The number is missing or outside the range.
    fn try_setting(
        &mut self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Problem> {
        let start = self.cursor.offset();
        if !self.cursor.eat_word(name) {
            self.cursor.seek(start);
            return Ok(None);
        }
        self.cursor.expect("=")?;
        let at = self.cursor.offset();
        self.number(range).map(Some).map_err(|problem| Problem {
            message: format!("{name}: {}", problem.message),
            offset: problem.offset.max(at),
            ..problem
        })
    }
}

/// The message about an unknown mnemonic.
fn unknown(name: &str, offset: usize) -> Problem {
    let problem = Problem::at(offset, format!("unknown instruction '{name}'"));
    if matches!(name, "move" | "mov" | "ret" | "jmp" | "branch" | "push" | "pop" | "li") {
        return problem
            .help("e2k has no such instruction; perhaps a macro of that name is missing");
    }
    match nearest(name, mnemonics()) {
        Some(word) => problem.help(format!("did you mean '{word}'?")),
        None => problem,
    }
}

/// Every mnemonic.
fn mnemonics() -> impl Iterator<Item = &'static str> {
    const MOVES: [&str; 8] =
        ["movab", "movah", "movaw", "movad", "movaq", "movaqp", "incr", "fapb"];
    control::NAMES
        .iter()
        .chain(&window::NAMES)
        .map(|(name, _)| *name)
        .chain(control::RECOVERY.iter().map(|(name, ..)| *name))
        .chain(predicate::NAMES)
        .chain(MOVES)
        .chain(Operation::all().iter().map(|row| row.mnemonic))
}
