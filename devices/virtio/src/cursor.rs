//! A place in the bytes of some segments: however a driver cuts a message up, it reads the same.

use elnic_contract::{Dma, DmaError, Gpa};

use crate::Segment;

/// A place in the bytes of some segments.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    rest: &'a [Segment],
    /// Bytes of the first segment that are behind us.
    within: u32,
}

impl<'a> Cursor<'a> {
    /// The start of these segments.
    pub const fn new(segments: &'a [Segment]) -> Self {
        Self { rest: segments, within: 0 }
    }

    /// Bytes ahead.
    pub fn left(&self) -> u64 {
        let all = self.rest.iter().fold(0_u64, |sum, part| sum.saturating_add(part.length.into()));
        all.saturating_sub(u64::from(self.within))
    }

    /// The next stretch of at most `wanted` bytes, which is then behind us.
    fn step(&mut self, wanted: usize) -> Option<(Gpa, usize)> {
        let (first, behind) = self.rest.split_first()?;
        let left = first.length.saturating_sub(self.within);
        let taken = left.min(u32::try_from(wanted).unwrap_or(u32::MAX));
        let at = first.at.plus(u64::from(self.within));
        if taken == left {
            (self.rest, self.within) = (behind, 0);
        } else {
            self.within = self.within.saturating_add(taken);
        }
        Some((at, usize::try_from(taken).unwrap_or(wanted)))
    }

    /// Reads up to `into.len()` bytes; says how many there were.
    ///
    /// # Errors
    /// Guest memory cannot be read.
    pub fn read(&mut self, dma: &mut dyn Dma, into: &mut [u8]) -> Result<usize, DmaError> {
        let mut done = 0_usize;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let Some((at, bytes)) = self.step(rest.len()) else { break };
            if let Some(part) = rest.get_mut(..bytes) {
                dma.read(at, part)?;
            }
            done = done.saturating_add(bytes);
        }
        Ok(done)
    }

    /// Reads exactly `N` bytes; `None` if there are fewer.
    ///
    /// # Errors
    /// Guest memory cannot be read.
    pub fn array<const N: usize>(
        &mut self,
        dma: &mut dyn Dma,
    ) -> Result<Option<[u8; N]>, DmaError> {
        let mut bytes = [0; N];
        Ok((self.read(dma, &mut bytes)? == N).then_some(bytes))
    }

    /// Writes up to `from.len()` bytes; says how many there was room for.
    ///
    /// # Errors
    /// Guest memory cannot be written.
    pub fn write(&mut self, dma: &mut dyn Dma, from: &[u8]) -> Result<usize, DmaError> {
        let mut done = 0_usize;
        while let Some(rest) = from.get(done..).filter(|rest| !rest.is_empty()) {
            let Some((at, bytes)) = self.step(rest.len()) else { break };
            if let Some(part) = rest.get(..bytes) {
                dma.write(at, part)?;
            }
            done = done.saturating_add(bytes);
        }
        Ok(done)
    }

    /// Leaves `bytes` behind without reading them; says whether there were so many.
    pub fn skip(&mut self, bytes: u64) -> bool {
        let mut left = bytes;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX);
            let Some((_, taken)) = self.step(wanted) else { return false };
            left = left.saturating_sub(taken as u64);
        }
        true
    }
}
