//! The interrupt controllers of an e2k board, as one value.
//!
//! ```text
//!  pins of devices ──► IoApic ──┐ messages       ┌─► LocalApic 0 ─► pending(0)
//!  MSI doorbell ────────────────┴─► Apic::deliver┼─► LocalApic 1 ─► pending(1)
//!  inter-processor interrupts of LocalApics ─────┘        └─ end of interrupt ─► IoApic
//! ```
//!
//! A processor has two inputs, and both are levels: [`Apic::pending`] and [`Apic::non_maskable`]. What stands behind them
//! software finds out itself: it reads APIC_VECT, which acknowledges, and APIC_NM (e2k-machine.md §6.2).
//!
//! Sources: e2k-machine.md §5.4 and §6.1 to §6.3; where it is silent, the Intel 82093AA data sheet and the local
//! controller it goes with. INIT and STARTUP are shown in APIC_NM; who starts upon them is the board's business.
//! Machines with version 6 of the instruction set have [`Epic`] instead; [`Controllers`] is what both are to a board.
#![forbid(unsafe_code)]

mod apic;
mod controllers;
mod epic;
mod io;
mod local;
mod message;
mod timer;

pub use apic::{APIC_MODEL, Apic, ApicConfig, EMBEDDED_REGION, IO_REGION, LOCAL_REGION};
pub use controllers::Controllers;
pub use epic::{
    Cepic, CepicRegister, DOORBELL_REGION, EPIC_MODEL, EPIC_PINS, EPIC_TIMER_CLOCK, Epic,
    EpicDelivery, EpicMessage, IoEpic, IoEpicRegister, NODE_REGION, PrepicRegister,
};
pub use io::{IoApic, IoApicRegister, PINS};
pub use local::{LapicRegister, LocalApic};
pub use message::{Delivery, Destination, InterruptMessage};
