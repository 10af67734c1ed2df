//! The cable: net clients, the ordered and bounded queue between them, hubs and filters.
//!
//! A [`NetClient`] is one end of a cable on the host's side. The core owns all of them, runs on the machine's thread and
//! calls them directly; what blocks lives on a thread of its own behind a bounded mailbox.
#![forbid(unsafe_code)]

mod client;

pub use client::{Doorbell, NetClient};
