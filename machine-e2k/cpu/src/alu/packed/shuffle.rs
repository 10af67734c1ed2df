//! Moving lanes: packing, interleaving, permuting, and what turns masks into lanes and back.
//!
//! Where two sources are strung together the first is the upper half (e2k-isa.md §9). Selectors of `pshufb` and `qppermb` as the vectors have
//! them: bit reversal comes before sign spreading, inversion last; a constant is not inverted but becomes zero.

use elnic_isa::Op;

use super::Packed;
use super::lanes::{bytes, doubles, halves, words};

/// `b`, then `a` on top of it, for sources of `BITS` bits; 256 bits as two numbers, low first.
fn strung<const BITS: u32>(a: u128, b: u128) -> [u128; 2] {
    if BITS == 64 { [a << 64 | b & u128::from(u64::MAX), 0] } else { [b, a] }
}

fn pack_halves<const BITS: u32>(a: u128, b: u128, f: fn(i16) -> u8) -> u128 {
    let [low, high] = strung::<BITS>(a, b).map(halves::split);
    bytes::join(low.into_iter().chain(high).map(|lane| f(lane as i16)))
}

fn pack_words<const BITS: u32>(a: u128, b: u128, f: fn(i32) -> u16) -> u128 {
    let [low, high] = strung::<BITS>(a, b).map(words::split);
    halves::join(low.into_iter().chain(high).map(|lane| f(lane as i32)))
}

fn to_i8(lane: i16) -> u8 {
    lane.clamp(i8::MIN.into(), i8::MAX.into()) as u8
}

fn to_u8(lane: i16) -> u8 {
    lane.clamp(0, u8::MAX.into()) as u8
}

fn to_i16(lane: i32) -> u16 {
    lane.clamp(i16::MIN.into(), i16::MAX.into()) as u16
}

fn to_u16(lane: i32) -> u16 {
    lane.clamp(0, u16::MAX.into()) as u16
}

/// One lane of `b`, one of `a`, and so on.
fn interleave<T>(
    a: impl IntoIterator<Item = T>,
    b: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = T> {
    b.into_iter().zip(a).flat_map(|(b, a)| [b, a])
}

fn unpack_bytes(a: u128, b: u128, from: usize) -> u128 {
    let (a, b) = (bytes::split(a), bytes::split(b));
    bytes::join(interleave(a[from..from + 4].iter().copied(), b[from..from + 4].iter().copied()))
}

fn unpack_halves(a: u128, b: u128, from: usize) -> u128 {
    let (a, b) = (halves::split(a), halves::split(b));
    halves::join(interleave(a[from..from + 2].iter().copied(), b[from..from + 2].iter().copied()))
}

fn unpack_words(a: u128, b: u128, from: usize) -> u128 {
    let (a, b) = (words::split(a), words::split(b));
    words::join([b[from], a[from]])
}

/// One byte of `pshufb`, picked from the sixteen of `strung`.
fn shuffle(strung: [u8; 16], selector: u8) -> u8 {
    if selector & 0x80 != 0 {
        return match selector >> 4 & 7 {
            0b010 => 0x7f,
            0b100 => 0x80,
            0b110 => 0xff,
            _ => 0,
        };
    }
    let byte = strung[usize::from(selector & 0xf)];
    treated(byte, selector & 0x20 != 0, selector & 0x40 != 0, selector & 0x10 != 0)
}

fn treated(byte: u8, reverse: bool, spread: bool, invert: bool) -> u8 {
    let byte = if reverse { byte.reverse_bits() } else { byte };
    let byte = if spread { (byte as i8 >> 7) as u8 } else { byte };
    if invert { !byte } else { byte }
}

fn pshufb(a: u128, b: u128, c: u128) -> u128 {
    let source = bytes::split(strung::<64>(a, b)[0]);
    bytes::join(bytes::split(c).map(|selector| shuffle(source, selector)))
}

fn qpshufb(a: u128, b: u128, c: u128) -> u128 {
    let sources = [bytes::split(b), bytes::split(a)];
    let selectors = bytes::split(c).into_iter().enumerate();
    bytes::join(selectors.map(|(place, selector)| shuffle(sources[place / 8], selector)))
}

fn qppermb(a: u128, b: u128, c: u128) -> u128 {
    let sources = [bytes::split(b), bytes::split(a)];
    bytes::join(bytes::split(c).map(|selector| {
        let byte = sources[usize::from(selector >> 4 & 1)][usize::from(selector & 0xf)];
        treated(byte, selector & 0x40 != 0, selector & 0x80 != 0, selector & 0x20 != 0)
    }))
}

fn merge(a: u128, b: u128, c: u128) -> u128 {
    let negative = bytes::mask(c, 0, |lane, _| (lane as i8) < 0);
    b & negative | a & !negative
}

/// 128 bits of which `a` is the upper half, moved by bytes.
fn joined(a: u128, b: u128) -> u128 {
    strung::<64>(a, b)[0]
}

fn bytes_of(c: u128) -> u32 {
    (c as u32 & 0xff).saturating_mul(8)
}

fn signs(lanes: impl IntoIterator<Item = bool>) -> u128 {
    lanes.into_iter().zip(0_u32..).fold(0, |mask, (sign, number)| mask | u128::from(sign) << number)
}

fn extended<const BYTE: u8>(b: u128) -> u128 {
    u128::from(u64::from_le_bytes([BYTE; 8])) << 64 | b & u128::from(u64::MAX)
}

/// Operations of this class.
pub(super) fn operation(op: Op) -> Option<Packed> {
    let operation: Packed = match op {
        Op::Packsshb => |a, b, _| pack_halves::<64>(a, b, to_i8),
        Op::Qpacksshb => |a, b, _| pack_halves::<128>(a, b, to_i8),
        Op::Packushb => |a, b, _| pack_halves::<64>(a, b, to_u8),
        Op::Qpackushb => |a, b, _| pack_halves::<128>(a, b, to_u8),
        Op::Packsswh => |a, b, _| pack_words::<64>(a, b, to_i16),
        Op::Qpacksswh => |a, b, _| pack_words::<128>(a, b, to_i16),
        Op::Packuswh => |a, b, _| pack_words::<64>(a, b, to_u16),
        Op::Qpackuswh => |a, b, _| pack_words::<128>(a, b, to_u16),
        Op::Punpcklbh => |a, b, _| unpack_bytes(a, b, 0),
        Op::Punpckhbh => |a, b, _| unpack_bytes(a, b, 4),
        Op::Punpcklhw => |a, b, _| unpack_halves(a, b, 0),
        Op::Punpckhhw => |a, b, _| unpack_halves(a, b, 2),
        Op::Punpcklwd => |a, b, _| unpack_words(a, b, 0),
        Op::Punpckhwd => |a, b, _| unpack_words(a, b, 1),
        Op::Pshufb => pshufb,
        Op::Qpshufb => qpshufb,
        Op::Qppermb => qppermb,
        Op::Pmerge | Op::Qpmerge => merge,
        Op::Pshufw => |a, b, c| {
            let lanes = words::split(joined(a, b));
            words::join((0..2).map(|n| lanes[(c >> (2 * n) & 3) as usize]))
        },
        Op::Pshufh => |_, b, c| {
            let lanes = halves::split(b);
            halves::join((0..4).map(|n| lanes[(c >> (2 * n) & 3) as usize]))
        },
        Op::Pextrh => |a, b, c| halves::split(joined(a, b))[(c & 7) as usize].into(),
        Op::Pinsh => |a, b, c| {
            let lanes = halves::split(a).into_iter().enumerate();
            halves::join(lanes.map(|(n, lane)| if n as u128 == c & 3 { b as u16 } else { lane }))
        },
        Op::Psllqh => |a, b, c| joined(a, b).checked_shl(bytes_of(c)).unwrap_or(0) >> 64,
        Op::Psllql => |_, b, c| b.checked_shl(bytes_of(c)).unwrap_or(0),
        Op::Psrlqh => |a, _, c| a.checked_shr(bytes_of(c)).unwrap_or(0),
        Op::Psrlql => |a, b, c| joined(a, b).checked_shr(bytes_of(c)).unwrap_or(0),
        Op::Pmovmskb => |a, b, _| signs(bytes::split(joined(a, b)).map(|lane| lane >> 7 != 0)),
        Op::Pmovmskps => |a, b, _| signs(words::split(joined(a, b)).map(|lane| lane >> 31 != 0)),
        Op::Pmovmskpd => |a, b, _| signs(doubles::split(joined(a, b)).map(|lane| lane >> 63 != 0)),
        Op::Qpsgn2mskb => |_, b, _| signs(bytes::split(b).map(|lane| lane >> 7 != 0)),
        Op::Qpmsk2sgnb => |a, b, _| {
            let lanes = bytes::split(a).into_iter().enumerate();
            bytes::join(lanes.map(|(n, lane)| lane & 0x7f | ((b >> n & 1) as u8) << 7))
        },
        Op::Qppackdl => joined_of,
        Op::Qpswitchw => |_, b, _| doubles::zip(b, 0, |lane, _| lane.rotate_left(32)),
        Op::Qpswitchd => |_, b, _| b.rotate_left(64),
        Op::Qpcext0x00 => |_, b, _| extended::<0x00>(b),
        Op::Qpcext0x7f => |_, b, _| extended::<0x7f>(b),
        Op::Qpcext0x80 => |_, b, _| extended::<0x80>(b),
        Op::Qpcext0xff => |_, b, _| extended::<0xff>(b),
        _ => return None,
    };
    Some(operation)
}

fn joined_of(a: u128, b: u128, _: u128) -> u128 {
    joined(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_puts_the_second_source_low() {
        assert_eq!(
            pack_halves::<64>(0x7fff, 0xff80, to_i8) & u128::from(u64::MAX),
            0x0000_007f_0000_0080
        );
        assert_eq!(pack_words::<64>(0, 0xffff_8000, to_u16), 0);
    }

    #[test]
    fn a_constant_byte_ignores_its_source() {
        assert_eq!(shuffle([0x55; 16], 0xa0), 0x7f);
        assert_eq!(shuffle([0x55; 16], 0xf0), 0);
        assert_eq!(shuffle([0x01; 16], 0x70), 0x00, "reversed, spread, inverted");
    }
}
