//! What is fuzzed: functions that take any bytes and must come back.
//!
//! Each is a target of cargo-fuzz (`fuzz_targets/`) and a test of the workspace (`seeds.rs`), which runs it over the
//! seed files of `seeds/` and over random bytes, so that what was found once stays found where there is no nightly
//! toolchain. A failure is a panic, a hang or more work than the bench allows.

mod bytes;
mod code;
mod devices;
mod frames;
mod machine;
mod options;

pub use code::{assembler, bundle, listing};
pub use devices::device;
pub use frames::user;
pub use machine::image;
pub use options::options;

/// An entry point.
pub type Entry = fn(&[u8]);

/// All entry points, by the name of their target and of their seeds' folder.
pub const ENTRIES: &[(&str, Entry)] = &[
    ("assembler", assembler),
    ("bundle", bundle),
    ("device", device),
    ("image", image),
    ("listing", listing),
    ("options", options),
    ("user", user),
];
