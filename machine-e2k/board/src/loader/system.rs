//! How firmware leaves a processor to a system: compilation unit, globals and stacks (e2k-machine.md §2.2).
//!
//! A system begins at an offset into its image, at every processor: at the gate of system call 12, or at its first byte. Its
//! image is code and globals, readable and writable as the descriptors say; stacks of each processor, as large as those
//! that MCST's simulator firmware gives, lie in memory that the boot block reports as busy.

use elnic_cpu::State;
use serde::{Deserialize, Serialize};

/// Bytes of the stacks of registers, frames and data.
const REGISTERS: u64 = 0x1_0000;
const FRAMES: u64 = 0x4000;
const DATA: u64 = 0x4000;
/// Bytes of all stacks of one processor.
pub(super) const STACKS: u64 = REGISTERS + FRAMES + DATA;

/// Access rights of a descriptor: readable, and writable.
const READABLE: u64 = 1 << 59;
const WRITABLE: u64 = 1 << 60;
/// Bit 58 of a code descriptor: checked.
const CHECKED: u64 = 1 << 58;

/// State registers, by number (e2k-machine.md §10).
mod number {
    pub(super) const OSCUD: [usize; 2] = [0x26, 0x27];
    pub(super) const OSGD: [usize; 2] = [0x28, 0x29];
    pub(super) const CUD: [usize; 2] = [0x30, 0x31];
    pub(super) const GD: [usize; 2] = [0x32, 0x33];
}

/// A system in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemImage {
    /// Physical address of its first byte.
    pub base: u64,
    /// Its length in bytes.
    pub size: u64,
    /// Physical address of the stacks of processor 0; those of the others follow.
    pub stacks: u64,
}

impl SystemImage {
    /// Prepares processor `number` for it.
    pub(crate) fn prepare(&self, state: &mut State, number: u64) {
        let size = self.size << 32;
        let code = self.base | READABLE | CHECKED;
        let globals = self.base | READABLE | WRITABLE;
        for ([hi, lo], low) in [
            (number::OSCUD, code),
            (number::CUD, code),
            (number::OSGD, globals),
            (number::GD, globals),
        ] {
            (state.system[lo], state.system[hi]) = (low, size);
        }
        let registers = self.stacks + number * STACKS;
        let frames = registers + REGISTERS;
        let top = frames + FRAMES + DATA;
        for (stack, base, size) in [
            (&mut state.procedure_stack, registers, REGISTERS),
            (&mut state.chain_stack, frames, FRAMES),
        ] {
            stack.set_lo(base | READABLE | WRITABLE);
            stack.set_hi(size << 32);
        }
        state.data_stack.lo = top | READABLE | WRITABLE;
        state.data_stack.hi = DATA << 32;
        state.data_stack.top = top;
    }
}
