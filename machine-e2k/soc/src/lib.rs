//! The e2k system controller, I/O hub and PCI host.
//!
//! What is soldered to an e2k board beside processor and RAM: the address map ([`map`]), the routing registers of the
//! system controller ([`sic()`]), the way into PCI configuration space
//! ([`ConfigAddress`], [`ConfigPorts`]), the slots of a bus ([`Slots`]) and the interrupt wires ([`Wires`]). Devices are
//! values here as everywhere; the board owns them.
#![forbid(unsafe_code)]

mod config_address;
mod lines;
pub mod map;
mod register_block;
mod sic;
mod slots;
mod system_timer;
mod watchdog;

pub use config_address::{
    ADDRESS_PORT, Bdf, ConfigAddress, ConfigPorts, DATA_PORT, PORT_COUNT, PortAccess,
};
pub use lines::{Edge, INPUTS, Input, SYSTEM_TIMER_INPUT, Wires, pci_input, through_bridge};
pub use register_block::RegisterBlock;
pub use sic::{SIC_MODEL, SicRegister, sic};
pub use slots::{Place, PlaceError, Slots};
pub use system_timer::{SYSTEM_TIMER_MODEL, SystemTimer, SystemTimerRegister};
