//! Guest RAM: where it lies, how the processor and bus masters reach it.
//!
//! RAM is `vm-memory`'s over memory that another process can map ([`SharedBank`]), for back ends that work on a guest's rings; all access goes through its volatile
//! references, which is why this crate needs no unsafe code. What is special to this machine is the layout
//! ([`RamLayout`]) and the list of pages the processor holds decoded code of ([`WatchedPages`]).
#![forbid(unsafe_code)]

mod layout;
mod ram;
mod watch;

pub use layout::{
    FIRMWARE_SIZE, HIGH_BASE, LOW_LIMIT, LayoutError, MAX_RAM, MIN_RAM, PAGE, RamLayout,
};
pub use ram::{GuestRam, RamError, SharedBank};
pub use watch::WatchedPages;
