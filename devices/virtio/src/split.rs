//! The split ring: table, available ring, used ring (virtio 1.3 §2.7).

use elnic_contract::{Dma, Gpa, RingPosition};
use serde::{Deserialize, Serialize};

use crate::chain::{Chain, INDIRECT, NEXT, Segment, Used, WRITE};
use crate::error::QueueError;
use crate::feature;
use crate::memory::{DESCRIPTOR, Descriptor, read16};
use crate::ring::{Place, Ring};

/// `VIRTQ_AVAIL_F_NO_INTERRUPT`.
const NO_INTERRUPT: u16 = 1;

/// Positions in a split ring: free-running indices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Split {
    /// Index of the next entry of the available ring.
    next_available: u16,
    /// The driver's index as last seen.
    seen_available: u16,
    /// Index of the next entry of the used ring.
    next_used: u16,
    /// The used index when an interrupt was last considered.
    signalled: Option<u16>,
}

/// Position of a free-running index in a ring of `size`, a power of two.
fn slot(index: u16, size: u16) -> u64 {
    u64::from(index & size.wrapping_sub(1))
}

impl Split {
    /// Looks how many entries the driver has made available.
    fn look(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<u16, QueueError> {
        let index = read16(dma, Gpa(place.areas.driver).plus(2))?;
        let available = index.wrapping_sub(self.next_available);
        if available > place.size {
            return Err(QueueError::rule("available index beyond the ring", index));
        }
        self.seen_available = index;
        Ok(available)
    }
}

impl Ring for Split {
    fn has_more(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<bool, QueueError> {
        // An entry that was seen does not go away.
        Ok(self.seen_available != self.next_available || self.look(dma, place)? > 0)
    }

    fn take(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<Option<Chain>, QueueError> {
        // As long as there are entries already seen the index need not be read again.
        if self.seen_available == self.next_available && self.look(dma, place)? == 0 {
            return Ok(None);
        }
        let offset = slot(self.next_available, place.size).wrapping_mul(2).wrapping_add(4);
        let head = read16(dma, Gpa(place.areas.driver).plus(offset))?;
        let chain = walk(dma, place, head)?;
        self.next_available = self.next_available.wrapping_add(1);
        Ok(Some(chain))
    }

    fn put_back(&mut self, _place: &Place, _chain: &Chain) {
        self.next_available = self.next_available.wrapping_sub(1);
    }

    fn give_back(
        &mut self,
        dma: &mut dyn Dma,
        place: &Place,
        used: &[Used],
    ) -> Result<(), QueueError> {
        let (device, mut index) = (Gpa(place.areas.device), self.next_used);
        for entry in used {
            let [a, b, c, d] = u32::from(entry.id).to_le_bytes();
            let [e, f, g, h] = entry.written.to_le_bytes();
            let offset = slot(index, place.size).wrapping_mul(8).wrapping_add(4);
            dma.write(device.plus(offset), &[a, b, c, d, e, f, g, h])?;
            index = index.wrapping_add(1);
        }
        dma.write(device.plus(2), &index.to_le_bytes())?;
        self.next_used = index;
        Ok(())
    }

    /// Without event indices the driver always notifies (§2.7.10).
    fn ask_for_notification(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<(), QueueError> {
        if place.has(feature::EVENT_IDX) {
            let offset = u64::from(place.size).wrapping_mul(8).wrapping_add(4);
            let at = Gpa(place.areas.device).plus(offset);
            dma.write(at, &self.seen_available.to_le_bytes())?;
        }
        Ok(())
    }

    fn wants_interrupt(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<bool, QueueError> {
        let before = self.signalled.replace(self.next_used);
        if place.has(feature::NOTIFY_ON_EMPTY) && self.look(dma, place)? == 0 {
            return Ok(true);
        }
        if !place.has(feature::EVENT_IDX) {
            return Ok(read16(dma, Gpa(place.areas.driver))? & NO_INTERRUPT == 0);
        }
        let offset = u64::from(place.size).wrapping_mul(2).wrapping_add(4);
        let wanted = read16(dma, Gpa(place.areas.driver).plus(offset))?;
        Ok(before.is_none_or(|before| {
            let passed = self.next_used.wrapping_sub(wanted).wrapping_sub(1);
            passed < self.next_used.wrapping_sub(before)
        }))
    }

    fn position(&self) -> RingPosition {
        RingPosition(self.next_available.into())
    }

    /// The used index is in the ring, and without a position all behind it counts as not taken.
    fn go_on_at(
        &mut self,
        dma: &mut dyn Dma,
        place: &Place,
        position: Option<RingPosition>,
    ) -> Result<(), QueueError> {
        let used = read16(dma, Gpa(place.areas.device).plus(2))?;
        let next = position.and_then(|RingPosition(next)| u16::try_from(next).ok()).unwrap_or(used);
        if next.wrapping_sub(used) > place.size {
            return Err(QueueError::rule("ring came back at a place beyond it", next));
        }
        *self =
            Self { next_available: next, seen_available: next, next_used: used, signalled: None };
        Ok(())
    }

    fn is_possible(&self, size: u16) -> bool {
        let at_work = self.next_available.wrapping_sub(self.next_used);
        let ahead = self.seen_available.wrapping_sub(self.next_available);
        size.is_power_of_two() && at_work <= size && ahead <= size
    }
}

/// Follows the chain that starts at `head` (§2.7.5).
fn walk(dma: &mut dyn Dma, place: &Place, head: u16) -> Result<Chain, QueueError> {
    let mut chain = Chain::starting(head, 0);
    let mut table = Gpa(place.areas.descriptors);
    let (mut size, mut nested) = (u32::from(place.size), false);
    let (mut index, mut seen) = (u32::from(head), 0_u32);
    loop {
        if index >= size {
            return Err(QueueError::rule("descriptor index outside the table", index));
        }
        seen = seen.saturating_add(1);
        if seen > size {
            return Err(QueueError::rule("descriptor chain with a loop", head));
        }
        let Descriptor { at, length, third: flags, fourth: next } =
            Descriptor::read(dma, table, index)?;
        if !nested {
            chain.slots = chain.slots.saturating_add(1);
        }
        if flags & INDIRECT != 0 {
            if !place.indirect() || nested || flags & NEXT != 0 {
                return Err(QueueError::rule("indirect descriptor not allowed here", index));
            }
            if length == 0 || !u64::from(length).is_multiple_of(DESCRIPTOR) {
                let what = "indirect table length not a multiple of 16";
                return Err(QueueError::rule(what, length));
            }
            (table, size, nested) = (at, length >> 4, true);
            (index, seen) = (0, 0);
            continue;
        }
        chain.add(Segment { at, length }, flags & WRITE != 0)?;
        if flags & NEXT == 0 {
            return Ok(chain);
        }
        index = u32::from(next);
    }
}
