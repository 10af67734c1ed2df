//! `.if` and its family.
//!
//! Source: gas manual, `.if`.

use super::Call;
use crate::assembler::{Assembler, Conditional};
use crate::diagnostic::Problem;
use crate::scan::Cursor;
use crate::source::Line;
use crate::string;

/// Names of the directives.
pub(super) const NAMES: [&str; 21] = [
    ".if",
    ".ifdef",
    ".ifndef",
    ".ifnotdef",
    ".ifeq",
    ".ifne",
    ".ifgt",
    ".ifge",
    ".iflt",
    ".ifle",
    ".ifc",
    ".ifnc",
    ".ifeqs",
    ".ifnes",
    ".ifb",
    ".ifnb",
    ".elseif",
    ".else",
    ".elsec",
    ".endif",
    ".endc",
];

/// Whether `word` is one of these directives.
pub(crate) fn is_conditional(word: &str) -> bool {
    word.starts_with('.') && NAMES.contains(&word)
}

/// Carries out a conditional directive.
pub(crate) fn conditional(
    assembler: &mut Assembler<'_>,
    line: &Line,
    word: &str,
    start: usize,
    cursor: &mut Cursor<'_>,
) -> Result<(), Problem> {
    match word {
        ".endif" | ".endc" => match assembler.conditionals.pop() {
            Some(_) => Ok(()),
            None => Err(Problem::at(start, format!("{word} without .if"))),
        },
        ".else" | ".elsec" | ".elseif" => branch(assembler, line, word, start, cursor),
        _ => {
            let outer = assembler.live();
            // A condition that cannot be read must not bring later .endif lines out of step.
            let open = |live: bool| Conditional {
                live,
                taken: live || !outer,
                last: false,
                outer,
                line: line.clone(),
            };
            assembler.conditionals.push(open(false));
            if assembler.conditionals.len() > 256 {
                return Err(Problem::at(start, "conditionals are nested too deeply"));
            }
            if outer {
                let mut call = Call { assembler, line, cursor, start };
                let live = holds(&mut call, word)?;
                if let Some(last) = assembler.conditionals.last_mut() {
                    *last = open(live);
                }
            }
            Ok(())
        }
    }
}

fn branch(
    assembler: &mut Assembler<'_>,
    line: &Line,
    word: &str,
    start: usize,
    cursor: &mut Cursor<'_>,
) -> Result<(), Problem> {
    let Some(conditional) = assembler.conditionals.last_mut() else {
        return Err(Problem::at(start, format!("{word} without .if")));
    };
    if conditional.last {
        return Err(Problem::at(start, format!("{word} behind .else")));
    }
    let free = conditional.outer && !conditional.taken;
    conditional.live = free;
    conditional.last = word != ".elseif";
    if word == ".elseif" && free {
        conditional.live = false;
        let mut call = Call { assembler, line, cursor, start };
        let live = holds(&mut call, ".if")?;
        if let Some(conditional) = assembler.conditionals.last_mut() {
            (conditional.live, conditional.taken) = (live, live);
        }
    } else if free {
        conditional.taken = true;
    }
    Ok(())
}

/// Whether the condition holds.
fn holds(call: &mut Call<'_, '_, '_, '_>, word: &str) -> Result<bool, Problem> {
    let result = match word {
        ".ifdef" => defined(call)?,
        ".ifndef" | ".ifnotdef" => !defined(call)?,
        ".ifc" | ".ifnc" => {
            let (first, second) = two_texts(call)?;
            (first == second) == (word == ".ifc")
        }
        ".ifeqs" | ".ifnes" => {
            let first = string::string(call.cursor)?;
            call.cursor.expect(",")?;
            (first == string::string(call.cursor)?) == (word == ".ifeqs")
        }
        ".ifb" | ".ifnb" => {
            let blank = call.cursor.done();
            call.cursor.seek(call.line.text.len());
            return Ok(blank == (word == ".ifb"));
        }
        _ => {
            let value = call.number()?;
            match word {
                ".ifeq" => value == 0,
                ".ifgt" => value > 0,
                ".ifge" => value >= 0,
                ".iflt" => value < 0,
                ".ifle" => value <= 0,
                _ => value != 0,
            }
        }
    };
    call.cursor.end()?;
    Ok(result)
}

fn defined(call: &mut Call<'_, '_, '_, '_>) -> Result<bool, Problem> {
    let name = call.name()?;
    let symbols = &call.assembler.symbols;
    let symbol = symbols.find(name).and_then(|id| symbols.get(id));
    Ok(symbol.is_some_and(|symbol| symbol.value.is_some()))
}

/// Two texts separated by a comma, each plain or in single quotes.
fn two_texts(call: &mut Call<'_, '_, '_, '_>) -> Result<(String, String), Problem> {
    let rest = call.cursor.rest();
    let mut quoted = false;
    let comma = rest.char_indices().find(|&(_, c)| {
        if c == '\'' {
            quoted = !quoted;
        }
        c == ',' && !quoted
    });
    let Some((comma, _)) = comma else {
        return Err(call.problem("two texts separated by a comma are expected"));
    };
    let (first, second) = rest.split_at(comma);
    let end = call.cursor.offset() + rest.len();
    call.cursor.seek(end);
    let plain = |text: &str| {
        let text = text.trim();
        let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        inner.unwrap_or(text).to_owned()
    };
    Ok((plain(first), plain(second.get(1..).unwrap_or(""))))
}
