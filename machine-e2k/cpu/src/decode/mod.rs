//! From the description of a bundle to the compact form the interpreter runs.
//!
//! [`elnic_isa::Bundle`] says what an instruction says; [`Bundle`] here says what to do: operands are resolved to their kind, literals to
//! values, operations to functions, qualifiers to masks over the predicates. It is made once and kept by physical page.

mod bundle;
mod cache;
mod order;
mod translate;

pub(crate) use bundle::{
    Action, ArrayAccess, Bundle, Class, Condition, Limits, Logic, Move, Operand, Operation,
    Prepare, Setup, Target, Transfer, Width,
};
pub(crate) use cache::{CodeCache, CodeFilter, read};
