//! User-mode network: an own IP stack with DHCP, DNS, TFTP and address translation.
//!
//! `-netdev user` as QEMU has it: a private network whose gateway is this program. What the stack can answer by itself
//! (ARP, neighbour discovery, DHCP, TFTP, echo to the gateway) it answers on the machine's thread in virtual time, the
//! same bytes for the same frames. What leads outside goes through ordinary sockets of the host, which one I/O thread
//! owns; it starts with the first such flow.
//!
//! One protocol, one file; smoltcp has the wire formats and the TCP engine. The behaviour on the wire is that of
//! libslirp, which QEMU uses: addresses, translations, answers and their padding, timeouts, the limits of `restrict=on`.
//!
//! # Left out
//! `guestfwd` to character devices; echo to the world over IPv6; IPv6 extension headers;
//! the raw-socket fall-back for pings.
#![deny(unsafe_code)]

mod arp;
mod client;
mod counters;
mod dhcp;
mod dhcpv6;
mod fragment;
mod hostfwd;
mod icmp;
mod io;
mod ipv4;
mod ipv6;
mod link;
mod nat;
mod ndp;
mod offload;
mod options;
mod packet;
mod ping;
mod stack;
mod tcp;
mod tftp;
mod udp;
mod usernet;

pub use client::UserNet;
pub use counters::{Counters, Discard};
pub use options::{
    ForwardError, ForwardKey, ForwardProtocol, GuestForwardError, HostForward, Options,
    OptionsError, TftpRoot,
};
