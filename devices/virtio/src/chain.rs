//! Descriptor chains: read from guest memory once, checked, and then values (virtio 1.3 §2.7.5).

use elnic_contract::{Dma, DmaError, Gpa};

use crate::QueueError;

/// Descriptors of one chain, indirect ones included: QEMU's `VIRTQUEUE_MAX_SIZE`.
pub const MAX_CHAIN: usize = 1024;

const NEXT: u16 = 1;
const WRITE: u16 = 2;
const INDIRECT: u16 = 4;
const DESCRIPTOR: u64 = 16;

/// A stretch of guest memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it starts.
    pub at: Gpa,
    /// Its length in bytes; not zero.
    pub length: u32,
}

/// What one entry of the available ring stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Index of the first descriptor, by which the driver knows the chain.
    pub head: u16,
    /// What the device reads.
    pub readable: Vec<Segment>,
    /// What the device writes.
    pub writable: Vec<Segment>,
}

/// Bytes of all segments.
fn total(segments: &[Segment]) -> u64 {
    segments.iter().fold(0, |sum, segment| sum.saturating_add(u64::from(segment.length)))
}

impl Chain {
    /// Bytes the device reads.
    pub fn readable_bytes(&self) -> u64 {
        total(&self.readable)
    }

    /// Bytes the device may write.
    pub fn writable_bytes(&self) -> u64 {
        total(&self.writable)
    }

    /// Number of descriptors: what working on the chain costs.
    pub fn descriptors(&self) -> usize {
        self.readable.len().saturating_add(self.writable.len())
    }

    /// Follows the chain that starts at `head` of the table of `size` descriptors at `table`.
    ///
    /// # Errors
    /// A descriptor cannot be read or breaks a rule of §2.7.5; nothing is changed.
    pub(crate) fn walk(
        dma: &mut dyn Dma,
        table: Gpa,
        size: u16,
        head: u16,
        indirect: bool,
    ) -> Result<Self, QueueError> {
        let mut chain = Self { head, ..Self::default() };
        let (mut table, mut size, mut nested) = (table, u32::from(size), false);
        let (mut index, mut seen) = (u32::from(head), 0_u32);
        loop {
            if index >= size {
                return Err(QueueError::rule("descriptor index outside the table", index));
            }
            seen = seen.saturating_add(1);
            if seen > size {
                return Err(QueueError::rule("descriptor chain with a loop", head));
            }
            let descriptor = Descriptor::read(dma, table, index)?;
            if descriptor.flags & INDIRECT != 0 {
                if !indirect || nested || descriptor.flags & NEXT != 0 {
                    return Err(QueueError::rule("indirect descriptor not allowed here", index));
                }
                let whole = u64::from(descriptor.length).is_multiple_of(DESCRIPTOR);
                if descriptor.length == 0 || !whole {
                    let what = "indirect table length not a multiple of 16";
                    return Err(QueueError::rule(what, descriptor.length));
                }
                (table, size, nested) = (descriptor.at, descriptor.length >> 4, true);
                (index, seen) = (0, 0);
                continue;
            }
            chain.add(&descriptor)?;
            if descriptor.flags & NEXT == 0 {
                return Ok(chain);
            }
            index = u32::from(descriptor.next);
        }
    }

    fn add(&mut self, descriptor: &Descriptor) -> Result<(), QueueError> {
        if descriptor.length == 0 {
            return Err(QueueError::rule("descriptor of no bytes", self.head));
        }
        if self.descriptors() >= MAX_CHAIN {
            return Err(QueueError::rule("descriptor chain too long", self.head));
        }
        let segment = Segment { at: descriptor.at, length: descriptor.length };
        if descriptor.flags & WRITE != 0 {
            self.writable.push(segment);
        } else if self.writable.is_empty() {
            self.readable.push(segment);
        } else {
            return Err(QueueError::rule("readable descriptor behind a writable one", self.head));
        }
        Ok(())
    }
}

struct Descriptor {
    at: Gpa,
    length: u32,
    flags: u16,
    next: u16,
}

impl Descriptor {
    fn read(dma: &mut dyn Dma, table: Gpa, index: u32) -> Result<Self, DmaError> {
        let mut bytes = [0; 16];
        dma.read(table.plus(u64::from(index).wrapping_mul(DESCRIPTOR)), &mut bytes)?;
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bytes;
        Ok(Self {
            at: Gpa(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            length: u32::from_le_bytes([i, j, k, l]),
            flags: u16::from_le_bytes([m, n]),
            next: u16::from_le_bytes([o, p]),
        })
    }
}

/// A place in the bytes of some segments: however a driver cuts a message up, it reads the same.
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
        total(self.rest).saturating_sub(u64::from(self.within))
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
