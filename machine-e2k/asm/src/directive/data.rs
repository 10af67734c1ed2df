//! Directives that make bytes: numbers, strings, gaps.
//!
//! Source: gas manual; on e2k `.word` has 4 bytes, `.dword` 8, `.align` counts bytes.

use super::Call;
use crate::assembler::{Assembler, Content, Fixup};
use crate::cpp::find;
use crate::diagnostic::Problem;
use crate::scan::Cursor;
use crate::section::Section;
use crate::source::Line;
use crate::string;

/// Names of the directives.
pub(super) const NAMES: [&str; 39] = [
    ".byte",
    ".half",
    ".hword",
    ".short",
    ".2byte",
    ".value",
    ".word",
    ".int",
    ".long",
    ".4byte",
    ".dword",
    ".quad",
    ".xword",
    ".8byte",
    ".uahalf",
    ".uaword",
    ".uadword",
    ".ascii",
    ".asciz",
    ".string",
    ".float",
    ".single",
    ".double",
    ".skip",
    ".space",
    ".zero",
    ".fill",
    ".org",
    ".align",
    ".balign",
    ".balignw",
    ".balignl",
    ".p2align",
    ".p2alignw",
    ".p2alignl",
    ".incbin",
    ".ptr",
    ".octa",
    ".string8",
];

/// Carries out a directive of [`NAMES`].
pub(super) fn run(call: &mut Call<'_, '_, '_, '_>, word: &str) -> Result<(), Problem> {
    match word {
        ".byte" => numbers(call, 1),
        ".half" | ".hword" | ".short" | ".2byte" | ".value" | ".uahalf" => numbers(call, 2),
        ".word" | ".int" | ".long" | ".4byte" | ".uaword" => numbers(call, 4),
        ".dword" | ".quad" | ".xword" | ".8byte" | ".uadword" => numbers(call, 8),
        ".octa" | ".ptr" => numbers(call, 16),
        ".ascii" => strings(call, false),
        ".asciz" | ".string" | ".string8" => strings(call, true),
        ".float" | ".single" => floats(call, false),
        ".double" => floats(call, true),
        ".skip" | ".space" | ".zero" => skip(call),
        ".fill" => fill(call),
        ".org" => origin_of(call),
        ".align" | ".balign" => align(call, false, 1),
        ".balignw" => align(call, false, 2),
        ".balignl" => align(call, false, 4),
        ".p2align" => align(call, true, 1),
        ".p2alignw" => align(call, true, 2),
        ".p2alignl" => align(call, true, 4),
        _ => incbin(call),
    }
}

fn put(call: &mut Call<'_, '_, '_, '_>, at: usize, bytes: &[u8]) -> Result<(), Problem> {
    call.assembler.here().append(bytes).map_err(|message| Problem::at(at, message))
}

/// `count` copies of the last bytes of `value`.
fn repeat(
    call: &mut Call<'_, '_, '_, '_>,
    at: usize,
    count: u64,
    value: &[u8],
) -> Result<(), Problem> {
    let total = count.saturating_mul(value.len() as u64);
    let section = call.assembler.here();
    let fits = section.size.checked_add(total).is_some_and(|size| size <= Section::MAX_SIZE);
    if value.iter().all(|byte| *byte == 0) || !fits {
        return section.append_zeros(total).map_err(|message| Problem::at(at, message));
    }
    let count = usize::try_from(count).unwrap_or(0);
    put(call, at, &value.repeat(count))
}

fn numbers(call: &mut Call<'_, '_, '_, '_>, size: u8) -> Result<(), Problem> {
    while !call.cursor.done() {
        call.cursor.blank();
        let at = call.cursor.offset();
        let expression = call.assembler.expression(call.line, call.cursor)?;
        let location = call.assembler.sections.here();
        match expression.constant(&call.assembler.symbols) {
            Some(number) => {
                if let Some(message) = cut(number, size) {
                    let problem = Problem::at(at, message);
                    call.assembler.reporter.warning(call.assembler.map, call.line, problem);
                }
                let bytes = i128::from(number).to_le_bytes();
                put(call, at, bytes.get(..usize::from(size)).unwrap_or(&[]))?;
            }
            None => {
                if call.assembler.here().flags.nobits {
                    return Err(Problem::at(at, "this section can hold zeros only"));
                }
                put(call, at, &[0; 16][..usize::from(size.min(16))])?;
                let content = Content::Data(size, expression);
                let line = call.line.clone();
                call.assembler.fixups.push(Fixup { location, content, line, offset: at });
            }
        }
        if !call.cursor.eat(",") {
            break;
        }
    }
    Ok(())
}

/// What to say if `number` fits `size` bytes neither signed nor unsigned.
pub(crate) fn cut(number: i64, size: u8) -> Option<String> {
    let bits = u32::from(size) * 8;
    if bits >= 64 {
        return None;
    }
    let fits = (-(1i64 << (bits - 1))..1i64 << bits).contains(&number);
    (!fits).then(|| format!("{number:#x} does not fit {size} bytes and is cut off"))
}

fn strings(call: &mut Call<'_, '_, '_, '_>, zero: bool) -> Result<(), Problem> {
    while !call.cursor.done() {
        call.cursor.blank();
        let at = call.cursor.offset();
        let mut bytes = string::string(call.cursor)?;
        // Strings that follow each other without a comma are one.
        while call.cursor.peek() == Some('"') {
            bytes.extend(string::string(call.cursor)?);
        }
        if zero {
            bytes.push(0);
        }
        put(call, at, &bytes)?;
        if !call.cursor.eat(",") {
            break;
        }
    }
    Ok(())
}

fn floats(call: &mut Call<'_, '_, '_, '_>, double: bool) -> Result<(), Problem> {
    loop {
        call.cursor.blank();
        let at = call.cursor.offset();
        let text = call.cursor.run(|c| !c.is_whitespace() && c != ',');
        // `0f1.5`, `0d1.5`, `0r1.5` are gas's own spelling.
        let plain = ["0f", "0d", "0r", "0e", "0F", "0D", "0R", "0E"]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        let bad = |_| Problem::at(at, format!("'{text}' is not a floating point number"));
        if double {
            let value: f64 = plain.parse().map_err(bad)?;
            put(call, at, &value.to_le_bytes())?;
        } else {
            let value: f32 = plain.parse().map_err(bad)?;
            put(call, at, &value.to_le_bytes())?;
        }
        if !call.cursor.eat(",") {
            return Ok(());
        }
    }
}

fn skip(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let count = call.count("a size of")?;
    let value = if call.cursor.eat(",") { call.number()? } else { 0 };
    repeat(call, at, count, value.to_le_bytes().get(..1).unwrap_or(&[0]))
}

fn fill(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let count = call.count("a repetition of")?;
    let size = if call.cursor.eat(",") { call.count("a size of")?.min(8) } else { 1 };
    let value = if call.cursor.eat(",") { call.number()? } else { 0 };
    // The value counts as one of four bytes, whatever the size.
    let bytes = (value & 0xffff_ffff).to_le_bytes();
    let size = usize::try_from(size).unwrap_or(8);
    repeat(call, at, count, bytes.get(..size).unwrap_or(&bytes))
}

fn origin_of(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let expression = call.assembler.expression(call.line, call.cursor)?;
    let here = call.assembler.sections.here();
    let value = expression
        .evaluate(&call.assembler.symbols, &crate::expression::NoAddresses)
        .ok()
        .filter(|value| value.section.is_none_or(|section| section == here.section))
        .and_then(|value| u64::try_from(value.number).ok());
    let Some(value) = value else {
        let message = "an offset in this section is expected";
        return Err(Problem::at(at, message));
    };
    let Some(gap) = value.checked_sub(here.offset) else {
        let message = format!("the place cannot go back from {:#x} to {value:#x}", here.offset);
        return Err(Problem::at(at, message));
    };
    let fill = if call.cursor.eat(",") { call.number()? } else { 0 };
    repeat(call, at, gap, fill.to_le_bytes().get(..1).unwrap_or(&[0]))
}

/// `. = expression`.
pub(crate) fn origin(
    assembler: &mut Assembler<'_>,
    line: &Line,
    cursor: &mut Cursor<'_>,
) -> Result<(), Problem> {
    let start = cursor.offset();
    origin_of(&mut Call { assembler, line, cursor, start })?;
    cursor.end()
}

fn align(call: &mut Call<'_, '_, '_, '_>, power: bool, unit: usize) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let given = call.count("an alignment of")?;
    let align = match power {
        true => u32::try_from(given).ok().and_then(|power| 1u64.checked_shl(power)),
        false => Some(given.max(1)),
    };
    let Some(align) = align.filter(|align| align.is_power_of_two() && *align <= 1 << 28) else {
        let range = if power { "0..=28" } else { "a power of two up to 0x10000000" };
        return Err(Problem::at(at, format!("an alignment of {given} is not {range}")));
    };
    let mut value = 0;
    let mut limit = u64::MAX;
    if call.cursor.eat(",") {
        if call.cursor.peek() != Some(',') && !call.cursor.done() {
            value = call.number()?;
        }
        if call.cursor.eat(",") {
            limit = call.count("a limit of")?;
        }
    }
    let here = call.assembler.sections.here().offset;
    let gap = here.next_multiple_of(align) - here;
    call.assembler.here().demand(align);
    if gap > limit {
        return Ok(());
    }
    let bytes = value.to_le_bytes();
    let pattern = bytes.get(..unit).unwrap_or(&[0]);
    // What does not fill a unit comes first and is zero.
    let odd = gap % unit as u64;
    repeat(call, at, odd, &[0])?;
    repeat(call, at, gap / unit as u64, pattern)
}

fn incbin(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let name = string::text(call.cursor)?;
    let skip = if call.cursor.eat(",") { call.count("a start of")? } else { 0 };
    let limit = if call.cursor.eat(",") { call.count("a size of")? } else { u64::MAX };
    let file = call.assembler.map.name(call.line.origin.file).to_owned();
    let folder = std::path::Path::new(&file).parent().map(std::path::Path::to_path_buf);
    let folders = folder.into_iter().chain(call.assembler.options.include_dirs.iter().cloned());
    let (_, bytes) = find(call.assembler.files, std::path::Path::new(&name), folders)
        .map_err(|error| Problem::at(at, format!("cannot read '{name}': {error}")))?;
    let start = usize::try_from(skip).unwrap_or(usize::MAX).min(bytes.len());
    let length = usize::try_from(limit).unwrap_or(usize::MAX).min(bytes.len() - start);
    put(call, at, bytes.get(start..start + length).unwrap_or(&[]))
}
