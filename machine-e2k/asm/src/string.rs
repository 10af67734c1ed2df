//! Strings and character constants.
//!
//! Source: gas: `\b \f \n \r \t \\ \"`, up to three octal digits, `\x` with hexadecimal digits (the last two count);
//! any other escaped character stands for itself.

use crate::diagnostic::Problem;
use crate::scan::Cursor;

/// Reads a string constant as bytes; the cursor must stand before its quote.
///
/// # Errors
/// No quote, or the string is not closed.
pub(crate) fn string(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, Problem> {
    cursor.blank();
    let start = cursor.offset();
    if !cursor.eat("\"") {
        let found = cursor.found();
        return Err(cursor.problem(format!("expected a string in quotes{found}")));
    }
    let mut bytes = Vec::new();
    loop {
        match cursor.bump() {
            None => return Err(Problem::at(start, "the string is not closed on this line")),
            Some('"') => return Ok(bytes),
            Some('\\') => bytes.push(escape(cursor, start)?),
            Some(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}

/// Reads a string constant as text (names of files and sections).
///
/// # Errors
/// As [`string`]; also text that is not UTF-8.
pub(crate) fn text(cursor: &mut Cursor<'_>) -> Result<String, Problem> {
    let start = cursor.offset();
    let bytes = string(cursor)?;
    String::from_utf8(bytes).map_err(|_| Problem::at(start, "the string is not UTF-8"))
}

/// Reads what follows a backslash.
fn escape(cursor: &mut Cursor<'_>, start: usize) -> Result<u8, Problem> {
    let at = cursor.offset();
    let Some(c) = cursor.bump() else {
        return Err(Problem::at(start, "the string is not closed on this line"));
    };
    Ok(match c {
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'x' | 'X' => {
            let digits = cursor.run(|c| c.is_ascii_hexdigit());
            let tail = digits.get(digits.len().saturating_sub(2)..).unwrap_or("");
            u8::from_str_radix(tail, 16).unwrap_or(0)
        }
        '0'..='7' => {
            cursor.seek(at);
            let mut value = 0u8;
            for _ in 0..3 {
                let digit = cursor.rest().chars().next().and_then(|c| c.to_digit(8));
                let Some(digit) = digit.and_then(|digit| u8::try_from(digit).ok()) else { break };
                value = value.wrapping_mul(8).wrapping_add(digit);
                cursor.bump();
            }
            value
        }
        _ => match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => byte,
            _ => return Err(Problem::at(at, format!("'\\{c}' is no escape sequence"))),
        },
    })
}

/// Reads a character constant `'x`, `'x'` or `'\n'`; the cursor must stand behind the first quote.
///
/// # Errors
/// Nothing follows the quote.
pub(crate) fn character(cursor: &mut Cursor<'_>) -> Result<i64, Problem> {
    let start = cursor.offset();
    let value = match cursor.bump() {
        None => return Err(Problem::at(start, "a character is expected behind the quote")),
        Some('\\') => i64::from(escape(cursor, start)?),
        Some(c) => i64::from(u32::from(c)),
    };
    if cursor.rest().starts_with('\'') {
        cursor.bump();
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<u8>, Problem> {
        string(&mut Cursor::new(text, 0, text.len()))
    }

    #[test]
    fn escapes_follow_gas() {
        assert_eq!(read("\"a\\n\\101\\x41z\\\"\\\\\""), Ok(b"a\nAAz\"\\".to_vec()));
        assert_eq!(read("\"\\0\""), Ok(vec![0]));
    }

    #[test]
    fn open_strings_are_refused() {
        assert!(read("\"abc").is_err());
        assert!(read("\"abc\\").is_err());
        assert!(read("abc").is_err());
    }

    #[test]
    fn character_constants_need_no_closing_quote() {
        for (text, value) in [("a", 97), ("a'", 97), ("\\n'", 10), ("''", 39)] {
            assert_eq!(character(&mut Cursor::new(text, 0, text.len())), Ok(value));
        }
    }
}
