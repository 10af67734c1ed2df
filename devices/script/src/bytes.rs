//! Strings of bytes: hex digits, repetitions (`ff*6`) and little-endian numbers (`u32:0x1234`).

use std::fmt::Write as _;

use crate::ParseError;
use crate::number::parse_number;
use crate::token::{Token, Tokens};

/// The longest string of bytes a line may stand for.
const LIMIT: usize = 1 << 20;

/// The bytes of all words up to the end of the line or the word `until`.
pub(crate) fn parse_bytes(tokens: &mut Tokens<'_>, until: &str) -> Result<Vec<u8>, ParseError> {
    let mut bytes = Vec::new();
    while let Some(token) = tokens.peek().filter(|token| token.text != until) {
        tokens.next();
        item(&token, token.text, &mut bytes)?;
    }
    Ok(bytes)
}

/// The bytes of one word.
pub(crate) fn item(token: &Token<'_>, text: &str, bytes: &mut Vec<u8>) -> Result<(), ParseError> {
    let (unit, count) = match text.split_once('*') {
        Some((unit, count)) => {
            let at = unit.len().saturating_add(1);
            let count = parse_number(count).and_then(|count| usize::try_from(count).ok());
            (unit, count.ok_or_else(|| token.error_at(at, "a number of repetitions is wanted"))?)
        }
        None => (text, 1),
    };
    let unit = match unit.split_once(':') {
        Some((width, value)) => little_endian(token, width, value)?,
        None => hex(token, unit)?,
    };
    let length = unit.len().saturating_mul(count).saturating_add(bytes.len());
    if length > LIMIT {
        return Err(token.error(format!("{length} bytes are more than {LIMIT}")));
    }
    for _ in 0..count {
        bytes.extend_from_slice(&unit);
    }
    Ok(())
}

fn little_endian(token: &Token<'_>, width: &str, value: &str) -> Result<Vec<u8>, ParseError> {
    let bytes = match width {
        "u8" => 1,
        "u16" => 2,
        "u32" => 4,
        "u64" => 8,
        other => return Err(token.error(format!("'{other}' is none of u8, u16, u32, u64"))),
    };
    let at = width.len().saturating_add(1);
    let value =
        parse_number(value).ok_or_else(|| token.error_at(at, format!("'{value}' is no number")))?;
    let all = value.to_le_bytes();
    let (low, high) = all.split_at_checked(bytes).unwrap_or((&all, &[]));
    if high.iter().any(|byte| *byte != 0) {
        return Err(token.error_at(at, format!("{value:#x} does not fit {width}")));
    }
    Ok(low.to_vec())
}

fn hex(token: &Token<'_>, text: &str) -> Result<Vec<u8>, ParseError> {
    let wrong = || token.error(format!("'{text}' is no string of hex bytes, such as 00 or ff01"));
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.ok_or_else(wrong)?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return Err(wrong());
    }
    Ok(pairs.iter().map(|[high, low]| (high << 4) | low).collect())
}

/// The bytes as one word of hex digits, long runs of one byte as repetitions.
pub(crate) fn print_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    let mut repeated = true;
    for run in bytes.chunk_by(|a, b| a == b) {
        let Some(byte) = run.first() else { continue };
        let long = run.len() >= 6;
        if (long || repeated) && !text.is_empty() {
            text.push(' ');
        }
        // Writing to a String cannot fail.
        if long {
            let _ = write!(text, "{byte:02x}*{}", run.len());
        } else {
            for byte in run {
                let _ = write!(text, "{byte:02x}");
            }
        }
        repeated = long;
    }
    text
}
