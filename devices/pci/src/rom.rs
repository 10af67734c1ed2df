//! The expansion ROM of a function (PCI 3.0 §6.2.5.2).

use bytes::Bytes;
use elnic_contract::Size;

use crate::SpecError;
use crate::config::ConfigSpace;
use crate::header::ROM;

const ENABLE: u32 = 1;
const SMALLEST: usize = 2 << 10;
const LARGEST: usize = 16 << 20;

/// An image and the addresses it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rom {
    image: Bytes,
    size: u32,
}

impl Rom {
    pub(crate) fn define(image: Bytes, config: &mut ConfigSpace) -> Result<Self, SpecError> {
        let length = image.len();
        if !(1..=LARGEST).contains(&length) {
            return Err(SpecError::Rom(length));
        }
        let size = length.next_power_of_two().max(SMALLEST);
        let size = u32::try_from(size).map_err(|_| SpecError::Rom(length))?;
        config.define32(ROM, 0, !size.saturating_sub(1) | ENABLE);
        Ok(Self { image, size })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size.into()
    }

    /// Its first address, while it has one and is enabled.
    pub(crate) fn base(&self, config: &ConfigSpace) -> Option<u64> {
        let value = config.get32(ROM);
        let base = value & !self.size.saturating_sub(1);
        let top = base.checked_add(self.size.saturating_sub(1))?;
        (value & ENABLE != 0 && base != 0 && top != u32::MAX).then_some(base.into())
    }

    /// The image's bytes; beyond its end all ones, as of an erased part.
    pub(crate) fn read(&self, offset: u64, size: Size) -> u64 {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        (0..usize::from(size.bytes())).rev().fold(0, |value, byte| {
            let byte = self.image.get(start.saturating_add(byte)).copied().unwrap_or(0xff);
            (value << 8) | u64::from(byte)
        })
    }
}
