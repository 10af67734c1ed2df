//! Base address registers: which addresses a function answers to (PCI 3.0 §6.2.5).

use elnic_contract::{Model, RegionKind};
use serde::{Deserialize, Serialize};

use crate::config::ConfigSpace;
use crate::header::BAR0;
use crate::{SpecError, Window};

/// One of the two address spaces of PCI that base address registers decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Space {
    /// Memory space.
    Memory,
    /// I/O space.
    Io,
}

/// How many base address registers an endpoint has.
pub(crate) const BAR_SLOTS: u8 = 6;

/// One base address register, or a pair for 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) slot: u8,
    pub(crate) kind: BarKind,
    /// Length in bytes, a power of two.
    pub(crate) size: u64,
    /// What lies behind it.
    pub(crate) window: Window,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BarKind {
    Memory32,
    Memory64 { prefetchable: bool },
    Io,
}

impl Bar {
    /// The base address registers of a model's regions, ascending.
    pub(crate) fn of_regions(model: &'static Model) -> Result<Vec<Self>, SpecError> {
        let mut bars = Vec::new();
        for (number, region) in (0_u8..).zip(model.regions) {
            let kind = match region.kind {
                RegionKind::Memory32 => BarKind::Memory32,
                RegionKind::Memory64 { prefetchable } => BarKind::Memory64 { prefetchable },
                RegionKind::Io => BarKind::Io,
                RegionKind::Fixed => continue,
            };
            let bar =
                Self { slot: region.bar, kind, size: region.size, window: Window::Region(number) };
            bar.insert_into(&mut bars)?;
        }
        Ok(bars)
    }

    /// Adds this one after checking it.
    pub(crate) fn insert_into(self, bars: &mut Vec<Self>) -> Result<(), SpecError> {
        let (smallest, largest) = match self.kind {
            // QEMU's pvpanic-pci decodes 2 bytes and lets its low address bits be written; so may others here.
            BarKind::Memory32 => (2, 1 << 31),
            BarKind::Memory64 { .. } => (16, 1 << 63),
            BarKind::Io => (4, 256),
        };
        if !self.size.is_power_of_two() || !(smallest..=largest).contains(&self.size) {
            return Err(SpecError::BarSize { slot: self.slot, size: self.size, smallest, largest });
        }
        if self.last_slot() >= BAR_SLOTS {
            return Err(SpecError::BarSlot(self.slot));
        }
        let taken = |other: &Self| self.slot <= other.last_slot() && other.slot <= self.last_slot();
        if bars.iter().any(taken) {
            return Err(SpecError::BarTaken(self.slot));
        }
        bars.push(self);
        bars.sort_by_key(|bar| bar.slot);
        Ok(())
    }

    fn last_slot(&self) -> u8 {
        let pair = matches!(self.kind, BarKind::Memory64 { .. });
        self.slot.saturating_add(u8::from(pair))
    }

    fn offset(&self) -> u8 {
        BAR0.saturating_add(self.slot.saturating_mul(4))
    }

    /// Defines its registers.
    pub(crate) fn define(&self, config: &mut ConfigSpace) {
        let writable = !self.size.saturating_sub(1);
        let [low, high] = halves(writable);
        let flags = match self.kind {
            BarKind::Memory32 => 0,
            BarKind::Memory64 { prefetchable } => 0b0100 | (u32::from(prefetchable) << 3),
            BarKind::Io => 1,
        };
        config.define32(self.offset(), flags, low);
        if matches!(self.kind, BarKind::Memory64 { .. }) {
            config.define32(self.offset().saturating_add(4), 0, high);
        }
    }

    pub(crate) fn space(&self) -> Space {
        if self.kind == BarKind::Io { Space::Io } else { Space::Memory }
    }

    /// The first address it decodes; `None` while it holds none.
    ///
    /// As in QEMU an address of zero means unassigned, and so does one whose range touches the top of the address
    /// space: that is what a register holds while software sizes it.
    pub(crate) fn base(&self, config: &ConfigSpace) -> Option<u64> {
        let low = u64::from(config.get32(self.offset()));
        let (value, top) = match self.kind {
            BarKind::Memory64 { .. } => {
                let high = config.get32(self.offset().saturating_add(4));
                (low | (u64::from(high) << 32), u64::MAX)
            }
            BarKind::Memory32 | BarKind::Io => (low, u64::from(u32::MAX)),
        };
        let base = value & !self.size.saturating_sub(1);
        let last = base.saturating_add(self.size.saturating_sub(1));
        (base != 0 && last < top).then_some(base)
    }
}

/// Low and high word.
pub(crate) fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(slot: u8, kind: BarKind, size: u64) -> Bar {
        Bar { slot, kind, size, window: Window::Region(0) }
    }

    #[test]
    fn a_pair_takes_two_slots_and_nothing_overlaps_it() {
        let mut bars = Vec::new();
        bar(4, BarKind::Memory64 { prefetchable: true }, 0x4000).insert_into(&mut bars).unwrap();
        let again = bar(5, BarKind::Memory32, 16).insert_into(&mut bars);
        assert_eq!(again, Err(SpecError::BarTaken(5)));
        let outside = bar(5, BarKind::Memory64 { prefetchable: false }, 16);
        assert_eq!(outside.insert_into(&mut Vec::new()), Err(SpecError::BarSlot(5)));
    }

    #[test]
    fn odd_sizes_are_refused() {
        for (kind, size) in [
            (BarKind::Io, 512),
            (BarKind::Memory32, 3),
            (BarKind::Memory32, 1 << 32),
            (BarKind::Memory32, 0),
        ] {
            let refused = bar(0, kind, size).insert_into(&mut Vec::new());
            assert!(matches!(refused, Err(SpecError::BarSize { .. })), "{kind:?} {size}");
        }
    }

    #[test]
    fn an_address_counts_once_assigned_and_off_the_top() {
        let bar = bar(0, BarKind::Memory32, 0x2_0000);
        let mut config = ConfigSpace::new();
        bar.define(&mut config);
        assert_eq!(bar.base(&config), None);
        config.set32(0x10, 0xfffe_0000);
        assert_eq!(bar.base(&config), None, "being sized");
        config.set32(0x10, 0x0020_0000);
        assert_eq!(bar.base(&config), Some(0x0020_0000));
    }
}
