//! The whole machine as a value: processors, interrupt controllers, devices, RAM, clock and everything that is pending.
//!
//! ```text
//! MAGIC │ length │ JSON: MachineStateV1 │ RAM: (address, 4096 bytes) of every page that is not zero
//! ```
//!
//! What stays with the machine that is restored into: the host's ends of cables and lines, frames that wait on a cable for
//! a NIC, trace, log and whoever listens; and the configuration, which has to be that of the machine that was saved. A
//! state that is refused leaves the machine as it was.

mod ram;
mod state;

use elnic_contract::{RestoreError, SavedState};
use elnic_cpu::StateError;
use elnic_mac::SavedFrame;

use crate::devices::{Body, Slot};
use crate::machine::Machine;
use state::{DeviceStateV1, MachineStateV1};

/// What a saved machine begins with; the digit is the version of all that follows.
const MAGIC: &[u8; 8] = b"elnic-m1";

/// Why a saved machine cannot be restored here. The machine is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// These are no bytes of a saved machine.
    #[error("this is no saved machine, or of another version: it does not begin with 'elnic-m1'")]
    NoSnapshot,
    /// The description of the state does not read.
    #[error("the saved machine is malformed: {0}")]
    Malformed(String),
    /// It was saved from a machine that differs from this one.
    #[error("the saved machine has {what} '{found}', and this one has '{here}'")]
    OtherMachine {
        /// What differs.
        what: &'static str,
        /// How it was there.
        found: String,
        /// How it is here.
        here: String,
    },
    /// A processor cannot be in that state.
    #[error("processor {number}: {error}")]
    Processor {
        /// Its number.
        number: usize,
        /// Why not.
        error: StateError,
    },
    /// A device refuses its state.
    #[error("device '{device}': {error}")]
    Device {
        /// Its name.
        device: String,
        /// Why.
        error: RestoreError,
    },
}

impl Machine {
    /// Everything this machine is, to be given to [`Machine::restore`]. Nothing happens to the machine.
    pub fn save(&self) -> Vec<u8> {
        let state = serde_json::to_vec(&self.state()).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend((state.len() as u64).to_le_bytes());
        bytes.extend(state);
        ram::save(&self.world.ram, &mut bytes);
        bytes
    }

    /// Becomes the machine that was saved: it continues exactly as that one would have.
    ///
    /// # Errors
    /// The bytes are none of a saved machine, or of one that is configured differently.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let (state, pages) = split(bytes)?;
        let pages = ram::check(self.world.ram.layout(), pages)?;
        state.check(&self.state())?;
        let before = self.state();
        if let Err(error) = self.take_over(&state) {
            // What was just saved is taken back without a doubt.
            let back = self.take_over(&before);
            debug_assert!(back.is_ok(), "a state of its own is refused");
            return Err(error);
        }
        ram::restore(&mut self.world.ram, &pages);
        Ok(())
    }

    fn state(&self) -> MachineStateV1 {
        let world = &self.world;
        let device = |(id, slot): (elnic_clock::DeviceId, &Slot)| DeviceStateV1 {
            number: id.0,
            name: slot.name.clone(),
            lines: slot.lines.0,
            leaving: world.links.leaving(id).map(SavedFrame::of).collect(),
            state: body_state(&slot.body),
        };
        MachineStateV1 {
            machine: self.model.name.to_owned(),
            banks: world.ram.layout().banks(),
            isa: self.isa.to_string(),
            quantum: self.quantum,
            clock: world.clock,
            latest: world.latest,
            next_input: self.next_input,
            input_due: world.input_due,
            round: self.round,
            processors: self.processors.save(),
            activities: world.lines.iter().map(|line| line.activity).collect(),
            start: self.start,
            devices: world.devices.iter().map(device).collect(),
            events: world.events.clone(),
            wires: world.wires.clone(),
            config_ports: world.config_ports,
            pc: world.pc.clone(),
            held: world.serials.held(),
        }
    }

    /// Takes over a state that was checked to be of such a machine.
    fn take_over(&mut self, state: &MachineStateV1) -> Result<(), SnapshotError> {
        let processor = |(number, error)| SnapshotError::Processor { number, error };
        self.processors.restore(&state.processors).map_err(processor)?;
        for device in &state.devices {
            self.world.take_over_device(device)?;
        }
        let world = &mut self.world;
        (world.clock, world.latest) = (state.clock, state.latest);
        (self.next_input, world.input_due) = (state.next_input, state.input_due);
        (self.round, self.quantum) = (state.round, state.quantum);
        self.start = state.start;
        for (index, activity) in state.activities.iter().enumerate() {
            world.set_activity(index, *activity);
        }
        (world.events, world.wires) = (state.events.clone(), state.wires.clone());
        (world.config_ports, world.pc) = (state.config_ports, state.pc.clone());
        world.serials.hold(&state.held);
        world.guest_event = None;
        world.slice_start = world.clock.cycles();
        world.slice_end = world.events.next_deadline().unwrap_or(elnic_contract::VTime::MAX);
        world.coherence.forget();
        world.rebuild_maps();
        world.settle_after_restore();
        self.resume_pace();
        Ok(())
    }
}

impl crate::world::World {
    fn take_over_device(&mut self, saved: &DeviceStateV1) -> Result<(), SnapshotError> {
        let id = elnic_clock::DeviceId(saved.number);
        let refuse = |error| SnapshotError::Device { device: saved.name.clone(), error };
        let Some(slot) = self.devices.get_mut(id) else { return Ok(()) };
        match &mut slot.body {
            Body::Function(function) => function.restore(&saved.state),
            Body::Bridge(bridge) => bridge.restore(&saved.state),
            Body::Block(block) => block.restore(&saved.state),
            Body::Pic(pic) => pic.restore(&saved.state),
        }
        .map_err(refuse)?;
        slot.lines = elnic_contract::Lines(saved.lines);
        let frames = saved.leaving.iter().cloned().map(SavedFrame::revive);
        let frames = frames.collect::<Result<_, _>>().map_err(|error| {
            refuse(RestoreError::Impossible {
                kind: "machine",
                field: "leaving",
                why: error.to_string(),
            })
        })?;
        self.links.set_leaving(id, frames);
        Ok(())
    }

    /// What follows from the devices' states is put right: who takes frames, what is pending at the processors.
    fn settle_after_restore(&mut self) {
        self.tell_readiness();
        self.interrupts_changed();
        self.attention = elnic_cpu::Attention::NONE;
    }
}

fn body_state(body: &Body) -> SavedState {
    match body {
        Body::Function(function) => function.save(),
        Body::Bridge(bridge) => bridge.save(),
        Body::Block(block) => block.save(),
        Body::Pic(pic) => pic.save(),
    }
}

/// The state, and what follows it.
fn split(bytes: &[u8]) -> Result<(MachineStateV1, &[u8]), SnapshotError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::NoSnapshot)?;
    let cut = || SnapshotError::Malformed("it ends early".to_owned());
    let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
    let (state, pages) = rest.split_at_checked(length).ok_or_else(cut)?;
    let state = serde_json::from_slice(state);
    Ok((state.map_err(|error| SnapshotError::Malformed(error.to_string()))?, pages))
}
