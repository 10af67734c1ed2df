//! The machine's control at run time: QMP, HMP and qtest.
//!
//! ```text
//!  sockets, stdio ── threads ──▶ bounded queues ──▶ Supervisor ──▶ session (a value) ──▶ Context: Commands ──▶ Machine
//!                    (chardev)  ◀── outlet ──────        │                                     │
//!                                                        └── between two runs of the machine ──┘
//! ```
//!
//! A session is a value, bytes in and bytes out ([`Qmp`], [`Hmp`], [`Qtest`]); what it says is carried out by one
//! implementation of the schema's commands ([`Context`]), so a line of the human monitor and a QMP command do the same.
//! The [`Supervisor`] lets the machine run and asks monitors in between.
//!
//! # Left out
//! Migration, snapshots, disks, displays. `device_add` of a primary with `failover_pair_id` waits for a virtio-net that
//! offers standby.

mod announce;
mod chardev;
mod commands;
mod descriptors;
mod error;
mod event;
mod hmp;
mod json;
mod qmp;
mod qtest;
mod state;
mod supervisor;
mod tree;
mod version;

pub use announce::Announcer;
pub use chardev::{
    Address, ChardevOption, Chardevs, Kind, Outlet, Short, Socket, SpecError, chardev_help,
};
pub use commands::Context;
pub use descriptors::{DescriptorSets, Descriptors};
pub use elnic_qapi::types::RunState;
pub use error::{CommandError, ErrorClass};
pub use event::{Stamped, Throttle};
pub use hmp::Hmp;
pub use qmp::{Host, MOST_WAITING, Qmp};
pub use qtest::Qtest;
pub use state::State;
pub use supervisor::{End, Mode, Protocol, Supervisor};
