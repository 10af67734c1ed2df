//! Expressions: their tree and their value.
//!
//! Why a tree: an expression may name what is defined further down, so that it is kept until the addresses are known.
//! Source: gas manual, "Expressions": 64 bits, wrapping; a comparison that holds is -1, `&&` and `||` give 1; `>>` is
//! logical.

mod parser;

pub(crate) use parser::{Scope, parse};

use crate::section::{Location, SectionId};
use crate::symbol::{SymbolId, SymbolTable, Value as SymbolValue};

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// A number.
    Number(i64),
    /// The value of a symbol.
    Symbol(SymbolId),
    /// A place: `.` where it was written.
    Place(Location),
    /// An operator with one operand.
    Unary(Unary, Box<Self>),
    /// An operator with two operands.
    Binary(Binary, Box<Self>, Box<Self>),
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    /// `-`
    Negate,
    /// `~`
    Complement,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    /// `||`
    LogicalOr,
    /// `&&`
    LogicalAnd,
    /// `==`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `&`
    And,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

/// A value: a plain number, or a distance from the start of a section that has no address yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// The section the value is relative to.
    pub(crate) section: Option<SectionId>,
    /// The number.
    pub(crate) number: i64,
}

/// Why an expression has no value (yet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoValue {
    /// A symbol has no value (yet).
    Undefined(SymbolId),
    /// Addresses are combined in a way that gives no number (yet).
    Relative,
    /// Division by zero.
    DivisionByZero,
    /// Symbols are defined by each other, or the expression is nested beyond reason.
    Endless,
}

/// What is known about addresses when an expression is evaluated.
pub(crate) trait Addresses {
    /// The address of the start of a section, if it has one.
    fn section(&self, section: SectionId) -> Option<u64>;
    /// The address of a common block or the value of a symbol that only the layout knows.
    fn symbol(&self, symbol: SymbolId) -> Option<u64>;
}

/// Before the layout: no address is known.
pub(crate) struct NoAddresses;

impl Addresses for NoAddresses {
    fn section(&self, _: SectionId) -> Option<u64> {
        None
    }

    fn symbol(&self, _: SymbolId) -> Option<u64> {
        None
    }
}

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 400;

impl Expression {
    /// The value.
    ///
    /// # Errors
    /// [`NoValue`] if something is not known (yet).
    pub(crate) fn evaluate(
        &self,
        symbols: &SymbolTable,
        addresses: &dyn Addresses,
    ) -> Result<Value, NoValue> {
        Evaluator { symbols, addresses }.value(self, 0)
    }

    /// How many operators and operands it has.
    pub(crate) fn nodes(&self) -> usize {
        match self {
            Self::Number(_) | Self::Symbol(_) | Self::Place(_) => 1,
            Self::Unary(_, operand) => operand.nodes() + 1,
            Self::Binary(_, left, right) => left.nodes() + right.nodes() + 1,
        }
    }

    /// The value if it is a plain number before the layout.
    pub(crate) fn constant(&self, symbols: &SymbolTable) -> Option<i64> {
        match self.evaluate(symbols, &NoAddresses) {
            Ok(Value { section: None, number }) => Some(number),
            _ => None,
        }
    }
}

struct Evaluator<'a> {
    symbols: &'a SymbolTable,
    addresses: &'a dyn Addresses,
}

impl Evaluator<'_> {
    fn value(&self, expression: &Expression, depth: usize) -> Result<Value, NoValue> {
        if depth > MAX_DEPTH {
            return Err(NoValue::Endless);
        }
        match expression {
            Expression::Number(number) => Ok(Value { section: None, number: *number }),
            Expression::Place(location) => Ok(self.place(*location)),
            Expression::Symbol(id) => self.symbol(*id, depth),
            Expression::Unary(operator, operand) => {
                let value = self.value(operand, depth + 1)?;
                if value.section.is_some() {
                    return Err(NoValue::Relative);
                }
                let number = match operator {
                    Unary::Negate => value.number.wrapping_neg(),
                    Unary::Complement => !value.number,
                };
                Ok(Value { section: None, number })
            }
            Expression::Binary(operator, left, right) => {
                let left = self.value(left, depth + 1)?;
                let right = self.value(right, depth + 1)?;
                combine(*operator, left, right)
            }
        }
    }

    fn place(&self, location: Location) -> Value {
        let offset = location.offset.cast_signed();
        match self.addresses.section(location.section) {
            Some(address) => {
                Value { section: None, number: address.cast_signed().wrapping_add(offset) }
            }
            None => Value { section: Some(location.section), number: offset },
        }
    }

    fn symbol(&self, id: SymbolId, depth: usize) -> Result<Value, NoValue> {
        let known = self.symbols.get(id).and_then(|symbol| symbol.value.as_ref());
        match known {
            Some(SymbolValue::Label(location)) => Ok(self.place(*location)),
            Some(SymbolValue::Assigned(expression)) => self.value(expression, depth + 1),
            Some(SymbolValue::Common(..)) | None => match self.addresses.symbol(id) {
                Some(address) => Ok(Value { section: None, number: address.cast_signed() }),
                None => Err(NoValue::Undefined(id)),
            },
        }
    }
}

/// The value of `left operator right`.
fn combine(operator: Binary, left: Value, right: Value) -> Result<Value, NoValue> {
    let (a, b) = (left.number, right.number);
    let plain = |number: i64| Ok(Value { section: None, number });
    let truth = |holds: bool| plain(if holds { -1 } else { 0 });
    match operator {
        Binary::Add => match (left.section, right.section) {
            (section, None) | (None, section) => Ok(Value { section, number: a.wrapping_add(b) }),
            _ => Err(NoValue::Relative),
        },
        Binary::Subtract if right.section.is_none() => {
            Ok(Value { section: left.section, number: a.wrapping_sub(b) })
        }
        _ if left.section != right.section => Err(NoValue::Relative),
        Binary::Subtract => plain(a.wrapping_sub(b)),
        Binary::Equal => truth(a == b),
        Binary::NotEqual => truth(a != b),
        Binary::Less => truth(a < b),
        Binary::LessEqual => truth(a <= b),
        Binary::Greater => truth(a > b),
        Binary::GreaterEqual => truth(a >= b),
        _ if left.section.is_some() => Err(NoValue::Relative),
        Binary::LogicalOr => plain(i64::from(a != 0 || b != 0)),
        Binary::LogicalAnd => plain(i64::from(a != 0 && b != 0)),
        Binary::Or => plain(a | b),
        Binary::Xor => plain(a ^ b),
        Binary::And => plain(a & b),
        Binary::Multiply => plain(a.wrapping_mul(b)),
        Binary::Divide | Binary::Remainder if b == 0 => Err(NoValue::DivisionByZero),
        Binary::Divide => plain(a.wrapping_div(b)),
        Binary::Remainder => plain(a.wrapping_rem(b)),
        Binary::ShiftLeft => plain(shift(a, b, u64::checked_shl)),
        Binary::ShiftRight => plain(shift(a, b, u64::checked_shr)),
    }
}

/// Shifts by any count; counts of 64 and above give 0.
fn shift(value: i64, count: i64, by: fn(u64, u32) -> Option<u64>) -> i64 {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    by(value.cast_unsigned(), count).unwrap_or(0).cast_signed()
}
