//! One language for operations on a device and for what it did.
//!
//! The same text is a unit test, a golden trace, a fuzz seed, a crash reproducer and a bug report. One step a line,
//! `#` starts a comment, names are those of the model's table:
//!
//! ```text
//! w32 bar0+CTRL SLU=1 FD=1            # write; fields that are not named are 0
//! r32 bar0+STATUS -> LU=1             # read, and these fields must have these values
//! r32 bar0+0x38 -> 0x8100/0xffff      # value/mask; `-> refused` if nothing may answer
//! p32 bar0+ICR -> 0                   # peek: a read without side effects
//! ram 0x1000 = u64:0x2000 u16:60 00*6 # little-endian numbers, hex bytes, repetitions
//! frame rx ff*6 525400123456 0806 00*46 error fcs
//! char 0 0x41                         # a character arrives on serial line 0
//! advance 10us                        # ps ns us ms s
//! link down
//! reset warm                          # cold warm function
//! pulse                               # save, make a new device, restore
//! fault dma write after 2 times 1     # the third bus-master write from now fails
//! expect irq 1                        # the line's level now
//! expect tx ff*6..                    # the next frame sent begins so
//! expect no tx                        # no further frame was sent
//! expect ram 0x1008 = 01
//! ```
//!
//! [`parse`] and [`print()`] are inverse to each other (`tests/round_trip.rs`).
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

mod bytes;
mod error;
mod event;
mod names;
mod number;
mod op;
mod parse;
mod print;
mod step;
mod token;

pub use error::ParseError;
pub use event::{Event, EventKind};
pub use op::{DmaKind, Op, Place, Want};
pub use parse::parse;
pub use print::{print, print_event, print_op};
pub use step::{Expect, Step, What};
