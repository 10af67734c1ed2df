//! The e2k board: wiring, run loop, input gate.
#![forbid(unsafe_code)]
