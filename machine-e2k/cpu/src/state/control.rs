//! Control transfer registers and the frames of the chain stack.
//!
//! Sources: e2k-isa.md §3.6, §6.2-6.3; qemu-e2k-contract.md §8. `%cr0`/`%cr1` hold the frame of the current procedure; a call pushes the
//! previous one to the chain stack (e2k-machine.md §9.1).

use serde::{Deserialize, Serialize};

use super::window::{Predicates, Rotation};

/// What a control transfer register was prepared for; the values are those of its tag field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CtprTag {
    /// Nothing.
    #[default]
    None,
    /// A diagnostic value.
    Diagnostic,
    /// `return`.
    Return,
    /// `disp`, `movtd`.
    Disp,
    /// A number written as such.
    Numeric,
    /// `sdisp`.
    System,
    /// One of the two codes that are not used.
    Reserved,
}

/// A control transfer register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ctpr {
    /// The 64 bits: base\[47:0\] tag\[56:54\] opc\[58:57\] ipd\[60:59\].
    pub bits: u64,
    /// The second half (`%ctprN.hi`, v6).
    pub hi: u64,
}

impl Ctpr {
    const BASE: u64 = (1 << 48) - 1;

    /// A register prepared for a transfer to `target`.
    pub const fn prepared(tag: CtprTag, opc: u8, ipd: u8, target: u64) -> Self {
        let tag = match tag {
            CtprTag::None => 0,
            CtprTag::Diagnostic => 1,
            CtprTag::Return => 2,
            CtprTag::Disp => 3,
            CtprTag::Numeric => 4,
            CtprTag::System => 5,
            CtprTag::Reserved => 7,
        };
        let bits = target & Self::BASE
            | (tag as u64) << 54
            | (opc as u64 & 3) << 57
            | (ipd as u64 & 3) << 59;
        Self { bits, hi: 0 }
    }

    /// The target.
    #[inline]
    pub const fn base(self) -> u64 {
        self.bits & Self::BASE
    }

    /// What it was prepared for.
    #[inline]
    pub const fn tag(self) -> CtprTag {
        match self.bits >> 54 & 7 {
            0 => CtprTag::None,
            1 => CtprTag::Diagnostic,
            2 => CtprTag::Return,
            3 => CtprTag::Disp,
            4 => CtprTag::Numeric,
            5 => CtprTag::System,
            _ => CtprTag::Reserved,
        }
    }

    /// Whether it was prepared by `disp` or `movtd`, the most frequent case.
    #[inline]
    pub const fn is_disp(self) -> bool {
        self.bits >> 54 & 7 == 3
    }

    /// Which of the three preparations: 0 disp, 1 ldisp, 3 the variants of return.
    pub const fn opc(self) -> u8 {
        (self.bits >> 57 & 3) as u8
    }

    /// What calls and returns leave: the address without a tag.
    #[inline]
    pub const fn clear_tag(&mut self) {
        self.bits &= !(7 << 54);
    }
}

/// A frame of the chain stack: what a call saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Predicates of the caller.
    pub predicates: Predicates,
    /// Where to return to.
    pub ip: u64,
    /// Type register bits.
    pub tr: u16,
    /// Exception index.
    pub ein: u8,
    /// Single step.
    pub ss: bool,
    /// `fx` of the caller's window.
    pub wfx: bool,
    /// `dbl` of the caller's window.
    pub wdbl: bool,
    /// `psize` of the caller's window in pairs.
    pub wpsz: u8,
    /// How far the window moved, in pairs.
    pub wbs: u8,
    /// Compilation unit index, 17 bits.
    pub cuir: u32,
    /// Processor status, 7 bits.
    pub psr: u8,
    /// Rotation bases of the caller.
    pub rotation: Rotation,
    /// Size of the data stack in units of 16 bytes, 28 bits.
    pub ussz: u32,
}

/// Frames the processor keeps before it spills the older half of them.
pub const RESIDENT_FRAMES: usize = 256;
/// Frames beyond those that traps may push before they have to spill.
pub const TRAP_FRAMES: usize = 64;
/// Bytes of a frame in memory.
pub const FRAME_BYTES: u64 = 32;

impl Frame {
    /// The four words in memory order: cr0.lo, cr0.hi, cr1.lo, cr1.hi.
    pub fn to_words(self) -> [u64; 4] {
        [
            self.predicates.to_bits(),
            self.ip,
            u64::from(self.tr & 0x7fff)
                | u64::from(self.ein) << 16
                | u64::from(self.ss) << 24
                | u64::from(self.wfx) << 25
                | u64::from(self.wpsz & 0x7f) << 26
                | u64::from(self.wbs & 0x7f) << 33
                | u64::from(self.cuir & 0x1_ffff) << 40
                | u64::from(self.psr & 0x7f) << 57,
            u64::from(self.rotation.to_bits())
                | u64::from(self.wdbl) << 35
                | u64::from(self.ussz & 0xfff_ffff) << 36,
        ]
    }

    /// From the four words.
    pub fn from_words([cr0_lo, cr0_hi, cr1_lo, cr1_hi]: [u64; 4]) -> Self {
        Self {
            predicates: Predicates::from_bits(cr0_lo),
            ip: cr0_hi & !7,
            tr: (cr1_lo & 0x7fff) as u16,
            ein: (cr1_lo >> 16) as u8,
            ss: cr1_lo >> 24 & 1 != 0,
            wfx: cr1_lo >> 25 & 1 != 0,
            wpsz: (cr1_lo >> 26 & 0x7f) as u8,
            wbs: (cr1_lo >> 33 & 0x7f) as u8,
            cuir: (cr1_lo >> 40 & 0x1_ffff) as u32,
            psr: (cr1_lo >> 57 & 0x7f) as u8,
            rotation: Rotation::from_bits(cr1_hi as u32),
            wdbl: cr1_hi >> 35 & 1 != 0,
            ussz: (cr1_hi >> 36) as u32 & 0xfff_ffff,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_layout_seen_in_memory() {
        // After one `call wbs=8`: qemu-e2k-contract.md §8.
        let words = [0x40, 0x10_0090, 0x0200_0010_1000_0000, 0x0000_4000_001c_00c4];
        let frame = Frame::from_words(words);
        assert_eq!(frame.ip, 0x10_0090);
        assert_eq!((frame.wbs, frame.wpsz, frame.psr), (8, 4, 1));
        assert_eq!((frame.rotation.rbs, frame.rotation.rsz, frame.rotation.psz), (4, 3, 7));
        assert_eq!(frame.ussz, 0x400);
        assert_eq!(frame.predicates.values, 1 << 3);
        assert_eq!(frame.to_words(), words);
    }

    #[test]
    fn calls_clear_only_the_tag() {
        let mut ctpr = Ctpr::prepared(CtprTag::Disp, 1, 3, 0xe200_0000_1800);
        assert_eq!((ctpr.tag(), ctpr.opc()), (CtprTag::Disp, 1));
        ctpr.clear_tag();
        assert_eq!((ctpr.tag(), ctpr.base()), (CtprTag::None, 0xe200_0000_1800));
    }
}
