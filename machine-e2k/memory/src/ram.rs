//! The memory itself.

use std::fs::File;
use std::sync::Arc;

use elnic_contract::{Dma, DmaError, Gpa, Size};
use nix::sys::memfd::{MFdFlags, memfd_create};
use vm_memory::mmap::{FromRangesError, MmapRegion};
use vm_memory::{
    FileOffset, GuestAddress, GuestMemoryBackend, GuestMemoryMmap, GuestMemoryRegion,
    GuestRegionMmap, VolatileMemory,
};

use crate::{RamLayout, WatchedPages};

/// RAM of one machine.
///
/// The processor uses [`GuestRam::load`] and [`GuestRam::store`], bus masters the [`Dma`] trait. All values are
/// little-endian. An access that is not wholly inside one bank is not RAM.
#[derive(Debug)]
pub struct GuestRam {
    layout: RamLayout,
    memory: GuestMemoryMmap<()>,
    /// The bank at address 0, apart from the others because nearly every access goes there.
    low: Arc<MmapRegion<()>>,
    others: Vec<(u64, Arc<MmapRegion<()>>)>,
    watched: WatchedPages,
}

/// A bank of RAM as another process can map it: all of `file`, from its first byte.
#[derive(Clone, Debug)]
pub struct SharedBank {
    /// Guest address of its first byte.
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
    /// The memory itself.
    pub file: Arc<File>,
}

/// Memory of the host without a name that can be handed to another process (memfd_create(2)). Pages come when they are
/// first touched.
fn backing(length: u64) -> Result<FileOffset, RamError> {
    let fail = |source| RamError::Descriptor { size: length, source };
    let flags = MFdFlags::MFD_CLOEXEC;
    let memory = memfd_create(c"elnic guest memory", flags).map_err(|errno| fail(errno.into()))?;
    let file = File::from(memory);
    file.set_len(length).map_err(fail)?;
    Ok(FileOffset::new(file, 0))
}

/// Why RAM could not be had.
#[derive(Debug, thiserror::Error)]
pub enum RamError {
    /// The host refused.
    #[error("the host gives no {size} bytes of memory for the guest: {source}")]
    Host {
        /// Bytes asked for.
        size: u64,
        /// What it said.
        source: FromRangesError,
    },
    /// The host gives no descriptor for it.
    #[error("the host gives no descriptor for {size} bytes of guest memory: {source}")]
    Descriptor {
        /// Bytes asked for.
        size: u64,
        /// What it said.
        source: std::io::Error,
    },
    /// The layout is larger than this host's addresses.
    #[error("{0} bytes of guest memory do not fit the host's address space")]
    TooLarge(u64),
}

impl GuestRam {
    /// RAM of that layout, all zeroes.
    ///
    /// # Errors
    /// The host has no room for it.
    pub fn new(layout: RamLayout) -> Result<Self, RamError> {
        let banks = layout.banks();
        let ranges = banks
            .iter()
            .map(|(start, length)| {
                let length =
                    usize::try_from(*length).map_err(|_| RamError::TooLarge(layout.size()))?;
                Ok((GuestAddress(*start), length, Some(backing(length as u64)?)))
            })
            .collect::<Result<Vec<_>, RamError>>()?;
        let memory = GuestMemoryMmap::<()>::from_ranges_with_files(ranges)
            .map_err(|source| RamError::Host { size: layout.size(), source })?;
        let mut mappings = memory.iter().map(|region| (region.start_addr().0, region.get_mmap()));
        let (_, low) = mappings.next().ok_or(RamError::TooLarge(layout.size()))?;
        let others = mappings.collect();
        let watched = WatchedPages::new(&banks);
        Ok(Self { layout, memory, low, others, watched })
    }

    /// Where RAM lies.
    pub const fn layout(&self) -> RamLayout {
        self.layout
    }

    /// The banks as another process can map them.
    pub fn shared(&self) -> Vec<SharedBank> {
        let bank = |region: &GuestRegionMmap<()>| {
            Some(SharedBank {
                start: region.start_addr().0,
                length: region.len(),
                file: Arc::clone(region.file_offset()?.arc()),
            })
        };
        self.memory.iter().filter_map(bank).collect()
    }

    /// Pages watched for writes by bus masters.
    pub const fn watched(&mut self) -> &mut WatchedPages {
        &mut self.watched
    }

    /// Whether a bus master wrote to a watched page.
    #[inline]
    pub fn watched_page_written(&self) -> bool {
        self.watched.any_written()
    }

    /// The bank that holds `size` bytes at `address`, and the offset in it.
    #[inline]
    fn place(&self, address: u64, size: u64) -> Option<(&MmapRegion<()>, usize)> {
        let length = self.low.size() as u64;
        if address < length && size <= length - address {
            // Below the length of a mapping, hence a host size.
            return Some((&self.low, address as usize));
        }
        self.place_beyond(address, size)
    }

    #[cold]
    fn place_beyond(&self, address: u64, size: u64) -> Option<(&MmapRegion<()>, usize)> {
        self.others.iter().find_map(|(start, region)| {
            let offset = address.checked_sub(*start)?;
            let inside = offset.checked_add(size).is_some_and(|end| end <= region.size() as u64);
            inside.then_some((&**region, offset as usize))
        })
    }

    /// Whether `size` bytes at `address` are RAM.
    pub fn contains(&self, address: u64, size: u64) -> bool {
        self.place(address, size).is_some()
    }

    /// The processor's load: `size` bytes at `address`, zero-extended, at any alignment. `None` if that is not RAM.
    #[inline]
    pub fn load(&self, address: u64, size: Size) -> Option<u64> {
        let (bank, offset) = self.place(address, u64::from(size.bytes()))?;
        let value = match size {
            Size::Byte => u64::from(bank.get_ref::<u8>(offset).ok()?.load()),
            Size::Half => u64::from(u16::from_le(bank.get_ref::<u16>(offset).ok()?.load())),
            Size::Word => u64::from(u32::from_le(bank.get_ref::<u32>(offset).ok()?.load())),
            Size::Double => u64::from_le(bank.get_ref::<u64>(offset).ok()?.load()),
        };
        Some(value)
    }

    /// The processor's store of the low `size` bytes of `value` at `address`, at any alignment. `None` if that is not RAM.
    #[inline]
    pub fn store(&self, address: u64, size: Size, value: u64) -> Option<()> {
        let (bank, offset) = self.place(address, u64::from(size.bytes()))?;
        // Truncation is the meaning of a narrow store.
        match size {
            Size::Byte => bank.get_ref::<u8>(offset).ok()?.store(value as u8),
            Size::Half => bank.get_ref::<u16>(offset).ok()?.store((value as u16).to_le()),
            Size::Word => bank.get_ref::<u32>(offset).ok()?.store((value as u32).to_le()),
            Size::Double => bank.get_ref::<u64>(offset).ok()?.store(value.to_le()),
        }
        Some(())
    }

    /// Copies RAM from `address` into `bytes`. `None`, with nothing copied, if not all of it is RAM.
    pub fn copy_out(&self, address: u64, bytes: &mut [u8]) -> Option<()> {
        let (bank, offset) = self.place(address, bytes.len() as u64)?;
        // The bank is known: the general search and its loop over banks cost more than a short copy.
        bank.get_slice(offset, bytes.len()).ok()?.copy_to(bytes);
        Some(())
    }

    /// Copies `bytes` into RAM at `address`, as a bus master or a loader. `None`, with nothing copied, if not all of it is
    /// RAM.
    pub fn copy_in(&mut self, address: u64, bytes: &[u8]) -> Option<()> {
        let (bank, offset) = self.place(address, bytes.len() as u64)?;
        bank.get_slice(offset, bytes.len()).ok()?.copy_from(bytes);
        self.watched.wrote(address, bytes.len() as u64);
        Some(())
    }
}

impl Dma for GuestRam {
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError> {
        self.copy_out(at.0, into).ok_or(DmaError::NotRam(at))
    }

    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError> {
        self.copy_in(at.0, from).ok_or(DmaError::NotRam(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MIN_RAM;

    const FIRMWARE_BASE: u64 = 1 << 32;
    use proptest::prelude::*;

    const SIZES: [Size; 4] = [Size::Byte, Size::Half, Size::Word, Size::Double];

    fn ram() -> GuestRam {
        GuestRam::new(RamLayout::new(MIN_RAM).unwrap().with_firmware(FIRMWARE_BASE)).unwrap()
    }

    #[test]
    fn the_last_byte_is_ram_and_the_next_is_not() {
        let ram = ram();
        for size in SIZES {
            let last = MIN_RAM - u64::from(size.bytes());
            assert_eq!(ram.store(last, size, u64::MAX), Some(()));
            assert_eq!(ram.load(last, size), Some(size.mask()));
            assert_eq!(ram.load(last + 1, size), None);
            assert_eq!(ram.store(last + 1, size, 0), None);
        }
        assert_eq!(ram.load(u64::MAX - 3, Size::Double), None);
        assert_eq!(ram.load(FIRMWARE_BASE - 4, Size::Double), None);
        assert_eq!(ram.load(FIRMWARE_BASE, Size::Double), Some(0));
    }

    #[test]
    fn a_bank_that_is_shared_is_the_same_memory() {
        use std::os::unix::fs::FileExt;
        let ram = ram();
        let banks = ram.shared();
        let places: Vec<_> = banks.iter().map(|bank| (bank.start, bank.length)).collect();
        assert_eq!(places, ram.layout().banks());
        ram.store(0x1234, Size::Word, 0x0403_0201).unwrap();
        let mut bytes = [0; 4];
        banks[0].file.read_exact_at(&mut bytes, 0x1234).unwrap();
        assert_eq!(bytes, [1, 2, 3, 4]);
        banks[1].file.write_all_at(&[9], 8).unwrap();
        assert_eq!(ram.load(FIRMWARE_BASE + 8, Size::Byte), Some(9));
    }

    #[test]
    fn a_transfer_that_leaves_ram_transfers_nothing() {
        let mut ram = ram();
        let mut into = [0xaa; 16];
        for at in [MIN_RAM - 15, u64::MAX - 3, FIRMWARE_BASE - 1] {
            assert_eq!(Dma::read(&mut ram, Gpa(at), &mut into), Err(DmaError::NotRam(Gpa(at))));
            assert_eq!(Dma::write(&mut ram, Gpa(at), &into), Err(DmaError::NotRam(Gpa(at))));
        }
        assert_eq!(into, [0xaa; 16]);
        assert_eq!(ram.load(MIN_RAM - 8, Size::Double), Some(0));
    }

    #[test]
    fn a_bus_master_s_write_to_a_watched_page_is_noticed_and_the_processor_s_is_not() {
        let mut ram = ram();
        ram.watched().watch(0x2000);
        ram.store(0x2000, Size::Word, 1);
        assert!(!ram.watched_page_written());
        Dma::write(&mut ram, Gpa(0x1fff), &[1, 2]).unwrap();
        assert!(ram.watched_page_written());
        assert_eq!(ram.watched().take_written(), Some(0x2000));
    }

    proptest! {
        #[test]
        fn processor_and_bus_master_see_the_same_little_endian_bytes(
            address in 0_u64..MIN_RAM - 8,
            size in prop::sample::select(&SIZES),
            value: u64,
        ) {
            let mut ram = ram();
            ram.store(address, size, value).unwrap();
            let mut bytes = [0; 8];
            let length = usize::from(size.bytes());
            Dma::read(&mut ram, Gpa(address), &mut bytes[..length]).unwrap();
            prop_assert_eq!(u64::from_le_bytes(bytes), value & size.mask());
            prop_assert_eq!(ram.load(address, size), Some(value & size.mask()));
        }
    }
}
