//! Tests across rooms.
#![forbid(unsafe_code)]
