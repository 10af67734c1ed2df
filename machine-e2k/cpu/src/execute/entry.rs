//! How a trap begins: from a cause to the first bundle of the program's trap handler (e2k-machine.md §7.3).
//!
//! The interrupted procedure is left as by a call whose window starts after the whole current one, so that `done` continues it like any
//! return. What a synchronous cause names is executed again; memory faults and interrupts continue behind the bundle. Registers need no
//! memory at that moment, and frames rarely do: there is room beyond what calls use.

use super::context::Context;
use crate::bus::Bus;
use crate::exception::ExceptionKind;
use crate::processor::Pin;
use crate::state::control::{RESIDENT_FRAMES, TRAP_FRAMES};
use crate::state::tir::TrapCause;
use crate::state::window::Window;
use crate::state::{State, number, psr, upsr};
use crate::trap::Trap;

/// Cycles a trap takes before its handler's first bundle (unknown; as long as a bundle).
pub(super) const ENTRY_CYCLES: u64 = 1;

/// A trap that has to be delivered.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) trap: Trap,
    /// Address of the bundle at fault; `state.ip` says where to continue.
    pub(super) ip: u64,
}

impl Fault {
    /// What `%tir` will say.
    pub(super) fn cause(&self) -> TrapCause {
        TrapCause {
            exceptions: 1 << self.trap.kind.number(),
            channels: self.trap.channels,
            arrays: self.trap.arrays,
            ip: self.ip,
        }
    }
}

/// The pins, as they are driven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pins {
    interrupt: bool,
    non_maskable: bool,
}

impl Pins {
    pub(super) const fn set(&mut self, pin: Pin, high: bool) {
        match pin {
            Pin::Interrupt => self.interrupt = high,
            Pin::NonMaskable => self.non_maskable = high,
        }
    }

    /// Whether anything is pending, allowed or not.
    #[inline]
    pub(super) const fn any(self) -> bool {
        self.interrupt || self.non_maskable
    }

    /// What may interrupt `state` now. `%psr` decides, or hands the decision to `%upsr` (e2k-machine.md §6.2).
    pub(super) fn deliverable(self, state: &State) -> Option<ExceptionKind> {
        let psr = |bit: u8| state.psr & bit != 0;
        let upsr = |bit: u32| state.upsr & bit != 0;
        let non_maskable = if psr(psr::UNMIE) { upsr(upsr::NMIE) } else { psr(psr::NMIE) };
        let maskable = if psr(psr::UIE) { upsr(upsr::IE) } else { psr(psr::IE) };
        if self.non_maskable && non_maskable {
            Some(ExceptionKind::NonMaskableInterrupt)
        } else if self.interrupt && maskable {
            Some(ExceptionKind::Interrupt)
        } else {
            None
        }
    }
}

impl<B: Bus> Context<'_, B> {
    /// Enters the handler at `entry` with `causes` in `%tir`, newest last.
    ///
    /// # Errors
    /// The chain stack would have to be spilled and cannot.
    pub(super) fn enter_trap(&mut self, entry: u64, causes: &[TrapCause]) -> Result<(), Trap> {
        if self.state.frames.len() >= RESIDENT_FRAMES + TRAP_FRAMES {
            self.spill_frames(RESIDENT_FRAMES / 2)?;
        }
        let pairs = self.state.window.size.div_ceil(2);
        let mut frame = self.current_frame(pairs as u8, self.state.ip);
        let state = &mut *self.state;
        // What interrupts a single step lets it go on afterwards.
        frame.ss = std::mem::take(&mut state.debug.step);
        state.frames.push(std::mem::replace(&mut state.frame, frame));
        state.window = Window {
            base: state.window.base.wrapping_add(2 * u64::from(pairs)),
            size: 0,
            previous: 0,
            fx: true,
            dbl: state.window.dbl,
        };
        state.psr = psr::PM;
        state.tirs.set(causes);
        state.ip = entry;
        state.cycles = state.cycles.wrapping_add(ENTRY_CYCLES);
        self.enter_system_unit();
        Ok(())
    }

    /// Code and globals of the system replace those of the program (traps and system calls).
    pub(super) fn enter_system_unit(&mut self) {
        let v6 = self.config.isa >= elnic_isa::IsaVersion::V6;
        let state = &mut *self.state;
        let unit = state.system[usize::from(number::OSCUIR)] as u32;
        state.cuir = if v6 { unit & 0x1_ffff } else { 0 };
        for (to, from) in [
            (number::CUD_HI, number::OSCUD_HI),
            (number::CUD_LO, number::OSCUD_LO),
            (number::GD_HI, number::OSGD_HI),
            (number::GD_LO, number::OSGD_LO),
        ] {
            state.system[usize::from(to)] = state.system[usize::from(from)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upsr_decides_only_where_psr_lets_it() {
        let mut state = State::at_reset(0, 0);
        let mut pins = Pins::default();
        pins.set(Pin::Interrupt, true);
        for (psr, upsr, expected) in [
            (psr::PM, upsr::IE, None),
            (psr::PM | psr::IE, 0, Some(ExceptionKind::Interrupt)),
            (psr::PM | psr::IE | psr::UIE, 0, None),
            (psr::PM | psr::UIE, upsr::IE, Some(ExceptionKind::Interrupt)),
        ] {
            (state.psr, state.upsr) = (psr, upsr);
            assert_eq!(pins.deliverable(&state), expected, "psr {psr:#x} upsr {upsr:#x}");
        }
        pins.set(Pin::NonMaskable, true);
        (state.psr, state.upsr) = (psr::NMIE | psr::IE, 0);
        assert_eq!(pins.deliverable(&state), Some(ExceptionKind::NonMaskableInterrupt));
        state.psr |= psr::UNMIE;
        assert_eq!(pins.deliverable(&state), Some(ExceptionKind::Interrupt));
    }
}
