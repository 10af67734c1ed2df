//! Bytes to tokens, one byte at a time.

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `{ } [ ] : ,`
    Symbol(u8),
    /// A whole number as written.
    Integer(String),
    /// A number with a fraction or an exponent as written.
    Float(String),
    /// A word: `true`, `false`, `null`, or none of them.
    Keyword(String),
    /// A string's bytes between its quotes, escapes as they stand.
    String(Vec<u8>),
    /// Bytes that are no token.
    Error(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    /// Until this quote.
    String(u8),
    /// After a backslash in a string that ends with this quote.
    Escape(u8),
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
    Keyword,
    /// After a mistake: nothing is looked at until something that can begin a message.
    Recovery,
}

/// Where in a token the stream is.
#[derive(Debug, Default)]
pub(super) struct Lexer {
    state: State,
    token: Vec<u8>,
}

/// What a byte does to a token that is being read.
enum Next {
    /// It belongs to it.
    Goes(State),
    /// The token ended before it.
    Ends(Token),
    /// It ends the token.
    Closes(Token),
    /// It cannot follow.
    Wrong,
}

impl Lexer {
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether no token is being read.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Start | State::Recovery)
    }

    /// Takes a byte; appends the tokens that end with it.
    pub(super) fn feed(&mut self, byte: u8, tokens: &mut Vec<Token>) {
        if self.state == State::Recovery && is_reset(byte) {
            self.reset();
        }
        match self.next(byte) {
            Next::Goes(State::Start) => self.token.clear(),
            Next::Goes(state) => {
                if state != State::Recovery {
                    self.token.push(byte);
                }
                self.state = state;
            }
            Next::Closes(token) => {
                self.reset();
                tokens.push(token);
            }
            Next::Ends(token) => {
                self.reset();
                tokens.push(token);
                self.feed(byte, tokens);
            }
            Next::Wrong => {
                self.token.push(byte);
                let text = String::from_utf8_lossy(&self.token).into_owned();
                self.reset();
                self.state = State::Recovery;
                tokens.push(Token::Error(text));
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.token).into_owned()
    }

    fn next(&self, byte: u8) -> Next {
        use Next::{Closes, Ends, Goes, Wrong};
        match (self.state, byte) {
            (State::Start, b' ' | b'\t' | b'\r' | b'\n') => Goes(State::Start),
            (State::Start, b'"' | b'\'') => Goes(State::String(byte)),
            (State::Start, b'{' | b'}' | b'[' | b']' | b':' | b',') => Closes(Token::Symbol(byte)),
            (State::Start, b'-') => Goes(State::Minus),
            (State::Start | State::Minus, b'0') => Goes(State::Zero),
            (State::Start | State::Minus, b'1'..=b'9') => Goes(State::Digits),
            (State::Start, b'a'..=b'z') => Goes(State::Keyword),

            (State::String(quote), byte) if byte == quote => {
                Closes(Token::String(self.token.get(1..).unwrap_or_default().to_vec()))
            }
            (State::String(_) | State::Escape(_), 0..b' ' | 0xfe..) => Wrong,
            (State::String(quote), b'\\') => Goes(State::Escape(quote)),
            (State::String(quote) | State::Escape(quote), _) => Goes(State::String(quote)),

            (State::Zero | State::Digits, b'.') => Goes(State::Point),
            (State::Zero | State::Digits | State::Fraction, b'e' | b'E') => Goes(State::Exponent),
            (State::Digits, b'0'..=b'9') => Goes(State::Digits),
            (State::Zero, b'0'..=b'9') => Wrong,
            (State::Zero | State::Digits, _) => Ends(Token::Integer(self.text())),
            (State::Point | State::Fraction, b'0'..=b'9') => Goes(State::Fraction),
            (State::Exponent, b'+' | b'-') => Goes(State::ExponentSign),
            (State::Exponent | State::ExponentSign | State::ExponentDigits, b'0'..=b'9') => {
                Goes(State::ExponentDigits)
            }
            (State::Fraction | State::ExponentDigits, _) => Ends(Token::Float(self.text())),

            (State::Keyword, b'a'..=b'z') => Goes(State::Keyword),
            (State::Keyword, _) => Ends(Token::Keyword(self.text())),

            (State::Recovery, _) => Goes(State::Recovery),
            _ => Wrong,
        }
    }
}

/// Bytes at which reading begins again after a mistake: control characters but the tabulator, brackets, separators, and
/// what UTF-8 never has.
fn is_reset(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || b"{}[]:,".contains(&byte) || byte >= 0xfe
}
