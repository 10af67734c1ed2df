//! The run over the lines: statements, labels, bundles, what directives change.
//!
//! Source: gas manual, "Syntax"; gas's e2k port for braces. One pass: sizes never depend on addresses, so that only
//! values remain to be filled in by the layout.

mod bundles;

use std::rc::Rc;

use bundles::OpenBundle;

use crate::diagnostic::{Problem, Reporter};
use crate::directive;
use crate::expression::{Expression, NoValue, Scope, parse};
use crate::input::{Input, too_much};
use crate::instruction::{Modes, Pending};
use crate::options::{Files, Options};
use crate::scan::{Cursor, Separator, statement};
use crate::section::{Flags, Location, Section, Sections};
use crate::source::{Line, SourceMap};
use crate::symbol::{SymbolId, SymbolTable, Value};

/// A value to be filled in by the layout.
#[derive(Debug)]
pub(crate) enum Content {
    /// A number of this many bytes.
    Data(u8, Expression),
    /// A bundle that holds addresses.
    Bundle(Box<Pending>),
}

/// Something to be filled in, and who asked for it.
#[derive(Debug)]
pub(crate) struct Fixup {
    /// Where it goes.
    pub(crate) location: Location,
    /// What it is.
    pub(crate) content: Content,
    /// The line that asked for it.
    pub(crate) line: Line,
    /// Byte offset in that line.
    pub(crate) offset: usize,
}

/// Everything the layout needs.
#[derive(Debug)]
pub(crate) struct Program {
    /// The sections.
    pub(crate) sections: Sections,
    /// The symbols.
    pub(crate) symbols: SymbolTable,
    /// What remains to be filled in.
    pub(crate) fixups: Vec<Fixup>,
}

/// One `.if` … `.endif`.
#[derive(Clone, Debug)]
pub(crate) struct Conditional {
    /// Whether lines are kept, as far as this conditional is concerned.
    pub(crate) live: bool,
    /// Whether a branch was kept already.
    pub(crate) taken: bool,
    /// Whether `.else` has been seen.
    pub(crate) last: bool,
    /// Whether the lines around it are kept.
    pub(crate) outer: bool,
    /// The line that opened it.
    pub(crate) line: Line,
}

/// The assembler at work.
pub(crate) struct Assembler<'a> {
    pub(crate) options: &'a Options,
    pub(crate) files: &'a dyn Files,
    pub(crate) map: &'a mut SourceMap,
    pub(crate) reporter: &'a mut Reporter,
    pub(crate) input: Input,
    pub(crate) symbols: SymbolTable,
    pub(crate) sections: Sections,
    pub(crate) fixups: Vec<Fixup>,
    pub(crate) conditionals: Vec<Conditional>,
    pub(crate) modes: Modes,
    /// Set by `.end`.
    pub(crate) ended: bool,
    open: Option<OpenBundle>,
}

impl<'a> Assembler<'a> {
    /// An assembler with nothing done.
    pub(crate) fn new(
        options: &'a Options,
        files: &'a dyn Files,
        map: &'a mut SourceMap,
        reporter: &'a mut Reporter,
    ) -> Self {
        Self {
            options,
            files,
            map,
            reporter,
            input: Input::new(Vec::new()),
            symbols: SymbolTable::default(),
            sections: Sections::default(),
            fixups: Vec::new(),
            conditionals: Vec::new(),
            modes: Modes::default(),
            ended: false,
            open: None,
        }
    }

    /// Assembles `lines`.
    pub(crate) fn run(&mut self, lines: Vec<Line>) {
        self.input = Input::new(lines);
        while !self.ended && !self.reporter.full() {
            let Some((line, from)) = self.input.next() else { break };
            self.line(&line, from);
            if self.input.cut {
                self.reporter.error(self.map, &line, Problem::at(from, too_much()));
                break;
            }
        }
        if let Some(open) = self.open.take() {
            let problem = Problem::at(open.offset, "this bundle is not closed by '}'");
            self.reporter.error(self.map, &open.line, problem);
        }
        for conditional in std::mem::take(&mut self.conditionals) {
            let problem = Problem::at(0, "this conditional has no .endif");
            self.reporter.error(self.map, &conditional.line, problem);
        }
    }

    /// What was assembled.
    pub(crate) fn finish(self) -> Program {
        Program { sections: self.sections, symbols: self.symbols, fixups: self.fixups }
    }

    /// Whether lines are kept at the moment.
    pub(crate) fn live(&self) -> bool {
        self.conditionals.last().is_none_or(|conditional| conditional.live)
    }

    fn line(&mut self, line: &Line, from: usize) {
        let text = Rc::clone(&line.text);
        let mut from = from;
        loop {
            let (end, separator, next) = statement(&text, from);
            let cursor = Cursor::new(&text, from, end);
            let called = match self.statement(line, cursor) {
                Ok(called) => called,
                Err(problem) => {
                    self.reporter.error(self.map, line, problem);
                    false
                }
            };
            if called {
                // The expansion comes first; the separator belongs to what follows it.
                let rest = if separator == Separator::Plain { next } else { end };
                if rest < text.len() {
                    self.delay(line, rest);
                }
                return;
            }
            if self.live() {
                let result = match separator {
                    Separator::Plain => Ok(()),
                    Separator::Open => self.open(line, end),
                    Separator::Close => self.close(end),
                };
                if let Err(problem) = result {
                    self.reporter.error(self.map, line, problem);
                }
            }
            if next >= text.len() || self.ended {
                return;
            }
            from = next;
        }
    }

    /// Comes back to the rest of a line behind the expansion on top of the input.
    fn delay(&mut self, line: &Line, rest: usize) {
        self.input.resume_below(line.clone(), rest);
    }

    /// Reads one statement; true if it pushed lines to be read before anything else.
    fn statement(&mut self, line: &Line, mut cursor: Cursor<'_>) -> Result<bool, Problem> {
        if self.live() {
            self.labels(line, &mut cursor)?;
        } else {
            skip_labels(&mut cursor);
        }
        if cursor.done() {
            return Ok(false);
        }
        cursor.blank();
        let start = cursor.offset();
        let word = cursor.word();
        if directive::is_conditional(word) {
            directive::conditional(self, line, word, start, &mut cursor)?;
            return Ok(false);
        }
        if !self.live() {
            return Ok(false);
        }
        if let Some(definition) = self.input.macros.get(word).cloned() {
            directive::expand_macro(self, line, word, &definition, &mut cursor)?;
            return Ok(true);
        }
        if !word.is_empty() && cursor.peek() == Some('=') && !cursor.rest().starts_with("==") {
            cursor.bump();
            if word == "." {
                directive::origin(self, line, &mut cursor)?;
            } else {
                directive::assign(self, line, word, start, &mut cursor, true)?;
            }
            return Ok(false);
        }
        if word.len() > 1 && word.starts_with('.') {
            return directive::run(self, line, word, start, &mut cursor);
        }
        cursor.seek(start);
        self.instruction(line, cursor)?;
        Ok(false)
    }

    /// Defines the labels at the start of a statement.
    fn labels(&mut self, line: &Line, cursor: &mut Cursor<'_>) -> Result<(), Problem> {
        loop {
            cursor.blank();
            let start = cursor.offset();
            let digits = cursor.run(|c| c.is_ascii_digit());
            let name = if digits.is_empty() { cursor.word() } else { digits };
            if name.is_empty() || name == "." || !cursor.eat(":") {
                cursor.seek(start);
                return Ok(());
            }
            let id = match digits.parse::<u64>() {
                Ok(number) => self.symbols.numeric_definition(number),
                Err(_) if digits.is_empty() => self
                    .symbols
                    .named(name.strip_prefix('$').filter(|n| !n.is_empty()).unwrap_or(name)),
                Err(_) => {
                    return Err(Problem::at(start, format!("label {name} is too large a number")));
                }
            };
            self.define(line, start, id)?;
        }
    }

    /// Makes `id` the label of this place.
    pub(crate) fn define(
        &mut self,
        line: &Line,
        offset: usize,
        id: SymbolId,
    ) -> Result<(), Problem> {
        let here = self.sections.here();
        let map = &self.map;
        let Some(symbol) = self.symbols.get_mut(id) else { return Ok(()) };
        if symbol.value.is_some() {
            let before = symbol.defined.as_ref().map_or_else(String::new, |line| {
                format!(" at {}:{}", map.name(line.origin.file), line.origin.line)
            });
            let message = format!("symbol '{}' is defined already{before}", symbol.name);
            return Err(Problem::at(offset, message));
        }
        symbol.value = Some(Value::Label(here));
        symbol.defined = Some(line.clone());
        Ok(())
    }

    /// Reads an expression.
    pub(crate) fn expression(
        &mut self,
        line: &Line,
        cursor: &mut Cursor<'_>,
    ) -> Result<Expression, Problem> {
        let here = self.sections.here();
        let mut scope = Scope::new(&mut self.symbols, here);
        let result = parse(cursor, &mut scope);
        let (warnings, uses) = scope.finish();
        self.note(line, warnings, uses);
        result
    }

    /// Reads an expression whose value must be known now.
    pub(crate) fn number(&mut self, line: &Line, cursor: &mut Cursor<'_>) -> Result<i64, Problem> {
        cursor.blank();
        let at = cursor.offset();
        let expression = self.expression(line, cursor)?;
        let value = expression.evaluate(&self.symbols, &crate::expression::NoAddresses);
        match value {
            Ok(value) if value.section.is_none() => Ok(value.number),
            other => Err(Problem::at(at, self.why_unknown(other.err()))),
        }
    }

    fn why_unknown(&self, reason: Option<NoValue>) -> String {
        match reason {
            Some(NoValue::Undefined(id)) => {
                let name = self.symbols.get(id).map_or("?", |symbol| &symbol.name);
                let name = name.trim_end_matches(':');
                format!("the value of '{name}' must be known here, but it is not defined above")
            }
            Some(NoValue::DivisionByZero) => "division by zero".to_owned(),
            Some(NoValue::Endless) => {
                "the symbols of this expression are defined by each other".to_owned()
            }
            Some(NoValue::Relative) | None => {
                "a number is needed here, but this depends on where sections will stand".to_owned()
            }
        }
    }

    /// Takes in what reading expressions has found.
    fn note(&mut self, line: &Line, warnings: Vec<Problem>, uses: Vec<(SymbolId, usize)>) {
        for warning in warnings {
            self.reporter.warning(self.map, line, warning);
        }
        for (id, offset) in uses {
            if let Some(symbol) = self.symbols.get_mut(id)
                && symbol.used.is_none()
            {
                symbol.used = Some((line.clone(), offset));
            }
        }
    }

    /// The section bytes go to, for directives that make some.
    pub(crate) fn here(&mut self) -> &mut Section {
        self.sections.current()
    }

    /// Enters section `name`, made with `flags` if there is none.
    pub(crate) fn enter(&mut self, name: &str, part: u32, flags: Option<Flags>) {
        let id = self.sections.find(name, part);
        if let Some(flags) = flags {
            self.sections.set_flags(name, flags);
        }
        self.sections.enter(id);
    }
}

/// Goes over labels without defining them.
fn skip_labels(cursor: &mut Cursor<'_>) {
    loop {
        cursor.blank();
        let start = cursor.offset();
        let word = cursor.run(crate::scan::is_word);
        if word.is_empty() || !cursor.eat(":") {
            cursor.seek(start);
            return;
        }
    }
}
