//! The monitor through the program: sockets, several clients, other people's clients.

#[path = "../cli/common/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the other tests of this program")]
mod common;

mod clients;
mod netdevs;
mod program;
mod python;
mod runs;
mod rust;
