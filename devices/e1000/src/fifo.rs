//! The packet buffer: 64 KiB shared by a receive and a transmit FIFO (SDM 13.4.16).

use std::collections::{VecDeque, vec_deque};

use elnic_contract::Frame;
use serde::{Deserialize, Serialize};

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
