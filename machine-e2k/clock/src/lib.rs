//! The event queue and the source of virtual time.
#![forbid(unsafe_code)]
