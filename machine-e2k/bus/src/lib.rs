//! The address map and the one place where an access is dispatched.
//!
//! [`AddressMap`] says what stands at an address; [`read()`] and [`write()`] take an access apart into naturally aligned
//! pieces, find each piece's target, hand it over and show every piece to the one observer, which is where the trace, the
//! guest-error log and breakpoints hang. RAM is not in the map: the machine tries it first, because nearly every access
//! goes there and none of that is worth showing to anybody.
#![forbid(unsafe_code)]

mod dispatch;
mod map;
mod split;

pub use dispatch::{Direction, Fabric, Outcome, Space, Transaction, read, write};
pub use map::{AddressMap, Claim, Hit};
pub use split::{Piece, pieces};
