//! Bytes and their meaning on the cable.
//!
//! Two layers, as in any good packet library. A *view* borrows bytes, is checked once when it is made and then answers
//! without failing ([`ethernet::Header`], [`ipv4::Header`], [`tcp::Header`], …). *Emitting* goes the other way: a plain
//! struct of values writes itself into bytes ([`pause::Pause`], [`ethernet::Address`]). Beside the two stand what NICs do
//! with whole frames: find the layers ([`layout::Layout`]), sum ([`checksum`]), check ([`fcs`]) and cut
//! ([`segmentation`]).
//!
//! All input is hostile: a view exists only if every byte it reads does, walks are bounded and nothing panics.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

pub mod checksum;
pub mod ethernet;
pub mod fcs;
pub mod flow;
pub mod ipv4;
pub mod ipv6;
pub mod layout;
pub mod offload;
pub mod pause;
pub mod segmentation;
pub mod tcp;
pub mod udp;
pub mod vlan;

mod bytes;
