//! Drives the network interfaces of elnic, or of QEMU, from a test in another program.
//!
//! The test takes the processor's place: it reads and writes configuration space, registers and RAM, moves the virtual
//! clock and sees interrupts, over the qtest protocol; frames go in and out at the other end of the network interface's
//! cable.
//!
//! ```no_run
//! use elnic_qtest::{Launch, PciBus};
//! # fn main() -> Result<(), elnic_qtest::Error> {
//! let mut launch = Launch::new("elnic")?;
//! let cable = launch.cable("n0")?;
//! let mut machine = launch.device("e1000,netdev=n0,addr=4").start()?;
//! let mut bus = PciBus::pc();
//! let mut card = bus.find(&mut machine, 0x8086, 0x100e)?;
//! let registers = bus.map(&mut machine, &card, 0)?;
//! card.enable(&mut machine)?;
//! assert_eq!(registers.read32(&mut machine, 0x0008)? & 2, 2, "the link is up");
//! # let _ = cable;
//! # Ok(())
//! # }
//! ```
//!
//! `examples/` has a driver for each network interface that sends a frame and receives one; they are tests as well.
//!
//! The program is started on its machine `pc`, which has PCI bus 0 behind ports 0xcf8 and 0xcfc, RAM from address 0, and no
//! processor. Another machine is chosen with [`Launch::machine`], and [`PciBus::memory_mapped`] reaches its configuration
//! space. Everything that waits gives up after [`PATIENCE`].
//!
//! # Left out
//! QMP: `Launch::argument("-qmp")` opens a socket for any client of it.
#![forbid(unsafe_code)]

mod bar;
mod cable;
mod error;
mod launch;
mod machine;
mod msix;
mod pci;
mod session;

pub use bar::{Bar, Space};
pub use cable::{Cable, frame};
pub use error::Error;
pub use launch::{Accelerator, Launch};
pub use machine::Machine;
pub use msix::MsiX;
pub use pci::{Function, PciBus};

use std::time::Duration;

/// How long an answer, a frame or the program's start is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);
