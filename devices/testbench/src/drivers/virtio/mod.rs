//! Virtual drivers of virtio devices: a function found on its bus, brought up and driven as its drivers do it.
//!
//! [`VirtioFunction`] is a driver's transport, written from the specification and not from `elnic-virtio`: it walks the
//! capability list, or uses the legacy window, or reaches everything through the configuration access window. [`Queue`]
//! is the driver's side of a ring. They run wherever there is a [`Host`]: on the bench of one function, or in a whole machine. The network drivers on top of it are in [`net`].

mod function;
mod host;
pub mod net;
mod queue;

pub use function::{Path, VirtioFunction};
pub use host::{Host, Layout, Memory};
pub use queue::{Buffer, Completion, Queue, Rings};
