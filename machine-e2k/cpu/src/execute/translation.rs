//! Where addresses lead: physical memory as it is, or through the page tables (e2k-machine.md §8).
//!
//! Everything the interpreter reads or writes in memory by a virtual address goes through here, except the accesses of a machine without
//! translation that [`super::memory`] makes directly. Accesses that lie in two pages are made byte by byte where the pages are not neighbours.

use elnic_contract::Size;
use elnic_isa::Mas;

use super::context::Context;
use crate::bus::{Bus, BusFault};
use crate::config::Config;
use crate::exception::ExceptionKind;
use crate::mmu::{self, Access, FaultKind, PageFault, Tlb};
use crate::state::{State, psr};
use crate::trap::{Reason, Trap};

/// Bytes of a page.
const PAGE: u64 = 4096;

/// The physical address behind `address`; translation must be on.
pub(super) fn translate<B: Bus>(
    (state, tlb, config): (&State, &mut Tlb, &Config),
    bus: &mut B,
    address: u64,
    access: Access,
) -> Result<u64, PageFault> {
    let known = tlb.find(address).filter(|line| access != Access::Write || line.rights.dirty);
    let (frame, rights) = match known {
        Some(line) => (line.frame, line.rights),
        None => {
            let space = mmu::space(state, address);
            let page = mmu::walk(bus, space, config.isa, address, access)?;
            tlb.add(address, page.frame, page.rights);
            (page.frame, page.rights)
        }
    };
    let fault = |kind| Err(PageFault { kind, level: 0 });
    if rights.privileged && state.psr & psr::PM == 0 {
        return fault(FaultKind::Privileged);
    }
    match access {
        Access::Write if !rights.write => fault(FaultKind::NotWritable),
        Access::Fetch if !rights.execute => fault(FaultKind::NotExecutable),
        _ => Ok(frame | address & (PAGE - 1)),
    }
}

/// The physical address of code.
pub(super) fn code_address<B: Bus>(
    tables: (&State, &mut Tlb, &Config),
    bus: &mut B,
    address: u64,
) -> Result<u64, Trap> {
    if !mmu::is_on(tables.0) {
        return Ok(address);
    }
    translate(tables, bus, address, Access::Fetch).map_err(|fault| {
        let kind = match fault.kind {
            FaultKind::NotExecutable | FaultKind::Privileged => {
                ExceptionKind::InstructionPageProtection
            }
            _ => ExceptionKind::InstructionPageMiss,
        };
        Trap::new(kind, Reason::Page { what: "instruction fetch", address, fault })
    })
}

/// Whether `mas` asks for a physical address.
const fn is_physical(mas: Mas) -> bool {
    mas.0 & 0b1_0111 == 1
}

impl<B: Bus> Context<'_, B> {
    fn physical(&mut self, address: u64, access: Access) -> Result<u64, PageFault> {
        translate((self.state, self.tlb, self.config), self.bus, address, access)
    }

    /// The physical address of the first byte of an access with `mas`, and whether all of it follows there.
    fn place(
        &mut self,
        address: u64,
        bytes: u64,
        mas: Mas,
        access: Access,
    ) -> Result<(u64, bool), PageFault> {
        if is_physical(mas) {
            if self.translating && self.state.psr & psr::PM == 0 {
                return Err(PageFault { kind: FaultKind::PhysicalPrivilege, level: 0 });
            }
            return Ok((address, true));
        }
        if !self.translating {
            return Ok((address, true));
        }
        let first = self.physical(address, access)?;
        let last = address.wrapping_add(bytes - 1);
        if (address ^ last) & !(PAGE - 1) == 0 {
            return Ok((first, true));
        }
        let second = self.physical(last & !(PAGE - 1), access)?;
        Ok((first, second == (first & !(PAGE - 1)).wrapping_add(PAGE)))
    }

    fn page_fault(what: &'static str, address: u64, channel: u8) -> impl Fn(PageFault) -> Trap {
        move |fault| {
            let reason = Reason::Page { what, address, fault };
            Trap::on_channel(ExceptionKind::DataPage, channel, reason)
        }
    }

    fn bus_fault(what: &'static str, address: u64, channel: u8) -> impl Fn(BusFault) -> Trap {
        move |fault| {
            let reason = Reason::Access { what, address, fault };
            Trap::on_channel(ExceptionKind::MemoryErrorOutside, channel, reason)
        }
    }

    /// Reads memory or a device.
    pub(super) fn read_memory(
        &mut self,
        what: &'static str,
        address: u64,
        size: Size,
        mas: Mas,
        channel: u8,
    ) -> Result<u64, Trap> {
        let bytes = u64::from(size.bytes());
        let place = self.place(address, bytes, mas, Access::Read);
        let (place, whole) = place.map_err(Self::page_fault(what, address, channel))?;
        if whole {
            return self
                .bus
                .load(place, size, mas)
                .map_err(Self::bus_fault(what, address, channel));
        }
        (0..bytes).rev().try_fold(0, |value, offset| {
            let at = address.wrapping_add(offset);
            Ok(value << 8 | self.read_memory(what, at, Size::Byte, mas, channel)?)
        })
    }

    /// Writes memory or a device, and notes it.
    pub(super) fn write_memory(
        &mut self,
        what: &'static str,
        address: u64,
        size: Size,
        mas: Mas,
        (value, channel): (u64, u8),
    ) -> Result<(), Trap> {
        let bytes = u64::from(size.bytes());
        let place = self.place(address, bytes, mas, Access::Write);
        let (place, whole) = place.map_err(Self::page_fault(what, address, channel))?;
        if !whole {
            return (0..bytes).try_for_each(|offset| {
                let (at, byte) = (address.wrapping_add(offset), value >> (8 * offset) & 0xff);
                self.write_memory(what, at, Size::Byte, mas, (byte, channel))
            });
        }
        self.bus.store(place, size, mas, value).map_err(Self::bus_fault(what, address, channel))?;
        self.note_written(place, bytes);
        if !self.state.early_loads.is_empty() && self.state.early_loads.stored(place, bytes) {
            self.state.mlock |= self.asks_early;
        }
        Ok(())
    }

    /// Reads part of a prefetch program, which does not cross a page.
    pub(super) fn fetch_async(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), Trap> {
        let place = if self.translating {
            self.physical(address, Access::Fetch).map_err(|fault| {
                let kind = match fault.kind {
                    FaultKind::NotExecutable | FaultKind::Privileged => {
                        ExceptionKind::AsyncInstructionPageProtection
                    }
                    _ => ExceptionKind::AsyncInstructionPageMiss,
                };
                Trap::new(kind, Reason::Page { what: "prefetch program", address, fault })
            })?
        } else {
            address
        };
        self.bus.fetch(place, bytes).map_err(|fault| {
            Trap::new(ExceptionKind::AsyncInstructionPageMiss, Reason::Fetch(fault))
        })
    }

    /// The physical address behind a data address, for comparing.
    pub(super) fn physical_of(&mut self, address: u64, mas: Mas) -> u64 {
        self.place(address, 1, mas, Access::Read).map_or(address, |(place, _)| place)
    }

    /// Probes of the translation caches: a physical address or an entry, else what a walk ended with (e2k-machine.md §8.4).
    pub(super) fn probe(&mut self, address: u64, entry: bool) -> u64 {
        if !self.translating {
            return address;
        }
        let space = mmu::space(self.state, address);
        match mmu::walk(self.bus, space, self.config.isa, address, Access::Read) {
            Ok(page) if entry => page.entry | page.frame,
            Ok(page) => page.frame | address & (PAGE - 1),
            Err(PageFault { kind, level }) => {
                let bit = match kind {
                    FaultKind::Illegal => 62,
                    FaultKind::Miss => 61,
                    FaultKind::ReservedBits => 57,
                    _ => 63,
                };
                1 << bit | u64::from(level & 3) << 59
            }
        }
    }
}
