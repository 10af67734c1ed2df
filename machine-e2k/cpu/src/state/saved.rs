//! The state as it is stored: a versioned type of its own, checked when it comes back.
//!
//! The register ring is written as the window registers that are resident, oldest first, so that its size is no part of the format.

use serde::{Deserialize, Serialize};

use super::aau::Aau;
use super::control::{Ctpr, Frame, RESIDENT_FRAMES, TRAP_FRAMES};
use super::debug::DebugState;
use super::early_loads::EarlyLoads;
use super::loops::Lsr;
use super::registers::{Cell, GLOBALS, LARGEST_WINDOW, RING};
use super::stacks::{DataStack, HardwareStack};
use super::tags::MemoryTags;
use super::tir::TrapInformation;
use super::window::{GlobalRotation, Predicates, Rotation, Window};
use super::{Lock, State};

/// Why a stored state was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("processor state is impossible: {field} is {value}, allowed is {allowed}")]
pub struct StateError {
    /// The field.
    pub field: &'static str,
    /// What it holds.
    pub value: String,
    /// What it may hold.
    pub allowed: String,
}

/// One register: 64 bits, extension, tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterV1 {
    low: u64,
    high: u64,
    tag: u8,
}

/// Results that are not ready yet: cycles to wait, by what waits for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InFlightV1 {
    /// As `windowed` of the processor.
    pub(crate) windowed: Vec<u64>,
    pub(crate) globals: Vec<u64>,
    pub(crate) predicates: [u64; 32],
    pub(crate) targets: [u64; 3],
}

/// Version 1 of the stored state of a processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuStateV1 {
    ip: u64,
    globals: Vec<RegisterV1>,
    /// Resident window registers: first those of the callers, then the current window.
    windowed: Vec<RegisterV1>,
    /// `base` is relative to the first resident register.
    window: Window,
    rotation: Rotation,
    global_rotation: GlobalRotation,
    predicates: Predicates,
    ctpr: [Ctpr; 3],
    frame: Frame,
    frames: Vec<Frame>,
    procedure_stack: HardwareStack,
    chain_stack: HardwareStack,
    data_stack: DataStack,
    lsr: Lsr,
    ilcr: u64,
    ilcr1: u64,
    psr: u8,
    upsr: u32,
    cuir: u32,
    pfpfr: u32,
    fpcr: u32,
    fpsr: u32,
    cycles: u64,
    /// State registers that are not zero: number and value.
    system: Vec<(u8, u64)>,
    /// Memory management registers that are not zero: number and value.
    mmu: Vec<(u8, u64)>,
    #[serde(default)]
    memory_tags: MemoryTags,
    #[serde(default)]
    tirs: TrapInformation,
    aau: Aau,
    lock: Option<Lock>,
    mlock: bool,
    #[serde(default)]
    early_loads: EarlyLoads,
    #[serde(default)]
    debug: DebugState,
    /// Only of a processor whose bundles wait for their operands.
    #[serde(default)]
    pub(crate) in_flight: Option<InFlightV1>,
}

fn sparse(values: &[u64; 256]) -> Vec<(u8, u64)> {
    (0..=255_u8).zip(*values).filter(|(_, value)| *value != 0).collect()
}

fn dense(entries: &[(u8, u64)]) -> Box<[u64; 256]> {
    let mut values = Box::new([0; 256]);
    for (number, value) in entries {
        values[usize::from(*number)] = *value;
    }
    values
}

fn check(field: &'static str, value: u64, most: u64) -> Result<(), StateError> {
    if value <= most {
        return Ok(());
    }
    Err(StateError { field, value: value.to_string(), allowed: format!("0 to {most}") })
}

impl State {
    fn register(&self, cell: Cell) -> RegisterV1 {
        RegisterV1 {
            low: self.registers.low(cell),
            high: self.registers.high(cell),
            tag: self.registers.tag(cell),
        }
    }

    fn put(&mut self, cell: Cell, register: RegisterV1) {
        self.registers.set_low(cell, register.low);
        self.registers.set_high(cell, register.high);
        self.registers.set_tag(cell, register.tag & 0xf);
    }

    /// The state as it is stored.
    pub fn save(&self) -> CpuStateV1 {
        let resident = self.window.base.wrapping_sub(self.resident_from);
        CpuStateV1 {
            ip: self.ip,
            globals: (0..GLOBALS as u8).map(|n| self.register(Cell::global(n))).collect(),
            windowed: (0..resident + u64::from(self.window.size))
                .map(|n| self.register(Cell::windowed(self.resident_from.wrapping_add(n))))
                .collect(),
            window: Window { base: resident, ..self.window },
            rotation: self.rotation,
            global_rotation: self.global_rotation,
            predicates: self.predicates,
            ctpr: self.ctpr,
            frame: self.frame,
            frames: self.frames.clone(),
            procedure_stack: self.procedure_stack,
            chain_stack: self.chain_stack,
            data_stack: self.data_stack,
            lsr: self.lsr,
            ilcr: self.ilcr,
            ilcr1: self.ilcr1,
            psr: self.psr,
            upsr: self.upsr,
            cuir: self.cuir,
            pfpfr: self.pfpfr,
            fpcr: self.fpcr,
            fpsr: self.fpsr,
            cycles: self.cycles,
            system: sparse(&self.system),
            mmu: sparse(&self.mmu),
            memory_tags: self.memory_tags.clone(),
            tirs: self.tirs.clone(),
            aau: (*self.aau).clone(),
            lock: self.lock,
            mlock: self.mlock,
            early_loads: self.early_loads.clone(),
            debug: (*self.debug).clone(),
            in_flight: None,
        }
    }

    /// The state that was stored.
    ///
    /// # Errors
    /// Fields that no processor can have; nothing is restored then.
    pub fn restore(saved: &CpuStateV1) -> Result<Self, StateError> {
        let (window, rotation) = (saved.window, saved.rotation);
        check("window.size", u64::from(window.size), u64::from(LARGEST_WINDOW))?;
        check("window.previous", u64::from(window.previous), u64::from(window.size))?;
        check("window.base", window.base, RING as u64 - u64::from(window.size))?;
        for (field, rotation) in std::iter::once(("rotation", rotation))
            .chain(saved.frames.iter().map(|frame| ("frames.rotation", frame.rotation)))
            .chain(std::iter::once(("frame.rotation", saved.frame.rotation)))
        {
            if Rotation::from_bits(rotation.to_bits()) != rotation {
                return Err(StateError {
                    field,
                    value: format!("{rotation:?}"),
                    allowed: "rbs, rsz below 64, psz below 32, rcur ≤ rsz, pcur ≤ psz".into(),
                });
            }
        }
        check("ip", saved.ip & 7, 0)?;
        check("globals (count)", saved.globals.len() as u64, GLOBALS as u64)?;
        check("frames (count)", saved.frames.len() as u64, (RESIDENT_FRAMES + TRAP_FRAMES) as u64)?;
        let resident = window.base + u64::from(window.size);
        if saved.windowed.len() as u64 != resident {
            return Err(StateError {
                field: "windowed (count)",
                value: saved.windowed.len().to_string(),
                allowed: format!("{resident}, from the window"),
            });
        }
        check("lsr.ecnt", u64::from(saved.lsr.ecnt), 31)?;
        check("lsr.pcnt", u64::from(saved.lsr.pcnt), 31)?;
        check("lsr.strmd", u64::from(saved.lsr.strmd), 127)?;
        check("psr", u64::from(saved.psr), 127)?;
        check("tirs (count)", saved.tirs.len() as u64, TrapInformation::MOST as u64)?;
        check("aau.areas (count)", saved.aau.areas.len() as u64, 64)?;

        let mut state = Self::at_reset(saved.ip, 0);
        for (number, register) in (0..).zip(&saved.globals) {
            state.put(Cell::global(number), *register);
        }
        for (number, register) in (0..).zip(&saved.windowed) {
            state.put(Cell::windowed(number), *register);
        }
        state.window = window;
        state.resident_from = 0;
        state.rotation = rotation;
        state.global_rotation = GlobalRotation::from_bits(saved.global_rotation.to_bits());
        state.predicates = saved.predicates;
        state.ctpr = saved.ctpr;
        state.frame = saved.frame;
        state.frames = saved.frames.clone();
        state.procedure_stack = saved.procedure_stack;
        state.chain_stack = saved.chain_stack;
        state.data_stack = saved.data_stack;
        state.lsr = saved.lsr;
        state.ilcr = saved.ilcr;
        state.ilcr1 = saved.ilcr1;
        state.psr = saved.psr;
        state.upsr = saved.upsr;
        state.cuir = saved.cuir;
        state.pfpfr = saved.pfpfr;
        state.fpcr = saved.fpcr;
        state.fpsr = saved.fpsr;
        state.cycles = saved.cycles;
        state.system = dense(&saved.system);
        state.mmu = dense(&saved.mmu);
        state.memory_tags = saved.memory_tags.clone();
        state.tirs = saved.tirs.clone();
        *state.aau = saved.aau.clone();
        state.lock = saved.lock;
        state.mlock = saved.mlock;
        state.early_loads = saved.early_loads.clone();
        *state.debug = saved.debug.clone();
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_state_comes_back_the_same() {
        let mut state = State::at_reset(0x10_0000, 0x3_a207);
        state.window.base = u64::MAX - 3;
        state.resident_from = u64::MAX - 19;
        state.put(state.window_cell(7), RegisterV1 { low: 1, high: 2, tag: 5 });
        state.put(Cell::windowed(state.resident_from), RegisterV1 { low: 9, high: 0, tag: 0 });
        let saved = state.save();
        let text = serde_json::to_string(&saved).unwrap();
        let restored = State::restore(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(restored.save(), saved);
        assert_eq!(restored.registers.low(restored.window_cell(7)), 1);
    }

    #[test]
    fn impossible_states_are_refused_with_field_and_range() {
        let mut saved = State::at_reset(0x10_0000, 0).save();
        saved.window.size = 300;
        assert_eq!(
            State::restore(&saved).unwrap_err().to_string(),
            "processor state is impossible: window.size is 300, allowed is 0 to 224"
        );
        let mut saved = State::at_reset(0x10_0000, 0).save();
        saved.rotation.rcur = 9;
        assert_eq!(State::restore(&saved).unwrap_err().field, "rotation");
        let mut saved = State::at_reset(0x10_0000, 0).save();
        saved.windowed.pop();
        assert_eq!(State::restore(&saved).unwrap_err().field, "windowed (count)");
    }
}
