//! Preprocessing tokens of one logical line.
//!
//! Why: macros are replaced token by token, never inside strings or longer words. Blanks are kept as tokens, so that a
//! line without macros comes out as it went in.
//! Source: ISO C 6.4, as relaxed by C compilers for assembly (an unpaired quote is an ordinary character).

use std::rc::Rc;

/// What a preprocessing token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word that may name a macro.
    Word,
    /// A number in the preprocessor's wide sense (`0x1f`, `9990b`).
    Number,
    /// A string or character constant, quotes included.
    Quoted,
    /// Blanks.
    Blank,
    /// Anything else: one operator or character.
    Other,
}

/// A preprocessing token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// Its spelling.
    pub(super) text: Rc<str>,
    /// Macros whose replacement it came from: these do not replace it again.
    pub(super) hidden: Rc<Vec<Rc<str>>>,
}

impl Token {
    /// A token that came from no macro.
    pub(super) fn new(kind: Kind, text: &str) -> Self {
        Self { kind, text: text.into(), hidden: Rc::default() }
    }

    /// Whether this is the operator or character `text`.
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind == Kind::Other && &*self.text == text
    }

    /// Whether macro `name` may not replace this token.
    pub(super) fn hides(&self, name: &str) -> bool {
        self.hidden.iter().any(|hidden| &**hidden == name)
    }
}

/// Splits a line into tokens; joining their texts gives the line back.
pub(super) fn tokenize(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = measure(rest, first);
        let (text, after) = rest.split_at(length);
        tokens.push(Token::new(kind, text));
        rest = after;
    }
    tokens
}

/// Kind and length in bytes of the token at the start of `rest`, which begins with `first`.
fn measure(rest: &str, first: char) -> (Kind, usize) {
    let run = |accept: &dyn Fn(char) -> bool| rest.find(|c| !accept(c)).unwrap_or(rest.len());
    if first.is_ascii_whitespace() {
        (Kind::Blank, run(&|c| c.is_ascii_whitespace()))
    } else if is_word_start(first) {
        (Kind::Word, run(&is_word))
    } else if first.is_ascii_digit() {
        (Kind::Number, run(&|c| is_word(c) || c == '.'))
    } else if first == '"' || first == '\'' {
        match quoted_length(rest, first) {
            Some(length) => (Kind::Quoted, length),
            None => (Kind::Other, 1),
        }
    } else {
        const PAIRS: [&str; 10] = ["##", "&&", "||", "==", "!=", "<=", ">=", "<<", ">>", "->"];
        let pair = PAIRS.iter().any(|pair| rest.starts_with(pair));
        (Kind::Other, if pair { 2 } else { first.len_utf8() })
    }
}

/// Length of the string or character constant at the start of `rest`, if it is closed on this line.
pub(super) fn quoted_length(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}

/// Whether a word may begin with `c`.
pub(super) fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Whether a word may contain `c`.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_tokens_gives_the_line_back() {
        for line in ["a+0x1f 'c' \"s\\\"t\" don't ##&&", "", "\u{e9}\t{ x ;"] {
            let joined: String = tokenize(line).iter().map(|token| &*token.text).collect();
            assert_eq!(joined, line);
        }
    }
}
