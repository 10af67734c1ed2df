//! The program as its users see it: arguments in; console, messages and exit code out.

mod common;
mod help;
mod netprobe;
mod refusals;
mod runs;
mod vectors;
