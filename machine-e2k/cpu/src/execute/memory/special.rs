//! Accesses that are no accesses: registers of the memory management unit, probes and flushes (e2k-machine.md §3.2, §8).
//!
//! Decoded code is kept coherent by itself and there are no caches to flush, so of the flushes only those of translations do anything.
//! Diagnostic arrays of parts that do not exist read zero and take no writes.

use elnic_isa::SpecialOperation;

use crate::bus::Bus;
use crate::exception::ExceptionKind;
use crate::execute::context::Context;
use crate::mmu::register;
use crate::state::debug::DebugState;
use crate::state::psr;
use crate::trap::{Reason, Trap};

/// Registers that translation depends on.
const TRANSLATION: &[usize] = &[
    register::CONTROL,
    register::CONTEXT,
    register::ROOT,
    register::SYSTEM_ROOT,
    register::SYSTEM_START,
];
/// What a flush by address is about, bits 2:0: a page, or a page and the tables' cache.
const PAGE_FLUSHES: [u64; 2] = [1, 3];
/// The address of a flush of all translations; 0 is that of the instruction cache.
const ALL_TRANSLATIONS: u64 = 1;

fn number(address: u64) -> usize {
    (address >> 4 & 0xff) as usize
}

/// The register of data breakpoints and monitors at `address` (e2k-isa.md §8.3).
const fn debug_register(debug: &mut DebugState, address: u64) -> Option<&mut u64> {
    match address {
        0x07 | 0x27 | 0x47 | 0x67 => Some(&mut debug.addresses[(address >> 5 & 3) as usize]),
        0x87 => Some(&mut debug.control),
        0xa7 => Some(&mut debug.status),
        0x107 => Some(&mut debug.monitors[0]),
        0xc7 => Some(&mut debug.monitors[1]),
        0xe7 => Some(&mut debug.monitors[2]),
        _ => None,
    }
}

impl<B: Bus> Context<'_, B> {
    /// Whether the program may do this.
    fn check_special(&self, special: SpecialOperation, channel: u8) -> Result<(), Trap> {
        use SpecialOperation::{CacheLineFlush, LineFlush, MemoryLockInvalidate, PageFlush};
        let harmless = matches!(special, CacheLineFlush | LineFlush | MemoryLockInvalidate)
            || special == PageFlush;
        if harmless || self.state.psr & psr::PM != 0 {
            return Ok(());
        }
        Err(Trap::on_channel(
            ExceptionKind::PrivilegedAction,
            channel,
            Reason::Text("a register of the memory management unit without psr.pm"),
        ))
    }

    /// A load.
    pub(super) fn read_special(
        &mut self,
        special: SpecialOperation,
        address: u64,
        channel: u8,
    ) -> Result<u64, Trap> {
        self.check_special(special, channel)?;
        Ok(match special {
            SpecialOperation::MmuRegister => self.state.mmu[number(address)],
            SpecialOperation::DamRegister => {
                debug_register(&mut self.state.debug, address).map_or(0, |register| *register)
            }
            SpecialOperation::AddressProbe => self.probe(address, false),
            SpecialOperation::EntryProbe => self.probe(address, true),
            _ => 0,
        })
    }

    /// A store.
    pub(super) fn write_special(
        &mut self,
        special: SpecialOperation,
        address: u64,
        value: u64,
        channel: u8,
    ) -> Result<(), Trap> {
        self.check_special(special, channel)?;
        match special {
            SpecialOperation::MmuRegister => {
                let number = number(address);
                self.state.mmu[number] = value;
                if TRANSLATION.contains(&number) {
                    self.tlb.flush();
                    self.leave();
                }
            }
            SpecialOperation::PageFlush if PAGE_FLUSHES.contains(&(address & 7)) => {
                self.tlb.flush_page(address & 0xffff_ffff_f000);
                self.leave();
            }
            SpecialOperation::WholeFlush if address & 7 == ALL_TRANSLATIONS => {
                self.tlb.flush();
                self.leave();
            }
            SpecialOperation::DamRegister => {
                if let Some(register) = debug_register(&mut self.state.debug, address) {
                    *register = value;
                    self.leave();
                }
            }
            SpecialOperation::MemoryLockInvalidate => self.state.early_loads.clear(),
            _ => {}
        }
        Ok(())
    }
}
