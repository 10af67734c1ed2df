//! JSON as QMP speaks it: a stream without frames, which goes on after a mistake.
//!
//! Bytes become tokens ([`lexer`]), tokens messages ([`Messages`]: one ends where all brackets are closed), messages
//! values ([`parser`]). Beyond JSON proper strings may stand in single quotes and a key that stands twice is a mistake, as
//! in QEMU. Everything is limited, so a peer that never closes a bracket is told so. Values are `serde_json`'s.

mod lexer;
mod parser;
mod print;

use serde_json::Value;

use lexer::{Lexer, Token};
pub(crate) use print::{print, print_pretty};

/// Most bytes of one message.
const MOST_BYTES: usize = 64 << 20;
/// Most tokens of one message.
const MOST_TOKENS: usize = 2 << 20;
/// Most brackets open at once.
const MOST_DEPTH: i64 = 1 << 10;

/// Why a message is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonError {
    /// Bytes that begin nothing, or a number or string that is broken off.
    #[error("JSON parse error, stray '{0}'")]
    Stray(String),
    /// Tokens in a wrong order.
    #[error("JSON parse error, {0}")]
    Parse(String),
    /// Too large.
    #[error("JSON token size limit exceeded")]
    Size,
    /// Too many parts.
    #[error("JSON token count limit exceeded")]
    Count,
    /// Too deep.
    #[error("JSON nesting depth limit exceeded")]
    Depth,
}

/// Cuts a stream of bytes into messages.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    lexer: Lexer,
    tokens: Vec<Token>,
    bytes: usize,
    braces: i64,
    brackets: i64,
}

impl Messages {
    /// Takes bytes; returns the messages that end in them.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Result<Value, JsonError>> {
        let mut messages = Vec::new();
        let mut tokens = Vec::new();
        for byte in bytes {
            self.bytes += 1;
            if self.bytes > MOST_BYTES {
                self.lexer.reset();
                messages.push(Err(self.give_up(JsonError::Size)));
                continue;
            }
            self.lexer.feed(*byte, &mut tokens);
            messages.extend(tokens.drain(..).filter_map(|token| self.take(token)));
            if self.tokens.is_empty() && self.lexer.is_idle() {
                self.bytes = 0;
            }
        }
        messages
    }

    fn take(&mut self, token: Token) -> Option<Result<Value, JsonError>> {
        match &token {
            Token::Error(text) => {
                let error = JsonError::Stray(text.clone());
                return Some(Err(self.give_up(error)));
            }
            Token::Symbol(b'{') => self.braces += 1,
            Token::Symbol(b'}') => self.braces -= 1,
            Token::Symbol(b'[') => self.brackets += 1,
            Token::Symbol(b']') => self.brackets -= 1,
            _ => {}
        }
        if self.tokens.len() >= MOST_TOKENS {
            return Some(Err(self.give_up(JsonError::Count)));
        }
        if self.braces + self.brackets > MOST_DEPTH {
            return Some(Err(self.give_up(JsonError::Depth)));
        }
        self.tokens.push(token);
        let open = self.braces > 0 || self.brackets > 0;
        if open && self.braces >= 0 && self.brackets >= 0 {
            return None;
        }
        let tokens = std::mem::take(&mut self.tokens);
        self.forget();
        Some(parser::parse(tokens))
    }

    fn give_up(&mut self, error: JsonError) -> JsonError {
        self.tokens = Vec::new();
        self.forget();
        error
    }

    fn forget(&mut self) {
        (self.bytes, self.braces, self.brackets) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(text: &[u8]) -> String {
        let mut messages = Messages::default();
        let mut found = messages.feed(text);
        found.extend(messages.feed(b"\n"));
        match found.into_iter().next() {
            None => "nothing".to_owned(),
            Some(Ok(value)) => value.to_string(),
            Some(Err(error)) => error.to_string(),
        }
    }

    /// Texts recorded from QEMU 7.2.22.
    #[test]
    fn mistakes_are_told_in_qemu_s_words() {
        let parse = |text: &str| format!("JSON parse error, {text}");
        for (text, wanted) in [
            ("{\"execute\":\"query-status\",}", parse("expecting value")),
            ("{\"execute\" \"query-status\"}", parse("missing : in object pair")),
            ("{1:2}", parse("key is not a string in object")),
            ("{\"execute\":}", parse("expecting value")),
            ("[1 2]", parse("expected separator in list")),
            ("{\"a\":1 \"b\":2}", parse("expected separator in dict")),
            ("{\"a\":1,\"a\":2}", parse("duplicate key")),
            ("truth", parse("invalid keyword 'truth'")),
            ("{\"execute\":\"x\\qy\"}", parse("invalid escape sequence in string")),
            ("%d", parse("stray '%'")),
            ("}", parse("expecting value")),
            ("]", parse("expecting value")),
            ("\"abc\\u00zz\"", parse("\\u00zz is not a valid Unicode character")),
            ("\"\\ud800\"", parse("\\ud800 is not a valid Unicode character")),
            ("-", parse("stray '-\n'")),
            ("@", parse("stray '@'")),
        ] {
            assert_eq!(one(text.as_bytes()), wanted, "{text}");
        }
        assert_eq!(one(b"\"a\xc0b\""), parse("invalid UTF-8 sequence in string"));
        assert_eq!(one(b"\"\xff\""), parse("stray '\"\u{fffd}'"));
    }

    #[test]
    fn values_of_every_kind_are_read() {
        for (text, wanted) in [
            ("'single \\' quotes'", "\"single ' quotes\""),
            (
                "[1,-2,1.5,18446744073709551615,true,false,null]",
                "[1,-2,1.5,18446744073709551615,true,false,null]",
            ),
            ("{'a':{},'b':[]}", "{\"a\":{},\"b\":[]}"),
            ("\"\\u00e9\\ud83d\\ude00\\n\"", "\"é😀\\n\""),
        ] {
            assert_eq!(one(text.as_bytes()), wanted);
        }
    }

    #[test]
    fn the_stream_goes_on_after_a_mistake() {
        let mut messages = Messages::default();
        let found = messages.feed(b"{\"a\":@\n{\"b\":1}\n");
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[1], Ok(serde_json::json!({"b": 1})));
    }

    #[test]
    fn depth_is_limited() {
        let mut messages = Messages::default();
        let found = messages.feed(&vec![b'['; 1025]);
        assert_eq!(found, [Err(JsonError::Depth)]);
        assert_eq!(messages.feed(b"1 "), [Ok(1.into())]);
    }

    proptest! {
        #[test]
        fn any_bytes_leave_a_stream_that_still_reads(bytes: Vec<u8>) {
            let mut messages = Messages::default();
            messages.feed(&bytes);
            // A quote and brackets may be open: enough of each closes them.
            messages.feed(b"\n");
            for _ in 0..=bytes.len() {
                messages.feed(b"]}\n");
            }
            let found = messages.feed(b"{\"execute\":\"x\"}\n");
            prop_assert_eq!(found.last(), Some(&Ok(serde_json::json!({"execute": "x"}))));
        }

        #[test]
        fn cuts_between_chunks_do_not_matter(cut in 0_usize..40) {
            let text = br#"{"a": [1, 2.5, "x\u00e9"], 'b': -7} truth {"c"} 12 "#;
            let mut whole = Messages::default();
            let mut cut_up = Messages::default();
            let (head, tail) = text.split_at(cut);
            let mut found = cut_up.feed(head);
            found.extend(cut_up.feed(tail));
            prop_assert_eq!(whole.feed(text), found);
        }
    }
}
