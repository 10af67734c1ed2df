//! The net core as its callers see it.

mod cable;
mod far_end;
mod faults;
mod filters;
mod hubs;
mod model;
mod reference;
mod wiring;
