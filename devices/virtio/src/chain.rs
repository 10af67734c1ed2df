//! Descriptor chains: read from guest memory once, checked, and then values (virtio 1.3 §2.7.5, §2.8.6).

use elnic_contract::Gpa;

use crate::error::QueueError;

/// Descriptors of one chain, indirect ones included: QEMU's `VIRTQUEUE_MAX_SIZE`.
pub const MAX_CHAIN: usize = 1024;

/// Flags that both kinds of descriptors have.
pub(crate) const NEXT: u16 = 1;
pub(crate) const WRITE: u16 = 2;
pub(crate) const INDIRECT: u16 = 4;

/// A stretch of guest memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it starts.
    pub at: Gpa,
    /// Its length in bytes; not zero.
    pub length: u32,
}

/// One buffer that the driver has made available, whatever the kind of ring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// By what the driver knows it: the index of its first descriptor, or its buffer ID.
    pub id: u16,
    /// Descriptors it takes in the ring itself, at least one.
    pub slots: u16,
    segments: Vec<Segment>,
    /// How many of them the device reads; it writes the others.
    readable: usize,
}

/// A chain given back to the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// [`Chain::id`].
    pub id: u16,
    /// [`Chain::slots`].
    pub slots: u16,
    /// Bytes the device has written.
    pub written: u32,
}

/// Bytes of all segments.
fn total(segments: &[Segment]) -> u64 {
    segments.iter().fold(0, |sum, segment| sum.saturating_add(u64::from(segment.length)))
}

impl Chain {
    /// A chain without segments yet.
    pub(crate) fn starting(id: u16, slots: u16) -> Self {
        Self { id, slots, ..Self::default() }
    }

    /// What the device reads.
    pub fn readable(&self) -> &[Segment] {
        self.segments.get(..self.readable).unwrap_or_default()
    }

    /// What the device writes.
    pub fn writable(&self) -> &[Segment] {
        self.segments.get(self.readable..).unwrap_or_default()
    }

    /// Bytes the device reads.
    pub fn readable_bytes(&self) -> u64 {
        total(self.readable())
    }

    /// Bytes the device may write.
    pub fn writable_bytes(&self) -> u64 {
        total(self.writable())
    }

    /// Number of descriptors: what working on the chain costs.
    pub fn descriptors(&self) -> usize {
        self.segments.len()
    }

    /// The chain after `written` bytes were written.
    pub fn used(&self, written: u32) -> Used {
        Used { id: self.id, slots: self.slots, written }
    }

    /// Adds a segment; all that the device reads stand before all that it writes.
    pub(crate) fn add(&mut self, segment: Segment, writable: bool) -> Result<(), QueueError> {
        if segment.length == 0 {
            return Err(QueueError::rule("descriptor of no bytes", self.id));
        }
        if self.segments.len() >= MAX_CHAIN {
            return Err(QueueError::rule("descriptor chain too long", self.id));
        }
        if !writable {
            if self.readable != self.segments.len() {
                return Err(QueueError::rule("readable descriptor behind a writable one", self.id));
            }
            self.readable = self.readable.saturating_add(1);
        }
        if self.segments.is_empty() {
            self.segments.reserve(4);
        }
        self.segments.push(segment);
        Ok(())
    }
}
