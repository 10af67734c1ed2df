//! PCI functions and bridges as the bus and the guest see them.

mod bridge;
mod enumeration;
mod function;
mod messages;
mod refusals;
mod support;
mod window;
