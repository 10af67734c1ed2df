//! 256 bytes of configuration space with a write mask for every bit.
//!
//! Unlike a NIC's registers this space is put together at run time, from an identity, base address registers and
//! capabilities; so it is bytes and masks here, not a table. Source: PCI Local Bus Specification 3.0 §6. Left out: the
//! extended space of PCI Express.

use elnic_contract::Size;

/// Bytes of conventional configuration space.
pub const CONFIG_SIZE: usize = 256;

/// Values, reset values and masks of a configuration space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigSpace {
    bytes: [u8; CONFIG_SIZE],
    reset: [u8; CONFIG_SIZE],
    /// Bits that a write stores.
    writable: [u8; CONFIG_SIZE],
    /// Bits that a written 1 clears.
    write_1_clears: [u8; CONFIG_SIZE],
    /// Bits that only the hardware changes; all others that nobody can write are constant.
    hardware: [u8; CONFIG_SIZE],
}

/// Stores the low bytes of `value` at `offset`; what lies beyond the space is dropped.
fn store(into: &mut [u8; CONFIG_SIZE], offset: u8, value: u32, bytes: usize) {
    let target = into.iter_mut().skip(usize::from(offset)).take(bytes);
    for (byte, source) in target.zip(value.to_le_bytes()) {
        *byte = source;
    }
}

impl ConfigSpace {
    /// All zero, nothing writable.
    pub(crate) const fn new() -> Self {
        const ZERO: [u8; CONFIG_SIZE] = [0; CONFIG_SIZE];
        Self { bytes: ZERO, reset: ZERO, writable: ZERO, write_1_clears: ZERO, hardware: ZERO }
    }

    /// Defines one byte: its reset value and the bits that a write stores.
    pub(crate) fn define8(&mut self, offset: u8, reset: u8, writable: u8) {
        self.define(offset, reset.into(), writable.into(), 1);
    }

    /// Defines two bytes.
    pub(crate) fn define16(&mut self, offset: u8, reset: u16, writable: u16) {
        self.define(offset, reset.into(), writable.into(), 2);
    }

    /// Defines four bytes.
    pub(crate) fn define32(&mut self, offset: u8, reset: u32, writable: u32) {
        self.define(offset, reset, writable, 4);
    }

    fn define(&mut self, offset: u8, reset: u32, writable: u32, bytes: usize) {
        store(&mut self.bytes, offset, reset, bytes);
        store(&mut self.reset, offset, reset, bytes);
        store(&mut self.writable, offset, writable, bytes);
    }

    /// Says which bits of two bytes a written 1 clears.
    pub(crate) fn write_1_clears16(&mut self, offset: u8, bits: u16) {
        store(&mut self.write_1_clears, offset, bits.into(), 2);
    }

    /// Says which bits of four bytes the hardware changes though no write does.
    pub(crate) fn hardware32(&mut self, offset: u8, bits: u32) {
        store(&mut self.hardware, offset, bits, 4);
    }

    fn byte(&self, offset: usize) -> u8 {
        self.bytes.get(offset).copied().unwrap_or(0)
    }

    /// One byte as it is.
    pub(crate) fn get8(&self, offset: u8) -> u8 {
        self.byte(offset.into())
    }

    /// Two bytes as they are.
    pub(crate) fn get16(&self, offset: u8) -> u16 {
        let at = usize::from(offset);
        u16::from_le_bytes([self.byte(at), self.byte(at.saturating_add(1))])
    }

    /// Four bytes as they are.
    pub(crate) fn get32(&self, offset: u8) -> u32 {
        let at = usize::from(offset);
        u32::from_le_bytes([0, 1, 2, 3].map(|byte| self.byte(at.saturating_add(byte))))
    }

    /// Stores two bytes as the hardware: no mask applies.
    pub(crate) fn set16(&mut self, offset: u8, value: u16) {
        store(&mut self.bytes, offset, value.into(), 2);
    }

    /// Stores four bytes as the hardware.
    pub(crate) fn set32(&mut self, offset: u8, value: u32) {
        store(&mut self.bytes, offset, value, 4);
    }

    /// What a guest reads.
    pub(crate) fn read(&self, offset: u8, size: Size) -> u64 {
        let bytes = (0..usize::from(size.bytes())).rev();
        bytes.fold(0, |value, byte| {
            (value << 8) | u64::from(self.byte(usize::from(offset).saturating_add(byte)))
        })
    }

    /// A guest's write.
    pub(crate) fn write(&mut self, offset: u8, size: Size, value: u64) {
        let range = usize::from(offset)..;
        let rows =
            self.bytes.iter_mut().zip(&self.writable).zip(&self.write_1_clears).skip(range.start);
        for (((byte, writable), clears), new) in
            rows.zip(value.to_le_bytes()).take(usize::from(size.bytes()))
        {
            *byte = ((*byte & !writable) | (new & writable)) & !(new & clears);
        }
    }

    /// Puts every byte back to its reset value.
    pub(crate) fn reset(&mut self) {
        self.bytes = self.reset;
    }

    /// All values, as 64 words.
    pub(crate) fn save(&self) -> Vec<u32> {
        (0..=u8::MAX).step_by(4).map(|offset| self.get32(offset)).collect()
    }

    /// The same space with saved values, or the offset and the bits of the first word that cannot be.
    pub(crate) fn with_saved(&self, words: &[u32]) -> Result<Self, BadWord> {
        if words.len() != CONFIG_SIZE / 4 {
            return Err(BadWord::Count(words.len()));
        }
        let mut restored = self.clone();
        for (offset, word) in (0..=u8::MAX).step_by(4).zip(words) {
            restored.set32(offset, *word);
        }
        for offset in 0..CONFIG_SIZE {
            let pick = |from: &[u8; CONFIG_SIZE]| from.get(offset).copied().unwrap_or(0);
            let may_differ =
                pick(&self.writable) | pick(&self.write_1_clears) | pick(&self.hardware);
            let wrong = (pick(&restored.bytes) ^ pick(&self.reset)) & !may_differ;
            if wrong != 0 {
                return Err(BadWord::Constant { offset, wrong });
            }
        }
        Ok(restored)
    }
}

/// Why saved words are no state of a configuration space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadWord {
    #[error("has {0} words instead of 64")]
    Count(usize),
    #[error("differs at offset {offset:#04x} in bits {wrong:#04x} that cannot change")]
    Constant { offset: usize, wrong: u8 },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> ConfigSpace {
        let mut space = ConfigSpace::new();
        space.define32(0x00, 0x100e_8086, 0);
        space.define16(0x04, 0, 0x0507);
        space.write_1_clears16(0x06, 0xf900);
        space.define32(0x10, 1, 0xffff_ffc0);
        space
    }

    #[test]
    fn masks_apply_byte_by_byte() {
        let mut space = space();
        space.write(0x00, Size::Word, 0);
        space.write(0x10, Size::Word, 0xffff_ffff);
        assert_eq!(space.read(0x10, Size::Word), 0xffff_ffc1);
        space.write(0x11, Size::Byte, 0x12);
        assert_eq!(space.read(0x10, Size::Word), 0xffff_12c1);
        assert_eq!(space.read(0x00, Size::Double), 0x100e_8086);
        space.write(0x04, Size::Half, 0xffff);
        assert_eq!(space.get16(0x04), 0x0507);
    }

    #[test]
    fn a_written_one_clears_status_bits_and_a_zero_does_not() {
        let mut space = space();
        space.set16(0x06, 0x2010);
        space.write(0x06, Size::Half, 0);
        assert_eq!(space.get16(0x06), 0x2010);
        space.write(0x04, Size::Word, 0xffff_0000);
        assert_eq!(space.get16(0x06), 0x0010);
    }

    #[test]
    fn saved_words_must_keep_what_is_constant() {
        let mut words = space().save();
        words[4] = 0xfebc_0001;
        assert_eq!(space().with_saved(&words).unwrap().get32(0x10), 0xfebc_0001);
        words[0] = 0;
        assert!(matches!(space().with_saved(&words), Err(BadWord::Constant { offset: 0, .. })));
        assert_eq!(space().with_saved(&words[1..]), Err(BadWord::Count(63)));
    }

    #[test]
    fn accesses_at_the_end_of_the_space_stay_inside() {
        let mut space = space();
        space.write(0xff, Size::Double, u64::MAX);
        assert_eq!(space.read(0xff, Size::Double), 0);
    }
}
