//! Conditions of control transfers.
//!
//! Source: ISA notes 4.3; spelling of gas's e2k port. `%` may stand for `#` in front of `LOOP_END`, as the disassembler
//! prints it.

use elnic_isa::{ControlCondition, QualifierSource};

use super::register;
use crate::diagnostic::Problem;
use crate::scan::Cursor;

/// Reads a condition; the cursor stands behind the question mark.
///
/// # Errors
/// No condition, or a combination that does not exist.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<ControlCondition, Problem> {
    cursor.blank();
    let at = cursor.offset();
    if let Some(end) = loop_end(cursor) {
        return Ok(if end { ControlCondition::LoopEnd } else { ControlCondition::NotLoopEnd });
    }
    if let Some(term) = register::term(cursor)? {
        let QualifierSource::Predicate(number) = term.source else {
            return Err(Problem::at(at, "a control transfer cannot depend on %pcntN"));
        };
        return with_loop_end(cursor, number, term.negated);
    }
    match register::name(cursor) {
        Some("always") => return Ok(ControlCondition::Always),
        Some("never") => return Ok(ControlCondition::Never),
        Some("MLOCK") => return memory_lock(cursor),
        _ => {}
    }
    cursor.seek(at);
    let found = cursor.found();
    let problem = Problem::at(at, format!("expected a condition{found}"));
    Err(problem.help(
        "[~]%predN, #LOOP_END, #NOT_LOOP_END, %predN || #LOOP_END, %predN && #NOT_LOOP_END, %MLOCK",
    ))
}

/// Reads `#LOOP_END` (true) or `#NOT_LOOP_END` (false) if one stands here.
fn loop_end(cursor: &mut Cursor<'_>) -> Option<bool> {
    cursor.blank();
    let start = cursor.offset();
    if cursor.eat("#") || cursor.eat("%") {
        match cursor.run(crate::scan::is_word) {
            "LOOP_END" => return Some(true),
            "NOT_LOOP_END" => return Some(false),
            _ => {}
        }
    }
    cursor.seek(start);
    None
}

/// Reads what may follow a predicate.
fn with_loop_end(
    cursor: &mut Cursor<'_>,
    number: u8,
    negated: bool,
) -> Result<ControlCondition, Problem> {
    cursor.blank();
    let at = cursor.offset();
    let or = cursor.eat("||");
    if !or && !cursor.eat("&&") {
        return Ok(match negated {
            false => ControlCondition::Predicate(number),
            true => ControlCondition::NotPredicate(number),
        });
    }
    match (or, loop_end(cursor), negated) {
        (true, Some(true), false) => Ok(ControlCondition::PredicateOrLoopEnd(number)),
        (true, Some(true), true) => Ok(ControlCondition::NotPredicateOrLoopEnd(number)),
        (false, Some(false), false) => Ok(ControlCondition::PredicateAndNotLoopEnd(number)),
        (false, Some(false), true) => Ok(ControlCondition::NotPredicateAndNotLoopEnd(number)),
        _ => {
            let message =
                "a predicate can be combined with '|| #LOOP_END' or '&& #NOT_LOOP_END' only";
            Err(Problem::at(at, message))
        }
    }
}

/// Reads what may follow `%MLOCK`.
fn memory_lock(cursor: &mut Cursor<'_>) -> Result<ControlCondition, Problem> {
    if !cursor.eat("||") {
        return Ok(ControlCondition::MemoryLock);
    }
    beside_memory_lock(cursor)
}

/// Reads a condition that only `%MLOCK` can be joined with.
///
/// # Errors
/// Anything else stands here.
pub(super) fn beside_memory_lock(cursor: &mut Cursor<'_>) -> Result<ControlCondition, Problem> {
    cursor.blank();
    let at = cursor.offset();
    let bad = || {
        let message = "%MLOCK can be combined with %dt_alCHANNELS, [~]%clpN, [~]%cmpN or [~]%cmpN || [~]%cmpM";
        Problem::at(at, message).help("channels are 0, 1, 3, 4; pairs are 0 and 1 or 3 and 4")
    };
    let (name, negated) = local(cursor).ok_or_else(bad)?;
    if let Some(digits) = name.strip_prefix("dt_al").filter(|digits| !digits.is_empty() && !negated)
    {
        let mut mask = 0;
        for digit in digits.chars() {
            mask |= 1 << channel_index(digit).ok_or_else(bad)?;
        }
        return Ok(ControlCondition::MemoryLockOrTrap(mask));
    }
    if let Some(number) = name.strip_prefix("clp") {
        let index: u8 = number.parse().ok().filter(|index| *index < 3).ok_or_else(bad)?;
        return Ok(ControlCondition::MemoryLockOrLocal(2 << 3 | index << 1 | u8::from(negated)));
    }
    let first = compare_index(name).ok_or_else(bad)?;
    if !cursor.eat("||") {
        return Ok(ControlCondition::MemoryLockOrLocal(first << 1 | u8::from(negated)));
    }
    let (other, other_negated) = local(cursor).ok_or_else(bad)?;
    let second = compare_index(other).ok_or_else(bad)?;
    if first & 1 != 0 || second != first + 1 {
        return Err(bad());
    }
    let pair = first >> 1;
    let signs = u8::from(negated) << 1 | u8::from(other_negated);
    Ok(ControlCondition::MemoryLockOrLocal(1 << 3 | pair << 2 | signs))
}

/// Reads `[~]%name`.
fn local<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, bool)> {
    let negated = cursor.eat("~");
    register::name(cursor).map(|name| (name, negated))
}

fn compare_index(name: &str) -> Option<u8> {
    let mut digits = name.strip_prefix("cmp")?.chars();
    match (digits.next(), digits.next()) {
        (Some(digit), None) => channel_index(digit),
        _ => None,
    }
}

/// The channels 0, 1, 3, 4 in the order of the bits that stand for them.
fn channel_index(digit: char) -> Option<u8> {
    match digit {
        '0' => Some(0),
        '1' => Some(1),
        '3' => Some(2),
        '4' => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(text: &str) -> Option<u16> {
        let mut cursor = Cursor::new(text, 0, text.len());
        let condition = read(&mut cursor).ok()?;
        cursor.done().then(|| condition.to_bits())
    }

    #[test]
    fn conditions_have_their_codes() {
        for (text, code) in [
            ("%pred5", 0x45),
            ("~%pred5", 0x65),
            ("#LOOP_END", 0x80),
            ("%NOT_LOOP_END", 0xa0),
            ("%pred3 || #LOOP_END", 0xc3),
            ("~%pred3 && #NOT_LOOP_END", 0xe3),
            ("~%pred3 || #LOOP_END", 0x1c3),
            ("%pred3 && #NOT_LOOP_END", 0x1e3),
            ("%MLOCK", 0x100),
            ("%MLOCK || %dt_al04", 0x109),
            ("%MLOCK || ~%cmp3", 0x125),
            ("%MLOCK || %cmp3 || ~%cmp4", 0x12d),
            ("%MLOCK || %clp2", 0x134),
            ("%always", 0x20),
            ("%never", 0x00),
        ] {
            assert_eq!(bits(text), Some(code), "{text}");
        }
    }

    #[test]
    fn other_combinations_are_refused() {
        for text in [
            "",
            "%pred3 && #LOOP_END",
            "%pcnt1",
            "%MLOCK || %cmp2",
            "#LOOP_END || %pred1",
            "%pred32",
        ] {
            assert_eq!(bits(text), None, "{text}");
        }
    }
}
