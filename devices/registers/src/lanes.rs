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
    pub fn mask(&self) -> u64 {
        let width = u64::MAX >> 64_u32.saturating_sub(u32::from(self.bytes).saturating_mul(8));
        width.checked_shl(u32::from(self.first).saturating_mul(8)).unwrap_or(0)
    }

    /// Moves bits of the access to their place in the register.
    pub fn to_register(&self, value: u64) -> u64 {
        let down = value.checked_shr(u32::from(self.at).saturating_mul(8)).unwrap_or(0);
        down.checked_shl(u32::from(self.first).saturating_mul(8)).unwrap_or(0) & self.mask()
    }

    /// Moves bits of the register to their place in the access.
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
const INTERLEAVED: usize = 4;

/// The row, element and byte within the element that stand at `offset` of `region`.
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

impl<R: RegisterFile> Iterator for Lanes<R> {
    type Item = Lane<R>;

    fn next(&mut self) -> Option<Lane<R>> {
        let size = self.access.size().bytes();
        while self.at < size {
            let offset = self.access.offset().wrapping_add(u64::from(self.at));
            let Some((index, element, first)) = find(R::TABLE, self.access.region(), offset) else {
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
