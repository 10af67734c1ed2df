//! Page tables, written by hand.

use super::TestBus;

/// Present, valid, writable; used.
pub(crate) const V3: Flags =
    Flags { base: 1 | 2 | 1 << 5 | 1 << 40, privileged: 1 << 41, no_exec: 1 << 43, valid: 1 << 40 };
pub(crate) const V6: Flags =
    Flags { base: 1 | 2 | 1 << 3 | 1 << 5, privileged: 1 << 2, no_exec: 1 << 63, valid: 1 << 3 };

/// How a format says things.
#[derive(Clone, Copy)]
pub(crate) struct Flags {
    pub(crate) base: u64,
    pub(crate) privileged: u64,
    pub(crate) no_exec: u64,
    pub(crate) valid: u64,
}

/// Tables of one address space.
pub(crate) struct Tables {
    pub(crate) root: u64,
    next: u64,
    flags: Flags,
}

fn word(bus: &TestBus, place: u64) -> u64 {
    super::word_at(bus, place)
}

fn put(bus: &mut TestBus, place: u64, value: u64) {
    let start = place as usize;
    bus.ram[start..start + 8].copy_from_slice(&value.to_le_bytes());
}

impl Tables {
    /// Empty tables; they take pages from `root` on.
    pub(crate) fn new(root: u64, flags: Flags) -> Self {
        Self { root, next: root + 0x1000, flags }
    }

    /// The place of the entry for `address` at `level` (3 is the root), making tables on the way.
    fn place(&mut self, bus: &mut TestBus, address: u64, level: u32) -> u64 {
        let mut table = self.root;
        for above in (level + 1..=3).rev() {
            let place = table + (address >> (12 + 9 * above) & 0x1ff) * 8;
            if word(bus, place) == 0 {
                put(bus, place, self.next | self.flags.base);
                self.next += 0x1000;
            }
            table = word(bus, place) & 0xff_ffff_f000;
        }
        table + (address >> (12 + 9 * level) & 0x1ff) * 8
    }

    /// Maps the page at `address`; `entry` is the whole entry.
    pub(crate) fn set(&mut self, bus: &mut TestBus, address: u64, entry: u64) -> u64 {
        let place = self.place(bus, address, 0);
        put(bus, place, entry);
        place
    }

    /// Maps the page at `address` to `frame`, readable, writable, executable by everybody.
    pub(crate) fn map(&mut self, bus: &mut TestBus, address: u64, frame: u64) -> u64 {
        self.set(bus, address, frame | self.flags.base)
    }

    /// Maps the 2 MiB at `address` to `frame`.
    pub(crate) fn map_large(&mut self, bus: &mut TestBus, address: u64, frame: u64) {
        let place = self.place(bus, address, 1);
        put(bus, place, frame | self.flags.base | 1 << 7);
    }
}
