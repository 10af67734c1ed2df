//! Guest programs in e2k assembly, assembled at build time.
#![forbid(unsafe_code)]
