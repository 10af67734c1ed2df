//! Operations of the arithmetic-logic channels: mnemonic, channel, `,sm`, operands by format, predicates.
//!
//! Source: gas's e2k port, ISA notes 2.3, 2.4 and 10. Which operands an operation has is told by its row in the operation
//! table; nothing here knows single operations apart from the pseudo-operations `mmurr` and `mmurw`.

use elnic_isa::{Destination, Format, Kind, Op, Operation, QualifierSource, Source, TrapRegister};

use super::Reader;
use super::draft::{Alu, Second};
use super::literal::{self, Width};
use super::{address, register, special};
use crate::diagnostic::Problem;

/// Reads the operation whose mnemonic has been read and whose `rows` are those of this version.
pub(super) fn read(
    reader: &mut Reader<'_, '_, '_>,
    rows: Vec<&'static Operation>,
    offset: usize,
) -> Result<(), Problem> {
    let Some(first) = rows.first().copied() else { return Ok(()) };
    let (channel, speculative) = suffixes(reader, first, &rows)?;
    let mut alu = Alu {
        rows,
        channel,
        speculative,
        src1: Source::Absent,
        src2: Second::Ready(Source::Absent),
        src3: Source::Absent,
        array_literal: None,
        dst: Destination::Absent,
        mas: 0,
        predicate: None,
        prologue: None,
        merge: None,
        increment: None,
    };
    match first.mnemonic {
        "mmurr" | "mmurw" => special::mmu(reader, &mut alu, first)?,
        _ => operands(reader, &mut alu, first)?,
    }
    if matches!(first.format, Format::Alopf12Branch | Format::Alopf12Call) {
        super::control::condition(reader, offset, None)?;
    } else {
        predicates(reader, &mut alu)?;
    }
    reader.draft.alu.push(alu);
    Ok(())
}

/// Reads `,CH` and `,sm` in either order.
fn suffixes(
    reader: &mut Reader<'_, '_, '_>,
    first: &'static Operation,
    rows: &[&'static Operation],
) -> Result<(Option<u8>, bool), Problem> {
    let (mut channel, mut speculative) = (None, false);
    loop {
        let start = reader.cursor.offset();
        if !reader.cursor.eat(",") {
            break;
        }
        reader.cursor.blank();
        let at = reader.cursor.offset();
        let digits = reader.cursor.run(|c| c.is_ascii_digit());
        if !digits.is_empty() {
            let number = digits.parse::<u8>().unwrap_or(u8::MAX);
            if !rows.iter().any(|row| row.channels.contains(number)) {
                let allowed: Vec<u8> = (0..6)
                    .filter(|channel| rows.iter().any(|row| row.channels.contains(*channel)))
                    .collect();
                let version = reader.context.version;
                let message = format!(
                    "{} cannot stand on channel {digits} in {version}; its channels are {}",
                    first.mnemonic,
                    list(&allowed)
                );
                return Err(Problem::at(at, message));
            }
            channel = Some(number);
        } else if reader.cursor.eat_word("sm") || reader.cursor.eat_word("s") {
            speculative = true;
        } else {
            let message =
                format!("a channel 0..5 or 'sm' is expected behind '{},'", first.mnemonic);
            reader.cursor.seek(start);
            return Err(Problem::at(at, message));
        }
    }
    Ok((channel, speculative))
}

fn list(channels: &[u8]) -> String {
    let words: Vec<String> = channels.iter().map(u8::to_string).collect();
    words.join(" ")
}

/// Reads the operands in the order in which the format writes them.
fn operands(
    reader: &mut Reader<'_, '_, '_>,
    alu: &mut Alu,
    row: &'static Operation,
) -> Result<(), Problem> {
    match row.format {
        Format::Alopf1
        | Format::Alopf11
        | Format::Alopf7
        | Format::Alopf17
        | Format::Alopf1Merge
        | Format::Alopf11Merge => {
            // A recovery load has its specifier in the second source and takes none behind.
            if row.memory || row.op == Op::Ldrd {
                address::read(reader, alu, row)?;
            } else {
                two_sources(reader, alu, row)?;
            }
            comma(reader)?;
        }
        Format::Alopf2 | Format::Alopf12 | Format::Alopf8 | Format::Alopf12Branch => {
            alu.src2 = second(reader, row)?;
            comma(reader)?;
        }
        Format::Alopf3 | Format::Alopf13 => return store(reader, alu, row),
        Format::Alopf11Literal => {
            two_sources(reader, alu, row)?;
            comma(reader)?;
            alu.src3 = literal8(reader, 255)?;
            comma(reader)?;
        }
        Format::Alopf12Literal => {
            alu.src2 = second(reader, row)?;
            comma(reader)?;
            alu.src3 = literal8(reader, 255)?;
            comma(reader)?;
        }
        Format::Alopf12Call => {
            let shift = reader.setting("wbs", 0..=127)?;
            alu.src1 = Source::Immediate(u8::try_from(shift).unwrap_or(0));
            comma(reader)?;
            alu.src2 = second(reader, row)?;
            comma(reader)?;
        }
        Format::Alopf15 => {
            alu.src2 = second(reader, row)?;
            comma(reader)?;
            alu.dst = Destination::State(special::state(reader)?);
            return Ok(());
        }
        Format::Alopf16 => {
            alu.src1 = Source::State(special::state(reader)?);
            comma(reader)?;
        }
        Format::Alopf21 | Format::Alopf21Merge => {
            two_sources(reader, alu, row)?;
            comma(reader)?;
            alu.src3 = register_source(reader)?;
            comma(reader)?;
        }
        Format::Alopf10 => {
            alu.src3 = register_source(reader)?;
            comma(reader)?;
            address::array(reader, alu)?;
            return address::mas(reader, alu);
        }
        Format::Alopf19 => {
            address::array(reader, alu)?;
            comma(reader)?;
            alu.dst = destination(reader, row)?;
            return address::mas(reader, alu);
        }
        Format::AauWrite => {
            alu.src3 = register_source(reader)?;
            comma(reader)?;
            alu.dst = Destination::Aau(special::aau(reader)?);
            return Ok(());
        }
        Format::AauRead => {
            alu.src1 = Source::Aau(special::aau(reader)?);
            comma(reader)?;
        }
    }
    alu.dst = destination(reader, row)?;
    if row.format.merges() {
        comma(reader)?;
        alu.merge = Some(register::expect_term(&mut reader.cursor)?);
    }
    if row.memory { address::mas(reader, alu) } else { Ok(()) }
}

/// Reads a store: datum and address, in the order in force.
fn store(
    reader: &mut Reader<'_, '_, '_>,
    alu: &mut Alu,
    row: &'static Operation,
) -> Result<(), Problem> {
    if reader.context.modes.address_first {
        address::read(reader, alu, row)?;
        comma(reader)?;
        alu.src3 = register_source(reader)?;
    } else {
        alu.src3 = register_source(reader)?;
        comma(reader)?;
        address::read(reader, alu, row)?;
    }
    address::mas(reader, alu)
}

/// Reads `src1, src2`.
fn two_sources(
    reader: &mut Reader<'_, '_, '_>,
    alu: &mut Alu,
    row: &'static Operation,
) -> Result<(), Problem> {
    alu.src1 = first(reader)?;
    comma(reader)?;
    alu.src2 = second(reader, row)?;
    Ok(())
}

/// Reads a comma.
pub(super) fn comma(reader: &mut Reader<'_, '_, '_>) -> Result<(), Problem> {
    reader.cursor.expect(",")
}

/// Reads src1: a register or 0..=31.
pub(super) fn first(reader: &mut Reader<'_, '_, '_>) -> Result<Source, Problem> {
    if let Some(register) = register::general(&mut reader.cursor)? {
        return Ok(Source::Register(register));
    }
    if reader.cursor.peek() == Some('%') {
        return Err(register::unknown(&mut reader.cursor, "a register or a number 0..31"));
    }
    let written = literal::read(&mut reader.cursor, &mut reader.scope)?;
    written.short(31).map(Source::Constant).ok_or_else(|| {
        let message = "the first source is a register or a number 0..31";
        Problem::at(written.offset(), message).help("only the second source can be a literal")
    })
}

/// Reads src2: a register or a literal.
pub(super) fn second(
    reader: &mut Reader<'_, '_, '_>,
    row: &'static Operation,
) -> Result<Second, Problem> {
    if let Some(register) = register::general(&mut reader.cursor)? {
        return Ok(Second::Ready(Source::Register(register)));
    }
    if reader.cursor.peek() == Some('%') {
        return Err(register::unknown(&mut reader.cursor, "a register or a number"));
    }
    let written = literal::read(&mut reader.cursor, &mut reader.scope)?;
    written.second(reader.draft, width(row))
}

/// As how wide a literal in src2 counts.
///
/// gas gives operands of 128 bits (but those of `qplog`), and the 80-bit one beside a 32-bit first source, 32 bits.
pub(super) fn width(row: &Operation) -> Width {
    match row.src {
        [_, Kind::QuadPacked, _] if row.op == Op::Qplog => Width::Double,
        [_, Kind::Single | Kind::Quad | Kind::QuadPacked, _] => Width::Single,
        [Kind::Single, Kind::Extended, _] => Width::Single,
        _ => Width::Double,
    }
}

/// Reads a third source or the datum of a store.
pub(super) fn register_source(reader: &mut Reader<'_, '_, '_>) -> Result<Source, Problem> {
    match register::general(&mut reader.cursor)? {
        Some(register) => Ok(Source::Register(register)),
        None => Err(register::unknown(&mut reader.cursor, "a register")),
    }
}

/// Reads a literal of the ALES syllable.
fn literal8(reader: &mut Reader<'_, '_, '_>, max: i64) -> Result<Source, Problem> {
    let value = reader.number(0..=max)?;
    Ok(Source::Immediate(u8::try_from(value).unwrap_or(0)))
}

/// Reads the result.
pub(super) fn destination(
    reader: &mut Reader<'_, '_, '_>,
    row: &'static Operation,
) -> Result<Destination, Problem> {
    let cursor = &mut reader.cursor;
    match row.dst {
        Kind::Predicate => return register::predicate(cursor).map(Destination::Predicate),
        Kind::DoubleOrControlTransfer => {
            if let Some(register) = register::transfer(cursor) {
                return Ok(Destination::ControlTransfer(register));
            }
        }
        _ => {}
    }
    let start = cursor.offset();
    match register::name(cursor) {
        Some("empty" | "empty.lo") => return Ok(Destination::Empty),
        Some("empty.hi") => return Ok(Destination::EmptyHigh),
        Some(name) if row.dst == Kind::TrapRegister => {
            let known =
                [("tst", TrapRegister::Tst), ("tc", TrapRegister::Tc), ("tcd", TrapRegister::Tcd)];
            if let Some((_, register)) = known.iter().find(|(known, _)| *known == name) {
                return Ok(Destination::Trap(*register));
            }
        }
        _ => {}
    }
    cursor.seek(start);
    if row.dst == Kind::TrapRegister {
        return Err(register::unknown(cursor, "%tst, %tc or %tcd"));
    }
    match register::general(cursor)? {
        Some(register) => Ok(Destination::Register(register)),
        None => Err(register::unknown(cursor, "a register for the result")),
    }
}

/// Reads `? %predN, %pcntN`.
fn predicates(reader: &mut Reader<'_, '_, '_>, alu: &mut Alu) -> Result<(), Problem> {
    if !reader.cursor.eat("?") {
        return Ok(());
    }
    loop {
        reader.cursor.blank();
        let at = reader.cursor.offset();
        let term = register::expect_term(&mut reader.cursor)?;
        let (place, name) = match term.source {
            QualifierSource::Predicate(_) => (&mut alu.predicate, "%pred"),
            QualifierSource::Prologue(_) => (&mut alu.prologue, "%pcnt"),
        };
        if place.replace(term).is_some() {
            let message = format!("an operation depends on one {name} at most");
            return Err(Problem::at(at, message));
        }
        if !reader.cursor.eat(",") {
            return Ok(());
        }
    }
}
