//! An e2k guest machine with cycle-aware network interfaces.
#![forbid(unsafe_code)]

fn main() {}
