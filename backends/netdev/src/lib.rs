//! The Netdev union of the schema: options, validation, factory.
#![forbid(unsafe_code)]
