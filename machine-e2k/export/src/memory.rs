//! Another program's guest memory as a device's bus sees it.

use std::fs::File;

use elnic_contract::{Dma, DmaError, Gpa};
use vhost::vhost_user::message::VhostUserMemoryRegion;
use vm_memory::{Bytes, GuestAddress, GuestMemoryMmap, GuestRegionMmap};

/// The memory that a front end shares, and the names it has for places in it.
#[derive(Debug, Default)]
pub(crate) struct SharedGuest {
    memory: GuestMemoryMmap<()>,
    /// Where each region starts in the front end's own addresses, its length, and its guest address.
    names: Vec<(u64, u64, u64)>,
}

impl SharedGuest {
    /// Maps what was passed.
    pub(crate) fn map(
        regions: &[VhostUserMemoryRegion],
        files: Vec<File>,
    ) -> Result<Self, std::io::Error> {
        let mut mapped = Vec::new();
        let mut names = Vec::new();
        for (region, file) in regions.iter().zip(files) {
            let mapping = region
                .mmap_region::<()>(file)
                .map_err(|error| std::io::Error::other(error.to_string()))?;
            let (start, length) = (region.guest_phys_addr, region.memory_size);
            let mapping = GuestRegionMmap::new(mapping, GuestAddress(start))
                .ok_or(std::io::ErrorKind::InvalidInput)?;
            names.push((region.user_addr, length, start));
            mapped.push(mapping);
        }
        let memory = GuestMemoryMmap::from_regions(mapped).map_err(std::io::Error::other)?;
        Ok(Self { memory, names })
    }

    /// The guest address of a place that the front end names.
    pub(crate) fn place(&self, name: u64) -> Option<u64> {
        self.names.iter().find_map(|(start, length, guest)| {
            let offset = name.checked_sub(*start).filter(|offset| offset < length)?;
            guest.checked_add(offset)
        })
    }
}

impl Dma for SharedGuest {
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError> {
        self.memory.read_slice(into, GuestAddress(at.0)).map_err(|_| DmaError::NotRam(at))
    }

    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError> {
        self.memory.write_slice(from, GuestAddress(at.0)).map_err(|_| DmaError::NotRam(at))
    }
}
