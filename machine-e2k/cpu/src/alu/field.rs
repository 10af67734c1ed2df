//! Bit fields: `getf`, `getfz`, `insf`.
//!
//! The second operand packs offset\[5:0\], length\[11:6\], sign\[12\] and, in bits 15:13, the byte of the source that holds the sign (`getf`) or
//! the number of low bits to clear (`getfz`). From v5 on `getf` takes the upper bit of the field for the sign. Source: e2k-opcodes.tsv; all
//! vectors agree.

use elnic_isa::{IsaVersion, Op};

use super::{Binary, Ternary};

fn mask(length: u64) -> u64 {
    (1 << (length & 63)) - 1
}

fn length(b: u64) -> u64 {
    b >> 6 & 0x3f
}

fn rotated32(a: u64, b: u64) -> u64 {
    u64::from((a as u32).rotate_right(b as u32 & 31))
}

fn rotated64(a: u64, b: u64) -> u64 {
    a.rotate_right(b as u32 & 63)
}

fn extract(rotated: u64, source: u64, b: u64) -> u64 {
    let (length, field) = (length(b), mask(length(b)));
    let place = (b & 0x3f).wrapping_add(length).wrapping_sub(1) & 7;
    let negative = source >> ((b >> 13 & 7) * 8 + place) & 1 != 0;
    if b >> 12 & 1 != 0 && negative { rotated & field | !field } else { rotated & field }
}

/// Before v5 the byte that holds the sign is said.
pub(crate) fn getf32(a: u64, b: u64) -> u64 {
    // A field as wide as the word or wider is the whole word. The byte selector sees the word twice.
    let source = a & 0xffff_ffff | a << 32;
    let rotated = rotated32(a, b);
    if length(b) >= 32 { rotated } else { extract(rotated, source, b) }
}

/// Before v5 the byte that holds the sign is said.
pub(crate) fn getf64(a: u64, b: u64) -> u64 {
    extract(rotated64(a, b), a, b)
}

/// From v5 on the sign is the upper bit of the field, whatever bits 15:13 say.
fn getf32_of_v5(a: u64, b: u64) -> u64 {
    let rotated = rotated32(a, b);
    if length(b) >= 32 { rotated } else { extend(rotated, b) }
}

fn getf64_of_v5(a: u64, b: u64) -> u64 {
    extend(rotated64(a, b), b)
}

fn extend(rotated: u64, b: u64) -> u64 {
    let (length, field) = (length(b), mask(length(b)));
    let negative = length != 0 && rotated >> (length - 1) & 1 != 0;
    if b >> 12 & 1 != 0 && negative { rotated & field | !field } else { rotated & field }
}

fn extract_and_clear(rotated: u64, b: u64) -> u64 {
    extend(rotated, b) & !mask(b >> 13 & 7)
}

fn getfz32(a: u64, b: u64) -> u64 {
    let rotated = rotated32(a, b);
    if length(b) >= 32 { rotated & !mask(b >> 13 & 7) } else { extract_and_clear(rotated, b) }
}

fn getfz64(a: u64, b: u64) -> u64 {
    extract_and_clear(rotated64(a, b), b)
}

fn insf32(a: u64, b: u64, c: u64) -> u64 {
    let field = mask(length(b));
    rotated32(a, b) & !field | c & field
}

fn insf64(a: u64, b: u64, c: u64) -> u64 {
    let field = mask(length(b));
    rotated64(a, b) & !field | c & field
}

/// Operations of two sources in this class.
pub(crate) fn binary(op: Op, version: IsaVersion) -> Option<Binary> {
    Some(match op {
        Op::Getfs if version >= IsaVersion::V5 => getf32_of_v5,
        Op::Getfd if version >= IsaVersion::V5 => getf64_of_v5,
        Op::Getfs => getf32,
        Op::Getfd => getf64,
        Op::Getfzs => getfz32,
        Op::Getfzd => getfz64,
        _ => return None,
    })
}

/// Operations of three sources in this class.
pub(crate) fn ternary(op: Op) -> Option<Ternary> {
    Some(match op {
        Op::Insfs => insf32,
        Op::Insfd => insf64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_rotated_down_and_cut() {
        assert_eq!(getf64(0x1234_5678_9abc_def0, 8 | 16 << 6), 0xbcde);
        assert_eq!(getf32(0x8000_0001, 31 | 2 << 6), 0b11);
    }

    #[test]
    fn the_sign_comes_from_the_selected_byte() {
        // Field [15:8], its top bit is bit 7 of byte 1.
        assert_eq!(getf64(0x8000, 8 | 8 << 6 | 1 << 12 | 1 << 13), u64::MAX << 7);
        assert_eq!(getf64(0x8000, 8 | 8 << 6 | 1 << 12), 0x80);
    }

    #[test]
    fn from_v5_on_the_sign_is_that_of_the_field() {
        let selector = 8 | 8 << 6 | 1 << 12;
        for byte in 0..8 {
            assert_eq!(getf64_of_v5(0x8000, selector | byte << 13), u64::MAX << 7);
            assert_eq!(getf64_of_v5(0x7f80, selector | byte << 13), 0x7f);
        }
    }

    #[test]
    fn insertion_keeps_the_rest_rotated() {
        assert_eq!(insf64(0xabcd, 4 | 8 << 6, 0x1ff), 0xd000_0000_0000_0aff);
        assert_eq!(getfz64(0xff, 8 << 6 | 3 << 13), 0xf8);
    }
}
