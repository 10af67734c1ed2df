//! What Ethernet controllers share behind their registers: deadlines, frames on their way in, frames in saved states, the
//! bus in time, what is news of a filter.
//!
//! Parts that two models wrote alike stand here once. They know time and frames; registers, rings and policy stay with
//! the models. Source: IEEE 802.3-2022 §4 for the pace of frames; the rest is this house's.
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

mod announced;
mod arrivals;
mod bus;
mod deadlines;
mod fidelity;
mod pieces;
mod saved_frame;

pub use announced::Announced;
pub use arrivals::{Arrivals, Offer, SavedArrivals};
pub use bus::Bus;
pub use deadlines::Deadlines;
pub use fidelity::Fidelity;
pub use pieces::receive_pieces;
pub use saved_frame::SavedFrame;
