//! What a machine is built from: typed, checked when it is built, independent of any command line.

use std::time::Instant;

use elnic_clock::{Pace, Pacer};
use elnic_contract::{Entry, PropertyKind, PropertySpec, VTime};
use elnic_cpu::{Alignment, Tags};

use crate::loader::Program;
use crate::log::GuestLog;
use crate::models::{CpuModel, MachineModel};
use crate::serial::Terminal;
use crate::trace::Trace;

/// A device as a user asks for it: `-device MODEL,name=value,…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceOptions {
    /// Name or alias of the model.
    pub model: String,
    /// Properties in the order they were given.
    pub properties: Vec<(String, String)>,
}

impl DeviceOptions {
    /// A device with these properties.
    pub fn new(model: &str, properties: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { model: model.to_owned(), properties: properties.iter().map(owned).collect() }
    }
}

/// Choices about the processor that are not its model's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuOptions {
    /// Whether register tags are kept.
    pub tags: Tags,
    /// How misaligned accesses are treated.
    pub alignment: Alignment,
    /// Whether bundles wait for their operands.
    pub interlocks: bool,
}

/// Everything about a machine but its net clients, which [`crate::MachineBuilder`] takes one by one.
pub struct MachineConfig {
    /// Which board.
    pub machine: &'static MachineModel,
    /// Which processor.
    pub cpu: &'static CpuModel,
    /// How it behaves.
    pub cpu_options: CpuOptions,
    /// RAM in bytes.
    pub ram: u64,
    /// What runs.
    pub program: Program,
    /// Devices beside the soldered ones, in the order they were given.
    pub devices: Vec<DeviceOptions>,
    /// What is plugged into the serial lines of the console; the first is channel A. `None` leaves a line open.
    pub serials: Vec<Option<Box<dyn Terminal>>>,
    /// How virtual time follows the host's.
    pub pace: Pace,
    /// Where events go, if anywhere.
    pub trace: Option<Trace>,
    /// Where remarks about the guest go.
    pub log: GuestLog,
}

/// RAM unless told otherwise: 128 MiB, as qemu-system-e2k.
pub const DEFAULT_RAM: u64 = 128 << 20;

impl MachineConfig {
    /// A machine of that model with its own processor, [`DEFAULT_RAM`], no program and nothing plugged in.
    ///
    /// # Panics
    /// Never: every model of the table names a processor of the other table, which a test holds them to.
    pub fn new(machine: &'static MachineModel) -> Self {
        let cpu = crate::models::CPUS.iter().find(|cpu| cpu.name == machine.cpu);
        Self {
            machine,
            cpu: cpu.unwrap_or(&crate::models::CPUS[0]),
            cpu_options: CpuOptions::default(),
            ram: DEFAULT_RAM,
            program: Program::None,
            devices: Vec::new(),
            serials: Vec::new(),
            pace: Pace::Fast,
            trace: None,
            log: GuestLog::silent(),
        }
    }

    pub(crate) fn pacer(&self) -> Pacer {
        Pacer::new(self.pace, Instant::now(), VTime::ZERO)
    }
}

/// Properties that the machine, not the model, gives every PCI function.
pub static PCI_PROPERTIES: &[PropertySpec] = &[
    PropertySpec {
        name: "id",
        kind: PropertyKind::Text,
        default: None,
        about: "name of the device; MODEL.N if not given",
    },
    PropertySpec {
        name: "bus",
        kind: PropertyKind::Choice(&["pci.0", "iohub-pcibridge"]),
        default: Some("pci.0"),
        about: "PCI bus: bus 0, or the one behind the bridge at 00:00.0",
    },
    PropertySpec {
        name: "addr",
        kind: PropertyKind::Text,
        default: None,
        about: "SLOT or SLOT.FUNCTION in hexadecimal; the first free slot if not given",
    },
    PropertySpec {
        name: "multifunction",
        kind: PropertyKind::Switch,
        default: Some("off"),
        about: "other functions stand in the same slot",
    },
    PropertySpec {
        name: "failover_pair_id",
        kind: PropertyKind::Text,
        default: None,
        about: "id of the virtio-net with failover=on that stands in for this network interface",
    },
    PropertySpec {
        name: "romfile",
        kind: PropertyKind::Text,
        default: Some(""),
        about: "file with the expansion ROM; none if empty",
    },
];

/// Properties that the machine gives every network interface besides.
pub static NIC_PROPERTIES: &[PropertySpec] = &[
    PropertySpec {
        name: "netdev",
        kind: PropertyKind::Text,
        default: None,
        about: "id of the netdev at the other end of the cable; none if not given",
    },
    PropertySpec {
        name: "bootindex",
        kind: PropertyKind::Choice(&["-1"]),
        default: Some("-1"),
        about: "-1 only: this machine starts from -kernel or -bios, never from a network",
    },
];

/// The properties the machine adds to those of a model.
pub fn machine_properties(entry: &Entry) -> impl Iterator<Item = &'static PropertySpec> + use<> {
    let nic = if entry.is_nic { NIC_PROPERTIES } else { &[] };
    PCI_PROPERTIES.iter().chain(nic)
}

/// Names of the buses, for [`PCI_PROPERTIES`]' `bus`.
pub(crate) const SECONDARY_BUS: &str = "iohub-pcibridge";
