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
mod coherence;
mod config;
mod control;
mod devices;
mod doorbell;
mod effects;
mod error;
mod failover;
mod fault;
mod hotplug;
mod hub;
mod image_file;
mod inspect;
mod interrupts;
mod inventory;
mod link;
mod listing;
mod loader;
mod log;
mod machine;
mod models;
mod notice;
mod pc;
mod plug;
mod processor_bus;
mod processors;
mod rings;
mod serial;
mod setup;
mod snapshot;
mod soldered;
#[cfg(test)]
mod tests;
mod trace;
mod turn;
mod world;

pub use builder::MachineBuilder;
pub use config::{
    CpuOptions, DEFAULT_QUANTUM, DEFAULT_RAM, DeviceOptions, MachineConfig, NIC_PROPERTIES,
    PCI_PROPERTIES, QUANTUM, machine_properties,
};
pub use control::Waiting;
pub use doorbell::{CallButton, StopButton};
pub use elnic_clock::{DeviceId, Pace};
pub use elnic_cpu::{Alignment, Tags};
pub use elnic_pci::{Decoder, Space as PciSpace};
pub use error::BuildError;
pub use fault::{GuestFault, Place};
pub use hotplug::UnplugError;
pub use hub::Hub;
pub use image_file::ImageFileError;
pub use inspect::{Addressing, PciWindow};
pub use inventory::{DeviceInfo, PERIPHERAL, PERIPHERAL_ANON, UNATTACHED};
pub use loader::{ElfError, EntryMode, LoadError, Program, Start, SystemImage};
pub use log::{GuestLog, LogItem, LogItems, UnknownLogItem};
pub use machine::{INPUT_INTERVAL, Machine, Outcome};
pub use models::{CPUS, CpuModel, DEFAULT_MACHINE, MACHINES, MachineModel, Profile, UnknownModel};
pub use notice::Notice;
pub use serial::{Recorder, Terminal};
pub use snapshot::SnapshotError;
pub use trace::{Trace, TraceEvent, TraceSummary};
