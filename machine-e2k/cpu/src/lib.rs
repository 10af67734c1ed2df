//! The e2k processor.
#![forbid(unsafe_code)]
