//! Running a program that is debugged: bundle by bundle, with a look at what is due before and after each.
//!
//! A code breakpoint comes before its bundle, a single step before the bundle behind the one that was made, a last wish before the first
//! bundle of the procedure that was returned to; a data breakpoint comes behind the bundle that hit it (where the hardware delivers it is not
//! public). All but the last are looked for only while there is one, so that other programs do not pay for them.

use super::Interpreter;
use super::context::Context;
use super::entry::Fault;
use crate::bus::Bus;
use crate::exception::ExceptionKind;
use crate::processor::Stop;
use crate::state::debug::Access;
use crate::state::psr;
use crate::trap::{Reason, Trap};

impl Interpreter {
    /// Raises what comes before the next bundle; whether anything did.
    pub(super) fn raise_due<B: Bus>(&mut self, bus: &mut B) -> Result<bool, Stop> {
        let state = &mut self.state;
        let (kind, text) = if std::mem::take(&mut state.debug.wish) {
            state.psr &= !psr::LW;
            (ExceptionKind::LastWish, "psr.lw of the frame that was returned to")
        } else if std::mem::take(&mut state.debug.stepped) {
            (ExceptionKind::InstructionDebug, "a single step")
        } else if state.meets_breakpoint() {
            (ExceptionKind::InstructionDebug, "a breakpoint")
        } else {
            return Ok(false);
        };
        let (trap, ip) = (Trap::new(kind, Reason::Text(text)), state.ip);
        self.raise(bus, &Fault { trap, ip })?;
        Ok(true)
    }
}

impl<B: Bus> Context<'_, B> {
    /// Looks whether an access hits a data breakpoint.
    #[inline]
    pub(super) fn watch(&mut self, address: u64, bytes: u8, writes: bool, channel: u8) {
        if self.breakpoints {
            let speculative = self.speculative;
            let access = Access { address, bytes: bytes.into(), writes, speculative };
            self.hits |= u8::from(self.state.debug.hit(access)) << channel;
        }
    }

    /// The exception of the bundle at `ip`, which is complete and hit data breakpoints.
    #[cold]
    pub(super) fn data_debug(&self, ip: u64) -> Fault {
        let reason = Reason::Text("a data breakpoint");
        Fault { trap: Trap::on_channels(ExceptionKind::DataDebug, self.hits, reason), ip }
    }
}
