//! Disassembler for e2k.
#![forbid(unsafe_code)]
