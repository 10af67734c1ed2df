//! Operations in two halves: what they compute from the state before the bundle, and what of it becomes visible.

use elnic_contract::Size;

use super::context::{Aside, Context};
use crate::alu::combined::First;
use crate::alu::float::Unit;
use crate::alu::packed::truth_table;
use crate::bus::Bus;
use crate::decode::{Action, Operation, Target, Width};
use crate::exception::ExceptionKind;
use crate::state::control::{Ctpr, CtprTag};
use crate::state::number;
use crate::state::registers::TAG_NUMERIC;
use crate::trap::{Reason, Trap};

impl<B: Bus> Context<'_, B> {
    /// What `operation` computes. `predicates` and `stages` are those before the bundle, by name.
    #[inline]
    pub(super) fn evaluate(
        &mut self,
        operation: &Operation,
        predicates: u32,
        stages: u32,
    ) -> Result<u64, Trap> {
        let [src1, src2, src3] = &operation.sources;
        Ok(match operation.action {
            Action::Add => self.read(src1).wrapping_add(self.read(src2)),
            Action::Sub => self.read(src1).wrapping_sub(self.read(src2)),
            Action::Binary(function) => function(self.read(src1), self.read(src2)),
            Action::Compare(relation) => relation(self.read(src1), self.read(src2)).into(),
            Action::Load(size) => self.load(operation, size, 0)?,
            Action::Store(size) => self.prepare_plain_store(operation, size)?,
            Action::StoreQuad
            | Action::StoreHalf(_)
            | Action::StoreMasked
            | Action::StoreRecovery
            | Action::StoreRecoveryQuad => self.prepare_store(operation)?,
            Action::StoreRelative(segment, part) => {
                self.prepare_relative(operation, segment, part)?
            }
            Action::LoadRelative(segment, part) => self.load_relative(operation, segment, part)?,
            Action::LoadRecoveryQuad => self.load_recovery_quad(operation)?,
            Action::LoadArray(access) => {
                self.evaluate_array_load(operation, access, predicates, stages)?
            }
            Action::MakePointer(pointer, high) => self.make_pointer(operation, pointer, high)?,
            Action::PointerAddress => self.pointer_address(operation)?,
            // Where the transfer leads is read when it is planned.
            Action::Target => 0,
            Action::WriteTrapRegister(_) => self.read(src2),
            Action::ReadTrapRegister | Action::InvalidateTrapRegister => {
                self.state.system[usize::from(number::TC)]
            }
            Action::StoreArray(access) => {
                self.evaluate_array_store(operation, access, predicates, stages)?
            }
            Action::ReadAau(register, high) => self.read_aau(register, high),
            Action::WriteAau(..) => self.read(src3),
            Action::Ternary(function) => {
                function(self.read(src1), self.read(src2), self.read(src3))
            }
            Action::Combined(first, second) => {
                let value = match first {
                    First::Compute(first) => first(self.read(src1), self.read(src2)),
                    First::Merge if operation.merges(predicates, stages) => self.read(src2),
                    First::Merge => self.read(src1),
                };
                second(self.read(src3), value)
            }
            Action::Merge => {
                let source = if operation.merges(predicates, stages) { src2 } else { src1 };
                self.aside(operation).high = self.read_high(source);
                self.read(source)
            }
            Action::Packed(function) => {
                let [a, b, c] = [src1, src2, src3].map(|source| self.read_wide(source));
                self.result_wide(operation, function(a, b, c))
            }
            Action::TruthTable(table) => {
                let [a, b, c] = [src1, src2, src3].map(|source| self.read_wide(source));
                self.result_wide(operation, truth_table(table, a, b, c))
            }
            Action::ComparePacked(relation) => {
                relation(self.read_wide(src1), self.read_wide(src2)).into()
            }
            Action::Float(function, unit) => {
                let [a, b, c] = [src1, src2, src3].map(|source| self.read_wide(source));
                let value = self.float(operation, unit, |env| function(env, a, b, c))?;
                self.result_wide(operation, value)
            }
            Action::FloatCombined(stages) => {
                let [a, b, c] = [src1, src2, src3].map(|source| self.read_wide(source));
                let value =
                    self.float(operation, Unit::Packed, |env| stages.compute(env, a, b, c))?;
                self.result_wide(operation, value)
            }
            Action::CompareFloat(relation, unit) => {
                let [a, b, _] = [src1, src2, src3].map(|source| self.read_wide(source));
                self.float(operation, unit, |env| relation(env, a, b))?.into()
            }
            Action::Divide(division) => match division(self.read(src1), self.read(src2)) {
                Some(quotient) => quotient,
                None if operation.speculative => {
                    self.invalidate(operation);
                    0
                }
                None => {
                    return Err(Trap::on_channel(
                        ExceptionKind::Division,
                        operation.channel,
                        Reason::Text("there is no quotient, or it does not fit"),
                    ));
                }
            },
            Action::LoadQuad => self.load_quad(operation)?,
            Action::LoadHalf(offset) => self.load(operation, Size::Double, offset)?,
            Action::LoadRecovery => self.load_recovery(operation)?,
            Action::ReadState(register) => self.read_state(register)?,
            Action::ReadNext(length) => self.state.ip.wrapping_add(length.into()),
            Action::WriteState(register) => {
                let value = self.read(src2);
                self.check_state_write(register, operation.channel)?;
                value
            }
            Action::Prepare => self.read(src2),
            Action::GetStack => self.getsp(operation)?,
            Action::GetTag => self.read_tag(src2).into(),
            Action::PutTag => {
                let (tag, high) = (self.read(src2), self.read_high(src1));
                *self.aside(operation) = Aside { high, address: tag, ..Aside::default() };
                self.read(src1)
            }
            Action::Unimplemented => {
                return Err(Trap::on_channel(
                    ExceptionKind::IllegalOpcode,
                    operation.channel,
                    Reason::Unimplemented(operation.name),
                ));
            }
        })
    }

    /// Makes what `operation` computed visible, where that is more than a register or predicate.
    pub(super) fn commit(&mut self, operation: &Operation, value: u64) -> Result<(), Trap> {
        match operation.action {
            Action::StoreArray(access) => return self.store_array(operation, access, value),
            Action::LoadArray(access) => self.finish_array_load(operation, access, value),
            Action::MakePointer(pointer, high) => {
                self.write_pointer(operation, pointer, high, value);
            }
            Action::LoadRecovery => {
                let tag = self.aside(operation).address as u8;
                self.write(operation, value);
                if tag != TAG_NUMERIC {
                    self.put_tag(operation, tag);
                }
            }
            Action::Target => {}
            Action::WriteTrapRegister(number) => self.state.system[usize::from(number)] = value,
            Action::InvalidateTrapRegister => {
                self.state.system[usize::from(number::TC)] = 0;
                self.write(operation, value);
            }
            Action::WriteAau(register, high) => self.write_aau(register, high, value),
            Action::WriteState(register) => return self.write_state(register, value),
            Action::Prepare => {
                if let Target::Ctpr(number) = operation.target {
                    let invalid = self.poison >> operation.channel & 1 != 0;
                    let tag = if invalid { CtprTag::Diagnostic } else { CtprTag::Disp };
                    let ctpr = Ctpr::prepared(tag, 0, 0, value);
                    *self.ctpr_mut(number) = ctpr;
                }
            }
            Action::GetStack => {
                let size = self.aside(operation).high as u32;
                self.state.data_stack.set(value, size);
                self.write(operation, value);
            }
            Action::PutTag => {
                let tag = self.aside(operation).address as u8;
                self.write(operation, value);
                self.put_tag(operation, tag);
            }
            _ => return self.store(operation, value),
        }
        Ok(())
    }

    fn result_wide(&mut self, operation: &Operation, value: u128) -> u64 {
        self.aside(operation).high = (value >> 64) as u64;
        value as u64
    }

    /// `getsp`: a negative amount takes from the data stack, a positive one gives back, in units of 16 bytes.
    pub(super) fn getsp(&mut self, operation: &Operation) -> Result<u64, Trap> {
        let stack = self.state.data_stack;
        let amount = i64::from(self.read(&operation.sources[1]) as i32) & !15;
        let size = i64::from(stack.size()) + amount;
        let Ok(size) = u32::try_from(size) else {
            return Err(Trap::on_channel(
                ExceptionKind::UserStackBounds,
                operation.channel,
                Reason::Stack {
                    stack: "data",
                    wanted: amount.unsigned_abs(),
                    size: stack.size().into(),
                },
            ));
        };
        let base = stack.base().wrapping_add_signed(amount) & 0xffff_ffff_ffff;
        self.aside(operation).high = size.into();
        Ok(base)
    }

    fn put_tag(&mut self, operation: &Operation, tag: u8) {
        if !self.tags {
            return;
        }
        let Some(cell) = self.target_cell(operation.target) else { return };
        let old = self.state.registers.tag(cell);
        let tag = match operation.width {
            Width::Single => old & 0b1100 | tag & 0b11,
            _ => tag & 0b1111,
        };
        self.state.registers.set_tag(cell, tag);
    }
}

impl Operation {
    /// Whether its merge condition holds; without one it does not.
    #[inline]
    fn merges(&self, predicates: u32, stages: u32) -> bool {
        !self.merge.is_always() && self.merge.allows(predicates, stages)
    }
}
