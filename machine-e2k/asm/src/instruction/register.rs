//! Names behind `%`: general registers, predicates, transfer registers.
//!
//! Source: gas's e2k port, ISA notes 3.1. A prefix (`d x q qp`) says as how wide a register is seen and changes nothing in
//! its number; like gas we take any prefix where a register is expected.

use elnic_isa::{ControlTransferRegister, QualifierSource, Register, Term};

use crate::diagnostic::Problem;
use crate::scan::Cursor;

/// Reads a general register if one stands here; leaves the cursor alone if not.
///
/// # Errors
/// A register whose number does not exist.
pub(super) fn general(cursor: &mut Cursor<'_>) -> Result<Option<Register>, Problem> {
    cursor.blank();
    let start = cursor.offset();
    if !cursor.eat("%") {
        return Ok(None);
    }
    for prefix in ["qp", "d", "x", "q", ""] {
        cursor.seek(start + 1);
        if !cursor.rest().starts_with(prefix) {
            continue;
        }
        cursor.seek(start + 1 + prefix.len());
        let (limit, bracket, make): (u32, bool, fn(u8) -> Register) = match cursor.bump() {
            Some('r') => (64, false, Register::Window),
            Some('g') => (32, false, Register::Global),
            Some('b') => (128, true, Register::Based),
            _ => continue,
        };
        if bracket && !cursor.eat("[") {
            continue;
        }
        if bracket {
            cursor.blank();
        }
        let digits = cursor.run(|c| c.is_ascii_digit());
        if digits.is_empty() || cursor.rest().starts_with(crate::scan::is_word) {
            continue;
        }
        let number = digits.parse::<u32>().ok().filter(|number| *number < limit);
        let Some(number) = number.and_then(|number| u8::try_from(number).ok()) else {
            let last = limit - 1;
            let message = format!("register number {digits} is outside 0..={last}");
            return Err(Problem::at(start, message));
        };
        if bracket {
            cursor.expect("]")?;
        }
        return Ok(Some(make(number)));
    }
    cursor.seek(start);
    Ok(None)
}

/// Reads the word behind `%` if the cursor stands before one; leaves the cursor alone if not.
pub(super) fn name<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    cursor.blank();
    let start = cursor.offset();
    if cursor.eat("%") {
        let name = cursor.run(crate::scan::is_word);
        if !name.is_empty() {
            return Some(name);
        }
    }
    cursor.seek(start);
    None
}

/// A problem about an operand that is no register, with the nearest name.
pub(super) fn unknown(cursor: &mut Cursor<'_>, expected: &str) -> Problem {
    let mut ahead = cursor.clone();
    let found = cursor.found();
    let problem = cursor.problem(format!("expected {expected}{found}"));
    let Some(name) = name(&mut ahead) else { return problem };
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let stems = ["r", "dr", "xr", "qr", "qpr", "g", "dg", "xg", "qg", "qpg", "pred", "pcnt"];
    if ["b", "db", "xb", "qb", "qpb"].contains(&stem) {
        return problem.help(format!("based registers are written %{stem}[N]"));
    }
    problem.meant(stem, stems.into_iter().filter(|known| *known != stem))
}

/// Reads `[~]%predN` or `[~]%pcntN` if one stands here; leaves the cursor alone if not.
///
/// # Errors
/// A number that does not exist.
pub(super) fn term(cursor: &mut Cursor<'_>) -> Result<Option<Term>, Problem> {
    cursor.blank();
    let start = cursor.offset();
    let negated = cursor.eat("~");
    cursor.blank();
    let at = cursor.offset();
    let found = name(cursor).and_then(|name| {
        let make: fn(u8) -> QualifierSource = if name.starts_with("pred") {
            QualifierSource::Predicate
        } else {
            QualifierSource::Prologue
        };
        let digits = name.strip_prefix("pred").or(name.strip_prefix("pcnt"))?;
        let number = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty();
        number.then_some((make, digits))
    });
    let Some((make, digits)) = found else {
        cursor.seek(start);
        return Ok(None);
    };
    match digits.parse::<u8>() {
        Ok(number) if number < 32 => Ok(Some(Term { source: make(number), negated })),
        _ => Err(Problem::at(at, format!("predicate number {digits} is outside 0..=31"))),
    }
}

/// Reads a predicate or a prologue counter.
///
/// # Errors
/// Neither stands here.
pub(super) fn expect_term(cursor: &mut Cursor<'_>) -> Result<Term, Problem> {
    match term(cursor)? {
        Some(term) => Ok(term),
        None => Err(unknown(cursor, "[~]%predN or [~]%pcntN")),
    }
}

/// Reads the number of a predicate `%predN` that is written.
///
/// # Errors
/// Anything else stands here.
pub(super) fn predicate(cursor: &mut Cursor<'_>) -> Result<u8, Problem> {
    let here = cursor.clone();
    match term(cursor)? {
        Some(Term { source: QualifierSource::Predicate(number), negated: false }) => Ok(number),
        _ => Err(unknown(&mut here.clone(), "%predN")),
    }
}

/// Reads `%ctprN` if one stands here; leaves the cursor alone if not.
pub(super) fn transfer(cursor: &mut Cursor<'_>) -> Option<ControlTransferRegister> {
    let start = cursor.offset();
    let found = name(cursor)
        .and_then(|name| name.strip_prefix("ctpr"))
        .and_then(|digits| digits.parse().ok())
        .and_then(ControlTransferRegister::from_number);
    if found.is_none() {
        cursor.seek(start);
    }
    found
}

/// Reads `%ctprN`.
///
/// # Errors
/// Anything else stands here.
pub(super) fn expect_transfer(cursor: &mut Cursor<'_>) -> Result<ControlTransferRegister, Problem> {
    transfer(cursor).ok_or_else(|| unknown(cursor, "%ctpr1, %ctpr2 or %ctpr3"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Register>, Problem> {
        general(&mut Cursor::new(text, 0, text.len()))
    }

    #[test]
    fn registers_are_known_with_every_prefix() {
        assert_eq!(read("%r5"), Ok(Some(Register::Window(5))));
        assert_eq!(read(" %dr63,"), Ok(Some(Register::Window(63))));
        assert_eq!(read("%qpg31"), Ok(Some(Register::Global(31))));
        assert_eq!(read("%b[127]"), Ok(Some(Register::Based(127))));
        assert_eq!(read("%db[ 3 ]"), Ok(Some(Register::Based(3))));
    }

    #[test]
    fn other_names_are_left_alone_and_wrong_numbers_refused() {
        for text in ["%rpr", "%db5", "%pred0", "5", "%", "%r", "%gd.hi"] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
        assert!(read("%r64").is_err());
        assert!(read("%b[128]").is_err());
    }

    #[test]
    fn terms_are_predicates_or_prologue_counters() {
        let read = |text: &str| term(&mut Cursor::new(text, 0, text.len()));
        let source = QualifierSource::Prologue(13);
        assert_eq!(read("~%pcnt13"), Ok(Some(Term { source, negated: true })));
        assert_eq!(read("~%r1"), Ok(None));
        assert!(read("%pred32").is_err());
    }
}
