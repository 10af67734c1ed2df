//! What is stored of a machine beside RAM.

use elnic_clock::{Clock, EventQueue};
use elnic_contract::{Cycles, SavedState, VTime};
use elnic_mac::SavedFrame;
use elnic_soc::{ConfigPorts, Wires};
use serde::{Deserialize, Serialize};

use super::SnapshotError;
use crate::interrupts::Activity;
use crate::loader::Start;
use crate::pc::PcState;
use crate::processors::{Round, SavedProcessors};

/// Version 1 of the stored state of a machine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MachineStateV1 {
    pub(super) machine: String,
    /// Banks of RAM: start and length.
    pub(super) banks: Vec<(u64, u64)>,
    pub(super) isa: String,
    pub(super) quantum: Cycles,
    pub(super) clock: Clock,
    pub(super) latest: VTime,
    pub(super) next_input: VTime,
    pub(super) input_due: bool,
    pub(super) round: Option<Round>,
    pub(super) processors: SavedProcessors,
    pub(super) activities: Vec<Activity>,
    /// Where the program starts, for processors that are started later.
    pub(super) start: Option<Start>,
    pub(super) devices: Vec<DeviceStateV1>,
    pub(super) events: EventQueue,
    pub(super) wires: Wires,
    pub(super) config_ports: ConfigPorts,
    pub(super) pc: PcState,
    /// Characters for the guest that wait for room, by line.
    pub(super) held: Vec<Option<u8>>,
}

/// Version 1 of the stored state of a device on its board.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceStateV1 {
    pub(super) number: u16,
    pub(super) name: String,
    /// Levels of its interrupt pins as the wires know them.
    pub(super) lines: u32,
    /// Frames whose last bit has not left it yet.
    pub(super) leaving: Vec<SavedFrame>,
    pub(super) state: SavedState,
}

impl MachineStateV1 {
    /// Whether this is of a machine like the one that is in the state `here`.
    pub(super) fn check(&self, here: &Self) -> Result<(), SnapshotError> {
        let differs = |what, found: String, here: String| {
            if found == here {
                Ok(())
            } else {
                Err(SnapshotError::OtherMachine { what, found, here })
            }
        };
        let banks = |state: &Self| {
            let sizes = state.banks.iter().map(|(start, size)| format!("{size:#x} at {start:#x}"));
            sizes.collect::<Vec<_>>().join(", ")
        };
        let devices = |state: &Self| {
            let of = |device: &DeviceStateV1| format!("{} {}", device.number, device.name);
            state.devices.iter().map(of).collect::<Vec<_>>().join(", ")
        };
        let clock = |state: &Self| format!("{:?}", state.clock.frequency());
        differs("the model", self.machine.clone(), here.machine.clone())?;
        differs("the instruction set", self.isa.clone(), here.isa.clone())?;
        differs("a processor clock of", clock(self), clock(here))?;
        let processors = |state: &Self| state.processors.cpus.len().to_string();
        differs("processors:", processors(self), processors(here))?;
        let activities = self.activities.len().to_string();
        differs("activities of processors:", activities, processors(here))?;
        differs("RAM", banks(self), banks(here))?;
        differs("the devices", devices(self), devices(here))
    }
}
