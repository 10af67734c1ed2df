//! From the description of a bundle to the compact form the interpreter runs.
//!
//! [`elnic_isa::Bundle`] says what an instruction says; [`Bundle`] here says what to do: operands are resolved to their kind, literals to
//! values, operations to functions, qualifiers to masks over the predicates. It is made once and kept by physical page.

mod action;
mod bundle;
mod cache;
mod control;
mod operand;
mod order;
mod translate;

pub(crate) use action::{Action, ArrayAccess, Class, Effect, Operation, Part, Pointer, Segment};
pub(crate) use bundle::{Bundle, Effort, Limits, Paths};
pub(crate) use cache::{CodeCache, CodeFilter, PAGE, read};
pub(crate) use control::{Advances, Logic, Move, Prepare, Rare, Resize, Setup, Transfer};
pub(crate) use operand::{Condition, Operand, Target, Width};
