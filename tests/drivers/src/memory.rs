//! Memory that a driver of this process and a device share.
//!
//! The driver reads and writes it through raw pointers and slices of its own making, so the device's side copies bytes in and
//! out by pointer and never makes a reference. Both run on one thread: nothing changes during a copy.

use std::ops::Range;

use elnic_contract::{Dma, DmaError, Gpa};

/// Bus address of the first byte: a driver that confuses the two kinds of address is found out.
const BUS_BASE: u64 = 0x1000_0000;

/// A block handed out page by page.
pub struct DriverMemory {
    block: &'static mut [Page],
    used: usize,
}

const PAGE: usize = 4096;

#[derive(Clone, Copy)]
#[repr(C, align(4096))]
struct Page([u8; PAGE]);

impl DriverMemory {
    /// `bytes` of memory, all zero. It stays allocated: a driver may keep pointers into it for as long as it likes.
    pub fn new(bytes: usize) -> Self {
        Self { block: vec![Page([0; PAGE]); bytes.div_ceil(PAGE)].leak(), used: 0 }
    }

    /// Hands out some pages: their address here and on the bus.
    ///
    /// # Panics
    /// There are not so many left.
    pub fn allocate(&mut self, pages: usize) -> (usize, usize) {
        let offset = self.used * PAGE;
        self.used += pages;
        assert!(self.used <= self.block.len(), "a test's memory is large enough");
        (self.block.as_ptr() as usize + offset, BUS_BASE as usize + offset)
    }

    fn range(&self, at: Gpa, length: usize) -> Result<Range<usize>, DmaError> {
        let start = at.0.checked_sub(BUS_BASE).and_then(|start| usize::try_from(start).ok());
        let end = start.and_then(|start| start.checked_add(length));
        match (start, end) {
            (Some(start), Some(end)) if end <= self.used * PAGE => Ok(start..end),
            _ => Err(DmaError::NotRam(at)),
        }
    }
}

impl Dma for DriverMemory {
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError> {
        let range = self.range(at, into.len())?;
        let from = self.block.as_ptr().cast::<u8>().wrapping_add(range.start);
        // SAFETY: the range lies in the block, which is never freed; `into` is not part of it, for it is ours alone.
        unsafe { std::ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError> {
        let range = self.range(at, from.len())?;
        let to = self.block.as_mut_ptr().cast::<u8>().wrapping_add(range.start);
        // SAFETY: as above.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len()) };
        Ok(())
    }
}
