//! The driver's side of a virtqueue, split or packed (virtio 1.3 §2.7, §2.8).

use super::Memory;

/// Which kind of ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rings {
    /// Split.
    Split,
    /// Packed.
    Packed,
}

/// A piece of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Where it starts.
    pub at: u64,
    /// Its length in bytes.
    pub length: u32,
    /// The device writes it.
    pub writable: bool,
}

/// A chain that the device has given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// As [`Queue::add`] named it.
    pub id: u16,
    /// Bytes written, as the device says.
    pub written: u32,
}

const NEXT: u16 = 1;
const WRITE: u16 = 2;
const AVAILABLE: u16 = 1 << 7;
const USED: u16 = 1 << 15;

/// One queue in guest RAM.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its number.
    pub number: u16,
    /// Descriptors.
    pub size: u16,
    rings: Rings,
    descriptors: u64,
    driver: u64,
    device: u64,
    /// Split: chains made available. Packed: slots filled, from the start.
    made: u64,
    seen: u64,
    next_id: u16,
    /// Packed: slots of the chains under way, by id.
    slots: Vec<u16>,
}

impl Queue {
    /// A queue whose three areas stand at these places.
    pub fn new(number: u16, size: u16, rings: Rings, areas: [u64; 3]) -> Self {
        let [descriptors, driver, device] = areas;
        let slots = vec![0; usize::from(size)];
        Self {
            number,
            size,
            rings,
            descriptors,
            driver,
            device,
            made: 0,
            seen: 0,
            next_id: 0,
            slots,
        }
    }

    /// Descriptors, driver and device area.
    pub fn areas(&self) -> [u64; 3] {
        [self.descriptors, self.driver, self.device]
    }

    /// Asks for an interrupt at every chain given back, or at none.
    pub fn want_interrupts(&self, ram: &mut impl Memory, wanted: bool) {
        match self.rings {
            Rings::Split => ram.store(self.driver, &u16::from(!wanted).to_le_bytes()),
            Rings::Packed => ram.store(self.driver + 2, &u16::from(!wanted).to_le_bytes()),
        }
    }

    /// With event indices: asks for an interrupt when `further` more chains than seen are given back (split rings).
    pub fn want_interrupt_after(&self, ram: &mut impl Memory, further: u64) {
        assert_eq!(self.rings, Rings::Split, "positions of packed rings are left to their tests");
        let event = (self.seen + further - 1) as u16;
        ram.store(self.driver + 4 + u64::from(self.size) * 2, &event.to_le_bytes());
    }

    /// Makes a chain available; its name.
    ///
    /// # Panics
    /// The ring is too small.
    pub fn add(&mut self, ram: &mut impl Memory, parts: &[Buffer]) -> u16 {
        assert!(
            !parts.is_empty() && parts.len() <= usize::from(self.size),
            "a chain fits its ring"
        );
        match self.rings {
            Rings::Split => self.add_split(ram, parts),
            Rings::Packed => self.add_packed(ram, parts),
        }
    }

    fn add_split(&mut self, ram: &mut impl Memory, parts: &[Buffer]) -> u16 {
        let count = parts.len() as u16;
        if self.next_id + count > self.size {
            self.next_id = 0;
        }
        let head = self.next_id;
        self.next_id += count;
        for (number, part) in (0..).zip(parts) {
            let index = head + number;
            let more = if number + 1 < count { NEXT } else { 0 };
            let flags = more | if part.writable { WRITE } else { 0 };
            self.store(ram, index, part, flags, index + 1);
        }
        let slot = self.made % u64::from(self.size);
        ram.store(self.driver + 4 + slot * 2, &head.to_le_bytes());
        self.made += 1;
        ram.store(self.driver + 2, &(self.made as u16).to_le_bytes());
        head
    }

    fn add_packed(&mut self, ram: &mut impl Memory, parts: &[Buffer]) -> u16 {
        let (size, count) = (u64::from(self.size), parts.len() as u16);
        let id = self.next_id % self.size;
        self.next_id = (id + 1) % self.size;
        self.slots[usize::from(id)] = count;
        // The first is made available last.
        for number in (0..count).rev() {
            let at = self.made + u64::from(number);
            let round = if (at / size).is_multiple_of(2) { AVAILABLE } else { USED };
            let more = if number + 1 < count { NEXT } else { 0 };
            let part = &parts[usize::from(number)];
            let flags = round | more | if part.writable { WRITE } else { 0 };
            self.store(ram, (at % size) as u16, part, id, flags);
        }
        self.made += u64::from(count);
        id
    }

    fn store(&self, ram: &mut impl Memory, index: u16, part: &Buffer, third: u16, fourth: u16) {
        let bytes = [
            &part.at.to_le_bytes()[..],
            &part.length.to_le_bytes(),
            &third.to_le_bytes(),
            &fourth.to_le_bytes(),
        ];
        ram.store(self.descriptors + u64::from(index) * 16, &bytes.concat());
    }

    /// What the device has given back since the last call.
    pub fn completions(&mut self, ram: &mut impl Memory) -> Vec<Completion> {
        let mut found = Vec::new();
        match self.rings {
            Rings::Split => {
                let index = ram.load_half(self.device + 2);
                while self.seen as u16 != index {
                    let slot = self.seen % u64::from(self.size);
                    let at = self.device + 4 + slot * 8;
                    let id = ram.load_word(at) as u16;
                    found.push(Completion { id, written: ram.load_word(at + 4) });
                    self.seen += 1;
                }
            }
            Rings::Packed => loop {
                let size = u64::from(self.size);
                let at = self.descriptors + self.seen % size * 16;
                let flags = ram.load_half(at + 14);
                let round = if (self.seen / size).is_multiple_of(2) { AVAILABLE | USED } else { 0 };
                if flags & (AVAILABLE | USED) != round || self.seen >= self.made {
                    break;
                }
                let id = ram.load_half(at + 12);
                found.push(Completion { id, written: ram.load_word(at + 8) });
                self.seen += u64::from(self.slots[usize::from(id)]);
            },
        }
        found
    }
}
