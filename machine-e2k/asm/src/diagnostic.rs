//! Messages to the author of a source file: `file:line:column: error: message`, the line and a caret.
//!
//! Why: an assembler is used through its messages. Each one says what is wrong, what is allowed and, where a word is
//! unknown, which known word is nearest; expansions and inclusions follow as notes.
//! Source: the layout of messages of today's C compilers. Left out: colours.

use std::fmt;

use crate::source::{Line, SourceMap};

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is produced.
    Error,
    /// The output stands, the author may want to look.
    Warning,
}

/// A place a diagnostic refers to in addition to its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Name of the file as it was opened.
    pub file: String,
    /// Line number, from 1.
    pub line: u32,
    /// What happened there.
    pub message: String,
}

/// One message about a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Name of the file as it was opened.
    pub file: String,
    /// Line number, from 1; 0 where the message concerns the file as a whole.
    pub line: u32,
    /// Column in characters, from 1; 0 where the message concerns the line as a whole.
    pub column: u32,
    /// What is wrong and what is allowed.
    pub message: String,
    /// The text of the line the column counts in (after preprocessing), if there is one.
    pub text: Option<String>,
    /// What may have been meant.
    pub help: Option<String>,
    /// Expansions and inclusions that led there, innermost first.
    pub notes: Vec<Note>,
}

impl Diagnostic {
    /// A message about a file as a whole.
    pub(crate) fn about_file(file: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            line: 0,
            column: 0,
            message: message.into(),
            text: None,
            help: None,
            notes: Vec::new(),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        if self.column > 0 {
            write!(f, "{}:", self.column)?;
        }
        write!(f, " {word}: {}", self.message)?;
        if let Some(text) = &self.text {
            write!(f, "\n    {text}")?;
            if self.column > 0 {
                // The caret follows the tabs of the line, so that it stands right whatever their width.
                let before = text.chars().take(self.column as usize - 1);
                let lead: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
                write!(f, "\n    {lead}^")?;
            }
        }
        if let Some(help) = &self.help {
            write!(f, "\n    help: {help}")?;
        }
        for note in &self.notes {
            write!(f, "\n{}:{}: note: {}", note.file, note.line, note.message)?;
        }
        Ok(())
    }
}

/// What a parser reports: a byte offset in the line at hand and words. The driver adds the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Byte offset in the text of the line.
    pub(crate) offset: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What may have been meant.
    pub(crate) help: Option<String>,
}

impl Problem {
    /// A problem at a byte offset of the line at hand.
    pub(crate) fn at(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), help: None }
    }

    /// Adds a hint.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean 'x'?" if a candidate is near `given`.
    pub(crate) fn meant<'a>(
        self,
        given: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match nearest(given, candidates) {
            Some(word) => self.help(format!("did you mean '{word}'?")),
            None => self,
        }
    }
}

/// The candidate nearest in spelling to `given`, if any is near enough to be meant.
pub(crate) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = given.chars().count().div_ceil(3);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(given.len()) <= allowed)
        .map(|candidate| (strsim::osa_distance(given, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Collects messages up to a bound.
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    messages: Vec<Diagnostic>,
    errors: usize,
}

impl Reporter {
    /// Errors after which work stops.
    pub(crate) const LIMIT: usize = 40;
    /// Warnings that are kept.
    const WARNING_LIMIT: usize = 200;

    /// Reports `problem` as an error in `line`.
    pub(crate) fn error(&mut self, map: &SourceMap, line: &Line, problem: Problem) {
        self.push(Self::build(map, line, problem, Severity::Error));
    }

    /// Reports `problem` as a warning in `line`.
    pub(crate) fn warning(&mut self, map: &SourceMap, line: &Line, problem: Problem) {
        self.push(Self::build(map, line, problem, Severity::Warning));
    }

    /// Takes a ready message.
    pub(crate) fn push(&mut self, message: Diagnostic) {
        match message.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning if self.messages.len() >= Self::WARNING_LIMIT => return,
            Severity::Warning => {}
        }
        if self.errors <= Self::LIMIT {
            self.messages.push(message);
        }
    }

    /// Whether so many errors came that going on is of no use.
    pub(crate) fn full(&self) -> bool {
        self.errors >= Self::LIMIT
    }

    /// Whether nothing may be produced.
    pub(crate) fn failed(&self) -> bool {
        self.errors > 0
    }

    /// The messages, in order.
    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        self.messages
    }

    fn build(map: &SourceMap, line: &Line, problem: Problem, severity: Severity) -> Diagnostic {
        let text = &line.text;
        let before = text.char_indices().take_while(|&(at, _)| at < problem.offset).count();
        let mut notes: Vec<Note> = map
            .backtrace(line.origin)
            .map(|expansion| Note {
                file: map.name(expansion.at.file).to_owned(),
                line: expansion.at.line,
                message: expansion.what.clone(),
            })
            .collect();
        if notes.len() > 12 {
            let hidden = notes.len() - 10;
            let last = notes.split_off(notes.len() - 4);
            notes.truncate(6);
            if let Some(note) = notes.last_mut() {
                note.message.push_str(&format!(" (then {hidden} more)"));
            }
            notes.extend(last);
        }
        Diagnostic {
            severity,
            file: map.name(line.origin.file).to_owned(),
            line: line.origin.line,
            column: u32::try_from(before + 1).unwrap_or(u32::MAX),
            message: problem.message,
            text: Some(text.trim_end().to_owned()),
            help: problem.help,
            notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_place_and_points_at_column() {
        let message = Diagnostic {
            column: 5,
            line: 3,
            text: Some("\tadd, 1".to_owned()),
            help: Some("did you mean 'addd'?".to_owned()),
            ..Diagnostic::about_file("a.S", "unknown instruction 'add'")
        };
        assert_eq!(
            message.to_string(),
            "a.S:3:5: error: unknown instruction 'add'\n    \tadd, 1\n    \t   ^\n    help: did you mean 'addd'?"
        );
    }

    #[test]
    fn nearest_word_is_found_only_when_near() {
        assert_eq!(nearest("adddd", ["addd", "subd"]), Some("addd"));
        assert_eq!(nearest("quux", ["addd", "subd"]), None);
    }
}
