//! Window descriptor, rotation bases and predicates: what turns a register name of an instruction into a place.
//!
//! Sources: e2k-isa.md §3.2-3.5, §3.6 (WD, BR), §6.1, §6.4.

use serde::{Deserialize, Serialize};

use super::registers::Cell;

/// The current register window (`%wd`). Sizes are in registers, not in the hardware's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Absolute number of `%r0`; wraps.
    pub base: u64,
    /// Registers in the window: `%r0` to `%r(size-1)`.
    pub size: u16,
    /// Registers passed by the caller, the smallest size `setwd` accepts.
    pub previous: u16,
    /// Extensions are saved on spill (`!nfx`).
    pub fx: bool,
    /// 32-bit results are zero-extended instead of replacing the low half only.
    pub dbl: bool,
}

impl Window {
    /// `%wd`: base, size and psize in bytes, fx, dbl.
    pub const fn to_bits(self) -> u64 {
        (self.base % 224) << 3
            | (self.size as u64) << 19
            | (self.previous as u64) << 35
            | (self.fx as u64) << 48
            | (self.dbl as u64) << 49
    }

    /// Takes size, psize, fx and dbl from `bits`; the base stays, because it says where in the register file the window is.
    pub const fn with_bits(self, bits: u64) -> Self {
        Self {
            base: self.base,
            size: (bits >> 19 & 0xff) as u16,
            previous: (bits >> 35 & 0xff) as u16,
            fx: bits >> 48 & 1 != 0,
            dbl: bits >> 49 & 1 != 0,
        }
    }
}

/// Rotation bases (`%br`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// First register pair of the rotating area.
    pub rbs: u8,
    /// Pairs in the rotating area, minus one.
    pub rsz: u8,
    /// Current rotation in pairs.
    pub rcur: u8,
    /// Rotating predicates, minus one.
    pub psz: u8,
    /// Current rotation of the predicates.
    pub pcur: u8,
}

impl Rotation {
    /// The 28 bits of `%br`.
    pub const fn to_bits(self) -> u32 {
        (self.rbs as u32)
            | (self.rsz as u32) << 6
            | (self.rcur as u32) << 12
            | (self.psz as u32) << 18
            | (self.pcur as u32) << 23
    }

    /// From the 28 bits of `%br`. Rotations beyond the size are folded into it.
    pub const fn from_bits(bits: u32) -> Self {
        let (rsz, psz) = ((bits >> 6 & 0x3f) as u8, (bits >> 18 & 0x1f) as u8);
        Self {
            rbs: (bits & 0x3f) as u8,
            rsz,
            rcur: (bits >> 12 & 0x3f) as u8 % (rsz + 1),
            psz,
            pcur: (bits >> 23 & 0x1f) as u8 % (psz + 1),
        }
    }

    /// Registers in the rotating area.
    #[inline]
    pub const fn ring(self) -> u16 {
        2 * self.rsz as u16 + 2
    }

    /// Window register that `%b[n]` names; `n` must be below [`Rotation::ring`].
    #[inline]
    pub const fn based(self, n: u8) -> u16 {
        let place = 2 * self.rcur as u16 + n as u16;
        let ring = self.ring();
        2 * self.rbs as u16 + if place >= ring { place - ring } else { place }
    }

    /// `abn`: one pair further.
    #[inline]
    pub const fn advance_registers(&mut self) {
        self.rcur = if self.rcur == 0 { self.rsz } else { self.rcur - 1 };
    }

    /// `abp`: one predicate further.
    #[inline]
    pub const fn advance_predicates(&mut self) {
        self.pcur = if self.pcur == 0 { self.psz } else { self.pcur - 1 };
    }

    /// Physical number of `%pred(n)`, `n` below 32.
    #[inline]
    pub const fn predicate(self, n: u8) -> u8 {
        if self.pcur == 0 || n > self.psz {
            return n;
        }
        let (place, size) = (self.pcur + n, self.psz + 1);
        if place >= size { place - size } else { place }
    }

    /// `physical` predicates in the order of their names.
    #[inline]
    pub const fn predicates(self, physical: u32) -> u32 {
        if self.pcur == 0 {
            return physical;
        }
        // Here psz ≥ 1, and pcur ≤ psz.
        let size = self.psz as u32 + 1;
        let area = (u32::MAX >> (32 - size)) & physical;
        let turned = area >> self.pcur | area << (size - self.pcur as u32);
        physical & !(u32::MAX >> (32 - size)) | turned & (u32::MAX >> (32 - size))
    }
}

/// The predicate file, by physical number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predicates {
    /// Bit n: value of predicate n.
    pub values: u32,
    /// Bit n: predicate n is a diagnostic value.
    pub invalid: u32,
}

impl Predicates {
    /// Sets predicate `number` (physical, below 32).
    #[inline]
    pub const fn set(&mut self, number: u8, value: bool, invalid: bool) {
        let bit = 1 << (number & 31);
        self.values = self.values & !bit | if value { bit } else { 0 };
        self.invalid = self.invalid & !bit | if invalid { bit } else { 0 };
    }

    /// `%cr0.lo`: two bits a predicate, value and tag.
    pub fn to_bits(self) -> u64 {
        (0..32).fold(0, |bits, n| {
            bits | u64::from(self.values >> n & 1) << (2 * n)
                | u64::from(self.invalid >> n & 1) << (2 * n + 1)
        })
    }

    /// From `%cr0.lo`.
    pub fn from_bits(bits: u64) -> Self {
        (0..32).fold(Self::default(), |all, n| Self {
            values: all.values | ((bits >> (2 * n) & 1) as u32) << n,
            invalid: all.invalid | ((bits >> (2 * n + 1) & 1) as u32) << n,
        })
    }
}

/// Rotation of the global registers %g24 to %g31 (`%bgr`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlobalRotation {
    /// Bits 7:0: which of the eight registers are valid, one bit each; no bit switches rotation off.
    pub valid: u8,
    /// Bits 10:8: current rotation.
    pub cur: u8,
}

impl GlobalRotation {
    /// `%bgr`.
    pub const fn to_bits(self) -> u32 {
        self.valid as u32 | (self.cur as u32) << 8
    }

    /// From `%bgr`.
    pub const fn from_bits(bits: u32) -> Self {
        Self { valid: bits as u8, cur: (bits >> 8 & 7) as u8 }
    }

    /// The cell of `%g(number)`.
    #[inline]
    pub const fn cell(self, number: u8) -> Cell {
        if number < 24 || self.valid == 0 {
            return Cell::global(number);
        }
        Cell::global(24 + (number + self.cur) % 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn based_registers_turn_by_pairs() {
        let mut rotation = Rotation { rbs: 8, rsz: 3, ..Rotation::default() };
        assert_eq!(rotation.based(0), 16);
        rotation.advance_registers();
        assert_eq!(rotation.rcur, 3);
        assert_eq!(rotation.based(0), 22);
        assert_eq!(rotation.based(2), 16, "what was %b[0] is now %b[2]");
    }

    #[test]
    fn the_view_of_the_predicates_agrees_with_their_names() {
        for psz in 0..32 {
            for pcur in 0..=psz {
                let rotation = Rotation { psz, pcur, ..Rotation::default() };
                let physical = 0x9e37_79b9;
                let view = rotation.predicates(physical);
                for n in 0..32 {
                    assert_eq!(view >> n & 1, physical >> rotation.predicate(n) & 1);
                }
            }
        }
    }

    #[test]
    fn rotation_and_predicates_keep_their_bits() {
        let rotation = Rotation { rbs: 4, rsz: 3, rcur: 2, psz: 7, pcur: 5 };
        assert_eq!(Rotation::from_bits(rotation.to_bits()), rotation);
        assert_eq!(Rotation { rbs: 4, rsz: 3, ..Rotation::default() }.to_bits(), 0xc4);
        let predicates = Predicates { values: 0x8000_0005, invalid: 0x4000_0001 };
        assert_eq!(Predicates::from_bits(predicates.to_bits()), predicates);
    }

    #[test]
    fn window_sizes_are_bytes_in_the_register() {
        let window = Window { base: 0, size: 32, previous: 8, fx: true, dbl: false };
        assert_eq!(window.to_bits() >> 16 & 0x7ff, 0x100);
        assert_eq!(Window::default().with_bits(window.to_bits()), window);
    }
}
