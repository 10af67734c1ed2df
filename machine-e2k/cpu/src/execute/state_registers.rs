//! State registers: what `rrs`/`rrd` read and `rws`/`rwd` write (e2k-isa.md §3.6, e2k-machine.md §10).
//!
//! Registers without behaviour are storage. Reading a stack pointer first brings the stack up to date, so that `%pshtp` and `%pcshtp` are
//! always zero (e2k-machine.md §9.2, rule 1).

use elnic_contract::Cycles;
use elnic_isa::StateRegister;

use super::context::Context;
use crate::bus::Bus;
use crate::exception::ExceptionKind;
use crate::state::control::{Ctpr, Frame};
use crate::state::loops::Lsr;
use crate::state::window::{GlobalRotation, Rotation};
use crate::state::{number, psr};
use crate::trap::{Reason, Trap};

/// Registers a program may write without `psr.pm`.
const UNPRIVILEGED: &[u8] = &[
    number::UPSR,
    number::LSR,
    number::ILCR,
    number::PFPFR,
    number::FPCR,
    number::FPSR,
    number::SCLKR,
    number::TIR_HI,
    number::TIR_LO,
    number::RPR_LO,
    number::RPR_HI,
    number::SBBP,
    number::UPSRM,
    number::LSR1,
    number::ILCR1,
];

/// Registers that decide what the next bundle may do.
const MODES: &[u8] = &[number::PSR, number::UPSR, number::CORE_MODE, number::DIBCR];

/// Registers that take no writes.
const READ_ONLY: &[u8] = &[number::IP, number::NIP, number::IDR, number::CLKR];

impl<B: Bus> Context<'_, B> {
    /// The value of a state register.
    pub(super) fn read_state(&mut self, register: StateRegister) -> Result<u64, Trap> {
        match register.0 {
            number::PSP_HI | number::PSP_LO | number::PSHTP => self.flush(true, false)?,
            number::PCSP_HI | number::PCSP_LO | number::PCSHTP => self.flush(false, true)?,
            number::TIR_LO => return Ok(self.state.tirs.take_lo()),
            _ => {}
        }
        let state = &*self.state;
        let frame = state.frame.to_words();
        Ok(match register.0 {
            number::PSR => state.psr.into(),
            number::WD => state.window.to_bits(),
            number::PSP_HI => state.procedure_stack.hi(),
            number::PSP_LO => state.procedure_stack.lo(),
            number::PCSP_HI => state.chain_stack.hi(),
            number::PCSP_LO => state.chain_stack.lo(),
            number::PSHTP | number::PCSHTP => 0,
            n @ number::CTPR1..=number::CTPR3 => state.ctpr[usize::from(n - number::CTPR1)].bits,
            n @ number::CTPR1_HI..=number::CTPR3_HI => {
                state.ctpr[usize::from(n - number::CTPR1_HI)].hi
            }
            number::SBR => state.data_stack.top,
            number::CUIR => state.cuir.into(),
            number::USD_HI => state.data_stack.hi,
            number::USD_LO => state.data_stack.lo,
            number::CR0_LO => frame[0],
            number::CR0_HI => frame[1],
            number::CR1_LO => frame[2],
            number::CR1_HI => frame[3],
            number::UPSR => state.upsr.into(),
            number::IP => state.ip,
            number::LSR => state.lsr.to_bits(),
            number::LSR1 => state.lsr.lcnt,
            number::ILCR => state.ilcr,
            number::ILCR1 => state.ilcr1,
            number::PFPFR => state.pfpfr.into(),
            number::FPCR => state.fpcr.into(),
            number::FPSR => state.fpsr.into(),
            number::BR => state.rotation.to_bits().into(),
            number::BGR => state.global_rotation.to_bits().into(),
            number::CLKR => state.cycles,
            number::SCLKR => self.system_clock(),
            number::TIR_HI => state.tirs.hi(),
            other => state.system[usize::from(other)],
        })
    }

    /// Steps of the system clock in a second, and since reset.
    fn system_steps(&self) -> (u64, u64) {
        let steps = (self.state.system[usize::from(number::SCLKM1)] & 0xffff_ffff).max(1);
        let passed = self.config.clock.span(Cycles(self.state.cycles));
        let seconds = passed.as_nanos() / 1_000_000_000;
        let rest = passed.as_nanos() % 1_000_000_000;
        (steps, seconds.wrapping_mul(steps).wrapping_add(rest * steps / 1_000_000_000))
    }

    /// `%sclkr`: seconds above, steps below (e2k-machine.md §6.6). What is stored is how far it was set ahead.
    fn system_clock(&self) -> u64 {
        let (steps, passed) = self.system_steps();
        let now = passed.wrapping_add(self.state.system[usize::from(number::SCLKR)]);
        ((now / steps) << 32) | (now % steps)
    }

    fn set_system_clock(&mut self, value: u64) {
        let (steps, passed) = self.system_steps();
        let wanted = (value >> 32).wrapping_mul(steps).wrapping_add(value & 0xffff_ffff);
        self.state.system[usize::from(number::SCLKR)] = wanted.wrapping_sub(passed);
    }

    /// Whether a state register may be written now.
    pub(super) fn check_state_write(
        &self,
        register: StateRegister,
        channel: u8,
    ) -> Result<(), Trap> {
        let refuse = |kind, why| {
            let reason = Reason::StateRegister { number: register.0, why };
            Err(Trap::on_channel(kind, channel, reason))
        };
        if register.0 == number::CUIR {
            return refuse(ExceptionKind::IllegalOpcode, "cannot be written");
        }
        if self.state.psr & psr::PM == 0 && !UNPRIVILEGED.contains(&register.0) {
            return refuse(ExceptionKind::PrivilegedAction, "is written without psr.pm");
        }
        Ok(())
    }

    /// Writes a state register.
    pub(super) fn write_state(&mut self, register: StateRegister, value: u64) -> Result<(), Trap> {
        let state = &mut *self.state;
        let mut frame = state.frame.to_words();
        match register.0 {
            number::PSR => state.psr = (value & 0x7f) as u8,
            number::WD => {
                let window = state.window.with_bits(value);
                if window.size > crate::state::registers::LARGEST_WINDOW
                    || window.previous > window.size
                {
                    return Err(Trap::new(
                        ExceptionKind::IllegalOperand,
                        Reason::Value { what: "%wd of", value },
                    ));
                }
                state.window = window;
            }
            number::PSP_HI => state.procedure_stack.set_hi(value),
            number::PSP_LO => state.procedure_stack.set_lo(value),
            number::PCSP_HI => state.chain_stack.set_hi(value),
            number::PCSP_LO => state.chain_stack.set_lo(value),
            number::PSHTP | number::PCSHTP => {}
            n @ number::CTPR1..=number::CTPR3 => {
                let ctpr = &mut state.ctpr[usize::from(n - number::CTPR1)];
                *ctpr = Ctpr { bits: value, hi: ctpr.hi };
            }
            n @ number::CTPR1_HI..=number::CTPR3_HI => {
                state.ctpr[usize::from(n - number::CTPR1_HI)].hi = value;
            }
            number::SBR => state.data_stack.top = value & 0xffff_ffff_ffff,
            number::USD_HI => state.data_stack.hi = value,
            number::USD_LO => state.data_stack.lo = value,
            n @ (number::CR0_LO | number::CR0_HI | number::CR1_LO | number::CR1_HI) => {
                let word = match n {
                    number::CR0_LO => 0,
                    number::CR0_HI => 1,
                    number::CR1_LO => 2,
                    _ => 3,
                };
                frame[word] = value;
                state.frame = Frame::from_words(frame);
            }
            number::UPSR => state.upsr = value as u32,
            number::LSR => state.lsr = Lsr::from_bits(value),
            number::LSR1 => state.lsr.lcnt = value,
            number::ILCR => state.ilcr = value,
            number::ILCR1 => state.ilcr1 = value,
            number::PFPFR => state.pfpfr = value as u32,
            number::FPCR => state.fpcr = value as u32,
            number::FPSR => state.fpsr = value as u32,
            number::BR => state.rotation = Rotation::from_bits(value as u32),
            number::BGR => state.global_rotation = GlobalRotation::from_bits(value as u32),
            number::TIR_HI => state.tirs.write_hi(value),
            number::TIR_LO => state.tirs.write_lo(value),
            n if READ_ONLY.contains(&n) => {}
            number::SCLKR => self.set_system_clock(value),
            other => state.system[usize::from(other)] = value,
        }
        if register.0 == number::CORE_MODE {
            self.tlb.flush();
        }
        let breakpoint = (number::DIBAR0..=number::DIBAR3).contains(&register.0);
        if breakpoint || MODES.contains(&register.0) {
            self.leave();
        }
        self.window_changed();
        Ok(())
    }
}
