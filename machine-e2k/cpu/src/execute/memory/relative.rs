//! Accesses relative to a descriptor: globals, code, x86 segments, array pointers (e2k-isa.md §8.7).
//!
//! The offset has 32 bits and must lie within the descriptor's size, else `exc_array_bounds`; descriptors with access rights must allow the
//! access, else `exc_access_rights`. With tags, a pointer must be tagged as one.

use elnic_contract::Size;

use crate::bus::Bus;
use crate::decode::{Operation, Part, Segment};
use crate::exception::ExceptionKind;
use crate::execute::context::{Aside, Context};
use crate::trap::{Reason, Trap};

const ADDRESS: u64 = (1 << 48) - 1;
/// `rw` of a descriptor.
const READABLE: u64 = 1 << 59;
const WRITABLE: u64 = 1 << 60;

impl<B: Bus> Context<'_, B> {
    /// The address `operation` accesses through `segment`.
    fn relative_address(
        &self,
        operation: &Operation,
        segment: Segment,
        part: Part,
        writes: bool,
    ) -> Result<u64, Trap> {
        let trap = |kind, what, value| {
            Err(Trap::on_channel(kind, operation.channel, Reason::Value { what, value }))
        };
        let [first, second, _] = &operation.sources;
        // The mask of a masked store stands where others have a part of the offset.
        let offset = if part == Part::Masked { 0 } else { self.read(second) as u32 };
        let (lo, hi, offset, rights) = match segment {
            Segment::State { lo, hi, rights } => {
                let word = |number: u8| self.state.system[usize::from(number)];
                (word(lo), word(hi), (self.read(first) as u32).wrapping_add(offset), rights)
            }
            Segment::Pointer => {
                let (lo, hi) = self.read_pointer(operation)?;
                (lo, hi, (hi as u32).wrapping_add(offset), true)
            }
        };
        let wanted = if writes { WRITABLE } else { READABLE };
        if rights && lo & wanted == 0 {
            return trap(ExceptionKind::AccessRights, "rights of a descriptor", lo >> 59 & 3);
        }
        if u64::from(offset) + u64::from(part.bytes()) > hi >> 32 {
            return trap(ExceptionKind::ArrayBounds, "an offset of", offset.into());
        }
        let half = if let Part::Half(half) = part { half.into() } else { 0 };
        Ok((lo & ADDRESS).wrapping_add(u64::from(offset) + half))
    }

    /// Loads relative to a descriptor.
    pub(in crate::execute) fn load_relative(
        &mut self,
        operation: &Operation,
        segment: Segment,
        part: Part,
    ) -> Result<u64, Trap> {
        let address = match self.relative_address(operation, segment, part, false) {
            Ok(address) => address,
            Err(trap) => return self.speculate(operation, |_| Err(trap)),
        };
        match part {
            Part::Plain(size) => self.load_with(operation, address, size),
            Part::Half(_) => self.load_with(operation, address, Size::Double),
            Part::Quad | Part::Masked => self.load_quad_at(operation, address),
        }
    }

    /// Evaluates a store relative to a descriptor; nothing is written yet.
    pub(in crate::execute) fn prepare_relative(
        &mut self,
        operation: &Operation,
        segment: Segment,
        part: Part,
    ) -> Result<u64, Trap> {
        let address = self.relative_address(operation, segment, part, true)?;
        let datum = &operation.sources[2];
        let (low, high) = (self.read(datum), self.read_high(datum));
        *self.aside(operation) = Aside { high, address, ..Aside::default() };
        Ok(low)
    }
}
