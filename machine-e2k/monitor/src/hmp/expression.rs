//! Numbers as the monitor takes them: sums and products with brackets, `0x` and `0` for other bases. All arithmetic wraps.

/// Reads an expression; what follows it stays in `rest`.
pub(super) fn read(rest: &mut &str) -> Result<u64, String> {
    let value = sum(rest, 0)?;
    *rest = rest.trim_start();
    Ok(value)
}

/// Brackets inside brackets, at most.
const MOST_DEPTH: u32 = 64;

fn peek(rest: &mut &str) -> Option<char> {
    *rest = rest.trim_start();
    rest.chars().next()
}

fn skip(rest: &mut &str) {
    let mut letters = rest.chars();
    letters.next();
    *rest = letters.as_str();
}

fn sum(rest: &mut &str, depth: u32) -> Result<u64, String> {
    let mut value = product(rest, depth)?;
    while let Some(sign @ ('+' | '-')) = peek(rest) {
        skip(rest);
        let other = product(rest, depth)?;
        value = if sign == '+' { value.wrapping_add(other) } else { value.wrapping_sub(other) };
    }
    Ok(value)
}

fn product(rest: &mut &str, depth: u32) -> Result<u64, String> {
    let mut value = unary(rest, depth)?;
    while let Some(sign @ ('*' | '/' | '%' | '&' | '|' | '^')) = peek(rest) {
        skip(rest);
        let other = unary(rest, depth)?;
        value = match sign {
            '*' => value.wrapping_mul(other),
            '/' => value.checked_div(other).ok_or("division by zero")?,
            '%' => value.checked_rem(other).ok_or("division by zero")?,
            '&' => value & other,
            '|' => value | other,
            _ => value ^ other,
        };
    }
    Ok(value)
}

fn unary(rest: &mut &str, depth: u32) -> Result<u64, String> {
    if depth > MOST_DEPTH {
        return Err("expression is nested too deep".to_owned());
    }
    match peek(rest) {
        Some('+') => {
            skip(rest);
            unary(rest, depth + 1)
        }
        Some('-') => {
            skip(rest);
            Ok(unary(rest, depth + 1)?.wrapping_neg())
        }
        Some('~') => {
            skip(rest);
            Ok(!unary(rest, depth + 1)?)
        }
        Some('(') => {
            skip(rest);
            let value = sum(rest, depth + 1)?;
            if peek(rest) != Some(')') {
                return Err("')' expected".to_owned());
            }
            skip(rest);
            Ok(value)
        }
        Some(digit) if digit.is_ascii_digit() => number(rest),
        Some(letter) => Err(format!("invalid char '{letter}' in expression")),
        None => Err("unexpected end of expression".to_owned()),
    }
}

fn number(rest: &mut &str) -> Result<u64, String> {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    let (digits, base) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let value = u64::from_str_radix(digits, base);
    *rest = after;
    value.map_err(|_| "invalid char in expression".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_evaluated_and_leave_the_rest() {
        for (text, value, left) in [
            ("0x10", 16, ""),
            ("010 x", 8, "x"),
            ("1+2*3", 7, ""),
            ("(1 + 2) * 3 on", 9, "on"),
            ("-1", u64::MAX, ""),
            ("~0&0xff", 0xff, ""),
        ] {
            let mut rest = text;
            assert_eq!((read(&mut rest), rest), (Ok(value), left), "{text}");
        }
        for text in ["", "1/0", "(1", "x", "0xg"] {
            assert!(read(&mut { text }).is_err(), "{text}");
        }
        let deep = "(".repeat(100_000);
        assert!(read(&mut deep.as_str()).is_err());
    }
}
