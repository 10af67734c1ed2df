//! The packet buffer: 64 KiB shared by a receive and a transmit FIFO (SDM 13.4.16).

use std::collections::{VecDeque, vec_deque};

use elnic_contract::Frame;
use serde::{Deserialize, Serialize};

use crate::E1000;
use crate::spec::Reg;

/// Size of the packet buffer in KiB.
const TOTAL: u8 = 64;

/// How the packet buffer is shared; PBA takes effect with the next reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capacity {
    /// Receive part in KiB, 0 to 64.
    receive_kib: u8,
}

impl Capacity {
    /// As PBA says.
    pub(crate) fn of(pba: u64) -> Self {
        Self { receive_kib: ((pba & 0x7f) as u8).min(TOTAL) }
    }

    /// Whether this can be: for saved states.
    pub(crate) const fn is_possible(self) -> bool {
        self.receive_kib <= TOTAL
    }

    /// Receive part in bytes.
    pub(crate) fn receive(self) -> usize {
        usize::from(self.receive_kib).saturating_mul(1024)
    }

    /// Transmit part in bytes.
    pub(crate) fn transmit(self) -> usize {
        usize::from(TOTAL.saturating_sub(self.receive_kib)).saturating_mul(1024)
    }
}

/// TXA that belongs to RXA, at its place in PBA.
pub(crate) fn transmit_share(pba: u64) -> u64 {
    u64::from(TOTAL).saturating_sub(pba & 0x7f) << 16
}

/// Something of a length.
pub(crate) trait Octets {
    /// Its length in bytes.
    fn octets(&self) -> usize;
}

impl Octets for Frame {
    fn octets(&self) -> usize {
        self.len()
    }
}

/// A queue that knows how many bytes it holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fifo<T> {
    items: VecDeque<T>,
    bytes: usize,
}

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), bytes: 0 }
    }
}

impl<T: Octets> Fifo<T> {
    pub(crate) fn push_back(&mut self, item: T) {
        self.bytes = self.bytes.saturating_add(item.octets());
        self.items.push_back(item);
    }

    pub(crate) fn push_front(&mut self, item: T) {
        self.bytes = self.bytes.saturating_add(item.octets());
        self.items.push_front(item);
    }

    /// Puts `item` behind the first, or first if there is none.
    pub(crate) fn push_second(&mut self, item: T) {
        self.bytes = self.bytes.saturating_add(item.octets());
        self.items.insert(self.items.len().min(1), item);
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let item = self.items.pop_front()?;
        self.bytes = self.bytes.saturating_sub(item.octets());
        Some(item)
    }

    #[inline]
    pub(crate) fn front(&self) -> Option<&T> {
        self.items.front()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes held.
    #[inline]
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn iter(&self) -> vec_deque::Iter<'_, T> {
        self.items.iter()
    }
}

impl<T: Octets> FromIterator<T> for Fifo<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut fifo = Self::default();
        for item in items {
            fifo.push_back(item);
        }
        fifo
    }
}

/// One of the two FIFOs in the packet buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Receive,
    Transmit,
}

/// What the packet buffer keeps before each packet, and what packets are aligned to, in bytes. Linux computes with it
/// where it works around a stall of the 82547's FIFO.
const PACKET_HEADER: usize = 16;

/// Bytes of the packet buffer that a packet takes.
fn occupied(length: usize) -> usize {
    length.saturating_add(PACKET_HEADER).next_multiple_of(PACKET_HEADER)
}

/// A FIFO's pointers in the register file: head, tail, their saved copies, packets.
struct Pointers {
    head: Reg,
    tail: Reg,
    saved: [Reg; 2],
    packets: Reg,
}

impl Side {
    const fn pointers(self) -> Pointers {
        match self {
            Self::Receive => Pointers {
                head: Reg::RDFH,
                tail: Reg::RDFT,
                saved: [Reg::RDFHS, Reg::RDFTS],
                packets: Reg::RDFPC,
            },
            Self::Transmit => Pointers {
                head: Reg::TDFH,
                tail: Reg::TDFT,
                saved: [Reg::TDFHS, Reg::TDFTS],
                packets: Reg::TDFPC,
            },
        }
    }
}

impl E1000 {
    /// Where a FIFO lies in the packet buffer, in bytes: the receive FIFO first.
    fn part(&self, side: Side) -> std::ops::Range<usize> {
        let receive = self.capacity.receive();
        match side {
            Side::Receive => 0..receive,
            Side::Transmit => receive..usize::from(TOTAL).saturating_mul(1024),
        }
    }

    /// The place behind `by` bytes from the place that `pointer` shows, in bytes.
    fn moved(&self, side: Side, pointer: Reg, by: usize) -> usize {
        let part = self.part(side);
        let at = ((self.bank.get(pointer) & 0x1fff) as usize).saturating_mul(8).max(part.start);
        let offset = at.saturating_sub(part.start).saturating_add(by);
        part.start.saturating_add(offset.checked_rem(part.len()).unwrap_or(0))
    }

    fn point(&mut self, pointer: Reg, bytes: usize) {
        self.bank.set(pointer, (bytes as u64 / 8) & 0x1fff);
    }

    /// Empties both FIFOs: head and tail where they begin.
    pub(crate) fn place_fifos(&mut self) {
        for side in [Side::Receive, Side::Transmit] {
            let Pointers { head, tail, saved: [head_saved, tail_saved], packets } = side.pointers();
            let start = if self.compat.is_qemu() { 0 } else { self.part(side).start };
            for pointer in [head, tail, head_saved, tail_saved] {
                self.point(pointer, start);
            }
            self.bank.set(packets, 0);
        }
    }

    /// A packet enters the packet buffer: its bytes show in PBM, the tail moves behind it.
    pub(crate) fn enters_buffer(&mut self, side: Side, packet: &[u8]) {
        let pointers = side.pointers();
        let (part, start) = (self.part(side), self.moved(side, pointers.tail, PACKET_HEADER));
        if let Some(memory) = self.bank.memory_mut(Reg::PBM) {
            let before_end = part.end.saturating_sub(start).min(packet.len());
            let (first, rest) = packet.split_at_checked(before_end).unwrap_or((packet, &[]));
            for (at, bytes) in [(start, first), (part.start, rest)] {
                let room = memory.get_mut(at..part.end.max(at)).unwrap_or_default();
                room.iter_mut().zip(bytes).for_each(|(into, byte)| *into = *byte);
            }
        }
        let [_, saved] = pointers.saved;
        self.bank.set(saved, self.bank.get(pointers.tail));
        let behind = self.moved(side, pointers.tail, occupied(packet.len()));
        self.point(pointers.tail, behind);
        let packets = self.bank.get(pointers.packets).saturating_add(1);
        self.bank.set(pointers.packets, packets & 0x1fff);
    }

    /// The oldest packet, of `length` bytes, is gone: the head moves behind it.
    pub(crate) fn left_buffer(&mut self, side: Side, length: usize) {
        let pointers = side.pointers();
        let [saved, _] = pointers.saved;
        self.bank.set(saved, self.bank.get(pointers.head));
        let behind = self.moved(side, pointers.head, occupied(length));
        self.point(pointers.head, behind);
        let packets = self.bank.get(pointers.packets).saturating_sub(1);
        self.bank.set(pointers.packets, packets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Octets for usize {
        fn octets(&self) -> usize {
            *self
        }
    }

    #[test]
    fn the_bytes_are_counted() {
        let mut fifo: Fifo<usize> = [10, 20].into_iter().collect();
        fifo.push_front(5);
        fifo.push_second(7);
        assert_eq!(fifo.iter().copied().collect::<Vec<_>>(), [5, 7, 10, 20]);
        assert_eq!(fifo.bytes(), 42);
        assert_eq!((fifo.pop_front(), fifo.bytes()), (Some(5), 37));
        assert!(!fifo.is_empty());
    }

    #[test]
    fn the_buffer_is_shared_without_rest() {
        let capacity = Capacity::of(0x0010_0030);
        assert_eq!((capacity.receive(), capacity.transmit()), (48 * 1024, 16 * 1024));
        assert_eq!(Capacity::of(0x7f).transmit(), 0);
        assert_eq!(transmit_share(0x30), 0x10_0000);
        assert_eq!(transmit_share(0x7f), 0);
    }
}
