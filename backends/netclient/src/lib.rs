//! The cable: net clients, the ordered and bounded queue between them, hubs and filters.
//!
//! A [`NetClient`] is one end of a cable on the host's side. The [`NetCore`] owns all of them, runs on the machine's thread
//! and calls them directly; what blocks lives on a thread of its own behind a bounded mailbox.
//!
//! ```text
//! board:  core.send(nic, now, frame)                    NIC → filters → queue → netdev or hub
//!         core.poll(now)                                netdevs → gate → filters → queue
//!         while ready { core.take(nic) }                queue → NIC
//!         for event in core.events() { … }              link changes, filter faults
//! ```
#![forbid(unsafe_code)]

mod buffer;
mod client;
mod dump;
mod error;
mod fault;
mod filter;
mod gate;
mod hub;
mod info;
mod link;
mod mac_pool;
pub mod mailbox;
mod mirror;
mod net_core;
mod notice;
mod offload;
mod path;
mod port;
mod stats;
mod wiring;

pub use elnic_contract::OffloadSupport;

pub use buffer::{FilterBuffer, IntervalError};
pub use client::{Doorbell, NetClient};
pub use dump::{DumpClock, DumpError, DumpFormat, FilterDump};
pub use error::NetError;
pub use fault::{FaultOptions, NetFault};
pub use filter::{Direction, FilterFault, FilterOptions, FilterPosition, FilterQueue, NetFilter};
pub use gate::{InputGate, LiveGate, Observation, Source};
pub use mac_pool::MacPool;
pub use mirror::{FilterMirror, FilterRedirector, Outlet};
pub use net_core::{NetConfig, NetCore, NetEvent};
pub use notice::{Endpoint, Notice};
pub use port::{PortId, PortKind};
pub use stats::{Loss, PortStats};
pub use wiring::NicOptions;
