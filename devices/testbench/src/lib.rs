//! Bench, sparse memory, virtual drivers and the generic suite every device must pass.
#![forbid(unsafe_code)]
