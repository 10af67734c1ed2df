//! Tests across rooms: what no single crate can show.
//!
//! Each folder beside this one is a group of tests; this library holds what they share.
#![forbid(unsafe_code)]

mod desk;
mod monitor;
pub mod namespace;
pub mod process;

use std::path::PathBuf;

pub use desk::{Desk, Seat};
pub use monitor::Monitor;

/// The root of the workspace.
pub fn workspace_root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}
