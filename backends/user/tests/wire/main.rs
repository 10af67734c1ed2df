//! The network as a guest sees it: frames in, frames out, and real sockets of the host on its loopback.
//!
//! Most tests use an independent client, a smoltcp interface with an Ethernet medium; the others write frames by hand
//! where the bytes themselves matter.

mod addresses;
mod bench;
mod dhcp;
mod forwarding;
mod guest;
mod hostile;
mod icmp;
mod ipv6;
mod restrict;
mod tcp;
mod tftp;
mod udp;
