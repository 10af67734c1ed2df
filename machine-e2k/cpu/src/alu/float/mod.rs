//! Floating point: 32, 64 and 80 bits, scalar and packed, in software.
//!
//! The host's arithmetic is not used: results, rounding and flags must be the same everywhere, and 80-bit values have no host type. Values are
//! taken apart into sign, exponent and a 128-bit significand ([`number`]), computed exactly or with a sticky bit ([`arithmetic`]) and
//! rounded once ([`number::round`]).
//!
//! Sources: e2k-isa.md §9, e2k-opcodes.tsv. Default NaNs are negative; of NaN operands the first is propagated, made quiet. Left out: the
//! single steps of 80-bit square roots, and the flag differences between hardware generations.

mod arithmetic;
mod convert;
mod number;
mod operations;
mod relation;

pub(crate) use number::{Environment, Rounding};
pub(crate) use operations::{Float, FloatRelation, Stages, Unit, comparison, operation, stages};
