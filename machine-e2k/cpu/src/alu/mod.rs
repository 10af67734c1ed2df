//! What operations compute: pure functions of values, one file per class.
//!
//! Values travel as 64 bits. A 32-bit operation looks at the low half of its sources and its caller writes back the low half only, so most
//! 32-bit operations share the function of their 64-bit sibling. Each file maps the operations it knows to an [`crate::decode::Action`];
//! an operation no file knows raises `exc_illegal_opcode` when it executes.

pub(crate) mod combined;
pub(crate) mod compare;
pub(crate) mod divide;
pub(crate) mod field;
pub(crate) mod flags;
pub(crate) mod float;
pub(crate) mod integer;
pub(crate) mod multiply;
pub(crate) mod packed;
pub(crate) mod shift;

/// Two sources.
pub(crate) type Binary = fn(u64, u64) -> u64;
/// Three sources.
pub(crate) type Ternary = fn(u64, u64, u64) -> u64;
/// Two sources, a truth value.
pub(crate) type Relation = fn(u64, u64) -> bool;
/// Two sources, no result if the quotient does not exist.
pub(crate) type Division = fn(u64, u64) -> Option<u64>;
