//! Reading small numbers of a ring from guest memory.

use elnic_contract::{Dma, DmaError, Gpa};

/// Two bytes at `at`, little-endian.
pub(crate) fn read16(dma: &mut dyn Dma, at: Gpa) -> Result<u16, DmaError> {
    let mut bytes = [0; 2];
    dma.read(at, &mut bytes)?;
    Ok(u16::from_le_bytes(bytes))
}

/// A descriptor of either kind of ring: address, length and two half words that each kind reads in its own way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Descriptor {
    pub(crate) at: Gpa,
    pub(crate) length: u32,
    /// Split: flags. Packed: buffer ID.
    pub(crate) third: u16,
    /// Split: next. Packed: flags.
    pub(crate) fourth: u16,
}

/// Bytes of a descriptor.
pub(crate) const DESCRIPTOR: u64 = 16;

impl Descriptor {
    /// Number `index` of the table at `table`.
    pub(crate) fn read(dma: &mut dyn Dma, table: Gpa, index: u32) -> Result<Self, DmaError> {
        let mut bytes = [0; 16];
        dma.read(table.plus(u64::from(index).wrapping_mul(DESCRIPTOR)), &mut bytes)?;
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bytes;
        Ok(Self {
            at: Gpa(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            length: u32::from_le_bytes([i, j, k, l]),
            third: u16::from_le_bytes([m, n]),
            fourth: u16::from_le_bytes([o, p]),
        })
    }
}
