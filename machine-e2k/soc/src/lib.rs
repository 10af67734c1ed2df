//! The e2k system controller, I/O hub and PCI host.
#![forbid(unsafe_code)]
