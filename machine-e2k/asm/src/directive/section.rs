//! Directives that choose the section.
//!
//! Source: gas manual; the e2k port aligns `.data`, `.bss` and `.section .rodata` to 16 bytes.

use super::Call;
use crate::diagnostic::Problem;
use crate::section::Flags;
use crate::string;

/// Names of the directives.
pub(super) const NAMES: [&str; 10] = [
    ".text",
    ".data",
    ".rodata",
    ".bss",
    ".section",
    ".pushsection",
    ".popsection",
    ".previous",
    ".subsection",
    ".seg",
];

/// Carries out a directive of [`NAMES`].
pub(super) fn run(call: &mut Call<'_, '_, '_, '_>, word: &str) -> Result<(), Problem> {
    match word {
        ".text" | ".data" | ".rodata" | ".bss" => {
            let part = part(call)?;
            call.assembler.enter(word, part, None);
            align(call);
            Ok(())
        }
        ".section" | ".seg" => {
            named(call)?;
            align(call);
            Ok(())
        }
        ".pushsection" => {
            if !call.assembler.sections.push() {
                return Err(call.problem("too many sections are pushed"));
            }
            named(call)
        }
        ".popsection" => match call.assembler.sections.pop() {
            true => Ok(()),
            false => Err(call.problem(".popsection without .pushsection")),
        },
        ".previous" => {
            call.assembler.sections.swap();
            Ok(())
        }
        _ => {
            let part = part(call)?;
            let name = call.assembler.here().name.clone();
            call.assembler.enter(&name, part, None);
            Ok(())
        }
    }
}

/// The alignment some sections have from the start.
fn align(call: &mut Call<'_, '_, '_, '_>) {
    let section = call.assembler.here();
    if matches!(&*section.name, ".data" | ".bss" | ".rodata") {
        section.demand(16);
    }
}

/// Reads the number of a subsection, 0 if there is none.
fn part(call: &mut Call<'_, '_, '_, '_>) -> Result<u32, Problem> {
    if call.cursor.done() {
        return Ok(0);
    }
    call.cursor.blank();
    let at = call.cursor.offset();
    let number = call.number()?;
    let number = u32::try_from(number).ok().filter(|number| *number <= 8192);
    number.ok_or_else(|| Problem::at(at, "the number of a subsection is 0..=8192"))
}

/// Reads `NAME[, subsection][, "flags"[, @type[, …]]]` and goes there.
fn named(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let name = if call.cursor.peek() == Some('"') {
        string::text(call.cursor)?
    } else {
        call.cursor.run(|c| crate::scan::is_word(c) || c == '-').to_owned()
    };
    if name.is_empty() || name.contains('\0') {
        return Err(Problem::at(at, "expected the name of a section"));
    }
    let mut number = 0;
    let mut flags = None;
    if call.cursor.eat(",") {
        if call.cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
            number = part(call)?;
            call.cursor.eat(",");
        }
        // The flags come first in gas, the type in older compilers.
        flags = attributes(call, &name)?;
    }
    if let Some(flags) = flags
        && call.assembler.sections.exists(&name)
    {
        let id = call.assembler.sections.find(&name, number);
        let known = call.assembler.sections.get(id).map(|section| section.flags);
        if known.is_some_and(|known| known != flags) {
            let message = format!("section '{name}' was made with other flags, which stay");
            let problem = Problem::at(at, message);
            call.assembler.reporter.warning(call.assembler.map, call.line, problem);
            flags_stay(call, &name, number);
            return Ok(());
        }
    }
    call.assembler.enter(&name, number, flags);
    Ok(())
}

fn flags_stay(call: &mut Call<'_, '_, '_, '_>, name: &str, number: u32) {
    call.assembler.enter(name, number, None);
}

/// Reads flags and type of a section; `None` if none are given.
fn attributes(call: &mut Call<'_, '_, '_, '_>, name: &str) -> Result<Option<Flags>, Problem> {
    let mut flags = Flags::by_name(name);
    let mut given = false;
    while !call.cursor.done() {
        call.cursor.blank();
        let at = call.cursor.offset();
        if call.cursor.peek() == Some('"') {
            let text = string::text(call.cursor)?;
            if let Some(kind) = text.strip_prefix('@') {
                flags.nobits = kind == "nobits";
            } else {
                given = true;
                let nobits = flags.nobits;
                flags = Flags { alloc: false, write: false, execute: false, nobits };
                for flag in text.chars() {
                    match flag {
                        'a' => flags.alloc = true,
                        'w' => flags.write = true,
                        'x' => flags.execute = true,
                        // Merging and grouping are wishes a linker may leave unfulfilled.
                        'M' | 'S' | 'G' | 'T' | 'o' | '?' | 'e' => {}
                        _ => {
                            let message = format!("'{flag}' is no flag of a section");
                            return Err(
                                Problem::at(at, message).help("there are a, w, x, M, S, G, T")
                            );
                        }
                    }
                }
            }
        } else if call.cursor.eat("@") || call.cursor.eat("%") || call.cursor.eat("#") {
            let kind = call.cursor.run(crate::scan::is_word);
            match kind {
                "nobits" => (flags.nobits, given) = (true, true),
                "progbits" | "note" | "init_array" | "fini_array" => flags.nobits = false,
                "alloc" => (flags.alloc, given) = (true, true),
                "write" => (flags.write, given) = (true, true),
                "execinstr" => (flags.execute, given) = (true, true),
                _ => {
                    let names = ["nobits", "progbits", "note", "alloc", "write", "execinstr"];
                    let problem = Problem::at(at, format!("'{kind}' is no type of a section"));
                    return Err(problem.meant(kind, names));
                }
            }
        } else {
            // Entry size, group name: nothing here depends on them.
            call.assembler.expression(call.line, call.cursor)?;
        }
        if !call.cursor.eat(",") {
            break;
        }
    }
    Ok(given.then_some(flags))
}
