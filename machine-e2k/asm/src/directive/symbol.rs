//! Directives about symbols.
//!
//! Source: gas manual: `.set`, `.global`, `.type`, `.size`, `.comm`, `.lcomm` and their relatives.

use super::Call;
use crate::assembler::Assembler;
use crate::diagnostic::Problem;
use crate::expression::{Expression, NoAddresses};
use crate::scan::Cursor;
use crate::section::Location;
use crate::source::Line;
use crate::symbol::{Binding, SymbolType, Value};

/// Names of the directives.
pub(super) const NAMES: [&str; 15] = [
    ".set", ".equ", ".equiv", ".eqv", ".global", ".globl", ".local", ".weak", ".type", ".size",
    ".comm", ".common", ".lcomm", ".hidden", ".label",
];

/// Operators and operands a stored expression may have.
const MAX_NODES: usize = 2000;

/// Carries out a directive of [`NAMES`].
pub(super) fn run(call: &mut Call<'_, '_, '_, '_>, word: &str) -> Result<(), Problem> {
    match word {
        ".set" | ".equ" | ".equiv" | ".eqv" => {
            call.cursor.blank();
            let at = call.cursor.offset();
            let name = call.name()?;
            call.cursor.expect(",")?;
            let again = matches!(word, ".set" | ".equ");
            assign(call.assembler, call.line, name, at, call.cursor, again)
        }
        ".global" | ".globl" => bind(call, Binding::Global),
        ".weak" => bind(call, Binding::Weak),
        ".local" => bind(call, Binding::Local),
        ".type" => kind(call),
        ".size" => size(call),
        ".comm" | ".common" => common(call),
        ".lcomm" => local_common(call),
        ".label" => {
            call.cursor.blank();
            let at = call.cursor.offset();
            let name = call.name()?;
            let id = call.assembler.symbols.named(name);
            call.assembler.define(call.line, at, id)
        }
        // Visibility matters to dynamic linking only.
        _ => names(call, |_| {}),
    }
}

/// Gives `name` the value of the expression that follows.
pub(crate) fn assign(
    assembler: &mut Assembler<'_>,
    line: &Line,
    name: &str,
    at: usize,
    cursor: &mut Cursor<'_>,
    again: bool,
) -> Result<(), Problem> {
    let expression = assembler.expression(line, cursor)?;
    cursor.end()?;
    // What is known now is stored as such, so that chains of assignments do not grow.
    let value = expression.evaluate(&assembler.symbols, &NoAddresses);
    let expression = match value {
        Ok(value) => match value.section {
            None => Expression::Number(value.number),
            Some(section) => {
                Expression::Place(Location { section, offset: value.number.cast_unsigned() })
            }
        },
        Err(_) => expression,
    };
    if expression.nodes() > MAX_NODES {
        return Err(Problem::at(at, "this expression is too large to be kept"));
    }
    let id = assembler.symbols.named(name.strip_prefix('$').unwrap_or(name));
    let Some(symbol) = assembler.symbols.get_mut(id) else { return Ok(()) };
    let label = matches!(symbol.value, Some(Value::Label(_) | Value::Common(..)));
    if label || symbol.value.is_some() && !again {
        return Err(Problem::at(at, format!("symbol '{name}' is defined already")));
    }
    symbol.value = Some(Value::Assigned(expression));
    symbol.defined = Some(line.clone());
    Ok(())
}

/// Does something with each of a list of symbols.
fn names(
    call: &mut Call<'_, '_, '_, '_>,
    mut act: impl FnMut(&mut crate::symbol::Symbol),
) -> Result<(), Problem> {
    loop {
        let name = call.name()?;
        let id = call.assembler.symbols.named(name);
        if let Some(symbol) = call.assembler.symbols.get_mut(id) {
            act(symbol);
        }
        if !call.cursor.eat(",") {
            return Ok(());
        }
    }
}

fn bind(call: &mut Call<'_, '_, '_, '_>, binding: Binding) -> Result<(), Problem> {
    names(call, |symbol| symbol.binding = binding)
}

fn kind(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    let name = call.name()?;
    call.cursor.eat(",");
    call.cursor.blank();
    let at = call.cursor.offset();
    let quoted = call.cursor.eat("\"");
    if !quoted {
        let _ = call.cursor.eat("#") || call.cursor.eat("@") || call.cursor.eat("%");
    }
    let word = call.cursor.word();
    if quoted {
        call.cursor.expect("\"")?;
    }
    let kind = match word {
        "function" | "STT_FUNC" | "gnu_indirect_function" => SymbolType::Function,
        "object" | "STT_OBJECT" | "common" | "STT_COMMON" | "tls_object" => SymbolType::Object,
        "notype" | "STT_NOTYPE" => SymbolType::None,
        _ => {
            let problem = Problem::at(at, format!("'{word}' is no type of a symbol"));
            return Err(problem.meant(word, ["function", "object", "notype"]));
        }
    };
    let id = call.assembler.symbols.named(name);
    if let Some(symbol) = call.assembler.symbols.get_mut(id) {
        symbol.kind = kind;
    }
    Ok(())
}

fn size(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    let name = call.name()?;
    call.cursor.expect(",")?;
    call.cursor.blank();
    let at = call.cursor.offset();
    let expression = call.assembler.expression(call.line, call.cursor)?;
    let line = call.line.clone();
    let id = call.assembler.symbols.named(name);
    if let Some(symbol) = call.assembler.symbols.get_mut(id) {
        symbol.size = Some((expression, line, at));
    }
    Ok(())
}

/// Reads `size[, alignment]`.
fn block(call: &mut Call<'_, '_, '_, '_>, default: u64) -> Result<(u64, u64), Problem> {
    call.cursor.expect(",")?;
    let size = call.count("a size of")?;
    let align = if call.cursor.eat(",") { call.count("an alignment of")?.max(1) } else { default };
    if !align.is_power_of_two() || align > 1 << 28 {
        let message = format!("an alignment of {align} is not a power of two up to 0x10000000");
        return Err(call.cursor.problem(message));
    }
    Ok((size, align))
}

fn common(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let name = call.name()?;
    let (size, align) = block(call, 0)?;
    // Without a wish the block is aligned as its size suggests, to 16 bytes at most.
    let align = if align == 0 { (size.max(1)).next_power_of_two().min(16) } else { align };
    let id = call.assembler.symbols.named(name);
    let Some(symbol) = call.assembler.symbols.get_mut(id) else { return Ok(()) };
    let (size, align) = match symbol.value {
        None => (size, align),
        Some(Value::Common(known, known_align)) => (size.max(known), align.max(known_align)),
        Some(_) => return Err(Problem::at(at, format!("symbol '{name}' is defined already"))),
    };
    symbol.value = Some(Value::Common(size, align));
    if symbol.binding == Binding::Local {
        symbol.binding = Binding::Global;
    }
    Ok(())
}

fn local_common(call: &mut Call<'_, '_, '_, '_>) -> Result<(), Problem> {
    call.cursor.blank();
    let at = call.cursor.offset();
    let name = call.name()?;
    let (size, align) = block(call, 8)?;
    let sections = &mut call.assembler.sections;
    let id = sections.find(".bss", 0);
    let Some(section) = sections.get_mut(id) else { return Ok(()) };
    section.demand(align.max(16));
    let gap = section.size.next_multiple_of(align) - section.size;
    let offset = section.size + gap;
    section.append_zeros(gap + size).map_err(|message| Problem::at(at, message))?;
    let symbol = call.assembler.symbols.named(name);
    let line = call.line.clone();
    if let Some(symbol) = call.assembler.symbols.get_mut(symbol) {
        if symbol.value.is_some() {
            return Err(Problem::at(at, format!("symbol '{name}' is defined already")));
        }
        symbol.value = Some(Value::Label(Location { section: id, offset }));
        symbol.defined = Some(line);
    }
    Ok(())
}
