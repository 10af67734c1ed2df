//! Reading the 93C46 through its pins in 9346CR, as all drivers do.

use super::{r8, reg, w8};
use crate::Bench;

const PROGRAM: u8 = 0x80;
const SELECT: u8 = 0x08;
const CLOCK: u8 = 0x04;
const DATA_IN: u8 = 0x02;
const DATA_OUT: u8 = 0x01;

/// Start bit and opcode of a read.
const READ: u32 = 0b110;
/// Word 0 of an EEPROM that is there.
pub(super) const SIGNATURE: u16 = 0x8129;

fn clock(bench: &mut Bench, data: bool) -> bool {
    let pins = PROGRAM | SELECT | if data { DATA_IN } else { 0 };
    w8(bench, reg::CR9346, pins);
    w8(bench, reg::CR9346, pins | CLOCK);
    let out = r8(bench, reg::CR9346) & DATA_OUT != 0;
    w8(bench, reg::CR9346, pins);
    out
}

/// A word, of an EEPROM with this many address bits.
pub(super) fn read(bench: &mut Bench, word: u32, address_bits: u32) -> u16 {
    w8(bench, reg::CR9346, PROGRAM);
    w8(bench, reg::CR9346, PROGRAM | SELECT);
    let command = READ << address_bits | word;
    for bit in (0..address_bits + 3).rev() {
        clock(bench, command >> bit & 1 != 0);
    }
    let value = (0..16).fold(0, |value, _| value << 1 | u16::from(clock(bench, false)));
    w8(bench, reg::CR9346, PROGRAM);
    w8(bench, reg::CR9346, 0);
    value
}

/// The station address. Whether the EEPROM has 6 or 8 address bits is told by its signature.
///
/// # Panics
/// There is no EEPROM.
pub(super) fn station(bench: &mut Bench) -> [u8; 6] {
    let bits = if read(bench, 0, 8) == SIGNATURE { 8 } else { 6 };
    assert_eq!(read(bench, 0, bits), SIGNATURE, "an EEPROM");
    let mut station = [0; 6];
    for (number, pair) in (7..).zip(station.chunks_exact_mut(2)) {
        pair.copy_from_slice(&read(bench, number, bits).to_le_bytes());
    }
    station
}
