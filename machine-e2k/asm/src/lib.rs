//! Assembler for e2k in gas syntax.
#![forbid(unsafe_code)]
