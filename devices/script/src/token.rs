//! Cuts a line into words that know their column.

use crate::ParseError;

/// A word of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    line: u32,
    column: u32,
}

impl<'a> Token<'a> {
    /// A mistake in this word.
    pub(crate) fn error(&self, what: impl Into<String>) -> ParseError {
        ParseError { line: self.line, column: self.column, what: what.into() }
    }

    /// A mistake in the part of this word that starts at its byte `at`.
    pub(crate) fn error_at(&self, at: usize, what: impl Into<String>) -> ParseError {
        let before = self.text.get(..at).unwrap_or(self.text).chars().count();
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        let column = self.column.saturating_add(before);
        ParseError { line: self.line, column, what: what.into() }
    }
}

/// The words of one line.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a> {
    text: &'a str,
    line: u32,
    column: u32,
}

impl<'a> Tokens<'a> {
    /// The words of `text`, which is line number `line`, up to its comment.
    pub(crate) fn new(text: &'a str, line: u32) -> Self {
        let text = text.split('#').next().unwrap_or("");
        Self { text, line, column: 1 }
    }

    fn skip_blanks(&mut self) {
        let rest = self.text.trim_start();
        let blanks = self.text.len().saturating_sub(rest.len());
        let skipped = self.text.get(..blanks).unwrap_or("").chars().count();
        self.column = self.column.saturating_add(u32::try_from(skipped).unwrap_or(u32::MAX));
        self.text = rest;
    }

    /// The next word, if there is one.
    pub(crate) fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let word = self.text.split_whitespace().next()?;
        let token = Token { text: word, line: self.line, column: self.column };
        self.text = self.text.get(word.len()..).unwrap_or("");
        let length = u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
        self.column = self.column.saturating_add(length);
        Some(token)
    }

    /// The next word without taking it.
    pub(crate) fn peek(&self) -> Option<Token<'a>> {
        self.clone().next()
    }

    /// The next word; `wanted` says what it should be.
    pub(crate) fn want(&mut self, wanted: &str) -> Result<Token<'a>, ParseError> {
        self.next()
            .ok_or_else(|| self.error_here(format!("the line ends where {wanted} is wanted")))
    }

    /// The next word if it is `word`.
    pub(crate) fn take(&mut self, word: &str) -> bool {
        let there = self.peek().is_some_and(|token| token.text == word);
        if there {
            self.next();
        }
        there
    }

    /// The next word, which must be `word`.
    pub(crate) fn must(&mut self, word: &str) -> Result<(), ParseError> {
        let token = self.want(&format!("'{word}'"))?;
        if token.text == word {
            Ok(())
        } else {
            Err(token.error(format!("'{}' stands where '{word}' is wanted", token.text)))
        }
    }

    /// Nothing may follow.
    pub(crate) fn end(&mut self) -> Result<(), ParseError> {
        match self.next() {
            Some(token) => Err(token.error(format!("'{}' is too much", token.text))),
            None => Ok(()),
        }
    }

    /// A mistake at the end of the line.
    fn error_here(&self, what: String) -> ParseError {
        ParseError { line: self.line, column: self.column, what }
    }
}
