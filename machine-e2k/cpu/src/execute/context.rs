//! What a bundle works on: the state, the bus, and the note of what it wrote.

use crate::bus::Bus;
use crate::config::{Config, Tags};
use crate::decode::{CodeFilter, Operand, Operation, Target, Width};
use crate::processor::Stop;
use crate::state::State;
use crate::state::registers::{Cell, TAG_DIAGNOSTIC, TAG_LOW, TAG_NUMERIC};

/// Ranges a bundle wrote that may hold decoded code.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    ranges: [(u64, u64); Self::MOST],
    count: usize,
}

impl Written {
    /// Two stores of two halves each, and a spill of each stack.
    const MOST: usize = 8;

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn add(&mut self, start: u64, length: u64) {
        if let Some(place) = self.ranges.get_mut(self.count) {
            *place = (start, length);
            self.count += 1;
        } else {
            // More than any bundle does; one range over everything is right as well.
            self.ranges[0] = (0, u64::MAX);
        }
    }

    pub(super) fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.ranges.iter().copied().take(self.count)
    }
}

/// The surroundings of a bundle while it executes.
pub(super) struct Context<'a, B> {
    pub(super) state: &'a mut State,
    pub(super) bus: &'a mut B,
    pub(super) config: &'a Config,
    code: &'a CodeFilter,
    pub(super) written: Written,
    /// Whether tags are kept.
    pub(super) tags: bool,
    /// Bit n: the result of channel n is a diagnostic value.
    pub(super) poison: u8,
    /// Bytes of the bundle.
    pub(super) length: u64,
    /// Why the run ends after this bundle.
    pub(super) stop: Option<Stop>,
}

/// What an operation computed, before any of it is visible.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Value {
    /// Bits 63:0, or the truth value of a comparison.
    pub(super) low: u64,
    /// The extension.
    pub(super) high: u64,
    /// Where a store goes.
    pub(super) address: u64,
    /// It is a diagnostic value.
    pub(super) invalid: bool,
}

impl Value {
    #[inline]
    pub(super) const fn low(low: u64) -> Self {
        Self { low, high: 0, address: 0, invalid: false }
    }
}

impl<'a, B: Bus> Context<'a, B> {
    pub(super) fn new(
        state: &'a mut State,
        bus: &'a mut B,
        config: &'a Config,
        code: &'a CodeFilter,
    ) -> Self {
        let tags = config.tags == Tags::On;
        let written = Written::default();
        Self { state, bus, config, code, written, tags, poison: 0, length: 0, stop: None }
    }

    /// The cell `operand` names, unless it is a constant.
    #[inline]
    pub(super) fn source_cell(&self, operand: Operand) -> Option<Cell> {
        match operand {
            Operand::Window(number) => Some(self.state.window_cell(number.into())),
            Operand::Based(number) => Some(self.state.based_cell(number)),
            Operand::Global(number) => Some(self.state.global_cell(number)),
            Operand::Constant(_) => None,
        }
    }

    /// The 64-bit value of `operand`.
    #[inline]
    pub(super) fn read(&self, operand: Operand) -> u64 {
        let cell = match operand {
            Operand::Window(number) => self.state.window_cell(number.into()),
            Operand::Based(number) => self.state.based_cell(number),
            Operand::Global(number) => self.state.global_cell(number),
            Operand::Constant(value) => return value,
        };
        self.state.registers.low(cell)
    }

    /// The extension of `operand`; constants have none.
    #[inline]
    pub(super) fn read_high(&self, operand: Operand) -> u64 {
        self.source_cell(operand).map_or(0, |cell| self.state.registers.high(cell))
    }

    /// The tag of `operand`.
    pub(super) fn read_tag(&self, operand: Operand) -> u8 {
        self.source_cell(operand).map_or(TAG_NUMERIC, |cell| self.state.registers.tag(cell))
    }

    /// Writes the result of `operation` to its register, if it has one.
    #[inline]
    pub(super) fn write(&mut self, operation: &Operation, value: Value) {
        let cell = match operation.target {
            Target::Window(number) => self.state.window_cell(number.into()),
            Target::Based(number) => self.state.based_cell(number),
            Target::Global(number) => self.state.global_cell(number),
            Target::Nothing | Target::Predicate(_) | Target::Ctpr(_) => return,
        };
        let registers = &mut self.state.registers;
        match operation.width {
            Width::Double => registers.set_low(cell, value.low),
            Width::Single if self.state.window.dbl => {
                registers.set_low(cell, value.low & 0xffff_ffff);
            }
            Width::Single => registers.set_half(cell, value.low as u32),
            Width::Extended => {
                registers.set_low(cell, value.low);
                registers.set_high(cell, value.high & 0xffff);
            }
            Width::Quad => {
                registers.set_low(cell, value.low);
                registers.set_high(cell, value.high);
            }
        }
        if self.tags {
            self.write_tag(operation, cell, value.invalid);
        }
    }

    fn write_tag(&mut self, operation: &Operation, cell: Cell, invalid: bool) {
        let invalid = invalid || self.poison >> operation.channel & 1 != 0;
        let new = if invalid { TAG_DIAGNOSTIC } else { TAG_NUMERIC };
        let half = operation.width == Width::Single && !self.state.window.dbl;
        let old = self.state.registers.tag(cell);
        let tag = if half { old & !TAG_LOW | new & TAG_LOW } else { new };
        self.state.registers.set_tag(cell, tag);
    }

    /// Notes that `length` bytes at `address` were written.
    #[inline]
    pub(super) fn note_written(&mut self, address: u64, length: u64) {
        let last = address.wrapping_add(length.wrapping_sub(1));
        if self.code.may_hold(address) || self.code.may_hold(last) || length > 8 {
            self.written.add(address, length);
        }
    }
}
