//! Big-endian numbers at an offset that may not exist.

use byteorder::{BigEndian, ByteOrder};

/// The byte at `at`.
pub(crate) fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// The 16-bit number at `at`.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?).map(BigEndian::read_u16)
}

/// The 32-bit number at `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?).map(BigEndian::read_u32)
}

/// Writes a 16-bit number at `at`; nothing happens if it does not fit.
pub(crate) fn put_u16(bytes: &mut [u8], at: usize, value: u16) -> Option<()> {
    let place = bytes.get_mut(at..at.checked_add(2)?)?;
    BigEndian::write_u16(place, value);
    Some(())
}

/// Writes a 32-bit number at `at`; nothing happens if it does not fit.
pub(crate) fn put_u32(bytes: &mut [u8], at: usize, value: u32) -> Option<()> {
    let place = bytes.get_mut(at..at.checked_add(4)?)?;
    BigEndian::write_u32(place, value);
    Some(())
}
