//! The expression of `#if` and `#elif`.
//!
//! Source: ISO C 6.10.1: integer constant expressions with C's operators and precedence in 64 bits, `defined` already
//! replaced, words that are no macros count as 0.

use super::token::{Kind, Token};

/// Deepest nesting of parentheses and unary operators.
const MAX_DEPTH: usize = 100;

/// Evaluates a condition whose macros are replaced.
///
/// # Errors
/// Says what is wrong with the expression.
pub(super) fn evaluate(tokens: &[Token]) -> Result<i64, String> {
    let tokens: Vec<&Token> = tokens.iter().filter(|token| token.kind != Kind::Blank).collect();
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    let value = parser.ternary()?;
    match parser.tokens.first() {
        None => Ok(value),
        Some(token) => Err(format!("unexpected '{}' in the condition", token.text)),
    }
}

struct Parser<'a> {
    tokens: &'a [&'a Token],
    depth: usize,
}

impl Parser<'_> {
    fn eat(&mut self, text: &str) -> bool {
        match self.tokens.split_first() {
            Some((first, rest)) if first.is(text) => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }

    fn ternary(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the condition is nested too deeply".to_owned());
        }
        let condition = self.binary(0)?;
        let value = if self.eat("?") {
            let yes = self.ternary()?;
            if !self.eat(":") {
                return Err("'?' without ':' in the condition".to_owned());
            }
            let no = self.ternary()?;
            if condition != 0 { yes } else { no }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        const LEVELS: [&[&str]; 10] = [
            &["||"],
            &["&&"],
            &["|"],
            &["^"],
            &["&"],
            &["==", "!="],
            &["<=", ">=", "<", ">"],
            &["<<", ">>"],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.eat(operator)) {
            let right = self.binary(level + 1)?;
            left = apply(operator, left, right)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the condition is nested too deeply".to_owned());
        }
        let value = if self.eat("!") {
            i64::from(self.unary()? == 0)
        } else if self.eat("-") {
            self.unary()?.wrapping_neg()
        } else if self.eat("+") {
            self.unary()?
        } else if self.eat("~") {
            !self.unary()?
        } else if self.eat("(") {
            let value = self.ternary()?;
            if !self.eat(")") {
                return Err("missing ')' in the condition".to_owned());
            }
            value
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn primary(&mut self) -> Result<i64, String> {
        let Some((first, rest)) = self.tokens.split_first() else {
            return Err("the condition ends where a value is expected".to_owned());
        };
        self.tokens = rest;
        match first.kind {
            Kind::Word => Ok(0),
            Kind::Number => number(&first.text),
            Kind::Quoted => character(&first.text),
            _ => Err(format!("'{}' where a value is expected in the condition", first.text)),
        }
    }
}

fn apply(operator: &str, left: i64, right: i64) -> Result<i64, String> {
    let shift = u32::try_from(right & 63).unwrap_or(0);
    Ok(match operator {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(shift),
        ">>" => left.wrapping_shr(shift),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" if right != 0 => left.wrapping_div(right),
        "%" if right != 0 => left.wrapping_rem(right),
        _ => return Err("division by zero in the condition".to_owned()),
    })
}

fn number(text: &str) -> Result<i64, String> {
    let plain = text.trim_end_matches(['u', 'U', 'l', 'L']);
    let (digits, radix) = if let Some(hex) = plain.strip_prefix("0x").or(plain.strip_prefix("0X")) {
        (hex, 16)
    } else if let Some(binary) = plain.strip_prefix("0b").or(plain.strip_prefix("0B")) {
        (binary, 2)
    } else if plain.len() > 1 && plain.starts_with('0') {
        (plain, 8)
    } else {
        (plain, 10)
    };
    let value = u64::from_str_radix(digits, radix);
    value.map(u64::cast_signed).map_err(|_| format!("'{text}' is not an integer constant"))
}

fn character(text: &str) -> Result<i64, String> {
    let mut inner = text.trim_matches('\'').chars();
    let value = match (inner.next(), inner.next(), inner.next()) {
        (Some(c), None, None) => c,
        (Some('\\'), Some('n'), None) => '\n',
        (Some('\\'), Some('t'), None) => '\t',
        (Some('\\'), Some('0'), None) => '\0',
        (Some('\\'), Some(c), None) if c.is_ascii_punctuation() => c,
        _ => return Err(format!("{text} is not a character the condition can use")),
    };
    Ok(i64::from(u32::from(value)))
}

#[cfg(test)]
mod tests {
    use super::super::token::tokenize;
    use super::*;

    #[test]
    fn conditions_follow_c_precedence() {
        for (text, value) in [
            ("1 + 2 << 3", 24),
            ("1 | 2 == 2", 1),
            ("!0 && ~0 == -1", 1),
            ("0 ? 1 : 2 ? 3 : 4", 3),
            ("010 + 0x10UL", 24),
            ("'a'", 97),
            ("unknown", 0),
        ] {
            assert_eq!(evaluate(&tokenize(text)), Ok(value), "{text}");
        }
    }

    #[test]
    fn bad_conditions_are_refused() {
        for text in ["", "1 +", "(1", "1/0", "1 2", "09", &"(".repeat(100_000)] {
            assert!(evaluate(&tokenize(text)).is_err());
        }
    }
}
