//! Control and status of the floating-point units (e2k-isa.md §3.6).
//!
//! `%pfpfr` holds flags \[5:0\], masks \[12:7\], rounding \[14:13\] and flush-to-zero \[15\] of the scalar and packed unit; `%fpcr` masks \[5:0\],
//! precision \[9:8\] and rounding \[11:10\], `%fpsr` the flags \[5:0\] of the 80-bit unit.

use super::context::Context;
use crate::alu::float::{Environment, Rounding, Unit};
use crate::bus::Bus;
use crate::decode::Operation;
use crate::exception::ExceptionKind;
use crate::trap::{Reason, Trap};

/// `%upsr.fe`.
const ENABLED: u32 = 1;

impl<B: Bus> Context<'_, B> {
    /// Lets `compute` work under the control of `unit`, keeps the flags it raises, and raises what is not masked.
    pub(super) fn float<T>(
        &mut self,
        operation: &Operation,
        unit: Unit,
        compute: impl FnOnce(&mut Environment) -> T,
    ) -> Result<T, Trap> {
        let channel = operation.channel;
        if self.state.upsr & ENABLED == 0 {
            let reason = Reason::Text("floating point while upsr.fe is clear");
            return Err(Trap::on_channel(ExceptionKind::FpDisabled, channel, reason));
        }
        let (mut env, masks) = self.environment(unit);
        let value = compute(&mut env);
        let unmasked = env.flags & !masks;
        if unmasked != 0 && !operation.speculative {
            let reason = Reason::Value { what: "unmasked exceptions", value: unmasked.into() };
            return Err(Trap::on_channel(ExceptionKind::FloatingPoint, channel, reason));
        }
        match unit {
            Unit::Packed => self.state.pfpfr |= u32::from(env.flags),
            Unit::X87 => self.state.fpsr |= u32::from(env.flags),
        }
        Ok(value)
    }

    /// What `unit` is told, and which exceptions it keeps to itself.
    fn environment(&self, unit: Unit) -> (Environment, u8) {
        let (pfpfr, fpcr) = (self.state.pfpfr, self.state.fpcr);
        match unit {
            Unit::Packed => {
                let env = Environment {
                    rounding: Rounding::from_bits(pfpfr >> 13),
                    precision: 64,
                    flush: pfpfr >> 15 & 1 != 0,
                    flags: 0,
                };
                (env, (pfpfr >> 7 & 0x3f) as u8)
            }
            Unit::X87 => {
                let precision = match fpcr >> 8 & 3 {
                    0 => 24,
                    2 => 53,
                    _ => 64,
                };
                let rounding = Rounding::from_bits(fpcr >> 10);
                (Environment { rounding, precision, flush: false, flags: 0 }, (fpcr & 0x3f) as u8)
            }
        }
    }
}
