//! `.macro`, `.rept`, `.irp`, `.irpc` and what belongs to them.
//!
//! Source: gas manual, `.macro`, `.rept`, `.irp`, `.irpc`, `.exitm`, `.purgem`.

use std::rc::Rc;

use super::Call;
use crate::assembler::Assembler;
use crate::diagnostic::Problem;
use crate::input::{
    MAX_DEPTH, Macro, parse_arguments, parse_parameters, split_arguments, substitute,
};
use crate::scan::Cursor;
use crate::source::{ExpansionId, Line};

/// Names of the directives.
pub(super) const NAMES: [&str; 9] =
    [".macro", ".endm", ".endmacro", ".exitm", ".purgem", ".rept", ".irp", ".irpc", ".endr"];

const REPETITIONS: [&str; 3] = [".rept", ".irp", ".irpc"];

/// Carries out a directive of [`NAMES`]; true if it pushed lines.
pub(super) fn run(call: &mut Call<'_, '_, '_, '_>, word: &str) -> Result<bool, Problem> {
    match word {
        ".macro" => define(call).map(|()| false),
        ".rept" => repeat(call).map(|()| true),
        ".irp" => each(call).map(|()| true),
        ".irpc" => each_character(call).map(|()| true),
        ".exitm" => {
            let Some(conditionals) = call.assembler.input.exit_macro() else {
                return Err(call.problem(".exitm outside a macro"));
            };
            call.assembler.conditionals.truncate(conditionals);
            // What follows on this line belongs to the macro that has been left.
            Ok(true)
        }
        ".purgem" => {
            let at = call.cursor.offset();
            let name = call.name()?;
            if call.assembler.input.macros.remove(name).is_none() {
                let names = call.assembler.input.macros.keys().map(String::as_str);
                let problem = Problem::at(at, format!("there is no macro '{name}'"));
                return Err(problem.meant(name, names));
            }
            call.cursor.end().map(|()| false)
        }
        ".endr" => Err(call.problem(".endr without .rept, .irp or .irpc")),
        _ => Err(call.problem(format!("{word} without .macro"))),
    }
}

fn define(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    // The body is taken in any case, so that it is not assembled after a mistake in the head.
    let body = call.assembler.input.collect(&[".macro"], &[".endm", ".endmacro"]);
    let Some(body) = body else {
        return Err(call.problem("this macro has no .endm"));
    };
    call.cursor.blank();
    let at = call.cursor.offset();
    let name = call.name()?.to_owned();
    call.cursor.eat(",");
    let parameters = parse_parameters(call.cursor)?;
    let definition = Rc::new(Macro { parameters, body });
    if call.assembler.input.macros.insert(name.clone(), definition).is_some() {
        let problem = Problem::at(at, format!("there is a macro '{name}' already"));
        return Err(problem.help(format!("'.purgem {name}' forgets it")));
    }
    Ok(())
}

/// Notes an expansion and checks that it is not nested without end.
fn expansion(
    assembler: &mut Assembler<'_>,
    line: &Line,
    what: String,
    at: usize,
) -> Result<ExpansionId, Problem> {
    if assembler.map.depth(line.origin.expansion) >= MAX_DEPTH {
        let message = format!("macros are nested more than {MAX_DEPTH} deep");
        return Err(Problem::at(at, message));
    }
    Ok(assembler.map.expansion(what, line.origin))
}

/// Puts the body of a macro in front of what follows.
pub(crate) fn expand_macro(
    assembler: &mut Assembler<'_>,
    line: &Line,
    name: &str,
    definition: &Macro,
    cursor: &mut Cursor<'_>,
) -> Result<(), Problem> {
    let at = cursor.offset().saturating_sub(name.len());
    let values = parse_arguments(cursor, &definition.parameters)?;
    let what = format!("in expansion of macro '{name}'");
    let expansion = expansion(assembler, line, what, at)?;
    let count = assembler.input.count;
    assembler.input.count += 1;
    let names: Vec<&str> = definition.parameters.iter().map(|p| p.name.as_str()).collect();
    let lines = substitute(&definition.body, &names, &values, Some(count), expansion)
        .map_err(|message| Problem::at(at, message))?;
    let conditionals = assembler.conditionals.len();
    assembler.input.push(lines, 1, true, conditionals).map_err(|message| Problem::at(at, message))
}

/// The lines up to `.endr`.
fn body(call: &mut Call<'_, '_, '_, '_>) -> Result<Vec<Line>, Problem> {
    let body = call.assembler.input.collect(&REPETITIONS, &[".endr"]);
    body.ok_or_else(|| call.problem("this repetition has no .endr"))
}

fn repeat(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    let body = body(call)?;
    let times = call.count("a repetition of")?;
    call.cursor.end()?;
    let what = "in a repetition that begins here".to_owned();
    let expansion = expansion(call.assembler, call.line, what, call.start)?;
    let mut lines = body;
    for line in &mut lines {
        line.origin.expansion = Some(expansion);
    }
    let conditionals = call.assembler.conditionals.len();
    let pushed = call.assembler.input.push(lines, times, false, conditionals);
    pushed.map_err(|message| call.problem(message))
}

fn each(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    let body = body(call)?;
    let name = call.name()?;
    call.cursor.eat(",");
    let mut values = split_arguments(call.cursor);
    if values.is_empty() {
        values.push(String::new());
    }
    with_each(call, &body, name, &values)
}

fn each_character(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    let body = body(call)?;
    let name = call.name()?;
    call.cursor.eat(",");
    let text = split_arguments(call.cursor).concat();
    let values: Vec<String> = text.chars().map(String::from).collect();
    with_each(call, &body, name, &values)
}

/// Puts the body in front of what follows, once for every value.
fn with_each(
    call: &mut Call<'_, '_, '_, '_>,
    body: &[Line],
    name: &str,
    values: &[String],
) -> Result<(), Problem> {
    if body.len().saturating_mul(values.len()) > 1_000_000 {
        return Err(call.problem("this repetition produces more than a million lines"));
    }
    let mut lines = Vec::new();
    for value in values {
        let what = format!("in a repetition that begins here, with {name} = '{value}'");
        let expansion = expansion(call.assembler, call.line, what, call.start)?;
        let value = std::slice::from_ref(value);
        let more = substitute(body, &[name], value, None, expansion);
        lines.extend(more.map_err(|message| call.problem(message))?);
    }
    let conditionals = call.assembler.conditionals.len();
    let pushed = call.assembler.input.push(lines, 1, false, conditionals);
    pushed.map_err(|message| call.problem(message))
}
