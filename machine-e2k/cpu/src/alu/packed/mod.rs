//! Packed integer operations over 64 and 128 bits.
//!
//! All functions work on 128 bits. A 64-bit operation passes its sources in the low half and takes the low half of the result; where the
//! width matters (packing, horizontal operations, reductions) there is a function for each, told apart by the constant `BITS`.

mod arithmetic;
mod lanes;
mod logic;
mod reduce;
mod shuffle;

use elnic_isa::Op;

/// Up to three sources of up to 128 bits.
pub(crate) type Packed = fn(u128, u128, u128) -> u128;
/// Two sources of up to 128 bits, a truth value.
pub(crate) type PackedRelation = fn(u128, u128) -> bool;

pub(crate) use logic::truth_table;
pub(crate) use reduce::relation;

/// Operations of this class.
pub(crate) fn operation(op: Op) -> Option<Packed> {
    arithmetic::operation(op)
        .or_else(|| logic::operation(op))
        .or_else(|| reduce::operation(op))
        .or_else(|| shuffle::operation(op))
}
