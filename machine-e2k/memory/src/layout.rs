//! Where RAM lies in the physical address space of a full-SIC machine.
//!
//! Source: qemu-e2k-contract.md §4 and e2k-machine.md §1.5: a low bank from 0, the rest above the configuration space,
//! and RAM behind the boot ROM's addresses when an image is loaded there.

/// End of the low bank: PCI memory starts here.
pub const LOW_LIMIT: u64 = 0x8000_0000;
/// Start of the RAM that does not fit below [`LOW_LIMIT`].
pub const HIGH_BASE: u64 = 0x4_0000_0000;
/// Length of firmware RAM in bytes.
pub const FIRMWARE_SIZE: u64 = 0x100_0000;
/// Granularity of RAM in bytes.
pub const PAGE: u64 = 4096;
/// The least RAM a machine can have, in bytes.
pub const MIN_RAM: u64 = 1 << 20;
/// The most RAM a machine can have, in bytes: 1 TiB.
pub const MAX_RAM: u64 = 1 << 40;

/// The banks of RAM of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RamLayout {
    size: u64,
    /// Start of firmware RAM.
    firmware: Option<u64>,
}

/// Why RAM cannot have that size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("RAM cannot be {0} bytes: it takes {MIN_RAM} to {MAX_RAM} in multiples of {PAGE}")]
pub struct LayoutError(pub u64);

impl RamLayout {
    /// `size` bytes of RAM.
    ///
    /// # Errors
    /// Outside [`MIN_RAM`] to [`MAX_RAM`] or no multiple of [`PAGE`].
    pub const fn new(size: u64) -> Result<Self, LayoutError> {
        if size < MIN_RAM || size > MAX_RAM || !size.is_multiple_of(PAGE) {
            return Err(LayoutError(size));
        }
        Ok(Self { size, firmware: None })
    }

    /// The same, and firmware RAM of [`FIRMWARE_SIZE`] from `base` on.
    #[must_use]
    pub const fn with_firmware(mut self, base: u64) -> Self {
        self.firmware = Some(base);
        self
    }

    /// RAM in bytes, without firmware RAM.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The banks as (start, length), ascending; the first starts at 0.
    pub fn banks(&self) -> Vec<(u64, u64)> {
        let low = self.size.min(LOW_LIMIT);
        let mut banks = vec![(0, low)];
        banks.extend(self.firmware.map(|base| (base, FIRMWARE_SIZE)));
        if self.size > low {
            banks.push((HIGH_BASE, self.size - low));
        }
        banks.sort_unstable();
        banks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_below_two_gibibytes_lies_above_the_configuration_space() {
        let three = RamLayout::new(3 << 30).unwrap();
        assert_eq!(three.banks(), [(0, LOW_LIMIT), (HIGH_BASE, 1 << 30)]);
        let small = RamLayout::new(128 << 20).unwrap().with_firmware(1 << 32);
        assert_eq!(small.banks(), [(0, 128 << 20), (1 << 32, FIRMWARE_SIZE)]);
        let high = RamLayout::new(3 << 30).unwrap().with_firmware(0xff_f000_0000);
        assert_eq!(high.banks().last(), Some(&(0xff_f000_0000, FIRMWARE_SIZE)));
    }

    #[test]
    fn absurd_sizes_are_refused() {
        for size in [0, MIN_RAM - PAGE, MIN_RAM + 1, MAX_RAM + PAGE, u64::MAX] {
            assert_eq!(RamLayout::new(size), Err(LayoutError(size)));
        }
    }
}
