//! One description of e2k bundles and operations.
#![forbid(unsafe_code)]
