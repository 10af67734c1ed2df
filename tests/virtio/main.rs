//! virtio-net in a whole machine: what crosses its cable unfinished, what it tells the monitor, what stands in for it.

mod announce;
mod failover;
mod offload;
mod security;
