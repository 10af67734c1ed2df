//! The packed ring: one ring of descriptors that both sides write, and two words of event suppression (virtio 1.3 §2.8).

use elnic_contract::{Dma, Gpa, RingPosition};
use serde::{Deserialize, Serialize};

use crate::chain::{Chain, INDIRECT, NEXT, Segment, Used, WRITE};
use crate::error::QueueError;
use crate::feature;
use crate::memory::{DESCRIPTOR, Descriptor, read16};
use crate::ring::{Place, Ring};

/// Flags of a descriptor: who made it what in which round.
const AVAILABLE: u16 = 1 << 7;
const USED: u16 = 1 << 15;
/// Flags of event suppression.
const EVENTS_ENABLED: u16 = 0;
const EVENTS_DISABLED: u16 = 1;
const EVENTS_AT: u16 = 2;
/// The wrap counter in an event's place.
const EVENT_WRAP: u16 = 1 << 15;

/// A place in the ring and the round it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    index: u16,
    /// The wrap counter.
    wrap: bool,
}

impl Position {
    const START: Self = Self { index: 0, wrap: true };

    fn plus(self, slots: u16, size: u16) -> Self {
        match self.index.checked_add(slots).filter(|index| *index < size) {
            Some(index) => Self { index, wrap: self.wrap },
            None => {
                let over = u32::from(self.index).saturating_add(u32::from(slots));
                let index = over.saturating_sub(u32::from(size));
                Self { index: u16::try_from(index).unwrap_or(0), wrap: !self.wrap }
            }
        }
    }

    fn minus(self, slots: u16, size: u16) -> Self {
        match self.index.checked_sub(slots) {
            Some(index) => Self { index, wrap: self.wrap },
            None => {
                let back = slots.saturating_sub(self.index);
                Self { index: size.saturating_sub(back), wrap: !self.wrap }
            }
        }
    }

    /// As it stands in an event suppression structure.
    fn word(self) -> u16 {
        self.index | if self.wrap { EVENT_WRAP } else { 0 }
    }

    /// Slots from `earlier` to here, within two rounds.
    fn since(self, earlier: Self, size: u16) -> u32 {
        let flat = |position: Self| {
            let round = if position.wrap { 0 } else { u32::from(size) };
            round.saturating_add(u32::from(position.index))
        };
        let rounds = u32::from(size).saturating_mul(2).max(1);
        let back = flat(earlier).checked_rem(rounds).unwrap_or(0);
        let sum = flat(self).saturating_add(rounds).saturating_sub(back);
        sum.checked_rem(rounds).unwrap_or(0)
    }
}

/// Positions in a packed ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Packed {
    next_available: Position,
    next_used: Position,
    /// The used position when an interrupt was last considered.
    signalled: Option<Position>,
}

impl Default for Packed {
    fn default() -> Self {
        let start = Position::START;
        Self { next_available: start, next_used: start, signalled: None }
    }
}

/// Flags that a descriptor has in round `wrap` when it is (available, used).
fn is_available(flags: u16, wrap: bool) -> bool {
    (flags & AVAILABLE != 0) == wrap && (flags & USED != 0) != wrap
}

impl Packed {
    fn read(
        dma: &mut dyn Dma,
        place: &Place,
        position: Position,
    ) -> Result<Option<Descriptor>, QueueError> {
        let table = Gpa(place.areas.descriptors);
        let descriptor = Descriptor::read(dma, table, position.index.into())?;
        Ok(is_available(descriptor.fourth, position.wrap).then_some(descriptor))
    }
}

impl Ring for Packed {
    fn has_more(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<bool, QueueError> {
        Ok(Self::read(dma, place, self.next_available)?.is_some())
    }

    /// The buffer ID stands in the last descriptor (§2.8.6).
    fn take(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<Option<Chain>, QueueError> {
        let Some(mut descriptor) = Self::read(dma, place, self.next_available)? else {
            return Ok(None);
        };
        let mut chain = Chain::starting(0, 1);
        if descriptor.fourth & INDIRECT != 0 {
            if !place.indirect() || descriptor.fourth & NEXT != 0 {
                let what = "indirect descriptor not allowed here";
                return Err(QueueError::rule(what, self.next_available.index));
            }
            chain.id = descriptor.third;
            follow_table(dma, &mut chain, &descriptor)?;
        } else {
            let mut position = self.next_available;
            loop {
                let Descriptor { at, length, third: id, fourth: flags } = descriptor;
                if flags & INDIRECT != 0 {
                    let what = "indirect descriptor not allowed here";
                    return Err(QueueError::rule(what, position.index));
                }
                chain.id = id;
                chain.add(Segment { at, length }, flags & WRITE != 0)?;
                if flags & NEXT == 0 {
                    break;
                }
                if chain.slots >= place.size {
                    return Err(QueueError::rule("descriptor chain with a loop", id));
                }
                position = position.plus(1, place.size);
                chain.slots = chain.slots.saturating_add(1);
                // The flags of what follows the first are not looked at for availability (§2.8.21.1.1: the driver makes
                // the first available last).
                let table = Gpa(place.areas.descriptors);
                descriptor = Descriptor::read(dma, table, position.index.into())?;
            }
        }
        self.next_available = self.next_available.plus(chain.slots, place.size);
        Ok(Some(chain))
    }

    fn put_back(&mut self, place: &Place, chain: &Chain) {
        self.next_available = self.next_available.minus(chain.slots, place.size);
    }

    /// The first is written last: until then the driver sees none.
    fn give_back(
        &mut self,
        dma: &mut dyn Dma,
        place: &Place,
        used: &[Used],
    ) -> Result<(), QueueError> {
        let end = used.iter().fold(self.next_used, |at, entry| at.plus(entry.slots, place.size));
        let mut position = end;
        for entry in used.iter().rev() {
            position = position.minus(entry.slots, place.size);
            let round = if position.wrap { AVAILABLE | USED } else { 0 };
            let flags = round | if entry.written > 0 { WRITE } else { 0 };
            let [a, b, c, d] = entry.written.to_le_bytes();
            let ([e, f], [g, h]) = (entry.id.to_le_bytes(), flags.to_le_bytes());
            let offset = u64::from(position.index).wrapping_mul(DESCRIPTOR).wrapping_add(8);
            let at = Gpa(place.areas.descriptors).plus(offset);
            dma.write(at, &[a, b, c, d, e, f, g, h])?;
        }
        self.next_used = end;
        Ok(())
    }

    fn ask_for_notification(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<(), QueueError> {
        let flags = if place.has(feature::EVENT_IDX) { EVENTS_AT } else { EVENTS_ENABLED };
        let ([a, b], [c, d]) = (self.next_available.word().to_le_bytes(), flags.to_le_bytes());
        dma.write(Gpa(place.areas.device), &[a, b, c, d])?;
        Ok(())
    }

    fn wants_interrupt(&mut self, dma: &mut dyn Dma, place: &Place) -> Result<bool, QueueError> {
        let before = self.signalled.replace(self.next_used);
        match read16(dma, Gpa(place.areas.driver).plus(2))? & 3 {
            EVENTS_DISABLED => Ok(false),
            EVENTS_AT if place.has(feature::EVENT_IDX) => {
                let word = read16(dma, Gpa(place.areas.driver))?;
                let wanted = Position { index: word & !EVENT_WRAP, wrap: word & EVENT_WRAP != 0 };
                let size = place.size;
                Ok(before.is_none_or(|before| {
                    // The slot asked for lies among those given back since.
                    let behind = self.next_used.since(wanted, size);
                    behind != 0 && behind <= self.next_used.since(before, size)
                }))
            }
            _ => Ok(true),
        }
    }

    fn position(&self) -> RingPosition {
        let [available, used] = [self.next_available, self.next_used].map(Position::word);
        RingPosition(u32::from(available) | u32::from(used) << 16)
    }

    /// A packed ring does not tell where its device was.
    fn go_on_at(
        &mut self,
        _dma: &mut dyn Dma,
        place: &Place,
        position: Option<RingPosition>,
    ) -> Result<(), QueueError> {
        let lost = QueueError::rule("packed ring came back without its position", 0_u16);
        let RingPosition(both) = position.ok_or(lost)?;
        let at = |word: u32| {
            let word = u16::try_from(word & 0xffff).unwrap_or(0);
            Position { index: word & !EVENT_WRAP, wrap: word & EVENT_WRAP != 0 }
        };
        let (next_available, next_used) = (at(both), at(both >> 16));
        if next_available.index >= place.size || next_used.index >= place.size {
            return Err(QueueError::rule("ring came back at a place beyond it", both));
        }
        *self = Self { next_available, next_used, signalled: None };
        Ok(())
    }

    fn is_possible(&self, size: u16) -> bool {
        let inside = |position: Position| position.index < size;
        let signalled = self.signalled.is_none_or(inside);
        inside(self.next_available) && inside(self.next_used) && signalled
    }
}

/// The segments of an indirect table; only WRITE has a meaning there (§2.8.7).
fn follow_table(
    dma: &mut dyn Dma,
    chain: &mut Chain,
    table: &Descriptor,
) -> Result<(), QueueError> {
    if table.length == 0 || !u64::from(table.length).is_multiple_of(DESCRIPTOR) {
        let what = "indirect table length not a multiple of 16";
        return Err(QueueError::rule(what, table.length));
    }
    for index in 0..table.length >> 4 {
        let Descriptor { at, length, fourth: flags, .. } = Descriptor::read(dma, table.at, index)?;
        if flags & INDIRECT != 0 {
            return Err(QueueError::rule("indirect descriptor not allowed here", index));
        }
        chain.add(Segment { at, length }, flags & WRITE != 0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_move_there_and_back_over_the_end() {
        for size in [1, 2, 3, 7, 256] {
            let mut position = Position::START;
            for slots in (0..size).chain([size]) {
                let moved = position.plus(slots, size);
                assert_eq!(moved.minus(slots, size), position, "{size} {slots}");
                assert_eq!(moved.since(position, size), u32::from(slots), "{size} {slots}");
                position = moved;
            }
        }
    }
}
