//! The three stacks of a procedure: registers, frames and data.
//!
//! Registers and frames are kept in the processor as long as there is room and spilled to guest memory oldest first. `ind` counts what is
//! in memory; what is resident stands above it. Sources: e2k-machine.md §9, qemu-e2k-contract.md §8.

use serde::{Deserialize, Serialize};

/// Base, index and size of a hardware stack (`%psp` or `%pcsp`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HardwareStack {
    /// Address of the first byte, 48 bits.
    pub base: u64,
    /// `rw`, bits 60:59 of the low word.
    pub rw: u8,
    /// Bytes in use in memory.
    pub ind: u32,
    /// Bytes there are.
    pub size: u32,
}

impl HardwareStack {
    /// The low word: base and access rights.
    pub const fn lo(self) -> u64 {
        self.base & 0xffff_ffff_ffff | (self.rw as u64 & 3) << 59
    }

    /// The high word: index and size.
    pub const fn hi(self) -> u64 {
        self.ind as u64 | (self.size as u64) << 32
    }

    /// Writes the low word.
    pub const fn set_lo(&mut self, bits: u64) {
        self.base = bits & 0xffff_ffff_ffff;
        self.rw = (bits >> 59 & 3) as u8;
    }

    /// Writes the high word.
    pub const fn set_hi(&mut self, bits: u64) {
        self.ind = bits as u32;
        self.size = (bits >> 32) as u32;
    }

    /// Address of the first free byte.
    pub const fn top(self) -> u64 {
        self.base.wrapping_add(self.ind as u64)
    }
}

/// The data stack: `%usd` and `%sbr`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataStack {
    /// `%usd.lo`: base\[47:0\] is the current stack pointer, then p 58, rw 60:59.
    pub lo: u64,
    /// `%usd.hi`: curptr\[31:0\] size\[63:32\].
    pub hi: u64,
    /// `%sbr`, where the stack begins (its highest address).
    pub top: u64,
}

impl DataStack {
    /// The stack pointer.
    pub const fn base(self) -> u64 {
        self.lo & 0xffff_ffff_ffff
    }

    /// Bytes left below the stack pointer.
    pub const fn size(self) -> u32 {
        (self.hi >> 32) as u32
    }

    /// Replaces pointer and size, keeping the other bits.
    pub const fn set(&mut self, base: u64, size: u32) {
        self.lo = self.lo & !0xffff_ffff_ffff | base & 0xffff_ffff_ffff;
        self.hi = self.hi & 0xffff_ffff | (size as u64) << 32;
    }

    /// What a call saves: the size in units of 16 bytes.
    pub const fn saved(self) -> u32 {
        self.size() >> 4
    }

    /// What a return does with it.
    pub const fn restore(&mut self, ussz: u32) {
        let size = ussz << 4;
        self.set(self.top.wrapping_sub(size as u64), size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_recomputes_the_data_stack_from_its_top() {
        let mut stack = DataStack { lo: 0x1800_0000_0000_b000, hi: 0x4000_0000_0000, top: 0xb000 };
        assert_eq!(stack.saved(), 0x400);
        stack.restore(0x400);
        assert_eq!((stack.base(), stack.size()), (0x7000, 0x4000));
        assert_eq!(stack.lo >> 56, 0x18);
    }

    #[test]
    fn descriptors_keep_their_bits() {
        let mut stack = HardwareStack::default();
        stack.set_lo(0x1800_0000_0081_0000);
        stack.set_hi(0x0010_0000_0000_0040);
        assert_eq!((stack.lo(), stack.hi()), (0x1800_0000_0081_0000, 0x0010_0000_0000_0040));
        assert_eq!(stack.top(), 0x81_0040);
    }
}
