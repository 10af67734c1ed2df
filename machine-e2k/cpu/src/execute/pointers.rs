//! Array pointers of protected mode: two words in a register pair (e2k-machine.md §9.1, formats of descriptors).
//!
//! The low word holds base\[47:0\] and rights\[60:59\], the high one position\[31:0\] and size\[63:32\]. An operation that makes one stands in
//! two channels, each of which makes one word. What few sources say of these operations leaves details open; tags of pointers are 3 for each
//! half.

use super::context::Context;
use crate::bus::Bus;
use crate::decode::{Operand, Operation, Pointer};
use crate::exception::ExceptionKind;
use crate::state::registers::TAG_BOTH;
use crate::trap::{Reason, Trap};

const ADDRESS: u64 = (1 << 48) - 1;

/// The second register of the pair that `operand` begins.
const fn partner(operand: Operand) -> Operand {
    match operand {
        Operand::Window(number) => Operand::Window(number | 1),
        Operand::Based(number) => Operand::Based(number | 1),
        Operand::Global(number) => Operand::Global(number | 1),
        constant @ Operand::Constant(_) => constant,
    }
}

impl<B: Bus> Context<'_, B> {
    /// The pointer in the first source.
    pub(super) fn read_pointer(&self, operation: &Operation) -> Result<(u64, u64), Trap> {
        let first = operation.sources[0];
        let second = partner(first);
        let tagged = |operand: &Operand| self.read_tag(operand) & TAG_BOTH == TAG_BOTH;
        if self.tags && !(tagged(&first) && tagged(&second)) {
            return Err(Trap::on_channel(
                ExceptionKind::IllegalOperand,
                operation.channel,
                Reason::Text("the operand is no array pointer"),
            ));
        }
        Ok((self.read(&first), self.read(&second)))
    }

    /// One word of the pointer that `operation` makes.
    pub(super) fn make_pointer(
        &mut self,
        operation: &Operation,
        pointer: Pointer,
        wants_high: bool,
    ) -> Result<u64, Trap> {
        let amount = self.read(&operation.sources[1]);
        let bounds = |value| {
            let reason = Reason::Value { what: "an offset of", value };
            Err(Trap::on_channel(ExceptionKind::ArrayBounds, operation.channel, reason))
        };
        let rebase = |lo: u64, hi: u64, start: u64| {
            let size = (hi >> 32).checked_sub(start)?;
            Some((lo & !ADDRESS | (lo & ADDRESS).wrapping_add(start) & ADDRESS, size << 32))
        };
        let (lo, hi) = match pointer {
            Pointer::Descriptor { lo, hi } => {
                let word = |number: u8| self.state.system[usize::from(number)];
                match rebase(word(lo), word(hi), amount & 0xffff_ffff) {
                    Some(words) => words,
                    None => return bounds(amount),
                }
            }
            Pointer::Moved => {
                let (lo, hi) = self.read_pointer(operation)?;
                (lo, hi & !0xffff_ffff | u64::from((hi as u32).wrapping_add(amount as u32)))
            }
            Pointer::Rebased => {
                let (lo, hi) = self.read_pointer(operation)?;
                let start = (hi as u32).wrapping_add(amount as u32);
                match rebase(lo, hi, start.into()) {
                    Some(words) => words,
                    None => return bounds(start.into()),
                }
            }
            Pointer::Stack => {
                let base = self.getsp(operation)?;
                let rights = self.state.data_stack.lo & !ADDRESS;
                let size = amount.wrapping_neg() & 0xffff_fff0;
                (rights | base, size << 32)
            }
        };
        Ok(if wants_high { hi } else { lo })
    }

    /// Writes one word of a pointer; a piece of the data stack is taken with the first.
    pub(super) fn write_pointer(
        &mut self,
        operation: &Operation,
        pointer: Pointer,
        is_high: bool,
        value: u64,
    ) {
        if pointer == Pointer::Stack && !is_high {
            let size = self.aside(operation).high as u32;
            self.state.data_stack.set(value & ADDRESS, size);
        }
        self.write(operation, value);
        if self.tags
            && let Some(cell) = self.target_cell(operation.target)
        {
            self.state.registers.set_tag(cell, TAG_BOTH);
        }
    }

    /// `getva`.
    pub(super) fn pointer_address(&self, operation: &Operation) -> Result<u64, Trap> {
        let (lo, hi) = self.read_pointer(operation)?;
        let offset = (hi as u32).wrapping_add(self.read(&operation.sources[1]) as u32);
        Ok((lo & ADDRESS).wrapping_add(offset.into()))
    }
}
