//! The C preprocessor for `.S` files.
//!
//! Why: e2k sources are written for `cpp` followed by the assembler; a build must not need a C compiler.
//! Source: ISO C 6.10 as used for assembly (`cpp -P -undef`): `#include`, `#define`, `#undef`, the conditionals,
//! `#error`, `#warning`, `#line`; an unknown `#word` line passes through, since it is a comment of the assembler.
//! Left out: `#pragma` (passes through likewise), `#include_next`, trigraphs, computed `#include`.

mod call;
mod condition;
mod lines;
mod macros;
mod token;

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Problem, Reporter};
use crate::source::{ExpansionId, FileId, Line, Origin, SourceMap};
use crate::{Files, Options};
use macros::Macros;
use token::{Kind, Token, tokenize};

/// Deepest chain of inclusions.
const MAX_INCLUDE_DEPTH: usize = 64;
/// Lines a source may grow to through inclusion.
const MAX_LINES: usize = 4_000_000;

/// Preprocesses `path` and all it includes. `text` is the content of `path`.
pub(crate) fn preprocess(
    path: &Path,
    text: &str,
    options: &Options,
    files: &dyn Files,
    map: &mut SourceMap,
    reporter: &mut Reporter,
) -> Vec<Line> {
    let mut macros = Macros::default();
    let isa = options.isa_number().to_string();
    for (name, value) in [("__ASSEMBLER__", "1"), ("__e2k__", "1"), ("__iset__", isa.as_str())] {
        // These names are well-formed, so that defining them cannot fail.
        let _ = macros.define(&format!("{name} {value}"));
    }
    for (name, value) in &options.defines {
        if let Err(message) = macros.define(&format!("{name} {value}")) {
            reporter.push(Diagnostic::about_file("command line", format!("-D{name}: {message}")));
        }
    }
    let mut run = Preprocessor { options, files, map, reporter, macros, output: Vec::new() };
    run.file(path, text, None);
    run.output
}

/// The lines of a file that is not preprocessed (`.include`), without comments of C.
///
/// # Errors
/// A comment that is not closed.
pub(crate) fn plain_lines(
    path: &Path,
    text: &str,
    expansion: ExpansionId,
    map: &mut SourceMap,
) -> Result<Vec<Line>, String> {
    let name = path.display().to_string();
    let logical = lines::split(text)
        .map_err(|number| format!("the comment at {name}:{number} is not closed"))?;
    let file = map.file(&name);
    let line = |logical: lines::Logical| {
        let origin = Origin { file, line: logical.number, expansion: Some(expansion) };
        Line { text: logical.text.into(), origin }
    };
    Ok(logical.into_iter().map(line).collect())
}

struct Preprocessor<'a> {
    options: &'a Options,
    files: &'a dyn Files,
    map: &'a mut SourceMap,
    reporter: &'a mut Reporter,
    macros: Macros,
    output: Vec<Line>,
}

/// A file that is being read.
struct Place<'a> {
    path: &'a Path,
    file: FileId,
    expansion: Option<ExpansionId>,
    /// What `#line` adds to line numbers.
    shift: i64,
    /// Open conditionals, innermost last.
    conditions: Vec<Condition>,
}

/// One `#if` … `#endif`.
struct Condition {
    /// The line of the `#if`.
    opened: Line,
    /// Whether the lines at hand are kept, as far as this conditional is concerned.
    live: bool,
    /// Whether a branch was kept already.
    taken: bool,
    /// Whether `#else` has been seen.
    last: bool,
    /// Whether the lines around the conditional are kept.
    outer: bool,
}

impl Place<'_> {
    fn live(&self) -> bool {
        self.conditions.last().is_none_or(|condition| condition.live)
    }

    fn line(&self, number: u32, text: &str) -> Line {
        let shifted = i64::from(number).saturating_add(self.shift);
        let line = u32::try_from(shifted).unwrap_or(number);
        let origin = Origin { file: self.file, line, expansion: self.expansion };
        Line { text: text.into(), origin }
    }
}

impl Preprocessor<'_> {
    fn file(&mut self, path: &Path, text: &str, expansion: Option<ExpansionId>) {
        let name = path.display().to_string();
        let logical = match lines::split(text) {
            Ok(logical) => logical,
            Err(number) => {
                let message = "the comment that begins here is not closed";
                let mut diagnostic = Diagnostic::about_file(&name, message);
                diagnostic.line = number;
                return self.reporter.push(diagnostic);
            }
        };
        let file = self.map.file(&name);
        let mut place = Place { path, file, expansion, shift: 0, conditions: Vec::new() };
        let mut rest = logical.iter();
        while let Some(logical) = rest.next() {
            if self.reporter.full() || self.output.len() > MAX_LINES {
                break;
            }
            let line = place.line(logical.number, &logical.text);
            if let Some(directive) = logical.text.trim_start().strip_prefix('#') {
                let offset = logical.text.len() - directive.len();
                match self.directive(&mut place, &line, directive, logical.number) {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(message) => {
                        let at = offset.saturating_sub(1);
                        self.reporter.error(self.map, &line, Problem::at(at, message));
                        continue;
                    }
                }
            }
            if place.live() {
                self.text(line, &mut rest);
            }
        }
        for condition in place.conditions {
            let problem = Problem::at(0, "this conditional has no #endif");
            self.reporter.error(self.map, &condition.opened, problem);
        }
    }

    /// An ordinary line: replaces its macros and keeps it.
    fn text(&mut self, line: Line, rest: &mut std::slice::Iter<'_, lines::Logical>) {
        let mut tokens = tokenize(&line.text);
        let plain = !tokens.iter().any(|token| self.replaceable(token));
        if plain {
            return self.output.push(line);
        }
        let mut joined = 0;
        while joined < 10_000 && self.macros.wants_more(&tokens) {
            let Some(next) = rest.next() else { break };
            tokens.push(Token::new(Kind::Blank, " "));
            tokens.extend(tokenize(&next.text));
            joined += 1;
        }
        for token in &mut tokens {
            if token.kind == Kind::Word && &*token.text == "__LINE__" {
                *token = Token::new(Kind::Number, &line.origin.line.to_string());
            } else if token.kind == Kind::Word && &*token.text == "__FILE__" {
                let name = format!("{:?}", self.map.name(line.origin.file));
                *token = Token::new(Kind::Quoted, &name);
            }
        }
        match self.macros.expand(tokens) {
            Ok(tokens) => {
                let text: String = tokens.iter().map(|token| &*token.text).collect();
                self.output.push(Line { text: text.into(), origin: line.origin });
            }
            Err(message) => self.reporter.error(self.map, &line, Problem::at(0, message)),
        }
    }

    fn replaceable(&self, token: &Token) -> bool {
        token.kind == Kind::Word
            && (self.macros.defined(&token.text) || matches!(&*token.text, "__LINE__" | "__FILE__"))
    }

    /// Carries out a directive; `Ok(false)` if it is none and the line passes through.
    fn directive(
        &mut self,
        place: &mut Place<'_>,
        line: &Line,
        text: &str,
        number: u32,
    ) -> Result<bool, String> {
        let text = text.trim();
        let word = text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        let rest = text.get(word.len()..).unwrap_or("").trim();
        let live = place.live();
        match word {
            "if" | "ifdef" | "ifndef" => {
                let holds = live && self.holds(word, rest)?;
                let opened = line.clone();
                let condition =
                    Condition { opened, live: holds, taken: holds, last: false, outer: live };
                place.conditions.push(condition);
                if place.conditions.len() > 256 {
                    return Err("conditionals are nested too deeply".to_owned());
                }
            }
            "elif" | "else" => {
                let Some(mut condition) = place.conditions.pop() else {
                    return Err(format!("#{word} without #if"));
                };
                if condition.last {
                    place.conditions.push(condition);
                    return Err(format!("#{word} after #else"));
                }
                let open = condition.outer && !condition.taken;
                condition.last = word == "else";
                let holds = if word == "elif" && open { self.holds("if", rest) } else { Ok(open) };
                condition.live = matches!(holds, Ok(true));
                condition.taken |= condition.live;
                place.conditions.push(condition);
                holds?;
            }
            "endif" => {
                place.conditions.pop().ok_or("#endif without #if")?;
            }
            _ if !live => {}
            "define" => {
                if let Some(warning) = self.macros.define(rest)? {
                    self.reporter.warning(self.map, line, Problem::at(0, warning));
                }
            }
            "undef" => self.macros.undefine(rest),
            "include" => self.include(place, line, rest)?,
            "error" => return Err(format!("#error {rest}")),
            "warning" => {
                self.reporter.warning(self.map, line, Problem::at(0, format!("#warning {rest}")));
            }
            "line" => self.renumber(place, rest, number)?,
            "" => {}
            _ if word.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.renumber(place, text, number)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether the condition of `#if`, `#ifdef` or `#ifndef` holds.
    fn holds(&self, word: &str, rest: &str) -> Result<bool, String> {
        let tokens = tokenize(rest);
        if word != "if" {
            return match call::trim(&tokens) {
                [name, ..] if name.kind == Kind::Word => {
                    Ok(self.macros.defined(&name.text) == (word == "ifdef"))
                }
                _ => Err(format!("#{word} needs a name")),
            };
        }
        let mut replaced = Vec::new();
        let mut tokens = tokens.into_iter().filter(|token| token.kind != Kind::Blank);
        while let Some(token) = tokens.next() {
            if token.kind != Kind::Word || &*token.text != "defined" {
                replaced.push(token);
                continue;
            }
            let malformed = || "'defined' needs a name".to_owned();
            let mut name = tokens.next().ok_or_else(malformed)?;
            let parenthesised = name.is("(");
            if parenthesised {
                name = tokens.next().ok_or_else(malformed)?;
            }
            if name.kind != Kind::Word {
                return Err(malformed());
            }
            if parenthesised && !tokens.next().is_some_and(|token| token.is(")")) {
                return Err("missing ')' behind 'defined'".to_owned());
            }
            let value = if self.macros.defined(&name.text) { "1" } else { "0" };
            replaced.push(Token::new(Kind::Number, value));
        }
        Ok(condition::evaluate(&self.macros.expand(replaced)?)? != 0)
    }

    fn include(&mut self, place: &Place<'_>, line: &Line, rest: &str) -> Result<(), String> {
        let (name, local) = if let Some(inner) = rest.strip_prefix('"') {
            (inner.split_once('"').map(|(name, _)| name), true)
        } else if let Some(inner) = rest.strip_prefix('<') {
            (inner.split_once('>').map(|(name, _)| name), false)
        } else {
            (None, false)
        };
        let name = name.ok_or("#include needs \"file\" or <file>")?;
        if self.map.depth(place.expansion) >= MAX_INCLUDE_DEPTH {
            return Err(format!("more than {MAX_INCLUDE_DEPTH} files include each other"));
        }
        let beside = local.then(|| place.path.parent().unwrap_or(Path::new("")).to_path_buf());
        let folders = beside.into_iter().chain(self.options.include_dirs.iter().cloned());
        let found = find(self.files, Path::new(name), folders);
        let (path, bytes) = found.map_err(|error| format!("cannot include '{name}': {error}"))?;
        let text = String::from_utf8_lossy(&bytes);
        let expansion = self.map.expansion("included from here".to_owned(), line.origin);
        self.file(&path, &text, Some(expansion));
        Ok(())
    }

    fn renumber(&mut self, place: &mut Place<'_>, rest: &str, number: u32) -> Result<(), String> {
        let mut words = rest.splitn(2, char::is_whitespace);
        let line: u32 =
            words.next().and_then(|word| word.parse().ok()).ok_or("#line needs a line number")?;
        place.shift = i64::from(line) - i64::from(number) - 1;
        let name = words.next().and_then(|name| name.trim().strip_prefix('"'));
        if let Some((name, _)) = name.and_then(|name| name.split_once('"')) {
            place.file = self.map.file(name);
        }
        Ok(())
    }
}

/// Reads `name` from the first of `folders` that has it.
///
/// # Errors
/// The error of the last attempt.
pub(crate) fn find(
    files: &dyn Files,
    name: &Path,
    folders: impl IntoIterator<Item = PathBuf>,
) -> std::io::Result<(PathBuf, Vec<u8>)> {
    if name.is_absolute() {
        return files.read(name).map(|bytes| (name.to_path_buf(), bytes));
    }
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "no folder to search");
    for folder in folders {
        let path = folder.join(name);
        match files.read(&path) {
            Ok(bytes) => return Ok((path, bytes)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests;
