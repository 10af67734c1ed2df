//! What is known of a table before the program runs: where values stand, what modes do, which register an offset is.
//!
//! [`crate::register_file!`] evaluates these functions at compile time, so that an access costs a few loads instead of a
//! search. `lanes::find` is the same decoding as a search; [`crate::check`] uses it on tables of any model and
//! the tests of this crate compare the two.

use elnic_contract::Register;

use crate::Masks;

/// Arrays of at least so many elements are kept as bytes ([`crate::Bank::memory`]) and saved as text.
pub const MEMORY_ELEMENTS: u16 = 1024;

/// Where a register's values are, and its modes as masks.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Position of the first element in the bank's values, or of the memory among its memories.
    pub(crate) first: u32,
    /// Number of elements.
    pub(crate) count: u16,
    /// The register is kept as bytes.
    pub(crate) is_memory: bool,
    /// Its modes.
    pub(crate) masks: Masks,
}

/// The slots of `table`, in its order.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated at compile time, where a mistake does not compile"
)]
pub const fn slots<const N: usize>(table: &[Register]) -> [Slot; N] {
    let empty = Slot { first: 0, count: 0, is_memory: false, masks: Masks::NONE };
    let mut slots = [empty; N];
    let (mut row, mut values, mut memories) = (0, 0, 0);
    while row < N {
        let register = &table[row];
        let is_memory = register.count >= MEMORY_ELEMENTS;
        let first = if is_memory { memories } else { values };
        slots[row] = Slot { first, count: register.count, is_memory, masks: Masks::of(register) };
        if is_memory {
            memories += 1;
        } else {
            values += register.count as u32;
        }
        row += 1;
    }
    slots
}

/// Regions that a [`Map`] covers; a table with more is searched beyond them.
const REGIONS: usize = 8;

/// Decodes offsets by a look-up.
#[derive(Clone, Copy, Debug)]
pub struct Map {
    /// First entry and number of entries of each region.
    regions: [(usize, usize); REGIONS],
    /// An entry stands for so many bytes, as a power of two.
    shift: u32,
    /// Row plus one, or 0 where no register stands.
    entries: &'static [u16],
}

/// Every register of `table` starts at, and is as wide as, a multiple of so many bytes (as a power of two).
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "as above")]
const fn granule(table: &[Register]) -> u32 {
    let (mut bits, mut row) = (4, 0);
    while row < table.len() {
        bits |= table[row].offset | table[row].width as u32 | table[row].stride as u32;
        row += 1;
    }
    bits.trailing_zeros()
}

/// First entry and number of entries of each region, and of all.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "as above")]
const fn regions(table: &[Register]) -> ([(usize, usize); REGIONS], usize) {
    let shift = granule(table);
    let mut regions = [(0, 0); REGIONS];
    let mut row = 0;
    while row < table.len() {
        let register = &table[row];
        let last = register.stride as usize * (register.count as usize - 1);
        let end = (register.offset as usize + last + register.width as usize) >> shift;
        let region = register.region as usize;
        if region < REGIONS && end > regions[region].1 {
            regions[region].1 = end;
        }
        row += 1;
    }
    let (mut total, mut region) = (0, 0);
    while region < REGIONS {
        regions[region].0 = total;
        total += regions[region].1;
        region += 1;
    }
    (regions, total)
}

/// Entries that [`entries`] needs for `table`.
pub const fn map_length(table: &[Register]) -> usize {
    regions(table).1
}

/// The entries of a [`Map`] of `table`.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "as above; no table has 65535 rows"
)]
pub const fn entries<const N: usize>(table: &[Register]) -> [u16; N] {
    let (shift, regions) = (granule(table), regions(table).0);
    let mut entries = [0; N];
    let mut row = 0;
    while row < table.len() {
        let register = &table[row];
        let mut element = 0;
        while element < register.count as usize && (register.region as usize) < REGIONS {
            let start = register.offset as usize + element * register.stride as usize;
            let mut byte = 0;
            while byte < register.width as usize {
                entries[regions[register.region as usize].0 + ((start + byte) >> shift)] =
                    row as u16 + 1;
                byte += 1 << shift;
            }
            element += 1;
        }
        row += 1;
    }
    entries
}

impl Map {
    /// The map of `table` over its [`entries`].
    pub const fn new(table: &[Register], entries: &'static [u16]) -> Self {
        Self { regions: regions(table).0, shift: granule(table), entries }
    }

    /// The row that stands at `offset` of `region`.
    #[inline]
    pub(crate) fn row(&self, region: u8, offset: u64) -> Option<usize> {
        let (first, length) = *self.regions.get(usize::from(region))?;
        let entry = usize::try_from(offset >> self.shift).ok().filter(|entry| *entry < length)?;
        usize::from(*self.entries.get(first.checked_add(entry)?)?).checked_sub(1)
    }
}
