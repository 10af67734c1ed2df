//! The walk over four levels of page tables, and how it ends without a page.

use std::fmt;

use super::format::{Entry, Format};
use super::tlb::Rights;
use super::{Access, Space, VIRTUAL_BITS};
use crate::bus::Bus;
use elnic_contract::Size;
use elnic_isa::{IsaVersion, Mas};

/// What is wrong with a page; the value is the bit in the condition of a trap cellar entry (e2k-machine.md §7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FaultKind {
    /// A physical access without privilege.
    PhysicalPrivilege = 38,
    /// The page is the system's.
    Privileged = 42,
    /// The virtual address does not exist.
    Illegal = 43,
    /// The page may not be written.
    NotWritable = 44,
    /// The page is elsewhere.
    Miss = 45,
    /// The tables lead out of memory.
    PhysicalBound = 46,
    /// A level says what it cannot say.
    ReservedBits = 47,
    /// The page may not be executed; never in a trap cellar.
    NotExecutable = 63,
}

impl FaultKind {
    /// The bit of the condition.
    pub(crate) const fn bit(self) -> u64 {
        1 << self as u8
    }
}

/// Why an access did not get a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageFault {
    pub(crate) kind: FaultKind,
    /// Levels below the one that was at fault: 3 for the first level, 0 for the last.
    pub(crate) level: u8,
}

impl fmt::Display for PageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level;
        match self.kind {
            FaultKind::PhysicalPrivilege => f.write_str("a physical access without psr.pm"),
            FaultKind::Privileged => f.write_str("the page is privileged"),
            FaultKind::Illegal => write!(f, "the virtual address is not valid (level {level})"),
            FaultKind::NotWritable => f.write_str("the page is not writable"),
            FaultKind::Miss => write!(f, "the page is not present (level {level})"),
            FaultKind::PhysicalBound => write!(f, "the page table of level {level} is no memory"),
            FaultKind::ReservedBits => {
                write!(f, "the page table entry of level {level} has reserved bits set")
            }
            FaultKind::NotExecutable => f.write_str("the page is not executable"),
        }
    }
}

/// A page that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Physical address of the 4096 bytes.
    pub(crate) frame: u64,
    pub(crate) rights: Rights,
    /// The last entry of the walk.
    pub(crate) entry: u64,
}

const SHIFTS: [u32; 4] = [39, 30, 21, 12];

/// Looks `address` up in the tables of `space`, and marks the page used, or written if `access` is a write.
///
/// # Errors
/// There is no page; whether an existing one allows `access` is not asked here.
pub(crate) fn walk<B: Bus>(
    bus: &mut B,
    space: Space,
    isa: IsaVersion,
    address: u64,
    access: Access,
) -> Result<Page, PageFault> {
    if address >> VIRTUAL_BITS != 0 {
        return Err(PageFault { kind: FaultKind::Illegal, level: 3 });
    }
    let mut table = space.root & !0xfff;
    for (shift, level) in SHIFTS.into_iter().zip((0..4).rev()) {
        let fault = |kind| PageFault { kind, level };
        let place = table.wrapping_add((address >> shift & 0x1ff) * 8);
        let outside = |_| fault(FaultKind::PhysicalBound);
        let bits = bus.load(place, Size::Double, Mas(0)).map_err(outside)?;
        let entry = space.format.read(bits);
        if !entry.present {
            let kind = if entry.valid { FaultKind::Miss } else { FaultKind::Illegal };
            return Err(fault(kind));
        }
        let last = level == 0;
        if !last && !entry.large {
            table = entry.frame;
            continue;
        }
        if !last && !may_be_large(level, space.format, isa) {
            return Err(fault(FaultKind::ReservedBits));
        }
        let marks = marks(&entry, access);
        if marks != 0 {
            // Tables are data: decoded code of the same page is not looked for.
            bus.store(place, Size::Double, Mas(0), bits | marks).map_err(outside)?;
        }
        let inside = (1_u64 << shift) - 1;
        let frame = entry.frame & !inside | address & inside & !0xfff;
        let rights = Rights {
            write: entry.writable,
            privileged: entry.privileged,
            execute: entry.executable,
            dirty: entry.dirty || marks & Format::DIRTY != 0,
            large: !last,
        };
        return Ok(Page { frame, rights, entry: bits | marks });
    }
    Err(PageFault { kind: FaultKind::ReservedBits, level: 0 })
}

/// Pages of 2 MiB always, of 1 GiB from version 5 on.
fn may_be_large(level: u8, format: Format, isa: IsaVersion) -> bool {
    level == 1 || level == 2 && (format == Format::V6 || isa >= IsaVersion::V5)
}

const fn marks(entry: &Entry, access: Access) -> u64 {
    let used = if entry.accessed { 0 } else { Format::ACCESSED };
    let writes = matches!(access, Access::Write) && entry.writable && !entry.dirty;
    used | if writes { Format::DIRTY } else { 0 }
}
