//! Tokens to a value. Depth is limited by whoever gathers the tokens.

use serde_json::{Map, Number, Value};

use super::JsonError;
use super::lexer::Token;

/// The value that the tokens of one message are.
pub(super) fn parse(tokens: Vec<Token>) -> Result<Value, JsonError> {
    Parser { tokens: tokens.into_iter().peekable() }.value()
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

fn wrong<T>(why: &str) -> Result<T, JsonError> {
    Err(JsonError::Parse(why.to_owned()))
}

impl Parser {
    fn next_is(&mut self, symbol: u8) -> bool {
        self.tokens.next_if(|token| *token == Token::Symbol(symbol)).is_some()
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        match self.tokens.next() {
            Some(Token::Symbol(b'{')) => self.object(),
            Some(Token::Symbol(b'[')) => self.array(),
            Some(Token::String(bytes)) => unescape(&bytes).map(Value::String),
            Some(Token::Integer(text)) => Ok(integer(&text)),
            Some(Token::Float(text)) => Ok(float(&text)),
            Some(Token::Keyword(word)) => match word.as_str() {
                "true" => Ok(true.into()),
                "false" => Ok(false.into()),
                "null" => Ok(Value::Null),
                other => wrong(&format!("invalid keyword '{other}'")),
            },
            Some(Token::Symbol(_) | Token::Error(_)) => wrong("expecting value"),
            None => wrong("premature EOI"),
        }
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut members = Map::new();
        if self.next_is(b'}') {
            return Ok(members.into());
        }
        loop {
            let key = match self.tokens.peek() {
                None => return wrong("premature EOI"),
                Some(Token::String(_)) => self.value()?,
                // QEMU reads a value there, so what is no value at all is told as such.
                Some(Token::Symbol(_)) => return wrong("expecting value"),
                Some(_) => return wrong("key is not a string in object"),
            };
            let Value::String(key) = key else { return wrong("key is not a string in object") };
            if !self.next_is(b':') {
                return wrong("missing : in object pair");
            }
            let value = self.value()?;
            if members.insert(key, value).is_some() {
                return wrong("duplicate key");
            }
            if self.next_is(b'}') {
                return Ok(members.into());
            }
            if !self.next_is(b',') {
                return wrong("expected separator in dict");
            }
        }
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        if self.next_is(b']') {
            return Ok(items.into());
        }
        loop {
            items.push(self.value()?);
            if self.next_is(b']') {
                return Ok(items.into());
            }
            if !self.next_is(b',') {
                return wrong("expected separator in list");
            }
        }
    }
}

/// A whole number that fits 64 bits stays one; a larger one is a fraction, as in QEMU.
fn integer(text: &str) -> Value {
    let signed = text.parse::<i64>().map(Value::from);
    signed.or_else(|_| text.parse::<u64>().map(Value::from)).unwrap_or_else(|_| float(text))
}

/// Beyond the range of a double there is nothing JSON could say.
fn float(text: &str) -> Value {
    let number = text.parse::<f64>().ok().and_then(Number::from_f64);
    number.map_or(Value::from(f64::MAX), Value::Number)
}

fn unescape(bytes: &[u8]) -> Result<String, JsonError> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return wrong("invalid UTF-8 sequence in string");
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut letters = escape.chars();
        let (plain, length) = match letters.next() {
            Some(quote @ ('"' | '\'' | '\\' | '/')) => (quote, 1),
            Some('b') => ('\u{8}', 1),
            Some('f') => ('\u{c}', 1),
            Some('n') => ('\n', 1),
            Some('r') => ('\r', 1),
            Some('t') => ('\t', 1),
            Some('u') => unicode(escape)?,
            _ => return wrong("invalid escape sequence in string"),
        };
        out.push(plain);
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out)
}

/// The character of `uXXXX`, or of two such that are a pair; and how long that is.
fn unicode(escape: &str) -> Result<(char, usize), JsonError> {
    let unit = |text: &str| -> Option<u32> {
        let digits = text.strip_prefix('u')?.get(..4)?;
        let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| plain)
    };
    let shown: String = escape.chars().take(5).collect();
    let invalid = || JsonError::Parse(format!("\\{shown} is not a valid Unicode character"));
    let first = unit(escape).ok_or_else(invalid)?;
    if !(0xd800..0xdc00).contains(&first) {
        // QEMU keeps no zero in a string either.
        let found = char::from_u32(first).filter(|found| *found != '\0');
        return found.map(|found| (found, 5)).ok_or_else(invalid);
    }
    let second = escape.get(5..).and_then(|rest| rest.strip_prefix('\\')).and_then(unit);
    let low = second.filter(|low| (0xdc00..0xe000).contains(low)).ok_or_else(invalid)?;
    let code = 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00);
    char::from_u32(code).map(|found| (found, 11)).ok_or_else(invalid)
}
