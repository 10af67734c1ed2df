//! Floating point: 32, 64 and 80 bits, scalar and packed, in software.
//!
//! The host's arithmetic is not used: results, rounding and flags must be the same everywhere, and 80-bit values have no host type. Values are
//! taken apart into sign, exponent and a 128-bit significand ([`number`]), computed exactly or with a sticky bit ([`arithmetic`]) and
//! rounded once ([`number::round`]).
//!
//! Sources: e2k-isa.md §9, e2k-opcodes.tsv. Default NaNs are negative; of NaN operands the first is propagated, made quiet. Left out: the
//! single steps of 80-bit square roots, and the flag differences between hardware generations.

mod arithmetic;
mod comparison;
mod conversion;
mod convert;
mod extended;
mod lanes;
mod number;
mod relation;
mod scalar;
mod stages;

use elnic_isa::Op;

pub(crate) use comparison::comparison;
pub(crate) use number::{Environment, Rounding};
pub(crate) use stages::{Stages, stages};

/// Up to three sources of up to 128 bits.
pub(crate) type Float = fn(&mut Environment, u128, u128, u128) -> u128;
/// Two sources, a truth value.
pub(crate) type FloatRelation = fn(&mut Environment, u128, u128) -> bool;

/// Whose control register counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// `%pfpfr`.
    Packed,
    /// `%fpcr` and `%fpsr`.
    X87,
}

/// Operations of this class and whose control they obey.
pub(crate) fn operation(op: Op) -> Option<(Float, Unit)> {
    scalar::operation(op)
        .or_else(|| conversion::operation(op))
        .map(|function| (function, Unit::Packed))
        .or_else(|| extended::operation(op).map(|function| (function, Unit::X87)))
}
