//! Address translation: page tables, and a cache of what was found in them.
//!
//! Sources: e2k-machine.md §8. Two formats of entries ([`format`]), one walk over four levels ([`walk`]), one translation cache ([`tlb`]).
//! The linear page tables of the hardware (`%elb_ptb`, `%u_vptb`) need nothing here: software maps the root into itself, and the walk from
//! the root then finds the tables at their linear addresses like anything else. Rights are those of the last level; the levels above only
//! have to be present. Left out: the x86 modes of `mmu_cr`, memory types, and two-level translation for guests.

mod format;
mod look;
mod tlb;
mod walk;

use crate::state::{State, number};

pub(crate) use format::Format;
pub use look::look_up;
pub(crate) use tlb::Tlb;
pub(crate) use walk::{FaultKind, PageFault, walk};

/// Numbers of the registers that translation looks at (address / 16).
pub(crate) mod register {
    /// `%mmu_cr`.
    pub(crate) const CONTROL: usize = 0x00;
    /// `%cont`, `%pid`.
    pub(crate) const CONTEXT: usize = 0x01;
    /// `%root_ptb`, `%u_pptb`.
    pub(crate) const ROOT: usize = 0x04;
    /// `%trap_point`.
    pub(crate) const TRAP_POINT: usize = 0x05;
    /// `%trap_count`.
    pub(crate) const TRAP_COUNT: usize = 0x06;
    /// `%os_pptb`.
    pub(crate) const SYSTEM_ROOT: usize = 0x35;
    /// `%os_vab`: where the system's part of a separate address space begins.
    pub(crate) const SYSTEM_START: usize = 0x4c;
}

/// `mmu_cr.tlb_en`.
const TLB_ENABLE: u64 = 1;
/// `core_mode.sep_virt_space`.
const SEPARATE: u64 = 1 << 2;
/// `core_mode.pt_v6`.
const FORMAT_V6: u64 = 1 << 5;
/// Bits of a virtual address.
const VIRTUAL_BITS: u32 = 48;

/// What an access wants of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    Fetch,
}

/// The tables that translate an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    /// Physical address of the first level.
    pub(crate) root: u64,
    pub(crate) format: Format,
}

/// Whether addresses are translated.
#[inline]
pub(crate) fn is_on(state: &State) -> bool {
    state.mmu[register::CONTROL] & TLB_ENABLE != 0
}

/// The tables for `address`.
pub(crate) fn space(state: &State, address: u64) -> Space {
    let mode = state.system[usize::from(number::CORE_MODE)];
    let system = mode & SEPARATE != 0 && address >= state.mmu[register::SYSTEM_START];
    let root = state.mmu[if system { register::SYSTEM_ROOT } else { register::ROOT }];
    let format = if mode & FORMAT_V6 != 0 { Format::V6 } else { Format::V3 };
    Space { root, format }
}
