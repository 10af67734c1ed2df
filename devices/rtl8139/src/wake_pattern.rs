//! Wake-up frames: which bytes of a frame count, and the check they must have (DS CRC0-7, Wakeup0-7, LSBCRC0-7, CONFIG4.LongWF).
//!
//! Eight patterns look at bytes 12 to 75 with an 8-bit check and the last byte that counts. With LongWF the pairs 2+3, 4+5
//! and 6+7 become patterns over bytes 0 to 127 with a 16-bit check. The data sheet leaves the polynomials open; taken are
//! those of its time: x⁸+x²+x+1 from 0 (ITU-T I.432) and x¹⁶+x¹²+x⁵+1 from all ones (CCITT), first bit highest.

use crate::Rtl8139;
use crate::spec::Reg;
use crate::spec::views::wake;

/// First byte that a short pattern can look at.
const SHORT_FROM: usize = 12;
/// Number of patterns.
const COUNT: u16 = 8;
/// The first pattern that LongWF merges with the next.
const FIRST_LONG: u16 = 2;

/// One pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    /// 64 bytes from byte 12 on, their check, and the last of them that counts.
    Short { mask: u64, check: u8, last: u8 },
    /// 128 bytes from the start, and their check.
    Long { mask: u128, check: u16 },
}

impl Pattern {
    fn matches(self, frame: &[u8]) -> bool {
        match self {
            Self::Short { mask, check, last } => masked(frame, SHORT_FROM, mask.into())
                .is_some_and(|bytes| {
                    crc8(&bytes) == check && bytes.last().is_some_and(|byte| *byte == last)
                }),
            Self::Long { mask, check } => {
                masked(frame, 0, mask).is_some_and(|bytes| crc16(&bytes) == check)
            }
        }
    }
}

/// The bytes of `frame` that `mask` names, bit 0 for the byte at `from`; `None` if it names none or some beyond the end.
fn masked(frame: &[u8], from: usize, mask: u128) -> Option<Vec<u8>> {
    let wanted = (0..128_usize).filter(|bit| mask >> bit & 1 != 0);
    let bytes: Option<Vec<u8>> =
        wanted.map(|bit| frame.get(from.saturating_add(bit)).copied()).collect();
    bytes.filter(|bytes| !bytes.is_empty())
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 != 0 { crc << 1 ^ 0x07 } else { crc << 1 })
    })
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        let start = crc ^ u16::from(*byte) << 8;
        (0..8).fold(start, |crc, _| if crc & 0x8000 != 0 { crc << 1 ^ 0x1021 } else { crc << 1 })
    })
}

impl Rtl8139 {
    /// Whether some pattern looks at anything.
    pub(crate) fn has_wake_pattern(&self) -> bool {
        (0..COUNT).any(|number| self.mask_of(number) != 0)
    }

    /// Whether `frame` is a wake-up frame.
    pub(crate) fn is_wake_frame(&self, frame: &[u8]) -> bool {
        (0..COUNT).any(|number| self.pattern(number).is_some_and(|pattern| pattern.matches(frame)))
    }

    fn mask_of(&self, number: u16) -> u64 {
        let word =
            |half| self.bank.get_at(Reg::WAKEUP, number.saturating_mul(2).saturating_add(half));
        word(0) | word(1) << 32
    }

    /// Pattern `number`; `None` for the second half of a long one.
    fn pattern(&self, number: u16) -> Option<Pattern> {
        let byte = |register| u8::try_from(self.bank.get_at(register, number)).unwrap_or(0);
        let (check, last, mask) = (byte(Reg::CRC), byte(Reg::LSBCRC), self.mask_of(number));
        let long = self.bank.get(Reg::CONFIG4) & wake::LONGWF != 0 && number >= FIRST_LONG;
        match (long, number % 2) {
            (false, _) => Some(Pattern::Short { mask, check, last }),
            (true, 0) => {
                let upper = self.mask_of(number.saturating_add(1));
                let mask = u128::from(mask) | u128::from(upper) << 64;
                Some(Pattern::Long { mask, check: u16::from_le_bytes([check, last]) })
            }
            (true, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_those_of_the_catalogues() {
        assert_eq!(crc8(b"123456789"), 0xf4);
        assert_eq!(crc16(b"123456789"), 0x29b1);
    }

    #[test]
    fn masked_bytes_are_taken_in_order_and_must_be_there() {
        let frame: Vec<u8> = (0..64).collect();
        assert_eq!(masked(&frame, 12, 0b1001), Some(vec![12, 15]));
        assert_eq!(masked(&frame, 12, 1 << 51), Some(vec![63]));
        assert_eq!(masked(&frame, 12, 1 << 52), None);
        assert_eq!(masked(&frame, 0, 0), None);
    }
}
