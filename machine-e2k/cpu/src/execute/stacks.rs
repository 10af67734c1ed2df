//! Procedure stack and chain stack: room for windows and frames, spilling and filling.
//!
//! Everything here is invisible to a program that flushes before it looks, so it may happen before the bundle that needs it is known to
//! complete. Memory formats: qemu-e2k-contract.md §8, e2k-isa.md §6.1-6.2. Tags are kept beside memory, where they are kept at all.

use elnic_contract::Size;
use elnic_isa::{IsaVersion, Mas};

use super::context::Context;
use crate::bus::Bus;
use crate::exception::ExceptionKind;
use crate::state::control::{FRAME_BYTES, Frame, RESIDENT_FRAMES};
use crate::state::registers::{Cell, RING, TAG_NUMERIC};
use crate::trap::{Reason, Trap};

/// Bytes of a register in the procedure stack, extension included.
pub(super) const REGISTER_BYTES: u64 = 16;

impl<B: Bus> Context<'_, B> {
    /// Registers below the current window that are not in the procedure stack yet.
    #[inline]
    pub(super) fn resident(&self) -> u64 {
        self.state.window.base.wrapping_sub(self.state.resident_from)
    }

    fn stack_store(&mut self, what: &'static str, address: u64, value: u64) -> Result<(), Trap> {
        self.write_memory(what, address, Size::Double, Mas(0), (value, 0))
    }

    fn stack_load(&mut self, what: &'static str, address: u64) -> Result<u64, Trap> {
        self.read_memory(what, address, Size::Double, Mas(0), 0)
    }

    /// Where the four words of the register pair at `address` are: low and extension of the first, then of the second.
    fn pair_layout(&self) -> [u64; 4] {
        if self.config.isa >= IsaVersion::V5 { [0, 8, 16, 24] } else { [0, 16, 8, 24] }
    }

    /// Makes sure that a window of `size` registers from the current base fits into the register file.
    #[inline]
    pub(super) fn reserve(&mut self, size: u16) -> Result<(), Trap> {
        if self.resident() + u64::from(size) > RING as u64 {
            // Half the ring at once, so that a deep recursion does not spill at every call.
            let count = self.resident().min(RING as u64 / 2);
            self.spill_registers(count)?;
        }
        Ok(())
    }

    /// Moves the `count` oldest resident registers to the procedure stack.
    pub(super) fn spill_registers(&mut self, count: u64) -> Result<(), Trap> {
        let count = count & !1;
        if count == 0 {
            return Ok(());
        }
        let (from, start) = (self.state.resident_from, self.state.procedure_stack.top());
        let layout = self.pair_layout();
        for pair in 0..count / 2 {
            let address = start.wrapping_add(pair * 2 * REGISTER_BYTES);
            let cells = [0, 1].map(|n| Cell::windowed(from.wrapping_add(2 * pair + n)));
            let registers = &self.state.registers;
            let words = [
                registers.low(cells[0]),
                registers.high(cells[0]),
                registers.low(cells[1]),
                registers.high(cells[1]),
            ];
            for (word, offset) in words.into_iter().zip(layout) {
                self.stack_store("spilling registers", address.wrapping_add(offset), word)?;
            }
            if self.tags {
                for (cell, offset) in cells.into_iter().zip([layout[0], layout[2]]) {
                    let (value, tag) =
                        (self.state.registers.low(cell), self.state.registers.tag(cell));
                    self.set_memory_tag(address.wrapping_add(offset), value, tag);
                }
            }
        }
        let bytes = count * REGISTER_BYTES;
        self.state.procedure_stack.ind = self.state.procedure_stack.ind.wrapping_add(bytes as u32);
        self.state.resident_from = from.wrapping_add(count);
        Ok(())
    }

    /// Brings the `count` registers below the resident ones back.
    pub(super) fn fill_registers(&mut self, count: u64) -> Result<(), Trap> {
        let bytes = count * REGISTER_BYTES;
        let Some(ind) = u64::from(self.state.procedure_stack.ind).checked_sub(bytes) else {
            return Err(Trap::new(
                ExceptionKind::ProcedureStackBounds,
                Reason::Stack {
                    stack: "procedure (underflow)",
                    wanted: bytes,
                    size: self.state.procedure_stack.ind.into(),
                },
            ));
        };
        let start = self.state.procedure_stack.base.wrapping_add(ind);
        let from = self.state.resident_from.wrapping_sub(count);
        let layout = self.pair_layout();
        for pair in 0..count.div_ceil(2) {
            let address = start.wrapping_add(pair * 2 * REGISTER_BYTES);
            let mut words = [0; 4];
            for (word, offset) in words.iter_mut().zip(layout) {
                *word = self.stack_load("filling registers", address.wrapping_add(offset))?;
            }
            let places = [layout[0], layout[2]].map(|offset| address.wrapping_add(offset));
            for ((n, half), place) in (0..).zip(words.chunks_exact(2)).zip(places) {
                let cell = Cell::windowed(from.wrapping_add(2 * pair + n));
                let tag = if self.tags { self.memory_tag(place, half[0]) } else { TAG_NUMERIC };
                self.state.registers.set_low(cell, half[0]);
                self.state.registers.set_high(cell, half[1]);
                self.state.registers.set_tag(cell, tag);
            }
        }
        self.state.procedure_stack.ind = ind as u32;
        self.state.resident_from = from;
        Ok(())
    }

    /// Notes the tag of a value that was written to the virtual `address`.
    pub(super) fn set_memory_tag(&mut self, address: u64, value: u64, tag: u8) {
        let place = self.physical_of(address, Mas(0));
        self.state.memory_tags.set(place, value, tag);
    }

    /// The tag of `value`, which stands at the virtual `address`.
    pub(super) fn memory_tag(&mut self, address: u64, value: u64) -> u8 {
        let place = self.physical_of(address, Mas(0));
        self.state.memory_tags.get(place, value)
    }

    /// Makes room for one more frame.
    #[inline]
    pub(super) fn reserve_frame(&mut self) -> Result<(), Trap> {
        if self.state.frames.len() >= RESIDENT_FRAMES {
            self.spill_frames(RESIDENT_FRAMES / 2)?;
        }
        Ok(())
    }

    /// Moves the `count` oldest frames to the chain stack.
    pub(super) fn spill_frames(&mut self, count: usize) -> Result<(), Trap> {
        let count = count.min(self.state.frames.len());
        if count == 0 {
            return Ok(());
        }
        let start = self.state.chain_stack.top();
        for number in 0..count {
            let words = self.state.frames[number].to_words();
            let address = start.wrapping_add(number as u64 * FRAME_BYTES);
            for (word, offset) in words.into_iter().zip([0, 8, 16, 24]) {
                self.stack_store("spilling a frame", address.wrapping_add(offset), word)?;
            }
        }
        self.state.frames.drain(..count);
        let bytes = count as u64 * FRAME_BYTES;
        self.state.chain_stack.ind = self.state.chain_stack.ind.wrapping_add(bytes as u32);
        Ok(())
    }

    /// Makes sure that the frame below the current one is in the processor.
    #[inline]
    pub(super) fn fill_frame(&mut self) -> Result<(), Trap> {
        if !self.state.frames.is_empty() {
            return Ok(());
        }
        let Some(ind) = u64::from(self.state.chain_stack.ind).checked_sub(FRAME_BYTES) else {
            return Err(Trap::new(
                ExceptionKind::ChainStackBounds,
                Reason::Stack {
                    stack: "chain (underflow)",
                    wanted: FRAME_BYTES,
                    size: self.state.chain_stack.ind.into(),
                },
            ));
        };
        let address = self.state.chain_stack.base.wrapping_add(ind);
        let mut words = [0; 4];
        for (word, offset) in words.iter_mut().zip([0, 8, 16, 24]) {
            *word = self.stack_load("filling a frame", address.wrapping_add(offset))?;
        }
        self.state.frames.push(Frame::from_words(words));
        self.state.chain_stack.ind = ind as u32;
        Ok(())
    }

    /// `flushr` and `flushc`: everything below the current procedure goes to memory.
    pub(super) fn flush(&mut self, registers: bool, frames: bool) -> Result<(), Trap> {
        if registers {
            self.spill_registers(self.resident())?;
        }
        if frames {
            self.spill_frames(self.state.frames.len())?;
        }
        Ok(())
    }
}
