//! The address map and the one place where an access is dispatched.
#![forbid(unsafe_code)]
