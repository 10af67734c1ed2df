//! Which interfaces an instance has, and what of regions and table follows from it.
//!
//! Inside, regions have one number for all instances ([`crate::registers`]); a bus sees only those an instance has,
//! numbered without gaps.

use elnic_contract::{RegionKind, RegionSpec, Register};
use elnic_registers::RegisterFile;

use crate::registers::{LEGACY, LEGACY_MSIX, MODERN, MODERN_LENGTH, Reg};

/// Which interfaces an instance has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interfaces {
    /// Legacy and standard.
    Transitional,
    /// The standard one alone.
    Modern,
    /// The legacy one alone.
    Legacy,
}

/// A region without an address, only for the table.
const fn shadow(size: u64) -> RegionSpec {
    RegionSpec { name: "bar0-msix", bar: 0, kind: RegionKind::Fixed, size }
}

const fn io(size: u64) -> RegionSpec {
    RegionSpec { name: "bar0", bar: 0, kind: RegionKind::Io, size }
}

const STANDARD: RegionSpec = RegionSpec {
    name: "bar4",
    bar: 4,
    kind: RegionKind::Memory64 { prefetchable: true },
    size: MODERN_LENGTH,
};

/// The regions of a transitional device whose legacy region has `legacy` bytes.
pub const fn transitional_regions(legacy: u64) -> [RegionSpec; 3] {
    [io(legacy), STANDARD, shadow(legacy)]
}

/// The regions of a legacy device whose legacy region has `legacy` bytes.
pub const fn legacy_regions(legacy: u64) -> [RegionSpec; 2] {
    [io(legacy), shadow(legacy)]
}

/// The regions of a standard device.
pub const fn modern_regions() -> [RegionSpec; 1] {
    [STANDARD]
}

impl Interfaces {
    /// Whether a standard driver finds what it looks for.
    pub const fn standard(self) -> bool {
        !matches!(self, Self::Legacy)
    }

    /// Whether a legacy driver does.
    pub const fn legacy(self) -> bool {
        !matches!(self, Self::Modern)
    }

    /// The number inside of region `number` on the bus.
    pub const fn inside(self, number: u8) -> Option<u8> {
        match (self, number) {
            (Self::Transitional | Self::Legacy, 0) => Some(LEGACY),
            (Self::Transitional, 1) | (Self::Modern, 0) => Some(MODERN),
            (Self::Transitional, 2) | (Self::Legacy, 1) => Some(LEGACY_MSIX),
            _ => None,
        }
    }

    /// The number on the bus of region `number` inside.
    const fn outside(self, number: u8) -> Option<u8> {
        let mut candidate = 0;
        while candidate < 3 {
            match self.inside(candidate) {
                Some(inside) if inside == number => return Some(candidate),
                _ => candidate = candidate.saturating_add(1),
            }
        }
        None
    }

    /// The number on the bus of the region that `row` stands in, if it is there and reaches so far.
    const fn place(self, row: &Register, legacy: u64) -> Option<u8> {
        let last = (row.count as u64).saturating_sub(1).saturating_mul(row.stride as u64);
        let end = (row.offset as u64).saturating_add(last).saturating_add(row.width as u64);
        if row.region != MODERN && end > legacy {
            return None;
        }
        self.outside(row.region)
    }

    /// Rows of the table of such a device with these rows of its own, and `legacy` bytes of legacy region.
    pub const fn rows(self, legacy: u64, own: &[Register]) -> usize {
        count(self, legacy, Reg::TABLE).saturating_add(count(self, legacy, own))
    }

    /// The table of such a device: the transport's rows and `own`, ascending, as many as [`Interfaces::rows`] says.
    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "evaluated when the device's table is compiled: a mistake is a build error"
    )]
    pub const fn table<const ROWS: usize>(self, legacy: u64, own: &[Register]) -> [Register; ROWS] {
        assert!(ROWS == self.rows(legacy, own), "the table has all rows");
        let mut table = [Reg::TABLE[0]; ROWS];
        let (mut at, mut ours, mut theirs) = (0, 0, 0);
        while ours < Reg::TABLE.len() || theirs < own.len() {
            let take_theirs = ours >= Reg::TABLE.len()
                || theirs < own.len() && place(&own[theirs]) < place(&Reg::TABLE[ours]);
            let mut row = if take_theirs { own[theirs] } else { Reg::TABLE[ours] };
            if take_theirs {
                theirs += 1;
            } else {
                ours += 1;
            }
            if let Some(number) = self.place(&row, legacy) {
                row.region = number;
                table[at] = row;
                at += 1;
            }
        }
        table
    }
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated when a table is compiled: a mistake is a build error"
)]
const fn count(interfaces: Interfaces, legacy: u64, rows: &[Register]) -> usize {
    let (mut at, mut found) = (0, 0);
    while at < rows.len() {
        if interfaces.place(&rows[at], legacy).is_some() {
            found += 1;
        }
        at += 1;
    }
    found
}

const fn place(row: &Register) -> u64 {
    (row.region as u64) << 32 | row.offset as u64
}
