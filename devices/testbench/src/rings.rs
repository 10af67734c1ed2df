//! Descriptor rings as a driver keeps them in RAM.

use crate::SparseRam;

/// A ring of descriptors of one size.
#[derive(Clone, Copy, Debug)]
pub struct Ring {
    /// Address of the first descriptor.
    pub base: u64,
    /// Bytes of one descriptor.
    pub stride: u64,
    /// Number of descriptors.
    pub count: u64,
    next: u64,
}

impl Ring {
    /// An empty ring.
    pub const fn new(base: u64, stride: u64, count: u64) -> Self {
        Self { base, stride, count, next: 0 }
    }

    /// Length in bytes, as length registers take it.
    pub const fn bytes(&self) -> u64 {
        self.stride * self.count
    }

    /// Address of descriptor `index`, which wraps.
    pub const fn address(&self, index: u64) -> u64 {
        self.base + (index % self.count) * self.stride
    }

    /// Writes a descriptor behind the last one; the index behind it, as tail registers take it.
    ///
    /// # Panics
    /// The descriptor is larger than the stride.
    pub fn push(&mut self, ram: &mut SparseRam, descriptor: &[u8]) -> u64 {
        assert!(descriptor.len() as u64 <= self.stride, "a descriptor fits its place");
        ram.store(self.address(self.next), descriptor);
        self.next = (self.next + 1) % self.count;
        self.next
    }

    /// The bytes of descriptor `index`.
    pub fn load(&self, ram: &SparseRam, index: u64) -> Vec<u8> {
        ram.load(self.address(index), self.stride as usize)
    }
}
