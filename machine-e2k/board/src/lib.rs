//! The e2k board: wiring, run loop, input gate.
//!
//! ```text
//!  MachineConfig ─┐                    ┌─ Interpreter ── Bus ──┐
//!  MachineBuilder ┴─ build ─→ Machine ─┤                       ▼
//!   (netdevs)                          └──────────────────→  World ── RAM, devices, wires, clock, events
//!                                             deadlines, input        │ enter → carry out → after
//!                                                                     └─ cables ── NetCore ── netdevs
//! ```
//!
//! [`MachineConfig`] says what a machine is, [`MachineBuilder`] makes it, [`Machine::run`] runs it. All that happens to a
//! device goes through one function of the world, so trace, log and fault reports are complete.
#![forbid(unsafe_code)]

mod address_space;
mod builder;
mod config;
mod devices;
mod doorbell;
mod effects;
mod error;
mod fault;
mod interrupts;
mod link;
mod listing;
mod loader;
mod log;
mod machine;
mod models;
mod processor_bus;
mod serial;
mod soldered;
#[cfg(test)]
mod tests;
mod trace;
mod turn;
mod world;

pub use builder::MachineBuilder;
pub use config::{
    CpuOptions, DEFAULT_RAM, DeviceOptions, MachineConfig, NIC_PROPERTIES, PCI_PROPERTIES,
    machine_properties,
};
pub use doorbell::StopButton;
pub use elnic_clock::Pace;
pub use elnic_cpu::{Alignment, Tags};
pub use error::BuildError;
pub use fault::GuestFault;
pub use loader::{ElfError, LoadError, Program, Start};
pub use log::{GuestLog, LogItem, LogItems, UnknownLogItem};
pub use machine::{INPUT_INTERVAL, Machine, Outcome};
pub use models::{CPUS, CpuModel, MACHINES, MachineModel, UnknownModel};
pub use serial::{Recorder, Terminal};
pub use trace::{Trace, TraceEvent, TraceSummary};
