//! The event queue and the source of virtual time.
//!
//! The board owns one [`Clock`] and one [`EventQueue`]. The clock counts processor cycles and nothing else: virtual time
//! is a function of that count, so two runs that execute the same bundles see the same times. The queue holds what
//! devices asked for, in one total order. [`Pacer`] alone knows that the host has a time too, and it never tells it to
//! anybody: it only says how long the machine should wait.
#![forbid(unsafe_code)]

mod clock;
mod conversion;
mod pace;
mod queue;

pub use clock::Clock;
pub use pace::{Pace, Pacer};
pub use queue::{DeviceId, Event, EventQueue};
