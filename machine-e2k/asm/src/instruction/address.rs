//! Addresses of loads and stores, array addresses, and the access specifier (`mas=`).
//!
//! Source: gas's e2k port, ISA notes 2.7, 8.2 and 10: `[ %a + %b ]`, `[ %a + literal ]`, `[ literal ]`, `%a, %b`;
//! `%aadN [ %aastiM + _f32s,_ltsK literal ]`.

use elnic_isa::{ArrayAddress, Operation, Source};

use super::Reader;
use super::alu::{comma, first, second, width};
use super::draft::{Alu, Second};
use super::literal::{self, Width};
use super::register;
use crate::diagnostic::Problem;

/// Reads the address of a load or store.
pub(super) fn read(
    reader: &mut Reader<'_, '_, '_>,
    alu: &mut Alu,
    row: &'static Operation,
) -> Result<(), Problem> {
    if !reader.cursor.eat("[") {
        alu.src1 = first(reader)?;
        comma(reader)?;
        alu.src2 = second(reader, row)?;
        return Ok(());
    }
    let from = reader.cursor.offset();
    if let Some(register) = register::general(&mut reader.cursor)? {
        alu.src1 = Source::Register(register);
        alu.src2 = if reader.cursor.eat("+") || reader.cursor.peek() == Some('-') {
            second(reader, row)?
        } else {
            Second::Ready(Source::Constant(0))
        };
        return reader.cursor.expect("]");
    }
    let inside = reader.cursor.rest().split(']').next().unwrap_or("");
    match register_behind(inside) {
        // `[ literal + %register ]`: as written if the literal fits src1, else the other way round.
        Some(plus) => {
            let line = reader.line;
            let mut before = crate::scan::Cursor::new(line, from, from + plus);
            std::mem::swap(&mut before, &mut reader.cursor);
            let written = literal::read(&mut reader.cursor, &mut reader.scope)?;
            reader.cursor.end()?;
            std::mem::swap(&mut before, &mut reader.cursor);
            reader.cursor.seek(from + plus + 1);
            let Some(register) = register::general(&mut reader.cursor)? else {
                return Err(register::unknown(&mut reader.cursor, "a register"));
            };
            let register = Source::Register(register);
            if let Some(constant) = written.short(31) {
                alu.src1 = Source::Constant(constant);
                alu.src2 = Second::Ready(register);
            } else {
                alu.src1 = register;
                alu.src2 = written.second(reader.draft, width(row))?;
            }
        }
        None => {
            alu.src1 = Source::Constant(0);
            alu.src2 = second(reader, row)?;
        }
    }
    reader.cursor.expect("]")
}

/// The byte offset of the last `+` in front of a register, if there is one.
fn register_behind(inside: &str) -> Option<usize> {
    let percent = inside
        .match_indices('%')
        .find(|(at, _)| {
            let after = inside.get(at + 1..).and_then(|rest| rest.chars().next());
            after.is_some_and(|c| c.is_ascii_alphabetic())
        })
        .map(|(at, _)| at)?;
    inside.get(..percent)?.rfind('+')
}

/// Reads `%aadN [ %aastiM + literal ]`.
pub(super) fn array(reader: &mut Reader<'_, '_, '_>, alu: &mut Alu) -> Result<(), Problem> {
    let descriptor = numbered(reader, "aad", 31)?;
    reader.cursor.expect("[")?;
    let index = numbered(reader, "aasti", 15)?;
    if reader.cursor.eat("+") {
        let written = literal::read(&mut reader.cursor, &mut reader.scope)?;
        if written.number().is_none() {
            let message = "the literal of an array address is a number of 32 bits";
            return Err(Problem::at(written.offset(), message));
        }
        alu.array_literal = Some(written.request(reader.draft, Width::Array)?);
    }
    reader.cursor.expect("]")?;
    alu.src1 = Source::Array(ArrayAddress {
        descriptor,
        index,
        increment: 0,
        advance: false,
        literal: None,
    });
    Ok(())
}

/// Reads `%NAMEn` with n in 0..=max.
pub(super) fn numbered(
    reader: &mut Reader<'_, '_, '_>,
    stem: &str,
    max: u8,
) -> Result<u8, Problem> {
    reader.cursor.blank();
    let at = reader.cursor.offset();
    let number = register::name(&mut reader.cursor)
        .and_then(|name| name.strip_prefix(stem))
        .and_then(|digits| digits.parse::<u8>().ok())
        .filter(|number| *number <= max);
    number.ok_or_else(|| {
        reader.cursor.seek(at);
        let found = reader.cursor.found();
        Problem::at(at, format!("expected %{stem}0..%{stem}{max}{found}"))
    })
}

/// Reads the access specifier `, mas=N` (or ` N`), if there is one.
pub(super) fn mas(reader: &mut Reader<'_, '_, '_>, alu: &mut Alu) -> Result<(), Problem> {
    let bare = reader.cursor.peek().is_some_and(|c| c.is_ascii_digit());
    if reader.cursor.eat(",") {
        alu.mas = u8::try_from(reader.setting("mas", 0..=127)?).unwrap_or(0);
    } else if bare {
        alu.mas = u8::try_from(reader.number(0..=127)?).unwrap_or(0);
    }
    Ok(())
}
