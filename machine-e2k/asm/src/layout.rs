//! Addresses: sections one after the other, symbols, and what could not be filled in before.
//!
//! Source: the linker script of the golden programs: `.text.start`, `.text`; `.rodata`; `.data` at a multiple of 64; `.bss`
//! with the common blocks up to whole pages. Sections with other names follow those of their kind. Why whole pages: the
//! emulator the programs were made for runs code in a partly filled page slowly (contract §4), and a page more than the
//! data need, since the script ends in `BYTE(0)`.

mod image;

use std::collections::HashMap;

use crate::assembler::{Content, Fixup, Program};
use crate::diagnostic::{Diagnostic, Problem, Reporter, Severity};
use crate::directive::cut;
use crate::expression::{Addresses, Expression, NoValue};
use crate::options::Options;
use crate::section::{Section, SectionId, Sections};
use crate::source::SourceMap;
use crate::symbol::{Binding, SymbolId, SymbolTable, Value};

pub(crate) use image::{Image, OutputRecord, SymbolRecord};

/// Pages of the machine.
const PAGE: u64 = 4096;
/// Alignment of `.data`.
const DATA_ALIGN: u64 = 64;

/// A section of the image while it is put together.
#[derive(Debug)]
pub(crate) struct Output {
    /// Its name.
    pub(crate) name: String,
    /// Address of its first byte.
    pub(crate) address: u64,
    /// Bytes it takes in memory.
    pub(crate) size: u64,
    /// Its alignment.
    pub(crate) align: u64,
    /// The kind of sections it joins.
    pub(crate) kind: Kind,
    /// The sections it is made of, with their distance from its start.
    parts: Vec<(SectionId, u64)>,
}

/// Kinds of sections, in the order in which they stand in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Executed.
    Code,
    /// Read only.
    Constant,
    /// Read and written.
    Data,
    /// Zeros.
    Zero,
}

/// What is known about addresses after the layout.
#[derive(Debug, Default)]
struct Known {
    sections: HashMap<SectionId, u64>,
    symbols: HashMap<SymbolId, u64>,
}

impl Addresses for Known {
    fn section(&self, section: SectionId) -> Option<u64> {
        // Sections outside the image count from 0.
        Some(self.sections.get(&section).copied().unwrap_or(0))
    }

    fn symbol(&self, symbol: SymbolId) -> Option<u64> {
        self.symbols.get(&symbol).copied()
    }
}

/// Gives everything its address and fills in what depends on addresses; `None` after errors.
pub(crate) fn lay_out(
    program: Program,
    options: &Options,
    map: &SourceMap,
    reporter: &mut Reporter,
) -> Option<Image> {
    let Program { mut sections, symbols, fixups } = program;
    if !options.address.is_multiple_of(8) {
        let message = format!("the address {:#x} is not a multiple of 8", options.address);
        reporter.push(Diagnostic::about_file("command line", message));
        return None;
    }
    let placed = place(&sections, &symbols, options.address);
    let size = |outputs: &[Output]| outputs.iter().map(|output| output.size).sum::<u64>();
    let Some((outputs, known)) = placed.filter(|(outputs, _)| size(outputs) <= Section::MAX_SIZE)
    else {
        let message = format!("the program takes more than {:#x} bytes", Section::MAX_SIZE);
        reporter.push(Diagnostic::about_file("layout", message));
        return None;
    };
    report_undefined(&symbols, &known, map, reporter);
    if reporter.failed() {
        return None;
    }
    for fixup in &fixups {
        if let Err(problem) = fill(fixup, &symbols, &known, &mut sections, map, reporter) {
            reporter.error(map, &fixup.line, problem);
            if reporter.full() {
                break;
            }
        }
    }
    if reporter.failed() {
        return None;
    }
    let symbol_records = image::symbols(&symbols, &known, &outputs, &sections, map, reporter);
    let start = symbols.find("_start").and_then(|id| value(&symbols, &known, id));
    if start.is_none() && outputs.iter().any(|output| output.size > 0) {
        let mut message = Diagnostic::about_file(
            "layout",
            format!("there is no symbol '_start': the program begins at {:#x}", options.address),
        );
        message.severity = Severity::Warning;
        reporter.push(message);
    }
    let entry = start.unwrap_or(options.address);
    Some(Image::new(entry, &outputs, &sections, symbol_records))
}

/// Puts the sections one after the other.
fn place(sections: &Sections, symbols: &SymbolTable, address: u64) -> Option<(Vec<Output>, Known)> {
    let mut outputs: Vec<Output> = Vec::new();
    let mut known = Known::default();
    let mut here = address;
    for (kind, main) in [
        (Kind::Code, ".text"),
        (Kind::Constant, ".rodata"),
        (Kind::Data, ".data"),
        (Kind::Zero, ".bss"),
    ] {
        if kind == Kind::Data {
            here = align_up(here, DATA_ALIGN)?;
        }
        let mut names: Vec<&str> = Vec::new();
        let members = |name: &str| -> Vec<(SectionId, &Section)> {
            let mut found: Vec<(SectionId, &Section)> = sections
                .iter()
                .filter(|(_, section)| &*section.name == name && self::kind(section) == Some(kind))
                .collect();
            found.sort_by_key(|(_, section)| section.part);
            found
        };
        for (_, section) in sections.iter() {
            let special = [main, ".text.start"].contains(&&*section.name);
            if !special && self::kind(section) == Some(kind) && !names.contains(&&*section.name) {
                names.push(&section.name);
            }
        }
        // What has its own name follows, except that zeros end with `.bss`.
        match kind {
            Kind::Zero => names.push(main),
            _ => names.insert(0, main),
        }
        for name in names {
            let mut parts = Vec::new();
            if name == ".text" {
                parts.extend(members(".text.start"));
            }
            parts.extend(members(name));
            let mut output = join(name, kind, here, &parts)?;
            if name == ".bss" {
                commons(symbols, &mut output, &mut known)?;
                let end = align_up(output.address.checked_add(output.size)?, PAGE)?;
                output.size = align_up(end.checked_add(1)?, PAGE)? - output.address;
            }
            for (id, distance) in &output.parts {
                known.sections.insert(*id, output.address + distance);
            }
            here = output.address.checked_add(output.size)?;
            if output.size > 0 {
                outputs.push(output);
            }
        }
    }
    Some((outputs, known))
}

/// The kind of a section; `None` for those that are no part of the image.
fn kind(section: &Section) -> Option<Kind> {
    let flags = section.flags;
    if !flags.alloc {
        return None;
    }
    Some(match (flags.execute, flags.write, flags.nobits) {
        (true, ..) => Kind::Code,
        (_, _, true) => Kind::Zero,
        (_, true, _) => Kind::Data,
        _ => Kind::Constant,
    })
}

fn join(name: &str, kind: Kind, here: u64, members: &[(SectionId, &Section)]) -> Option<Output> {
    // An empty section moves nothing.
    let used = || members.iter().filter(|(_, section)| section.size > 0);
    let align = used().map(|(_, section)| section.align).max().unwrap_or(1);
    let address = align_up(here, align)?;
    let mut parts = Vec::new();
    let mut size = 0u64;
    for (id, section) in members {
        let align = if section.size > 0 { section.align } else { 1 };
        size = align_up(address.checked_add(size)?, align)? - address;
        parts.push((*id, size));
        size = size.checked_add(section.size)?;
    }
    Some(Output { name: name.to_owned(), address, size, align, kind, parts })
}

/// Puts the common blocks behind the other zeros.
fn commons(symbols: &SymbolTable, output: &mut Output, known: &mut Known) -> Option<()> {
    for (id, symbol) in symbols.iter() {
        if let Some(Value::Common(size, align)) = symbol.value {
            let address = align_up(output.address.checked_add(output.size)?, align)?;
            known.symbols.insert(id, address);
            output.size = address.checked_add(size)? - output.address;
            output.align = output.align.max(align);
        }
    }
    Some(())
}

fn align_up(address: u64, align: u64) -> Option<u64> {
    address.checked_next_multiple_of(align.max(1))
}

/// The value of a symbol.
fn value(symbols: &SymbolTable, known: &Known, id: SymbolId) -> Option<u64> {
    let value = Expression::Symbol(id).evaluate(symbols, known).ok()?;
    Some(value.number.cast_unsigned())
}

/// Reports the symbols that are used and never defined; weak ones count as 0.
fn report_undefined(
    symbols: &SymbolTable,
    known: &Known,
    map: &SourceMap,
    reporter: &mut Reporter,
) {
    for (id, symbol) in symbols.iter() {
        if symbol.value.is_some() || known.symbols.contains_key(&id) {
            continue;
        }
        let Some((line, offset)) = &symbol.used else { continue };
        if symbol.binding == Binding::Weak {
            continue;
        }
        if symbol.is_numeric() {
            let message = format!("no label '{}' follows", symbol.name);
            reporter.error(map, line, Problem::at(*offset, message));
            continue;
        }
        let problem = Problem::at(*offset, format!("symbol '{}' is not defined", symbol.name));
        reporter.error(map, line, problem.meant(&symbol.name, symbols.known_names()));
    }
}

/// Fills in one value.
fn fill(
    fixup: &Fixup,
    symbols: &SymbolTable,
    known: &Known,
    sections: &mut Sections,
    map: &SourceMap,
    reporter: &mut Reporter,
) -> Result<(), Problem> {
    let at = |message: String| Problem::at(fixup.offset, message);
    let evaluate = |expression: &Expression| -> Result<i64, String> {
        match expression.evaluate(symbols, known) {
            Ok(value) => Ok(value.number),
            // Only weak symbols are left without a value here.
            Err(NoValue::Undefined(_)) => Ok(0),
            Err(NoValue::DivisionByZero) => Err("division by zero".to_owned()),
            Err(NoValue::Relative) => {
                Err("addresses are combined in a way that gives no number".to_owned())
            }
            Err(NoValue::Endless) => {
                Err("the symbols of this expression are defined by each other".to_owned())
            }
        }
    };
    let address = known.section(fixup.location.section).unwrap_or(0) + fixup.location.offset;
    let bytes = match &fixup.content {
        Content::Data(size, expression) => {
            let number = evaluate(expression).map_err(at)?;
            if let Some(message) = cut(number, *size) {
                reporter.warning(map, &fixup.line, at(message));
            }
            let bytes = i128::from(number).to_le_bytes();
            bytes.get(..usize::from(*size)).unwrap_or(&[]).to_vec()
        }
        Content::Bundle(pending) => pending.encode(address, &evaluate).map_err(at)?,
    };
    if let Some(section) = sections.get_mut(fixup.location.section) {
        section.patch(fixup.location.offset, &bytes);
    }
    Ok(())
}
