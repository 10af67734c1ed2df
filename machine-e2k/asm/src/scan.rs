//! A cursor over one statement, and the cut of a line into statements.
//!
//! Source: gas's e2k port: `;`, `{` and `}` separate, `!` begins a comment anywhere, `#` at the start of a statement.

use crate::diagnostic::Problem;

/// What ends or begins at a separator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// End of line or `;`.
    Plain,
    /// `{`.
    Open,
    /// `}`.
    Close,
}

/// The next statement of `text` from byte `from`: its end, what separates it from the next, and where that begins.
pub(crate) fn statement(text: &str, from: usize) -> (usize, Separator, usize) {
    let rest = text.get(from..).unwrap_or("");
    let blank = rest.len() - rest.trim_start().len();
    if rest.trim_start().starts_with('#') {
        return (from + blank, Separator::Plain, text.len());
    }
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        let separator = match c {
            '!' => return (from + at, Separator::Plain, text.len()),
            ';' => Separator::Plain,
            '{' => Separator::Open,
            '}' => Separator::Close,
            '"' => {
                let mut escaped = false;
                for (_, inner) in chars.by_ref() {
                    match inner {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => break,
                        _ => {}
                    }
                }
                continue;
            }
            '\'' => {
                // A character constant: 'x or 'x' or '\n'. The character itself separates nothing.
                if let Some((_, '\\')) = chars.next() {
                    chars.next();
                }
                continue;
            }
            _ => continue,
        };
        return (from + at, separator, from + at + 1);
    }
    (text.len(), Separator::Plain, text.len())
}

/// A cursor over a part of a line; offsets are those of the line.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor over bytes `from..to` of `line`; both must be boundaries of characters.
    pub(crate) fn new(line: &'a str, from: usize, to: usize) -> Self {
        Self { text: line.get(..to).unwrap_or(line), at: from.min(to) }
    }

    /// The offset reached.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Goes back or forth to an offset taken from [`Self::offset`].
    pub(crate) fn seek(&mut self, offset: usize) {
        self.at = offset.min(self.text.len());
    }

    /// What lies ahead.
    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Goes over blanks.
    pub(crate) fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The next character that is no blank.
    pub(crate) fn peek(&mut self) -> Option<char> {
        self.blank();
        self.rest().chars().next()
    }

    /// Whether nothing is left but blanks.
    pub(crate) fn done(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Takes `text` if it stands here (behind blanks).
    pub(crate) fn eat(&mut self, text: &str) -> bool {
        self.blank();
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Takes one character, whatever it is.
    pub(crate) fn bump(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Takes the characters that `accept` accepts, without going over blanks first.
    pub(crate) fn run(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or("")
    }

    /// Takes a name (letters, digits, `_ . $`), behind blanks; empty if there is none.
    pub(crate) fn word(&mut self) -> &'a str {
        self.blank();
        match self.rest().chars().next() {
            Some(c) if is_word_start(c) => self.run(is_word),
            _ => "",
        }
    }

    /// Takes `word` if it stands here as a whole word.
    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        let start = self.at;
        let found = self.word() == word;
        if !found {
            self.at = start;
        }
        found
    }

    /// Takes `text` or says that it is missing.
    pub(crate) fn expect(&mut self, text: &str) -> Result<(), Problem> {
        if self.eat(text) {
            return Ok(());
        }
        Err(self.problem(format!("expected '{text}'{}", self.clone().found())))
    }

    /// Checks that nothing is left.
    pub(crate) fn end(&mut self) -> Result<(), Problem> {
        if self.done() {
            return Ok(());
        }
        Err(self.problem(format!("nothing more is expected here{}", self.clone().found())))
    }

    /// A problem at the next character that is no blank.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        let mut here = self.clone();
        here.blank();
        Problem::at(here.at, message)
    }

    /// ", found …" for messages.
    pub(crate) fn found(&mut self) -> String {
        match self.peek() {
            None => ", the statement ends here".to_owned(),
            Some(_) => {
                let rest = self.rest();
                let length = rest
                    .char_indices()
                    .skip(1)
                    .find(|&(_, c)| c.is_whitespace() || c == ',')
                    .map_or(rest.len(), |(at, _)| at);
                let shown: String = rest.get(..length).unwrap_or("").chars().take(24).collect();
                format!(", found '{shown}'")
            }
        }
    }
}

/// Whether a symbol may begin with `c`.
pub(crate) fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '.' | '$')
}

/// Whether a symbol may contain `c`.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fall_apart_at_separators_outside_strings() {
        let line = "a: { nop 1 ; .ascii \"};!\" } x ! { comment";
        let mut from = 0;
        let mut parts = Vec::new();
        while from < line.len() {
            let (end, separator, next) = statement(line, from);
            parts.push((line[from..end].trim(), separator));
            from = next;
        }
        let expected = [
            ("a:", Separator::Open),
            ("nop 1", Separator::Plain),
            (".ascii \"};!\"", Separator::Close),
            ("x", Separator::Plain),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn hash_is_a_comment_at_the_start_of_a_statement_only() {
        assert_eq!(statement("  # x ; y", 0), (2, Separator::Plain, 9));
        assert_eq!(statement("ct %ctpr1 ? #LOOP_END", 0).0, 21);
    }

    #[test]
    fn characters_of_constants_do_not_separate() {
        assert_eq!(statement(".byte ';', '}", 0).0, 13);
    }
}
