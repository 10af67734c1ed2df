//! The register file: windowed registers in a ring, and the globals.
//!
//! The ring is larger than the hardware's 224 registers, so that calls rarely have to spill; what is resident and what lies in the
//! procedure stack is invisible to a program that flushes before it looks (e2k-machine.md §9.2), as programs must on hardware too.
//! A register has 64 bits, a 64-bit extension (16 of it used by 80-bit values, all by 128-bit ones) and a tag of two bits per 32-bit
//! half (e2k-isa.md §3.7).

/// Registers of the ring; a power of two.
pub const RING: usize = 1024;
/// Global registers.
pub const GLOBALS: usize = 32;
/// Registers a window may have at most: 112 pairs.
pub const LARGEST_WINDOW: u16 = 224;

/// Cells there are: the ring, the globals and nothing.
pub(crate) const CELLS: usize = 2 * RING;
const MASK: usize = CELLS - 1;

/// Tag of a 64-bit value of which both halves are numbers.
pub const TAG_NUMERIC: u8 = 0;
/// Tag of a diagnostic 64-bit value: both halves are diagnostic.
pub const TAG_DIAGNOSTIC: u8 = 0b0101;
/// A whole tag.
pub const TAG_BOTH: u8 = 0b1111;
/// The part of a tag that belongs to the low half.
pub const TAG_LOW: u8 = 0b0011;

/// Number of a storage cell: a place in the ring, or a global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell(u16);

impl Cell {
    /// The windowed register with this absolute number (it wraps around the ring).
    #[inline]
    pub const fn windowed(absolute: u64) -> Self {
        Self((absolute & (RING as u64 - 1)) as u16)
    }

    /// Global register `number` (taken modulo 32).
    #[inline]
    pub const fn global(number: u8) -> Self {
        Self(RING as u16 + (number % GLOBALS as u8) as u16)
    }

    #[inline]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize & MASK
    }
}

/// Storage of all registers.
#[derive(Clone, Debug)]
pub struct RegisterFile {
    low: Box<[u64; CELLS]>,
    high: Box<[u64; CELLS]>,
    tags: Box<[u8; CELLS]>,
}

impl Default for RegisterFile {
    fn default() -> Self {
        Self {
            low: Box::new([0; CELLS]),
            high: Box::new([0; CELLS]),
            tags: Box::new([TAG_NUMERIC; CELLS]),
        }
    }
}

impl RegisterFile {
    /// The 64-bit value.
    #[inline]
    pub fn low(&self, cell: Cell) -> u64 {
        self.low[cell.index()]
    }

    /// The extension.
    #[inline]
    pub fn high(&self, cell: Cell) -> u64 {
        self.high[cell.index()]
    }

    /// The tag, two bits a half.
    #[inline]
    pub fn tag(&self, cell: Cell) -> u8 {
        self.tags[cell.index()]
    }

    /// Replaces the 64-bit value; the extension stays.
    #[inline]
    pub fn set_low(&mut self, cell: Cell, value: u64) {
        self.low[cell.index()] = value;
    }

    /// Replaces bits 31:0; the rest stays.
    #[inline]
    pub fn set_half(&mut self, cell: Cell, value: u32) {
        let slot = &mut self.low[cell.index()];
        *slot = *slot & !0xffff_ffff | u64::from(value);
    }

    /// Replaces the extension.
    #[inline]
    pub fn set_high(&mut self, cell: Cell, value: u64) {
        self.high[cell.index()] = value;
    }

    /// Replaces the tag.
    #[inline]
    pub fn set_tag(&mut self, cell: Cell, tag: u8) {
        self.tags[cell.index()] = tag;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windowed_registers_wrap_and_never_meet_globals() {
        let mut file = RegisterFile::default();
        file.set_low(Cell::windowed(u64::MAX), 7);
        assert_eq!(file.low(Cell::windowed(RING as u64 - 1)), 7);
        for number in 0..32 {
            file.set_low(Cell::global(number), u64::from(number) + 100);
        }
        assert_eq!(file.low(Cell::windowed(u64::MAX)), 7);
        assert_eq!(file.low(Cell::global(31)), 131);
    }

    #[test]
    fn a_half_register_write_keeps_the_upper_half() {
        let mut file = RegisterFile::default();
        let cell = Cell::windowed(3);
        file.set_low(cell, 0x1111_2222_3333_4444);
        file.set_half(cell, 0xaaaa_bbbb);
        assert_eq!(file.low(cell), 0x1111_2222_aaaa_bbbb);
    }
}
