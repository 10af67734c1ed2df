//! Which pages of guest memory a back end has written: what a migration asks for.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use nix::sys::memfd::{MFdFlags, memfd_create};
use vm_memory::mmap::MmapRegion;
use vm_memory::{FileOffset, VolatileMemory};

use crate::error::VhostUserError;

/// Bytes of a page of the log, whatever the guest's pages are.
const PAGE: u64 = 4096;

/// The log: one bit for each page, shared with the back end.
pub struct DirtyLog {
    file: Arc<File>,
    bits: MmapRegion<()>,
}

impl std::fmt::Debug for DirtyLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "log of {} pages", 8 * self.bits.size())
    }
}

impl DirtyLog {
    /// A log of guest memory up to address `end`.
    pub(crate) fn new(end: u64) -> Result<Self, VhostUserError> {
        let os = VhostUserError::os("log of dirty pages");
        let make = || -> std::io::Result<Self> {
            let size = usize::try_from(end.div_ceil(PAGE).div_ceil(8).max(1))
                .map_err(std::io::Error::other)?;
            let file = File::from(memfd_create(c"elnic dirty log", MFdFlags::MFD_CLOEXEC)?);
            file.set_len(size as u64)?;
            let offset = FileOffset::new(file, 0);
            let file = Arc::clone(offset.arc());
            let bits = MmapRegion::from_file(offset, size).map_err(std::io::Error::other)?;
            Ok(Self { file, bits })
        };
        make().map_err(os)
    }

    pub(crate) fn shared(&self) -> (&File, u64) {
        (&self.file, self.bits.size() as u64)
    }

    /// Pages written since this was last asked, as the address of their first byte.
    pub fn take(&self) -> Vec<u64> {
        let mut pages = Vec::new();
        for place in 0..self.bits.size() {
            let Ok(byte) = self.bits.get_atomic_ref::<AtomicU8>(place) else { break };
            let marks = byte.swap(0, Ordering::AcqRel);
            let marked = (0..8).filter(|bit| marks & 1 << bit != 0);
            pages.extend(marked.map(|bit| (8 * place as u64 + bit) * PAGE));
        }
        pages
    }
}
