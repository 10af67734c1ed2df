//! The program as its users see it: arguments in; console, messages and exit code out.
//!
//! `table` says which test shows which option, and fails when an option has none.

mod common;
mod control;
mod eeprom;
mod help;
mod images;
mod interrupts;
mod machine;
mod minikernel;
mod netprobe;
mod network;
mod observation;
mod refusals;
mod serial;
mod strict;
mod table;
mod tools;
mod vectors;
