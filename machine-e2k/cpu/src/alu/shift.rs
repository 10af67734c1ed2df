//! Shifts and rotations. Counts are taken modulo the width (e2k-isa.md §9).

use elnic_isa::Op;

use super::Binary;

pub(crate) fn shl32(a: u64, b: u64) -> u64 {
    u64::from((a as u32).wrapping_shl(b as u32))
}

pub(crate) fn shl64(a: u64, b: u64) -> u64 {
    a.wrapping_shl(b as u32)
}

pub(crate) fn shr32(a: u64, b: u64) -> u64 {
    u64::from((a as u32).wrapping_shr(b as u32))
}

pub(crate) fn shr64(a: u64, b: u64) -> u64 {
    a.wrapping_shr(b as u32)
}

pub(crate) fn sar32(a: u64, b: u64) -> u64 {
    (a as i32).wrapping_shr(b as u32) as u64
}

pub(crate) fn sar64(a: u64, b: u64) -> u64 {
    (a as i64).wrapping_shr(b as u32) as u64
}

pub(crate) fn scl32(a: u64, b: u64) -> u64 {
    u64::from((a as u32).rotate_left(b as u32 & 31))
}

pub(crate) fn scl64(a: u64, b: u64) -> u64 {
    a.rotate_left(b as u32 & 63)
}

pub(crate) fn scr32(a: u64, b: u64) -> u64 {
    u64::from((a as u32).rotate_right(b as u32 & 31))
}

pub(crate) fn scr64(a: u64, b: u64) -> u64 {
    a.rotate_right(b as u32 & 63)
}

/// Operations of this class.
pub(crate) fn binary(op: Op) -> Option<Binary> {
    Some(match op {
        Op::Shls => shl32,
        Op::Shld => shl64,
        Op::Shrs => shr32,
        Op::Shrd => shr64,
        Op::Sars => sar32,
        Op::Sard => sar64,
        Op::Scls => scl32,
        Op::Scld => scl64,
        Op::Scrs => scr32,
        Op::Scrd => scr64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_beyond_the_width_wrap() {
        assert_eq!(shl64(1, 64), 1);
        assert_eq!(shl64(1, 65), 2);
        assert_eq!(shr32(0x8000_0000, 33), 0x4000_0000);
        assert_eq!(sar32(0x8000_0000, 63) as u32, 0xffff_ffff);
        assert_eq!(scr32(1, 32), 1);
        assert_eq!(scl64(1 << 63, 65), 1);
    }
}
