//! The predicate logic unit: `pass`, `andp`, `landp`, `movep`.
//!
//! Source: ISA notes 5.2; gas's e2k port. `@p0`, `@p1` and `@p4` belong to PLS0, `@p2`, `@p3` and `@p5` to PLS1, `@p6` to
//! PLS2.

use elnic_isa::{ElementSource, LocalPredicate, LogicOperation};

use super::draft::Draft;
use super::{Reader, register};
use crate::diagnostic::Problem;

/// Mnemonics read here.
pub(super) const NAMES: [&str; 4] = ["pass", "andp", "landp", "movep"];

/// Reads the operands of `name`, one of [`NAMES`], whose mnemonic stands at `offset`.
pub(super) fn read(
    reader: &mut Reader<'_, '_, '_>,
    name: &str,
    offset: usize,
) -> Result<(), Problem> {
    let operation = match name {
        "andp" => LogicOperation::And,
        "landp" => LogicOperation::LogicalAnd,
        "movep" => LogicOperation::Move,
        _ => return pass(reader, offset),
    };
    let first = local(reader)?;
    reader.cursor.expect(",")?;
    let second = local(reader)?;
    reader.cursor.expect(",")?;
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let result = local(reader)?;
    let unit = match (result.negated, result.number.checked_sub(4)) {
        (false, Some(unit)) => unit,
        _ => return Err(Problem::at(at, "the result is @p4, @p5 or @p6")),
    };
    for operand in [first, second] {
        if operand.number >= result.number {
            let message = format!("@p{} can use @p0..@p{} only", result.number, result.number - 1);
            return Err(Problem::at(offset, message));
        }
    }
    let Some(logic) = reader.draft.logic.get_mut(usize::from(unit)) else { return Ok(()) };
    if std::mem::replace(&mut logic.combination, true) {
        return Err(Problem::at(offset, format!("@p{} has a value already", result.number)));
    }
    let combination = &mut logic.word.combination;
    combination.operation = operation;
    combination.first = first;
    combination.second = second;
    Ok(())
}

/// Reads `pass source, @pN` or `pass @pN, %predM`.
fn pass(reader: &mut Reader<'_, '_, '_>, offset: usize) -> Result<(), Problem> {
    if reader.cursor.peek() == Some('@') {
        let at = reader.cursor.offset();
        let result = local(reader)?;
        reader.cursor.expect(",")?;
        let predicate = register::predicate(&mut reader.cursor)?;
        let unit = result.number.checked_sub(4).map(usize::from);
        let logic = unit.and_then(|unit| reader.draft.logic.get_mut(unit));
        let Some(logic) = logic else {
            return Err(Problem::at(at, "only @p4, @p5 and @p6 can be passed to a predicate"));
        };
        if std::mem::replace(&mut logic.commit, true) {
            let message = format!("@p{} is passed to a predicate already", result.number);
            return Err(Problem::at(offset, message));
        }
        logic.word.combination.commit = Some(predicate);
        return Ok(());
    }
    let source = element(reader)?;
    reader.cursor.expect(",")?;
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let target = local(reader)?;
    let place = usize::from(target.number);
    let logic = reader.draft.logic.get_mut(place / 2).filter(|_| place < 4 && !target.negated);
    let Some(logic) = logic else {
        return Err(Problem::at(at, "a predicate can be passed to @p0, @p1, @p2 and @p3 only"));
    };
    let slots = logic.elements.iter_mut().zip(&mut logic.word.elements);
    if let Some((given, element)) = slots.into_iter().nth(place % 2) {
        if std::mem::replace(given, true) {
            return Err(Problem::at(offset, format!("@p{place} has a value already")));
        }
        *element = source;
    }
    Ok(())
}

/// Reads `[~]@pN`.
fn local(reader: &mut Reader<'_, '_, '_>) -> Result<LocalPredicate, Problem> {
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let negated = reader.cursor.eat("~");
    if reader.cursor.eat("@") {
        let name = reader.cursor.word();
        let number = name.strip_prefix('p').and_then(|digits| digits.parse().ok());
        if let Some(number) = number.filter(|number| *number <= 6) {
            return Ok(LocalPredicate { number, negated });
        }
    }
    Err(Problem::at(at, "expected a local predicate @p0..@p6"))
}

/// Reads what can be passed to `@p0`..`@p3`.
fn element(reader: &mut Reader<'_, '_, '_>) -> Result<ElementSource, Problem> {
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let name = register::name(&mut reader.cursor).unwrap_or("");
    let number = |stem: &str| name.strip_prefix(stem).and_then(|digits| digits.parse::<u8>().ok());
    let source = match name {
        "lcntex" => Some(ElementSource::LoopCounterExpired),
        "bgrpred" => Some(ElementSource::GlobalRotation),
        _ => number("pred")
            .filter(|number| *number < 32)
            .map(ElementSource::Predicate)
            .or_else(|| {
                number("rndpred").filter(|n| (1..16).contains(n)).map(ElementSource::Random)
            })
            .or_else(|| name.strip_prefix("spred").and_then(speculative)),
    };
    source.ok_or_else(|| {
        let message = "expected %predN, %lcntex, %spredCHANNELS, %bgrpred or %rndpredN";
        Problem::at(at, message)
    })
}

/// The mask of `%spred034`: one digit a channel 0..=4.
fn speculative(digits: &str) -> Option<ElementSource> {
    let mut mask = 0u8;
    for digit in digits.chars() {
        mask |= 1 << digit.to_digit(5)?;
    }
    (mask != 0).then_some(ElementSource::Speculative(mask))
}

/// Checks that every local predicate that is used has a value.
///
/// # Errors
/// Names the one that has none.
pub(super) fn check(draft: &Draft) -> Result<(), String> {
    let element = |number: usize| {
        let logic = draft.logic.get(number / 2);
        logic.and_then(|logic| logic.elements.get(number % 2)).copied().unwrap_or(false)
    };
    let combination = |unit: usize| draft.logic.get(unit).is_some_and(|logic| logic.combination);
    for (unit, logic) in draft.logic.iter().enumerate() {
        if logic.commit && !logic.combination {
            let number = unit + 4;
            return Err(format!("@p{number} is passed to a predicate but has no value"));
        }
        let used = [logic.word.combination.first, logic.word.combination.second];
        for operand in used.into_iter().filter(|_| logic.combination) {
            let number = usize::from(operand.number);
            let known = if number < 4 { element(number) } else { combination(number - 4) };
            if !known {
                return Err(format!("@p{number} is used but has no value"));
            }
        }
    }
    Ok(())
}
