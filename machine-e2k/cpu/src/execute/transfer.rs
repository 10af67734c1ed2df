//! Where control goes: conditions, branches, calls and returns (e2k-isa.md §4.3, §6.1-6.3).

use elnic_contract::Size;
use elnic_isa::{ControlCondition, Mas};

use super::context::Context;
use super::stacks::REGISTER_BYTES;
use crate::bus::Bus;
use crate::decode::{Advances, Bundle, Prepare, Transfer};
use crate::exception::ExceptionKind;
use crate::state::control::{Ctpr, CtprTag, FRAME_BYTES, Frame};
use crate::state::registers::LARGEST_WINDOW;
use crate::state::window::Window;
use crate::state::{number, psr};
use crate::trap::{Reason, Trap};

/// Bytes of an entry of the table of compilation units: code and globals, low and high words.
const UNIT_BYTES: u64 = 32;
/// Distance of the system entries.
const ENTRY_BYTES: u64 = 0x800;

/// Bits of the address of a bundle.
const CODE_ADDRESS: u64 = 0xffff_ffff_fff8;

/// How a bundle changes control; where to is [`Context::target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// On to the next bundle.
    Next,
    /// To another bundle.
    Jump,
    /// Into a procedure; the window moves by so many pairs.
    Call { wbs: u8, system: bool },
    /// Out of the procedure.
    Return,
    /// Out of a trap's handler.
    Done,
}

impl<B: Bus> Context<'_, B> {
    /// Whether the transfer of `bundle` is taken, for the conditions that do not depend on the bundle itself.
    #[inline(always)]
    pub(super) fn is_taken(&self, condition: ControlCondition) -> bool {
        let (lsr, rotation) = (&self.state.lsr, &self.state.rotation);
        let holds = |number: u8| {
            self.state.predicates.values >> (rotation.predicate(number & 31) & 31) & 1 != 0
        };
        match condition {
            ControlCondition::Never => false,
            ControlCondition::Always => true,
            ControlCondition::Predicate(number) => holds(number),
            ControlCondition::NotPredicate(number) => !holds(number),
            ControlCondition::LoopEnd => lsr.loop_end(),
            ControlCondition::NotLoopEnd => !lsr.loop_end(),
            // In the prologue the predicates mean nothing yet.
            ControlCondition::PredicateOrLoopEnd(_)
            | ControlCondition::NotPredicateOrLoopEnd(_)
                if lsr.prologue() =>
            {
                lsr.loop_end()
            }
            ControlCondition::PredicateAndNotLoopEnd(_)
            | ControlCondition::NotPredicateAndNotLoopEnd(_)
                if lsr.prologue() =>
            {
                !lsr.loop_end()
            }
            ControlCondition::PredicateOrLoopEnd(number) => holds(number) || lsr.loop_end(),
            ControlCondition::NotPredicateOrLoopEnd(number) => !holds(number) || lsr.loop_end(),
            ControlCondition::PredicateAndNotLoopEnd(number) => holds(number) && !lsr.loop_end(),
            ControlCondition::NotPredicateAndNotLoopEnd(number) => {
                !holds(number) && !lsr.loop_end()
            }
            // What depends on the bundle itself is asked again after it.
            ControlCondition::MemoryLock
            | ControlCondition::MemoryLockOrTrap(_)
            | ControlCondition::MemoryLockOrLocal(_)
            | ControlCondition::Local(_) => self.state.mlock,
        }
    }

    /// Where a taken transfer leads that is an ordinary jump.
    #[inline(always)]
    pub(super) fn jump_target(&self, transfer: Transfer) -> Option<u64> {
        match transfer {
            Transfer::Branch(displacement) => Some(displacement.target(self.state.ip)),
            Transfer::Through(register) => {
                let ctpr = self.ctpr(register);
                ctpr.is_disp().then(|| ctpr.base() & !7)
            }
            _ => None,
        }
    }

    /// What a taken transfer does. Spills and fills what it needs.
    pub(super) fn plan(&mut self, transfer: Transfer) -> Result<Flow, Trap> {
        let ip = self.state.ip;
        match transfer {
            Transfer::None => Ok(Flow::Next),
            Transfer::Branch(displacement) => {
                self.target = displacement.target(ip);
                Ok(Flow::Jump)
            }
            Transfer::Through(register) => {
                let ctpr = self.ctpr(register);
                match ctpr.tag() {
                    CtprTag::Return => self.plan_return().map(|()| Flow::Return),
                    CtprTag::Disp | CtprTag::System => {
                        self.target = ctpr.base() & !7;
                        Ok(Flow::Jump)
                    }
                    _ => Err(unprepared(register, ctpr, "a transfer")),
                }
            }
            _ => self.plan_other(transfer),
        }
    }

    /// What a taken transfer does that is no jump.
    fn plan_other(&mut self, transfer: Transfer) -> Result<Flow, Trap> {
        let ip = self.state.ip;
        match transfer {
            Transfer::Call(register, wbs) => {
                let ctpr = self.ctpr(register);
                match ctpr.tag() {
                    CtprTag::Disp => self.plan_call(ctpr.base() & !7, wbs, false),
                    CtprTag::System => self.plan_call(ctpr.base() & !7, wbs, true),
                    _ => Err(unprepared(register, ctpr, "a call")),
                }
            }
            Transfer::CallDirect(displacement, wbs) => {
                self.plan_call(displacement.target(ip), wbs, false)
            }
            Transfer::To(operand) => {
                self.target = self.read(&operand) & CODE_ADDRESS;
                Ok(Flow::Jump)
            }
            Transfer::CallTo(operand, wbs) => {
                self.plan_call(self.read(&operand) & CODE_ADDRESS, wbs, false)
            }
            Transfer::Done if self.state.psr & psr::PM == 0 => {
                Err(Trap::new(ExceptionKind::PrivilegedAction, Reason::Text("done without psr.pm")))
            }
            Transfer::Done => self.plan_return().map(|()| Flow::Done),
            Transfer::Unimplemented(name) => Err(Trap::unimplemented(name)),
            Transfer::None | Transfer::Branch(_) | Transfer::Through(_) => Ok(Flow::Next),
        }
    }

    fn plan_call(&mut self, target: u64, wbs: u8, system: bool) -> Result<Flow, Trap> {
        let shift = 2 * u16::from(wbs);
        let window = self.state.window;
        if shift > window.size {
            return Err(Trap::new(
                ExceptionKind::WindowBounds,
                Reason::Resize { size: shift, smallest: 0, largest: window.size },
            ));
        }
        // Where nobody would hear of it, a program without checks must not overrun its stacks either.
        let checks = self.state.psr & psr::SGE != 0 || self.state.trap_entry().is_none();
        let registers = u64::from(self.state.procedure_stack.ind)
            + (self.resident() + u64::from(shift)) * REGISTER_BYTES;
        let size = u64::from(self.state.procedure_stack.size);
        if checks && registers > size {
            return Err(Trap::new(
                ExceptionKind::ProcedureStackBounds,
                Reason::Stack { stack: "procedure", wanted: registers, size },
            ));
        }
        let frames = u64::from(self.state.chain_stack.ind)
            + (self.state.frames.len() as u64 + 1) * FRAME_BYTES;
        let size = u64::from(self.state.chain_stack.size);
        if checks && frames > size {
            return Err(Trap::new(
                ExceptionKind::ChainStackBounds,
                Reason::Stack { stack: "chain", wanted: frames, size },
            ));
        }
        self.reserve_frame()?;
        self.target = target;
        Ok(Flow::Call { wbs, system })
    }

    fn plan_return(&mut self) -> Result<(), Trap> {
        let (window, frame) = (self.state.window, self.state.frame);
        let shift = 2 * u16::from(frame.wbs);
        if window.previous + shift > LARGEST_WINDOW {
            return Err(Trap::new(
                ExceptionKind::WindowBounds,
                Reason::Resize {
                    size: window.previous + shift,
                    smallest: 0,
                    largest: LARGEST_WINDOW,
                },
            ));
        }
        self.fill_frame()?;
        let missing = u64::from(shift).saturating_sub(self.resident());
        if missing > 0 {
            // Whole pairs, and the current window must not be overrun: it lies above what is filled.
            self.fill_registers(missing)?;
        }
        self.unit = self.returning_unit()?;
        Ok(())
    }

    /// Code and globals of the unit a return goes to, from the table of units, if it is another one (e2k-machine.md §7.4).
    fn returning_unit(&mut self) -> Result<Option<[u64; 4]>, Trap> {
        let table = self.state.system[usize::from(number::CUTD)] & 0xffff_ffff_ffff;
        let (state, frame) = (&self.state, self.state.frame);
        let leaves_system = state.psr & psr::PM != 0 && frame.psr & psr::PM == 0;
        if table == 0 || !leaves_system && frame.cuir == state.cuir {
            return Ok(None);
        }
        let place = table.wrapping_add(u64::from(frame.cuir & 0xffff) * UNIT_BYTES);
        let mut words = [0; 4];
        for (word, offset) in words.iter_mut().zip([0, 8, 16, 24]) {
            let address = place.wrapping_add(offset);
            *word = self.read_memory("reading the unit table", address, Size::Double, Mas(0), 0)?;
        }
        Ok(Some(words))
    }

    /// Carries out `flow` at the end of the bundle, of which `next` is the following one.
    pub(super) fn go(&mut self, flow: Flow, next: u64) {
        match flow {
            Flow::Next => self.state.ip = next,
            Flow::Jump => self.state.ip = self.target,
            Flow::Call { wbs, system } => {
                self.call(wbs, system, next);
                self.forget_targets();
                self.window_changed();
            }
            Flow::Return => {
                self.return_();
                self.forget_targets();
                self.window_changed();
            }
            Flow::Done => {
                self.return_();
                self.window_changed();
            }
        }
    }

    /// The frame that a call or a trap leaves behind.
    pub(super) fn current_frame(&self, wbs: u8, next: u64) -> Frame {
        let state = &*self.state;
        Frame {
            predicates: state.predicates,
            ip: next,
            tr: state.system[usize::from(number::TR)] as u16,
            ein: state.system[usize::from(number::EIR)] as u8,
            ss: false,
            wfx: state.window.fx,
            wdbl: state.window.dbl,
            wpsz: (state.window.previous / 2) as u8,
            wbs,
            cuir: state.cuir,
            psr: state.psr,
            rotation: state.rotation,
            ussz: state.data_stack.saved(),
        }
    }

    fn call(&mut self, wbs: u8, system: bool, next: u64) {
        let frame = self.current_frame(wbs, next);
        let target = self.target;
        let state = &mut *self.state;
        let window = state.window;
        state.frames.push(std::mem::replace(&mut state.frame, frame));
        let shift = 2 * u16::from(wbs);
        state.window = Window {
            base: window.base.wrapping_add(shift.into()),
            size: window.size - shift,
            previous: window.size - shift,
            fx: true,
            dbl: window.dbl,
        };
        state.ip = target;
        if system {
            self.enter_system();
        }
    }

    /// What a procedure has prepared ends with it. A trap leaves it alone, and its handler gives it back before `done`.
    fn forget_targets(&mut self) {
        for ctpr in &mut self.state.ctpr {
            ctpr.clear_tag();
        }
    }

    /// A system call runs with privilege and without interrupts.
    fn enter_system(&mut self) {
        self.state.psr = self.state.psr & psr::SGE | psr::PM;
        if self.state.trap_entry().is_some() {
            self.enter_system_unit();
        }
        self.leave();
    }

    fn return_(&mut self) {
        if self.state.frame.psr != self.state.psr {
            self.leave();
        }
        if let Some(unit) = self.unit.take() {
            let registers = [number::CUD_LO, number::CUD_HI, number::GD_LO, number::GD_HI];
            for (register, word) in registers.into_iter().zip(unit) {
                self.state.system[usize::from(register)] = word;
            }
        }
        let state = &mut *self.state;
        let frame = state.frame;
        let (step, wish) = (frame.ss, frame.psr & psr::LW != 0);
        // `plan_return` has made sure of it.
        let Some(below) = state.frames.pop() else { return };
        let shift = 2 * u16::from(frame.wbs);
        state.window = Window {
            base: state.window.base.wrapping_sub(shift.into()),
            size: state.window.previous + shift,
            previous: 2 * u16::from(frame.wpsz),
            fx: frame.wfx,
            dbl: frame.wdbl,
        };
        state.predicates = frame.predicates;
        state.rotation = frame.rotation;
        state.psr = frame.psr;
        state.cuir = frame.cuir;
        state.data_stack.restore(frame.ussz);
        state.ip = frame.ip & !7;
        state.frame = below;
        if step || wish {
            (state.debug.step, state.debug.wish) = (step, wish);
            self.leave();
        }
    }

    /// What the preparation of `bundle` puts into which control transfer register.
    pub(super) fn prepared(&self, prepare: Prepare) -> (u8, Ctpr) {
        let ip = self.state.ip;
        match prepare {
            Prepare::Disp(register, displacement) => {
                (register, Ctpr::prepared(CtprTag::Disp, 0, 0, displacement.target(ip)))
            }
            Prepare::Ldisp(displacement) => {
                (1, Ctpr::prepared(CtprTag::Disp, 1, 0, displacement.target(ip)))
            }
            Prepare::Sdisp(register, entry) => {
                let base = self.state.system[usize::from(number::OSCUD_LO)] & 0xffff_ffff_ffff;
                let target = base.wrapping_add(u64::from(entry) * ENTRY_BYTES);
                (register, Ctpr::prepared(CtprTag::System, 0, 0, target))
            }
            Prepare::Return => (2, Ctpr::prepared(CtprTag::Return, 0, 0, self.state.frame.ip & !7)),
        }
    }

    /// What advances at the end of `bundle`.
    #[inline(always)]
    pub(super) fn advance(&mut self, bundle: &Bundle, taken: bool) {
        let advances = bundle.advances;
        let advances = if taken { advances.taken } else { advances.not_taken };
        if advances & Advances::ALC != 0 {
            self.state.lsr.advance();
        }
        if advances & Advances::ABP != 0 {
            self.state.rotation.advance_predicates();
        }
        if advances & Advances::ABN != 0 {
            self.state.rotation.advance_registers();
        }
    }
}

fn unprepared(register: u8, ctpr: Ctpr, what: &'static str) -> Trap {
    let kind = match (ctpr.tag(), what) {
        (CtprTag::None | CtprTag::Diagnostic, "a transfer") => {
            ExceptionKind::DiagnosticInstructionAddress
        }
        _ => ExceptionKind::IllegalOpcode,
    };
    let reason = match (what, register) {
        ("a call", 0) => "a call through %ctpr1, which is not prepared for one",
        ("a call", 1) => "a call through %ctpr2, which is not prepared for one",
        ("a call", _) => "a call through %ctpr3, which is not prepared for one",
        (_, 0) => "a transfer through %ctpr1, which is not prepared for one",
        (_, 1) => "a transfer through %ctpr2, which is not prepared for one",
        _ => "a transfer through %ctpr3, which is not prepared for one",
    };
    Trap::new(kind, Reason::Text(reason))
}
