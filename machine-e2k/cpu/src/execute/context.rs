//! What a bundle works on: the state, the bus, and the note of what it wrote.

use super::cellar::Cellar;
use crate::bus::Bus;
use crate::config::{Alignment, Config, Tags};
use crate::decode::{CodeFilter, Limits, Operand, Operation, PAGE, Target, Width};
use crate::mmu::{self, Tlb};
use crate::processor::Stop;
use crate::state::control::Ctpr;
use crate::state::registers::{Cell, TAG_DIAGNOSTIC, TAG_LOW, TAG_NUMERIC};
use crate::state::{State, upsr};

/// No page is there.
const NOWHERE: u64 = 1;

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
    pub(super) tlb: &'a mut Tlb,
    code: &'a CodeFilter,
    /// Virtual address of the code page the processor is in; an odd one to leave it.
    pub(super) page: u64,
    pub(super) written: Written,
    /// Registers the window has.
    limits: Limits,
    /// Whether tags are kept.
    pub(super) tags: bool,
    /// Whether accesses must be aligned.
    pub(super) aligned: bool,
    /// Whether addresses are translated.
    pub(super) translating: bool,
    /// Either of them: no access goes to the bus directly.
    pub(super) checked: bool,
    /// Accesses without a page are left out and noted here.
    pub(super) cellar: Option<Cellar>,
    /// What the compilation unit of a return is described by, if it changes.
    pub(super) unit: Option<[u64; 4]>,
    /// Bit n: the result of channel n is a diagnostic value.
    pub(super) poison: u8,
    /// Bit n: the qualifier of channel n is a diagnostic value, and its operation is speculative.
    pub(super) doubted: u8,
    /// What does not fit into the value of an operation.
    pub(super) aside: [Aside; 8],
    /// Where the transfer of the bundle leads, if it is taken.
    pub(super) target: u64,
    /// Why the run ends after this bundle.
    pub(super) stop: Option<Stop>,
}

/// What an operation computed beside the low 64 bits of its result, before any of it is visible; by channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aside {
    /// The extension of the result, or of the datum of a store.
    pub(super) high: u64,
    /// Where a store goes.
    pub(super) address: u64,
    /// The index of an array store advances.
    pub(super) advances: bool,
}

impl<'a, B: Bus> Context<'a, B> {
    pub(super) fn new(
        state: &'a mut State,
        bus: &'a mut B,
        config: &'a Config,
        tlb: &'a mut Tlb,
        code: &'a CodeFilter,
    ) -> Self {
        let aligned = config.alignment == Alignment::Trap || state.upsr & upsr::AC != 0;
        let translating = mmu::is_on(state);
        let page = state.ip & !(PAGE - 1);
        let tags = config.tags == Tags::On;
        let written = Written::default();
        let mut cx = Self {
            state,
            bus,
            config,
            tlb,
            code,
            page,
            written,
            limits: Limits::default(),
            tags,
            aligned,
            translating,
            checked: aligned || translating,
            cellar: None,
            unit: None,
            poison: 0,
            doubted: 0,
            aside: [Aside::default(); 8],
            target: 0,
            stop: None,
        };
        cx.window_changed();
        cx
    }

    /// To be called when the mode of the processor has changed: what depends on it is decided anew before the next bundle.
    #[inline]
    pub(super) const fn leave(&mut self) {
        self.page = NOWHERE;
    }

    /// To be called when the size of the window or of the rotating area may have changed.
    pub(super) fn window_changed(&mut self) {
        let (size, rotation) = (self.state.window.size, self.state.rotation);
        // A rotating area that sticks out of the window has to be looked at register by register.
        let whole = 2 * u16::from(rotation.rbs) + rotation.ring() <= size;
        self.limits = Limits::new(size, size, if whole { rotation.ring() } else { 0 });
    }

    /// Whether registers within `needed` are certainly inside the window.
    #[inline(always)]
    pub(super) fn is_inside(&self, needed: Limits) -> bool {
        needed.fit(self.limits)
    }

    /// The cell `operand` names, unless it is a constant.
    #[inline]
    pub(super) fn source_cell(&self, operand: &Operand) -> Option<Cell> {
        match *operand {
            Operand::Window(number) => Some(self.state.window_cell(number.into())),
            Operand::Based(number) => Some(self.state.based_cell(number)),
            Operand::Global(number) => Some(self.state.global_cell(number)),
            Operand::Constant(_) => None,
        }
    }

    /// The 64-bit value of `operand`.
    #[inline(always)]
    pub(super) fn read(&self, operand: &Operand) -> u64 {
        // Windowed registers and constants are nearly all there is.
        if let Operand::Window(number) = *operand {
            self.state.registers.low(self.state.window_cell(number.into()))
        } else if let Operand::Constant(value) = *operand {
            value
        } else {
            self.source_cell(operand).map_or(0, |cell| self.state.registers.low(cell))
        }
    }

    /// The extension of `operand`; constants have none.
    #[inline]
    pub(super) fn read_high(&self, operand: &Operand) -> u64 {
        self.source_cell(operand).map_or(0, |cell| self.state.registers.high(cell))
    }

    /// All 128 bits of `operand`.
    pub(super) fn read_wide(&self, operand: &Operand) -> u128 {
        u128::from(self.read_high(operand)) << 64 | u128::from(self.read(operand))
    }

    /// The tag of `operand`.
    pub(super) fn read_tag(&self, operand: &Operand) -> u8 {
        self.source_cell(operand).map_or(TAG_NUMERIC, |cell| self.state.registers.tag(cell))
    }

    /// What `operation` computed beside its value.
    #[inline]
    pub(super) fn aside(&mut self, operation: &Operation) -> &mut Aside {
        &mut self.aside[usize::from(operation.channel & 7)]
    }

    /// The result of `operation` is a diagnostic value.
    pub(super) fn invalidate(&mut self, operation: &Operation) {
        self.poison |= 1 << operation.channel;
    }

    /// `%ctpr(number+1)`.
    #[inline(always)]
    pub(super) fn ctpr(&self, number: u8) -> Ctpr {
        self.state.ctpr[usize::from(number.min(2))]
    }

    /// `%ctpr(number+1)`, to be written.
    #[inline(always)]
    pub(super) fn ctpr_mut(&mut self, number: u8) -> &mut Ctpr {
        &mut self.state.ctpr[usize::from(number.min(2))]
    }

    /// Writes a truth value to the predicate of `operation`.
    #[inline(always)]
    pub(super) fn write_predicate(&mut self, operation: &Operation, value: bool) {
        if let Target::Predicate(number) = operation.target {
            let invalid = self.tags && self.poison >> operation.channel & 1 != 0;
            let number = self.state.rotation.predicate(number);
            self.state.predicates.set(number, value, invalid);
        }
    }

    /// The cell of a result, if it goes to a register.
    pub(super) fn target_cell(&self, target: Target) -> Option<Cell> {
        match target {
            Target::Window(number) => Some(self.state.window_cell(number.into())),
            Target::Based(number) => Some(self.state.based_cell(number)),
            Target::Global(number) => Some(self.state.global_cell(number)),
            Target::Nothing | Target::Predicate(_) | Target::Ctpr(_) => None,
        }
    }

    /// Writes the result of `operation` to its register, if it has one.
    #[inline(always)]
    pub(super) fn write(&mut self, operation: &Operation, low: u64) {
        let cell = if let Target::Window(number) = operation.target {
            self.state.window_cell(number.into())
        } else if let Some(cell) = self.target_cell(operation.target) {
            cell
        } else {
            return;
        };
        if operation.width == Width::Double {
            self.state.registers.set_low(cell, low);
        } else {
            self.write_other(operation, cell, low);
        }
        if self.tags {
            self.write_tag(operation, cell);
        }
    }

    /// Results that are not 64 bits wide.
    #[inline]
    fn write_other(&mut self, operation: &Operation, cell: Cell, low: u64) {
        if operation.width == Width::Single {
            if self.state.window.dbl {
                self.state.registers.set_low(cell, low & 0xffff_ffff);
            } else {
                self.state.registers.set_half(cell, low as u32);
            }
            return;
        }
        let kept = if operation.width == Width::Extended { 0xffff } else { u64::MAX };
        let high = self.aside(operation).high & kept;
        self.state.registers.set_low(cell, low);
        self.state.registers.set_high(cell, high);
    }

    fn write_tag(&mut self, operation: &Operation, cell: Cell) {
        let invalid = self.poison >> operation.channel & 1 != 0;
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
