//! Lane-wise addition, multiplication, comparison and shifts.
//!
//! Source: e2k-opcodes.tsv. A shift count is one number for all lanes; at or beyond the width a logical shift gives zero and an arithmetic one
//! the sign. Rotation counts are taken modulo the width.

use elnic_isa::Op;

use super::Packed;
use super::lanes::{bytes, doubles, halves, words};

fn saturating_sign<const MIN: i32, const MAX: i32>(value: i32) -> i32 {
    value.clamp(MIN, MAX)
}

fn i16_sat(value: i32) -> u16 {
    saturating_sign::<{ i16::MIN as i32 }, { i16::MAX as i32 }>(value) as u16
}

fn sign_of<T: PartialOrd + Default>(value: T) -> i8 {
    let zero = T::default();
    if value < zero { -1 } else { i8::from(value > zero) }
}

fn count(b: u128) -> u32 {
    u32::try_from(b as u64).unwrap_or(u32::MAX)
}

/// Operations of this class.
pub(super) fn operation(op: Op) -> Option<Packed> {
    let operation: Packed = match op {
        Op::Paddb | Op::Qpaddb => |a, b, _| bytes::zip(a, b, u8::wrapping_add),
        Op::Paddh | Op::Qpaddh => |a, b, _| halves::zip(a, b, u16::wrapping_add),
        Op::Paddw | Op::Qpaddw => |a, b, _| words::zip(a, b, u32::wrapping_add),
        Op::Paddd | Op::Qpaddd => |a, b, _| doubles::zip(a, b, u64::wrapping_add),
        Op::Psubb | Op::Qpsubb => |a, b, _| bytes::zip(a, b, u8::wrapping_sub),
        Op::Psubh | Op::Qpsubh => |a, b, _| halves::zip(a, b, u16::wrapping_sub),
        Op::Psubw | Op::Qpsubw => |a, b, _| words::zip(a, b, u32::wrapping_sub),
        Op::Psubd | Op::Qpsubd => |a, b, _| doubles::zip(a, b, u64::wrapping_sub),
        Op::Paddusb | Op::Qpaddusb => |a, b, _| bytes::zip(a, b, u8::saturating_add),
        Op::Paddush | Op::Qpaddush => |a, b, _| halves::zip(a, b, u16::saturating_add),
        Op::Psubusb | Op::Qpsubusb => |a, b, _| bytes::zip(a, b, u8::saturating_sub),
        Op::Psubush | Op::Qpsubush => |a, b, _| halves::zip(a, b, u16::saturating_sub),
        Op::Paddsb | Op::Qpaddsb => {
            |a, b, _| bytes::zip(a, b, |a, b| (a as i8).saturating_add(b as i8) as u8)
        }
        Op::Paddsh | Op::Qpaddsh => {
            |a, b, _| halves::zip(a, b, |a, b| (a as i16).saturating_add(b as i16) as u16)
        }
        Op::Psubsb | Op::Qpsubsb => {
            |a, b, _| bytes::zip(a, b, |a, b| (a as i8).saturating_sub(b as i8) as u8)
        }
        Op::Psubsh | Op::Qpsubsh => {
            |a, b, _| halves::zip(a, b, |a, b| (a as i16).saturating_sub(b as i16) as u16)
        }
        Op::Pavgusb | Op::Qpavgusb => {
            |a, b, _| bytes::zip(a, b, |a, b| ((u16::from(a) + u16::from(b) + 1) >> 1) as u8)
        }
        Op::Pavgush | Op::Qpavgush => {
            |a, b, _| halves::zip(a, b, |a, b| ((u32::from(a) + u32::from(b) + 1) >> 1) as u16)
        }
        Op::Pminub | Op::Qpminub => |a, b, _| bytes::zip(a, b, u8::min),
        Op::Pminuh | Op::Qpminuh => |a, b, _| halves::zip(a, b, u16::min),
        Op::Pminuw | Op::Qpminuw => |a, b, _| words::zip(a, b, u32::min),
        Op::Pmaxub | Op::Qpmaxub => |a, b, _| bytes::zip(a, b, u8::max),
        Op::Pmaxuh | Op::Qpmaxuh => |a, b, _| halves::zip(a, b, u16::max),
        Op::Pmaxuw | Op::Qpmaxuw => |a, b, _| words::zip(a, b, u32::max),
        Op::Pminsb | Op::Qpminsb => |a, b, _| bytes::zip(a, b, |a, b| (a as i8).min(b as i8) as u8),
        Op::Pminsh | Op::Qpminsh => {
            |a, b, _| halves::zip(a, b, |a, b| (a as i16).min(b as i16) as u16)
        }
        Op::Pminsw | Op::Qpminsw => {
            |a, b, _| words::zip(a, b, |a, b| (a as i32).min(b as i32) as u32)
        }
        Op::Pmaxsb | Op::Qpmaxsb => |a, b, _| bytes::zip(a, b, |a, b| (a as i8).max(b as i8) as u8),
        Op::Pmaxsh | Op::Qpmaxsh => {
            |a, b, _| halves::zip(a, b, |a, b| (a as i16).max(b as i16) as u16)
        }
        Op::Pmaxsw | Op::Qpmaxsw => {
            |a, b, _| words::zip(a, b, |a, b| (a as i32).max(b as i32) as u32)
        }
        Op::Pcmpeqb | Op::Qpcmpeqb => |a, b, _| bytes::mask(a, b, |a, b| a == b),
        Op::Pcmpeqh | Op::Qpcmpeqh => |a, b, _| halves::mask(a, b, |a, b| a == b),
        Op::Pcmpeqw | Op::Qpcmpeqw => |a, b, _| words::mask(a, b, |a, b| a == b),
        Op::Pcmpeqd | Op::Qpcmpeqd => |a, b, _| doubles::mask(a, b, |a, b| a == b),
        Op::Pcmpgtb | Op::Qpcmpgtb => |a, b, _| bytes::mask(a, b, |a, b| a as i8 > b as i8),
        Op::Pcmpgth | Op::Qpcmpgth => |a, b, _| halves::mask(a, b, |a, b| a as i16 > b as i16),
        Op::Pcmpgtw | Op::Qpcmpgtw => |a, b, _| words::mask(a, b, |a, b| a as i32 > b as i32),
        Op::Pcmpgtd | Op::Qpcmpgtd => |a, b, _| doubles::mask(a, b, |a, b| a as i64 > b as i64),
        Op::Psignb | Op::Qpsignb => {
            |a, b, _| bytes::zip(a, b, |a, b| (a as i8).wrapping_mul(sign_of(b as i8)) as u8)
        }
        Op::Psignh | Op::Qpsignh => |a, b, _| {
            halves::zip(a, b, |a, b| (a as i16).wrapping_mul(sign_of(b as i16).into()) as u16)
        },
        Op::Psignw | Op::Qpsignw => |a, b, _| {
            words::zip(a, b, |a, b| (a as i32).wrapping_mul(sign_of(b as i32).into()) as u32)
        },
        _ => return multiply(op).or_else(|| shift(op)),
    };
    Some(operation)
}

fn multiply(op: Op) -> Option<Packed> {
    let operation: Packed = match op {
        Op::Pmullh | Op::Qpmullh => |a, b, _| halves::zip(a, b, u16::wrapping_mul),
        Op::Pmullw | Op::Qpmullw => |a, b, _| words::zip(a, b, u32::wrapping_mul),
        Op::Pmulhh | Op::Qpmulhh => |a, b, _| {
            halves::zip(a, b, |a, b| ((i32::from(a as i16) * i32::from(b as i16)) >> 16) as u16)
        },
        Op::Pmulhuh | Op::Qpmulhuh => {
            |a, b, _| halves::zip(a, b, |a, b| ((u32::from(a) * u32::from(b)) >> 16) as u16)
        }
        Op::Pmulhrsh | Op::Qpmulhrsh => |a, b, _| {
            halves::zip(a, b, |a, b| {
                ((i32::from(a as i16) * i32::from(b as i16) + 0x4000) >> 15) as u16
            })
        },
        // The unsigned bytes of the first source meet the signed halves of the second.
        Op::Pmulubhh | Op::Qpmulubhh => |a, b, _| {
            let a = halves::join(bytes::split(a).into_iter().take(8).map(u16::from));
            halves::zip(a, b, |a, b| ((i32::from(a) * i32::from(b as i16) + 0x80) >> 8) as u16)
        },
        Op::Pmaddh | Op::Qpmaddh => |a, b, _| {
            words::zip(a, b, |a, b| {
                let low = i32::from(a as i16) * i32::from(b as i16);
                let high = i32::from((a >> 16) as i16) * i32::from((b >> 16) as i16);
                low.wrapping_add(high) as u32
            })
        },
        Op::Pmaddubsh | Op::Qpmaddubsh => |a, b, _| {
            halves::zip(a, b, |a, b| {
                let low = i32::from(a as i8) * i32::from(b as u8);
                let high = i32::from((a >> 8) as i8) * i32::from((b >> 8) as u8);
                i16_sat(low + high)
            })
        },
        _ => return None,
    };
    Some(operation)
}

fn shift(op: Op) -> Option<Packed> {
    let operation: Packed = match op {
        Op::Psllh | Op::Qpsllh => {
            |a, b, _| halves::zip(a, 0, |a, _| a.checked_shl(count(b)).unwrap_or(0))
        }
        Op::Psllw | Op::Qpsllw => {
            |a, b, _| words::zip(a, 0, |a, _| a.checked_shl(count(b)).unwrap_or(0))
        }
        Op::Pslld | Op::Qpslld => {
            |a, b, _| doubles::zip(a, 0, |a, _| a.checked_shl(count(b)).unwrap_or(0))
        }
        Op::Psrlh | Op::Qpsrlh => {
            |a, b, _| halves::zip(a, 0, |a, _| a.checked_shr(count(b)).unwrap_or(0))
        }
        Op::Psrlw | Op::Qpsrlw => {
            |a, b, _| words::zip(a, 0, |a, _| a.checked_shr(count(b)).unwrap_or(0))
        }
        Op::Psrld | Op::Qpsrld => {
            |a, b, _| doubles::zip(a, 0, |a, _| a.checked_shr(count(b)).unwrap_or(0))
        }
        Op::Psrah | Op::Qpsrah => {
            |a, b, _| halves::zip(a, 0, |a, _| (a as i16 >> count(b).min(15)) as u16)
        }
        Op::Psraw | Op::Qpsraw => {
            |a, b, _| words::zip(a, 0, |a, _| (a as i32 >> count(b).min(31)) as u32)
        }
        Op::Qpsrad => |a, b, _| doubles::zip(a, 0, |a, _| (a as i64 >> count(b).min(63)) as u64),
        Op::Psrcw | Op::Qpsrcw => |a, b, _| words::zip(a, 0, |a, _| a.rotate_right(b as u32 & 31)),
        Op::Psrcd | Op::Qpsrcd => {
            |a, b, _| doubles::zip(a, 0, |a, _| a.rotate_right(b as u32 & 63))
        }
        _ => return None,
    };
    Some(operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compute(op: Op, a: u128, b: u128) -> u128 {
        operation(op).map_or(0, |f| f(a, b, 0))
    }

    #[test]
    fn shifts_beyond_the_width_give_zero_or_the_sign() {
        assert_eq!(compute(Op::Psllh, 0x1234, 16), 0);
        assert_eq!(compute(Op::Psrlw, 0x8000_0000, 1 << 40), 0);
        assert_eq!(compute(Op::Psrah, 0x8000, 99) & 0xffff, 0xffff);
        assert_eq!(compute(Op::Psrcw, 1, 33) & 0xffff_ffff, 0x8000_0000);
    }

    #[test]
    fn saturation_stops_at_the_ends() {
        assert_eq!(compute(Op::Paddsb, 0x7f, 1) & 0xff, 0x7f);
        assert_eq!(compute(Op::Psubsh, 0x8000, 1) & 0xffff, 0x8000);
        assert_eq!(compute(Op::Psubusb, 1, 2) & 0xff, 0);
        assert_eq!(compute(Op::Pmaddubsh, 0x8080, 0xffff) & 0xffff, 0x8000);
    }
}
