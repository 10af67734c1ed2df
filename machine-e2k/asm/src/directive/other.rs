//! Directives that fit nowhere else, and those that mean nothing here.
//!
//! Source: gas manual; `.ignore`/`.accept` of the e2k port.

use super::Call;
use crate::cpp::{find, plain_lines};
use crate::diagnostic::Problem;
use crate::string;

/// Names of the directives that do something.
pub(super) const NAMES: [&str; 9] = [
    ".error",
    ".err",
    ".warning",
    ".print",
    ".include",
    ".ignore",
    ".accept",
    ".end",
    ".explicit_ales25",
];

/// Directives about debugging, listings and linkers: taken and left without effect.
pub(super) const IGNORED: [&str; 36] = [
    ".file",
    ".ident",
    ".version",
    ".loc",
    ".line",
    ".stabs",
    ".stabn",
    ".stabd",
    ".title",
    ".sbttl",
    ".list",
    ".nolist",
    ".psize",
    ".eject",
    ".protected",
    ".internal",
    ".addrsig",
    ".reg",
    ".cfi_startproc",
    ".cfi_endproc",
    ".cfi_def_cfa",
    ".cfi_def_cfa_offset",
    ".cfi_def_cfa_register",
    ".cfi_offset",
    ".cfi_rel_offset",
    ".cfi_adjust_cfa_offset",
    ".cfi_restore",
    ".cfi_undefined",
    ".cfi_same_value",
    ".cfi_remember_state",
    ".cfi_restore_state",
    ".cfi_sections",
    ".cfi_personality",
    ".cfi_lsda",
    ".cfi_escape",
    ".cfi_signal_frame",
];

/// Carries out a directive of [`NAMES`]; true if it pushed lines.
pub(super) fn run(call: &mut Call<'_, '_, '_, '_>, word: &str) -> Result<bool, Problem> {
    match word {
        ".error" | ".err" => {
            let text = match call.cursor.peek() {
                Some('"') => string::text(call.cursor)?,
                _ => format!("{word} reached"),
            };
            return Err(call.problem(text));
        }
        ".warning" | ".print" => {
            let text = match call.cursor.peek() {
                Some('"') => string::text(call.cursor)?,
                _ => format!("{word} reached"),
            };
            let problem = call.problem(text);
            call.assembler.reporter.warning(call.assembler.map, call.line, problem);
        }
        ".include" => return include(call).map(|()| true),
        ".ignore" => mode(call, true)?,
        ".accept" => mode(call, false)?,
        ".explicit_ales25" => call.assembler.modes.explicit_ales25 = true,
        _ => call.assembler.ended = true,
    }
    call.cursor.end()?;
    Ok(false)
}

/// `.ignore WHAT` and `.accept WHAT`.
fn mode(call: &mut Call<'_, '_, '_, '_>, ignore: bool) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let modes = &mut call.assembler.modes;
    match call.cursor.word() {
        "strict_delay" => modes.strict_delay = !ignore,
        "ld_st_style" => modes.address_first = ignore,
        // Checks that we never make.
        "ias_line" | "warn_explicit" | "check_literals" => {}
        word => {
            let known = ["strict_delay", "ld_st_style", "ias_line"];
            let problem = Problem::at(at, format!("'{word}' is nothing that can be ignored"));
            return Err(problem.meant(word, known));
        }
    }
    Ok(())
}

fn include(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let name = string::text(call.cursor)?;
    call.cursor.end()?;
    let assembler = &mut *call.assembler;
    if assembler.map.depth(call.line.origin.expansion) >= crate::input::MAX_DEPTH {
        return Err(Problem::at(at, "files include each other without end"));
    }
    let file = assembler.map.name(call.line.origin.file).to_owned();
    let folder = std::path::Path::new(&file).parent().map(std::path::Path::to_path_buf);
    let folders = folder.into_iter().chain(assembler.options.include_dirs.iter().cloned());
    let (path, bytes) = find(assembler.files, std::path::Path::new(&name), folders)
        .map_err(|error| Problem::at(at, format!("cannot include '{name}': {error}")))?;
    let expansion = assembler.map.expansion("included from here".to_owned(), call.line.origin);
    let text = String::from_utf8_lossy(&bytes);
    let lines = plain_lines(&path, &text, expansion, assembler.map)
        .map_err(|message| Problem::at(at, message))?;
    let conditionals = assembler.conditionals.len();
    assembler.input.push(lines, 1, false, conditionals).map_err(|message| Problem::at(at, message))
}
