//! Decodes an access into the registers it touches, byte lane by byte lane.

use std::marker::PhantomData;

use elnic_contract::{Access, Register};

use crate::RegisterFile;

/// The part of an access that falls into one element of one register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane<R> {
    /// The register.
    pub register: R,
    /// Which element of an array; 0 for a single register.
    pub element: u16,
    /// First byte of the element that is touched.
    pub first: u8,
    /// Number of bytes touched.
    pub bytes: u8,
    /// Where these bytes stand in the access: bytes from its start.
    pub at: u8,
}

impl<R> Lane<R> {
    /// The touched bits, at their place in the register.
    #[inline]
    pub fn mask(&self) -> u64 {
        let width = u64::MAX >> 64_u32.saturating_sub(u32::from(self.bytes).saturating_mul(8));
        width.checked_shl(u32::from(self.first).saturating_mul(8)).unwrap_or(0)
    }

    /// Moves bits of the access to their place in the register.
    #[inline]
    pub fn to_register(&self, value: u64) -> u64 {
        let down = value.checked_shr(u32::from(self.at).saturating_mul(8)).unwrap_or(0);
        down.checked_shl(u32::from(self.first).saturating_mul(8)).unwrap_or(0) & self.mask()
    }

    /// Moves bits of the register to their place in the access.
    #[inline]
    pub fn to_access(&self, value: u64) -> u64 {
        let down =
            (value & self.mask()).checked_shr(u32::from(self.first).saturating_mul(8)).unwrap_or(0);
        down.checked_shl(u32::from(self.at).saturating_mul(8)).unwrap_or(0)
    }
}

/// Walks over the lanes of an access, ascending; bytes that no register decodes are skipped.
#[derive(Clone, Debug)]
pub struct Lanes<R> {
    access: Access,
    at: u8,
    file: PhantomData<R>,
}

impl<R: RegisterFile> Lanes<R> {
    /// The lanes of `access`.
    pub fn new(access: Access) -> Self {
        Self { access, at: 0, file: PhantomData }
    }
}

/// Arrays may be interleaved (e1000 RAL/RAH); so many rows back an element may still reach over an offset.
/// [`crate::check`] proves for each table that this is enough.
const INTERLEAVED: usize = 5;

/// The row, element and byte within the element that stand at `offset` of `region`, searched in any table.
pub(crate) fn find(table: &[Register], region: u8, offset: u64) -> Option<(usize, u16, u8)> {
    let beyond =
        table.partition_point(|row| (row.region, u64::from(row.offset)) <= (region, offset));
    let first = beyond.saturating_sub(INTERLEAVED);
    let candidates = table.iter().enumerate().take(beyond).skip(first).rev();
    candidates.filter(|(_, row)| row.region == region).find_map(|(index, row)| {
        let distance = offset.checked_sub(u64::from(row.offset))?;
        let stride = u64::from(row.stride).max(1);
        let element = u16::try_from(distance.checked_div(stride)?).ok()?;
        let byte = u8::try_from(distance.checked_rem(stride)?).ok()?;
        (element < row.count && byte < row.width).then_some((index, element, byte))
    })
}

/// As [`find`], by the look-up that the table was compiled into.
#[inline]
fn look_up<R: RegisterFile>(region: u8, offset: u64) -> Option<(usize, u16, u8)> {
    let index = R::MAP.row(region, offset)?;
    let row = R::TABLE.get(index)?;
    let distance = u32::try_from(offset.checked_sub(u64::from(row.offset))?).ok()?;
    if row.count == 1 {
        return Some((index, 0, u8::try_from(distance).ok()?));
    }
    let stride = u32::from(row.stride).max(1);
    let element = u16::try_from(distance.checked_div(stride)?).ok()?;
    Some((index, element, u8::try_from(distance.checked_rem(stride)?).ok()?))
}

impl<R: RegisterFile> Iterator for Lanes<R> {
    type Item = Lane<R>;

    #[inline]
    fn next(&mut self) -> Option<Lane<R>> {
        let size = self.access.size().bytes();
        while self.at < size {
            let offset = self.access.offset().wrapping_add(u64::from(self.at));
            let Some((index, element, first)) = look_up::<R>(self.access.region(), offset) else {
                self.at = self.at.saturating_add(1);
                continue;
            };
            let (register, row) = (*R::ALL.get(index)?, R::TABLE.get(index)?);
            let rest = row.width.saturating_sub(first);
            let bytes = rest.min(size.saturating_sub(self.at));
            let lane = Lane { register, element, first, bytes, at: self.at };
            self.at = self.at.saturating_add(bytes);
            return Some(lane);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::{Field, Mode};

    const F: &[Field] = &[Field::new("F", 0, 8, Mode::Rw, "a byte")];

    crate::register_file! {
        /// Bytes, words, interleaved arrays, a memory and a second region.
        enum Mixed {
            A_BYTE = Register::new("BYTE", 0x1, 1, F),
            WORD = Register::new("WORD", 0x4, 4, F),
            LOW = Register::new("LOW", 0x10, 4, F).array(3, 12),
            HIGH = Register::new("HIGH", 0x14, 2, F).array(3, 12),
            BULK = Register::new("BULK", 0x100, 8, F).array(1024, 8),
            OTHER = Register::new("OTHER", 0x2, 2, F).region(2),
        }
    }

    crate::register_file! {
        /// Words only: one entry stands for four bytes.
        enum Words {
            A_WORD = Register::new("A", 0x8, 4, F),
            BASE = Register::new("BASE", 0x10, 8, F).array(4, 16),
        }
    }

    fn agrees<R: RegisterFile>() {
        for region in 0..10 {
            for offset in (0..0x2200).chain([u64::MAX, 1 << 32]) {
                let searched = find(R::TABLE, region, offset);
                assert_eq!(look_up::<R>(region, offset), searched, "{region} {offset:#x}");
            }
        }
    }

    #[test]
    fn the_look_up_finds_what_the_search_finds() {
        agrees::<Mixed>();
        agrees::<Words>();
    }
}
