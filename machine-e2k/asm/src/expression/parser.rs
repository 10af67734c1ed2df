//! Reading expressions.
//!
//! Source: gas manual, "Infix Ops": `* / % << >>` bind strongest, then `| & ^`, then `+ -`, then the comparisons, then
//! `&&`, then `||`. C differs; where an expression without parentheses means something else in C, a warning says so.
//! `!` begins a comment on e2k, so that "not equal" is `<>`.

use super::{Binary, Expression, Unary};
use crate::diagnostic::Problem;
use crate::scan::{Cursor, is_word_start};
use crate::section::Location;
use crate::string;
use crate::symbol::{SymbolId, SymbolTable, Value};

/// What names in an expression refer to.
pub(crate) struct Scope<'a> {
    /// The symbols.
    pub(crate) symbols: &'a mut SymbolTable,
    /// What `.` means.
    pub(crate) here: Location,
    /// Warnings about the expressions read.
    warnings: Vec<Problem>,
    /// Symbols named, with byte offsets.
    uses: Vec<(SymbolId, usize)>,
}

impl<'a> Scope<'a> {
    /// A scope at `here`.
    pub(crate) fn new(symbols: &'a mut SymbolTable, here: Location) -> Self {
        Self { symbols, here, warnings: Vec::new(), uses: Vec::new() }
    }

    /// Warnings, and symbols named with byte offsets.
    pub(crate) fn finish(self) -> (Vec<Problem>, Vec<(SymbolId, usize)>) {
        (self.warnings, self.uses)
    }
}

/// Deepest nesting of parentheses and signs.
const MAX_DEPTH: usize = 100;
/// Most operators in one expression.
const MAX_OPERATORS: usize = 256;

/// Reads an expression.
///
/// # Errors
/// Where no expression stands, or a malformed one.
pub(crate) fn parse(cursor: &mut Cursor<'_>, scope: &mut Scope<'_>) -> Result<Expression, Problem> {
    let mut parser = Parser { cursor, scope, depth: 0, operators: 0 };
    parser.binary(0).map(|(expression, _)| expression)
}

struct Parser<'a, 'b, 'c, 'd> {
    cursor: &'a mut Cursor<'b>,
    scope: &'c mut Scope<'d>,
    depth: usize,
    operators: usize,
}

/// The operator an expression without parentheses has at its root.
type Root = Option<Binary>;

impl Parser<'_, '_, '_, '_> {
    fn binary(&mut self, weakest: u8) -> Result<(Expression, Root), Problem> {
        let (mut left, mut left_root) = (self.unary()?, None);
        loop {
            self.cursor.blank();
            let at = self.cursor.offset();
            let Some((operator, length)) = operator(self.cursor.rest()) else { break };
            if rank(operator) < weakest {
                break;
            }
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return Err(Problem::at(at, "the expression has too many operators"));
            }
            self.cursor.seek(at + length);
            let (right, right_root) = self.binary(rank(operator) + 1)?;
            let other_left = left_root.is_some_and(|root| c_rank(root) < c_rank(operator));
            let other_right = right_root.is_some_and(|root| c_rank(root) <= c_rank(operator));
            if other_left || other_right {
                let message = "without parentheses this expression means something else in C: \
                               here '* / % << >>' bind strongest, then '| & ^', then '+ -'";
                self.scope.warnings.push(Problem::at(at, message));
            }
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
            left_root = Some(operator);
        }
        Ok((left, left_root))
    }

    fn unary(&mut self) -> Result<Expression, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.cursor.problem("the expression is nested too deeply"));
        }
        let result = if self.cursor.eat("-") {
            match self.unary()? {
                Expression::Number(number) => Expression::Number(number.wrapping_neg()),
                operand => Expression::Unary(Unary::Negate, Box::new(operand)),
            }
        } else if self.cursor.eat("~") {
            Expression::Unary(Unary::Complement, Box::new(self.unary()?))
        } else if self.cursor.eat("+") {
            self.unary()?
        } else if self.cursor.eat("(") {
            let inner = self.binary(0)?.0;
            self.cursor.expect(")")?;
            inner
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(result)
    }

    fn primary(&mut self) -> Result<Expression, Problem> {
        let start = self.cursor.clone();
        match self.cursor.peek() {
            Some(c) if c.is_ascii_digit() => self.number(),
            Some('\'') => {
                self.cursor.bump();
                string::character(self.cursor).map(Expression::Number)
            }
            Some(c) if is_word_start(c) => {
                self.cursor.blank();
                let at = self.cursor.offset();
                let word = self.cursor.word();
                if word == "." {
                    return Ok(Expression::Place(self.scope.here));
                }
                // A `$` in front of a symbol's name is no part of it.
                let name = word.strip_prefix('$').filter(|name| !name.is_empty()).unwrap_or(word);
                if self.cursor.rest().starts_with('@') {
                    let message =
                        "relocation suffixes have no meaning in an image that is linked here";
                    return Err(self.cursor.problem(message));
                }
                let id = self.scope.symbols.named(name);
                self.scope.uses.push((id, at));
                // An assigned value counts as it is now, whatever is assigned later.
                match self.scope.symbols.get(id).and_then(|symbol| symbol.value.as_ref()) {
                    Some(Value::Assigned(expression)) => Ok(expression.clone()),
                    _ => Ok(Expression::Symbol(id)),
                }
            }
            Some('%') => Err(start.problem(format!(
                "a number or symbol is expected here, not a register{}",
                self.cursor.found()
            ))),
            _ => Err(start.problem(format!("expected an expression{}", self.cursor.found()))),
        }
    }

    fn number(&mut self) -> Result<Expression, Problem> {
        let at = self.cursor.offset();
        let word = self.cursor.run(|c| c.is_ascii_alphanumeric() || c == '_');
        let bad = |message: String| Err(Problem::at(at, message));
        let (digits, radix) = match word.as_bytes() {
            [b'0', b'x' | b'X', ..] => (word.get(2..), 16),
            [b'0', b'b' | b'B', _, ..] => (word.get(2..), 2),
            [digits @ .., suffix @ (b'b' | b'f')]
                if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) =>
            {
                let number = word.get(..word.len() - 1).unwrap_or("").parse::<u64>();
                let found = number.ok().and_then(|number| {
                    self.scope.symbols.numeric_reference(number, *suffix == b'f')
                });
                return match found {
                    Some(id) => {
                        self.scope.uses.push((id, at));
                        Ok(Expression::Symbol(id))
                    }
                    None => {
                        bad(format!("no label '{}:' stands above", &word.trim_end_matches('b')))
                    }
                };
            }
            [b'0', _, ..] => (word.get(1..), 8),
            _ => (Some(word), 10),
        };
        let digits = digits.unwrap_or("");
        match u64::from_str_radix(digits, radix) {
            Ok(value) => Ok(Expression::Number(value.cast_signed())),
            Err(error) if *error.kind() == std::num::IntErrorKind::PosOverflow => {
                bad(format!("'{word}' does not fit 64 bits"))
            }
            Err(_) => bad(format!("'{word}' is not a number")),
        }
    }
}

/// The operator at the start of `rest` and its length.
fn operator(rest: &str) -> Option<(Binary, usize)> {
    const OPERATORS: [(&str, Binary); 18] = [
        ("||", Binary::LogicalOr),
        ("&&", Binary::LogicalAnd),
        ("==", Binary::Equal),
        ("<>", Binary::NotEqual),
        ("<<", Binary::ShiftLeft),
        (">>", Binary::ShiftRight),
        ("<=", Binary::LessEqual),
        (">=", Binary::GreaterEqual),
        ("<", Binary::Less),
        (">", Binary::Greater),
        ("+", Binary::Add),
        ("-", Binary::Subtract),
        ("|", Binary::Or),
        ("^", Binary::Xor),
        ("&", Binary::And),
        ("*", Binary::Multiply),
        ("/", Binary::Divide),
        ("%", Binary::Remainder),
    ];
    let found = OPERATORS.iter().find(|(text, _)| rest.starts_with(text))?;
    Some((found.1, found.0.len()))
}

/// How strongly an operator binds here.
fn rank(operator: Binary) -> u8 {
    match operator {
        Binary::LogicalOr => 0,
        Binary::LogicalAnd => 1,
        Binary::Equal
        | Binary::NotEqual
        | Binary::Less
        | Binary::LessEqual
        | Binary::Greater
        | Binary::GreaterEqual => 2,
        Binary::Add | Binary::Subtract => 3,
        Binary::Or | Binary::Xor | Binary::And => 4,
        Binary::Multiply
        | Binary::Divide
        | Binary::Remainder
        | Binary::ShiftLeft
        | Binary::ShiftRight => 5,
    }
}

/// How strongly an operator binds in C.
fn c_rank(operator: Binary) -> u8 {
    match operator {
        Binary::LogicalOr => 0,
        Binary::LogicalAnd => 1,
        Binary::Or => 2,
        Binary::Xor => 3,
        Binary::And => 4,
        Binary::Equal | Binary::NotEqual => 5,
        Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => 6,
        Binary::ShiftLeft | Binary::ShiftRight => 7,
        Binary::Add | Binary::Subtract => 8,
        Binary::Multiply | Binary::Divide | Binary::Remainder => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::SectionId;

    fn run(text: &str) -> (Option<i64>, usize) {
        let mut symbols = SymbolTable::default();
        let here = Location { section: SectionId::TEXT, offset: 8 };
        let mut scope = Scope::new(&mut symbols, here);
        let mut cursor = Cursor::new(text, 0, text.len());
        let parsed = parse(&mut cursor, &mut scope).and_then(|value| cursor.end().map(|()| value));
        let warnings = scope.warnings.len();
        (parsed.ok().and_then(|value| value.constant(&symbols)), warnings)
    }

    #[test]
    fn operators_bind_as_in_gas() {
        for (text, value, warnings) in [
            ("1+2<<3", 17, 1),
            ("1|2+4", 7, 1),
            ("(0x200000000 | ((8) << 15)) + 0x10", 0x2_0004_0010, 0),
            ("2*3+4", 10, 0),
            ("-1>>60", 15, 0),
            ("1==1", -1, 0),
            ("3&&2", 1, 0),
            ("~0", -1, 0),
            ("1-2-3", -4, 0),
            (".-.", 0, 0),
            ("0b101+010+0xff+'a'", 5 + 8 + 255 + 97, 0),
            ("0x9afca503b96dbb8f", 0x9afc_a503_b96d_bb8f_u64.cast_signed(), 0),
        ] {
            assert_eq!(run(text), (Some(value), warnings), "{text}");
        }
    }

    #[test]
    fn malformed_expressions_are_refused() {
        for text in
            ["", "1+", "(1", "0x", "1/0", "%r1", "1b", "0x10000000000000000", "a@GOT", "1 2"]
        {
            assert_eq!(run(text).0, None, "{text}");
        }
        assert_eq!(run(&"-(".repeat(10_000)).0, None);
        assert_eq!(run(&"1+".repeat(10_000)).0, None);
    }
}
