//! Netdevs against programs we did not write: Debian's QEMU as a relay, passt, vde_switch, the kernel's TAP.
//!
//! Only loopback, unix sockets in folders of their own, and network namespaces of their own are used. `.ci/setup` installs
//! the peers. A test whose peer is missing, or that needs root and has none, says so and passes; with `CI` set it fails.

mod bridge;
mod offload;
mod passt;
mod qemu;
mod relay;
mod rx_filter;
mod sockets;
mod support;
mod tap;
mod tunnels;
mod vde;
