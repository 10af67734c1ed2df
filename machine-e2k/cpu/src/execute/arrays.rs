//! The array access unit: prefetch programs, `mova`, `staa` and its registers (e2k-isa.md §2.7, §8.9).
//!
//! A prefetch program is loaded by `bap` and describes where each area of the array buffer takes its elements from; slot 0 of instruction n is
//! area n of the array channels 0 and 1, slot 1 that of 2 and 3. Elements are read when they are taken. Left out: areas that are indexed by
//! other areas (`si`), and the buffer's own registers.

use elnic_contract::Size;
use elnic_isa::{AauFile, AauRegister, ArrayPrefetch, Mas, MoveFormat};

use super::context::{Aside, Context};
use crate::bus::Bus;
use crate::config::Alignment;
use crate::decode::{Action, ArrayAccess, Move, Operation};
use crate::exception::ExceptionKind;
use crate::state::aau::PrefetchArea;
use crate::state::registers::{TAG_DIAGNOSTIC, TAG_NUMERIC};
use crate::trap::{Reason, Trap};

/// Instructions of a prefetch program.
const PROGRAM: usize = 32;
const ADDRESS: u64 = (1 << 48) - 1;
/// What `mova` yields where there is nothing to take.
const NOTHING: u64 = 0xeaed_0f70_eaed_0f70;

/// What a `mova` took: low and high 64 bits.
pub(super) type Moved = (u64, u64);

impl<B: Bus> Context<'_, B> {
    /// The address of a `staa` or `ldaa`, and whether its index advances.
    fn array_address(
        &self,
        operation: &Operation,
        access: ArrayAccess,
        predicates: u32,
        stages: u32,
    ) -> Result<(u64, bool), Trap> {
        let aau = &self.state.aau;
        let base = aau.descriptors[usize::from(access.descriptor & 31)].lo & ADDRESS;
        let index = aau.store_indices[usize::from(access.index & 15)];
        let address = base
            .wrapping_add(index.into())
            .wrapping_add(self.read(&operation.sources[0]))
            .wrapping_add(access.half.into());
        let bytes = if access.scale < 4 || access.whole { 1 << access.scale } else { 8 };
        self.check_alignment(address, bytes, operation.channel)?;
        // One slot of a pair counts.
        let advances = access.increment.is_some()
            && access.half == 0
            && access.advances.allows(predicates, stages);
        Ok((address, advances))
    }

    /// Where a `staa` stores and what; whether its index advances.
    pub(super) fn evaluate_array_store(
        &mut self,
        operation: &Operation,
        access: ArrayAccess,
        predicates: u32,
        stages: u32,
    ) -> Result<u64, Trap> {
        let (address, advances) = self.array_address(operation, access, predicates, stages)?;
        let high = self.read_high(&operation.sources[2]);
        *self.aside(operation) = Aside { high, address, advances };
        Ok(self.read(&operation.sources[2]))
    }

    /// What a `ldaa` loads.
    pub(super) fn evaluate_array_load(
        &mut self,
        operation: &Operation,
        access: ArrayAccess,
        predicates: u32,
        stages: u32,
    ) -> Result<u64, Trap> {
        let (address, advances) = self.array_address(operation, access, predicates, stages)?;
        let (mas, channel) = (operation.mas, operation.channel);
        let low = self.load_plain(address, array_size(access), mas, channel)?;
        let high = if access.whole {
            self.load_plain(address.wrapping_add(8), Size::Double, mas, channel)?
        } else {
            0
        };
        *self.aside(operation) = Aside { high, address, advances };
        Ok(low)
    }

    /// Writes it.
    pub(super) fn finish_array_load(
        &mut self,
        operation: &Operation,
        access: ArrayAccess,
        value: u64,
    ) {
        self.write(operation, value);
        if self.aside(operation).advances {
            self.advance_store_index(access);
        }
    }

    /// Performs a `staa`.
    pub(super) fn store_array(
        &mut self,
        operation: &Operation,
        access: ArrayAccess,
        value: u64,
    ) -> Result<(), Trap> {
        let Aside { high, address, advances } = *self.aside(operation);
        let (mas, channel) = (operation.mas, operation.channel);
        self.store_plain(address, array_size(access), mas, value, channel)?;
        if access.whole {
            self.store_plain(address.wrapping_add(8), Size::Double, mas, high, channel)?;
        }
        if advances {
            self.advance_store_index(access);
        }
        Ok(())
    }

    pub(super) fn advance_store_index(&mut self, access: ArrayAccess) {
        let Some(increment) = access.increment else { return };
        let aau = &mut self.state.aau;
        let step = step(&aau.increments, increment) << access.scale;
        let index = &mut aau.store_indices[usize::from(access.index & 15)];
        *index = index.wrapping_add(step);
    }

    /// What an operation does whose qualifier does not hold: the index of an array store advances all the same, unless its own qualifier
    /// says otherwise.
    pub(super) fn pass_over(&mut self, operation: &Operation, predicates: u32, stages: u32) {
        if let Action::StoreArray(access) | Action::LoadArray(access) = operation.action
            && access.half == 0
            && access.advances.allows(predicates, stages)
        {
            self.advance_store_index(access);
        }
    }

    /// The prefetch program `%ctpr2` points at.
    pub(super) fn read_program(&mut self) -> Result<Vec<PrefetchArea>, Trap> {
        let ctpr = self.state.ctpr[1];
        if ctpr.opc() != 1 {
            return Err(Trap::new(
                ExceptionKind::IllegalOpcode,
                Reason::Text("bap without a prefetch program in %ctpr2 (ldisp)"),
            ));
        }
        let mut areas = vec![PrefetchArea::default(); 2 * PROGRAM];
        for number in 0..PROGRAM {
            let address = ctpr.base().wrapping_add(16 * number as u64);
            let mut bytes = [0; ArrayPrefetch::SIZE];
            self.fetch_async(address, &mut bytes)?;
            let instruction = ArrayPrefetch::from_bytes(&bytes);
            for (side, slot) in [instruction.first, instruction.second].into_iter().enumerate() {
                let index = match slot.indexing {
                    elnic_isa::Indexing::Register { index, .. } => {
                        self.state.aau.load_indices[usize::from(index & 15)]
                    }
                    // The elements of another area are the indices.
                    elnic_isa::Indexing::Area { .. } => 0,
                };
                areas[side * PROGRAM + number] = PrefetchArea { slot: slot.to_bits(), index };
            }
            if instruction.first.flag {
                break;
            }
        }
        Ok(areas)
    }

    fn area(&self, array_move: &Move) -> usize {
        usize::from(array_move.channel / 2) * PROGRAM + usize::from(array_move.area & 31)
    }

    /// What the `mova`s of a bundle take.
    pub(super) fn evaluate_moves(&mut self, moves: &[Move]) -> Result<[Moved; 4], Trap> {
        let mut moved = [(NOTHING, NOTHING); 4];
        for (result, array_move) in moved.iter_mut().zip(moves) {
            if let Some(value) = self.take(array_move)? {
                *result = value;
            }
        }
        Ok(moved)
    }

    /// One element; `None` if there is none.
    fn take(&mut self, array_move: &Move) -> Result<Option<Moved>, Trap> {
        let (size, count) = match array_move.format {
            MoveFormat::Byte => (Size::Byte, 1),
            MoveFormat::Half => (Size::Half, 1),
            MoveFormat::Word => (Size::Word, 1),
            MoveFormat::Double | MoveFormat::Quad => (Size::Double, 1),
            MoveFormat::QuadPacked => (Size::Double, 2),
        };
        let bytes = u64::from(size.bytes()) * count;
        let area = self.state.aau.areas.get(self.area(array_move)).copied().unwrap_or_default();
        let slot = elnic_isa::PrefetchSlot::from_bits(area.slot);
        if slot.fmt == 0 {
            return Ok(None);
        }
        if 1 << (slot.fmt - 1) < bytes {
            return Err(Trap::new(
                ExceptionKind::IllegalOpcode,
                Reason::Text("mova takes more than an element of its area"),
            ));
        }
        // The second channel of a pair takes the upper half.
        let half = match array_move.format {
            MoveFormat::Quad => u64::from(array_move.channel & 1) * 8,
            _ => 0,
        };
        let base = self.state.aau.descriptors[usize::from(slot.descriptor & 31)].lo & ADDRESS;
        let Some(index) = self.area_index(array_move, area, slot)? else { return Ok(None) };
        let address = base
            .wrapping_add(index)
            .wrapping_add(slot.disp.into())
            .wrapping_add(array_move.offset.into())
            .wrapping_add(half);
        let strict =
            self.config.isa < elnic_isa::IsaVersion::V5 || self.config.alignment == Alignment::Trap;
        if strict && address & (bytes - 1) != 0 {
            return Ok(None);
        }
        let mas = Mas(u8::from(array_move.big_endian) << 3);
        let Some(low) = self.array_element(array_move, address, size, mas)? else {
            return Ok(None);
        };
        let high = if count == 2 {
            match self.array_element(array_move, address.wrapping_add(8), size, mas)? {
                Some(high) => high,
                None => return Ok(None),
            }
        } else {
            0
        };
        Ok(Some(if count == 2 && array_move.big_endian { (high, low) } else { (low, high) }))
    }

    /// The index of the current element of `area`: its own, or an element of the area that it is indexed by.
    fn area_index(
        &mut self,
        array_move: &Move,
        area: PrefetchArea,
        slot: elnic_isa::PrefetchSlot,
    ) -> Result<Option<u64>, Trap> {
        let elnic_isa::Indexing::Area { big_endian, area: number, .. } = slot.indexing else {
            return Ok(Some(area.index.into()));
        };
        let number = usize::from(array_move.channel / 2) * PROGRAM + usize::from(number & 31);
        let indices = self.state.aau.areas.get(number).copied().unwrap_or_default();
        let slot = elnic_isa::PrefetchSlot::from_bits(indices.slot);
        let size = match (slot.fmt, slot.indexing) {
            // Indices of indices do not exist.
            (0, _) | (_, elnic_isa::Indexing::Area { .. }) => return Ok(None),
            (1, _) => Size::Byte,
            (2, _) => Size::Half,
            (3, _) => Size::Word,
            _ => Size::Double,
        };
        let base = self.state.aau.descriptors[usize::from(slot.descriptor & 31)].lo & ADDRESS;
        let address = base.wrapping_add(indices.index.into()).wrapping_add(slot.disp.into());
        self.array_element(array_move, address, size, Mas(u8::from(big_endian) << 3))
    }

    /// Up to 64 bits of an element. A prefetch may run over the end of its array, so only a page that exists and is not there is missed.
    fn array_element(
        &mut self,
        array_move: &Move,
        address: u64,
        size: Size,
        mas: Mas,
    ) -> Result<Option<u64>, Trap> {
        match self.load_plain(address, size, mas, 0) {
            Ok(value) => Ok(Some(value)),
            Err(trap) if trap.is_pending_page() => {
                Err(Trap::on_array_channel(trap.kind, array_move.channel, trap.reason.clone()))
            }
            Err(_) => Ok(None),
        }
    }

    /// Writes what the `mova`s took and advances their areas, each once.
    pub(super) fn commit_moves(&mut self, moves: &[Move], moved: [Moved; 4]) {
        let mut advanced: u64 = 0;
        for (array_move, (low, high)) in moves.iter().zip(moved) {
            if let Some(cell) = self.target_cell(array_move.target) {
                self.state.registers.set_low(cell, low);
                if array_move.format == MoveFormat::QuadPacked {
                    self.state.registers.set_high(cell, high);
                }
                if self.tags {
                    let tag = if low == NOTHING { TAG_DIAGNOSTIC } else { TAG_NUMERIC };
                    self.state.registers.set_tag(cell, tag);
                }
            }
            let area = self.area(array_move);
            if array_move.advance && advanced >> (area & 63) & 1 == 0 {
                advanced |= 1 << (area & 63);
                self.advance_area(area);
            }
        }
    }

    fn advance_area(&mut self, number: usize) {
        let aau = &mut self.state.aau;
        let Some(area) = aau.areas.get_mut(number) else { return };
        let slot = elnic_isa::PrefetchSlot::from_bits(area.slot);
        match slot.indexing {
            elnic_isa::Indexing::Register { increment, .. } if slot.fmt != 0 => {
                let step = step(&aau.increments, increment) << (slot.fmt - 1);
                area.index = area.index.wrapping_add(step);
            }
            elnic_isa::Indexing::Area { advance: true, area, .. } if slot.fmt != 0 => {
                let indices = number / PROGRAM * PROGRAM + usize::from(area & 31);
                if indices != number {
                    self.advance_area(indices);
                }
            }
            _ => {}
        }
    }

    /// A register of the unit.
    pub(super) fn read_aau(&self, register: AauRegister, high: bool) -> u64 {
        let aau = &self.state.aau;
        let number = usize::from(register.number);
        match register.file {
            AauFile::Aad if high => aau.descriptors[number & 31].hi,
            AauFile::Aad => aau.descriptors[number & 31].lo,
            AauFile::Aasti => aau.store_indices[number & 15].into(),
            AauFile::Aaind => aau.load_indices[number & 15].into(),
            AauFile::Aaincr => step(&aau.increments, register.number).into(),
            AauFile::Aaldi => aau.areas.get(number).map_or(0, |area| area.index.into()),
            AauFile::AastiTag => aau.store_tags.into(),
            AauFile::AaindTag => aau.load_tags.into(),
            AauFile::AaincrTag => aau.increment_tags.into(),
            AauFile::Aafstr => aau.fault_store.into(),
            AauFile::Aaldv => aau.load_valid,
            AauFile::Aaldm => aau.load_mask,
            AauFile::Aasr => aau.status.into(),
            AauFile::Aalda | AauFile::Aabf | AauFile::Aadr => 0,
        }
    }

    /// Writes a register of the unit.
    pub(super) fn write_aau(&mut self, register: AauRegister, high: bool, value: u64) {
        let aau = &mut self.state.aau;
        let number = usize::from(register.number);
        match register.file {
            AauFile::Aad if high => aau.descriptors[number & 31].hi = value,
            AauFile::Aad => aau.descriptors[number & 31].lo = value,
            AauFile::Aasti => aau.store_indices[number & 15] = value as u32,
            // Number 0 of these two is a constant.
            AauFile::Aaind if number != 0 => aau.load_indices[number & 15] = value as u32,
            AauFile::Aaincr if number != 0 => aau.increments[number & 7] = value as u32,
            AauFile::Aaldi => {
                if let Some(area) = aau.areas.get_mut(number) {
                    area.index = value as u32;
                }
            }
            AauFile::AastiTag => aau.store_tags = value as u32,
            AauFile::AaindTag => aau.load_tags = value as u32,
            AauFile::AaincrTag => aau.increment_tags = value as u32,
            AauFile::Aafstr => aau.fault_store = value as u32,
            AauFile::Aaldv => aau.load_valid = value,
            AauFile::Aaldm => aau.load_mask = value,
            AauFile::Aasr => aau.status = value as u32,
            _ => {}
        }
    }
}

/// Size of one access to an array.
const fn array_size(access: ArrayAccess) -> Size {
    match access.scale {
        0 => Size::Byte,
        1 => Size::Half,
        2 => Size::Word,
        _ => Size::Double,
    }
}

/// Increment `number` in elements; number 0 is the fixed step of one.
fn step(increments: &[u32; 8], number: u8) -> u32 {
    if number == 0 { 1 } else { increments[usize::from(number & 7)] }
}
