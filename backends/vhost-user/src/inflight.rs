//! Descriptors a back end has taken and not given back, in memory that outlives it.
//!
//! The back end makes the region and writes it; the front end keeps it and hands it to the next one. All that is read here
//! is where a packed ring was, which the ring itself does not tell.

use std::fs::File;
use std::os::unix::fs::FileExt;

use byteorder::{ByteOrder, LittleEndian};
use elnic_contract::{RingPosition, Rings};
use vhost::vhost_user::message::VhostUserInflight;

/// Where the used index of a packed ring stands in its part of the region, and its wrap counter.
const USED_INDEX: u64 = 16;
const USED_WRAP: u64 = 20;
/// Where the version stands; 0 until a back end has set the region up.
const VERSION: u64 = 8;

/// The region.
pub(crate) struct Inflight {
    pub(crate) description: VhostUserInflight,
    pub(crate) file: File,
    queues: u16,
    size: u16,
}

/// What region these rings need: queues, and descriptors of the largest.
pub(crate) fn shape(rings: &Rings) -> (u16, u16) {
    let last = rings.list.iter().map(|ring| ring.queue).max().unwrap_or(0);
    let size = rings.list.iter().map(|ring| ring.size).max().unwrap_or(0);
    (last + 1, size)
}

impl Inflight {
    pub(crate) fn new(description: VhostUserInflight, file: File, shape: (u16, u16)) -> Self {
        let (queues, size) = shape;
        Self { description, file, queues, size }
    }

    /// Whether it is for such rings.
    pub(crate) fn fits(&self, shape: (u16, u16)) -> bool {
        (self.queues, self.size) == shape
    }

    /// Where a back end that is gone was in a packed ring; `None` if it never said.
    pub(crate) fn packed_position(&self, queue: u16) -> Option<RingPosition> {
        let part = self.description.mmap_size.checked_div(self.queues.into())?;
        let start = self.description.mmap_offset.checked_add(part.checked_mul(queue.into())?)?;
        let mut version = [0; 2];
        self.file.read_exact_at(&mut version, start.checked_add(VERSION)?).ok()?;
        let (mut index, mut wrap) = ([0; 2], [0; 1]);
        self.file.read_exact_at(&mut index, start.checked_add(USED_INDEX)?).ok()?;
        self.file.read_exact_at(&mut wrap, start.checked_add(USED_WRAP)?).ok()?;
        if LittleEndian::read_u16(&version) == 0 {
            return None;
        }
        let word = LittleEndian::read_u16(&index) & 0x7fff | if wrap == [0] { 0 } else { 0x8000 };
        // What was taken and not given back stands in the region: the next one finds it there.
        Some(RingPosition(u32::from(word) | u32::from(word) << 16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_in_a_packed_ring_is_read_from_the_queue_s_own_part() {
        let file = tempfile::tempfile().unwrap();
        let description = VhostUserInflight::new(8192, 0, 2, 4);
        file.set_len(8192).unwrap();
        let inflight = Inflight::new(description, file, (2, 4));
        assert_eq!(inflight.packed_position(1), None);
        inflight.file.write_all_at(&1_u16.to_le_bytes(), 4096 + VERSION).unwrap();
        inflight.file.write_all_at(&3_u16.to_le_bytes(), 4096 + USED_INDEX).unwrap();
        inflight.file.write_all_at(&[1], 4096 + USED_WRAP).unwrap();
        assert_eq!(inflight.packed_position(1), Some(RingPosition(0x8003_8003)));
        assert_eq!(inflight.packed_position(0), None);
        assert!(inflight.fits((2, 4)) && !inflight.fits((2, 8)));
    }
}
