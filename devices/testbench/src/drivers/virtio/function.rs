//! A virtio function as its driver finds it: by capabilities, by the legacy window, or through configuration space alone.

use elnic_contract::{Effect, Frame, Readiness, Size, Verdict};
use elnic_pci::{PciFunction, Space};

use super::{Host, Layout, Queue, Rings};
use crate::PciBench;

/// How the driver reaches the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The structures that the capabilities point to.
    Capabilities,
    /// The same, by way of the configuration access window: no base address register is enabled.
    Window,
    /// The legacy window in I/O space.
    Legacy,
}

/// Where messages go; the vector is the data.
const MESSAGES: u64 = 0xfee0_0000;

const COMMON: u8 = 1;
const NOTIFY: u8 = 2;
const ISR: u8 = 3;
const DEVICE: u8 = 4;
const WINDOW: u8 = 5;

/// The device status.
const RESET: u64 = 0;
const ACKNOWLEDGE: u64 = 1;
const DRIVER: u64 = 2;
const DRIVER_OK: u64 = 4;
const FEATURES_OK: u64 = 8;

const VERSION_1: u64 = 1 << 32;
const RING_PACKED: u64 = 1 << 34;

/// One function and the driver's view of it.
pub struct VirtioFunction<H = PciBench> {
    /// The function on its bus.
    pub bench: H,
    path: Path,
    layout: Layout,
    /// Base address register and offset, by structure.
    structures: [(u8, u64); 6],
    bases: [Option<(Space, u64)>; 6],
    window_at: u8,
    multiplier: u64,
    /// MSI-X is enabled.
    msix: bool,
    /// What was agreed.
    pub features: u64,
    /// The queues that were set up, by number.
    pub queues: Vec<Queue>,
    looked: usize,
}

impl VirtioFunction {
    /// The same on a bench of its own.
    pub fn new(function: PciFunction, path: Path) -> Self {
        Self::on(PciBench::new(function), path, Layout::BENCH)
    }

    /// A frame arrives, if the function takes it now.
    pub fn receive(&mut self, frame: &Frame) -> Option<Verdict> {
        let frame = frame.clone().arriving(self.bench.now);
        (self.bench.function.can_receive() == Readiness::Ready)
            .then(|| self.bench.enter(|function, cx| function.receive(cx, &frame)))
    }

    /// What the function wanted done since the last call.
    pub fn effects(&mut self) -> Vec<Effect> {
        let new = self.bench.effects[self.looked..].to_vec();
        self.looked = self.bench.effects.len();
        new
    }
}

impl<H: Host> VirtioFunction<H> {
    /// Finds the structures of the function, gives out addresses and enables it.
    pub fn on(mut bench: H, path: Path, layout: Layout) -> Self {
        let mut bases = [None; 6];
        for bar in crate::pci::assign(&mut bench, layout.memory, layout.ports) {
            bases[usize::from(bar.slot)] = Some((bar.space, bar.base));
        }
        bench.set_config(0x04, Size::Half, if path == Path::Window { 4 } else { 7 });
        let mut found = Self {
            bench,
            path,
            layout,
            structures: [(0, 0); 6],
            bases,
            window_at: 0,
            multiplier: 0,
            msix: false,
            features: 0,
            queues: Vec::new(),
            looked: 0,
        };
        found.walk();
        found
    }

    fn walk(&mut self) {
        let mut at = self.bench.config(0x34, Size::Byte) as u8;
        while at != 0 {
            let mut config = |offset: u8, size| self.bench.config(at + offset, size);
            if config(0, Size::Byte) == 9 {
                let kind = config(3, Size::Byte) as u8;
                let place = (config(4, Size::Byte) as u8, config(8, Size::Word));
                let multiplier = if kind == NOTIFY { config(16, Size::Word) } else { 0 };
                if usize::from(kind) < self.structures.len() {
                    self.structures[usize::from(kind)] = place;
                }
                if kind == NOTIFY {
                    self.multiplier = multiplier;
                }
                if kind == WINDOW {
                    self.window_at = at;
                }
            }
            at = self.bench.config(at + 1, Size::Byte) as u8;
        }
    }

    /// Enables MSI-X, with message data equal to the vector.
    ///
    /// # Panics
    /// The function has no MSI-X.
    pub fn enable_msix(&mut self, vectors: u64) {
        let mut at = self.bench.config(0x34, Size::Byte) as u8;
        while self.bench.config(at, Size::Byte) != 0x11 {
            at = self.bench.config(at + 1, Size::Byte) as u8;
            assert_ne!(at, 0, "the function has MSI-X");
        }
        let table = self.bench.config(at + 4, Size::Word);
        let (space, base) = self.bases[(table & 7) as usize].expect("the table has an address");
        for vector in 0..vectors {
            let entry = base + (table & !7) + vector * 16;
            for (offset, value) in [(0, MESSAGES), (4, 0), (8, vector), (12, 0)] {
                self.bench.write(space, entry + offset, Size::Word, value);
            }
        }
        self.bench.set_config(at + 2, Size::Half, 0x8000);
        self.msix = true;
    }

    fn reach(&self, structure: u8, offset: u64) -> (u8, u64) {
        let (bar, start) = self.structures[usize::from(structure)];
        (bar, start + offset)
    }

    fn aim(&mut self, bar: u8, offset: u64, size: Size) -> u8 {
        let at = self.window_at;
        self.bench.set_config(at + 4, Size::Byte, bar.into());
        self.bench.set_config(at + 8, Size::Word, offset);
        self.bench.set_config(at + 12, Size::Word, size.bytes().into());
        at + 16
    }

    fn write_at(&mut self, bar: u8, offset: u64, size: Size, value: u64) {
        if self.path == Path::Window {
            let data = self.aim(bar, offset, size);
            self.bench.set_config(data, size, value);
            return;
        }
        let (space, base) = self.bases[usize::from(bar)].expect("the register has an address");
        self.bench.write(space, base + offset, size, value);
    }

    fn read_at(&mut self, bar: u8, offset: u64, size: Size) -> u64 {
        if self.path == Path::Window {
            let data = self.aim(bar, offset, size);
            return self.bench.config(data, size);
        }
        let (space, base) = self.bases[usize::from(bar)].expect("the register has an address");
        self.bench.read(space, base + offset, size)
    }

    fn set(&mut self, structure: u8, offset: u64, size: Size, value: u64) {
        let (bar, at) = self.reach(structure, offset);
        self.write_at(bar, at, size, value);
    }

    fn get(&mut self, structure: u8, offset: u64, size: Size) -> u64 {
        let (bar, at) = self.reach(structure, offset);
        self.read_at(bar, at, size)
    }

    fn legacy(&self) -> bool {
        self.path == Path::Legacy
    }

    /// Writes a register of the common configuration structure, however wrong that may be.
    pub fn set_common(&mut self, offset: u64, size: Size, value: u64) {
        self.set(COMMON, offset, size, value);
    }

    /// Writes a byte of the device configuration.
    pub fn set_configuration(&mut self, offset: u64, value: u8) {
        self.set(DEVICE, offset, Size::Byte, value.into());
    }

    /// Writes the device status.
    pub fn set_status(&mut self, value: u64) {
        if self.legacy() {
            self.write_at(0, 0x12, Size::Byte, value);
        } else {
            self.set(COMMON, 0x14, Size::Byte, value);
        }
    }

    /// Reads the device status.
    pub fn status(&mut self) -> u64 {
        if self.legacy() {
            self.read_at(0, 0x12, Size::Byte)
        } else {
            self.get(COMMON, 0x14, Size::Byte)
        }
    }

    /// Reads, and so acknowledges, ISR status.
    pub fn isr(&mut self) -> u64 {
        if self.legacy() { self.read_at(0, 0x13, Size::Byte) } else { self.get(ISR, 0, Size::Byte) }
    }

    /// What the device offers.
    pub fn offered(&mut self) -> u64 {
        if self.legacy() {
            return self.read_at(0, 0, Size::Word);
        }
        let mut features = 0;
        for word in 0..2 {
            self.set(COMMON, 0, Size::Word, word);
            features |= self.get(COMMON, 4, Size::Word) << (32 * word);
        }
        features
    }

    /// Resets the device and agrees on those of `wanted` that it offers.
    ///
    /// # Panics
    /// The device does not agree.
    pub fn negotiate(&mut self, wanted: u64) {
        self.set_status(RESET);
        assert_eq!(self.status(), 0, "the device is reset");
        self.set_status(ACKNOWLEDGE);
        self.set_status(ACKNOWLEDGE | DRIVER);
        self.features = self.offered() & wanted;
        if self.legacy() {
            self.write_at(0, 4, Size::Word, self.features);
            return;
        }
        self.features |= VERSION_1;
        for word in 0..2 {
            self.set(COMMON, 8, Size::Word, word);
            self.set(COMMON, 0xc, Size::Word, self.features >> (32 * word) & 0xffff_ffff);
        }
        self.set_status(ACKNOWLEDGE | DRIVER | FEATURES_OK);
        assert_ne!(self.status() & FEATURES_OK, 0, "features {:#x} are agreed", self.features);
    }

    /// Reads a byte of the device configuration.
    pub fn configuration(&mut self, offset: u64) -> u8 {
        let value = if self.legacy() {
            let start = if self.msix { 0x18 } else { 0x14 };
            self.read_at(0, start + offset, Size::Byte)
        } else {
            self.get(DEVICE, offset, Size::Byte)
        };
        value as u8
    }

    /// Has configuration changes signalled by this vector; whether the device has it.
    pub fn configuration_vector(&mut self, vector: u64) -> bool {
        let shown = if self.legacy() {
            self.write_at(0, 0x14, Size::Half, vector);
            self.read_at(0, 0x14, Size::Half)
        } else {
            self.set(COMMON, 0x10, Size::Half, vector);
            self.get(COMMON, 0x10, Size::Half)
        };
        shown == vector
    }

    /// Sets up the next queue, of at most `most` descriptors, signalled by `vector`.
    ///
    /// # Panics
    /// There is no such queue, or no such vector.
    pub fn add_queue(&mut self, number: u16, most: u16, vector: Option<u64>) {
        let base = self.layout.queues + u64::from(number) * self.layout.stride;
        if self.legacy() {
            self.write_at(0, 0xe, Size::Half, number.into());
            let size = self.read_at(0, 0xc, Size::Half) as u16;
            assert_ne!(size, 0, "there is a queue {number}");
            let driver = base + u64::from(size) * 16;
            let device = (driver + 6 + u64::from(size) * 2).next_multiple_of(4096);
            self.write_at(0, 8, Size::Word, base >> 12);
            if let Some(vector) = vector {
                self.write_at(0, 0x16, Size::Half, vector);
                assert_eq!(self.read_at(0, 0x16, Size::Half), vector);
            }
            self.adopt(number, size, Rings::Split, [base, driver, device]);
            return;
        }
        self.set(COMMON, 0x16, Size::Half, number.into());
        let size = most.min(self.get(COMMON, 0x18, Size::Half) as u16);
        assert_ne!(size, 0, "there is a queue {number}");
        self.set(COMMON, 0x18, Size::Half, size.into());
        if let Some(vector) = vector {
            self.set(COMMON, 0x1a, Size::Half, vector);
            assert_eq!(self.get(COMMON, 0x1a, Size::Half), vector);
        }
        let areas = [base, base + 0x8000, base + 0xc000];
        for (offset, area) in [(0x20, areas[0]), (0x28, areas[1]), (0x30, areas[2])] {
            self.set(COMMON, offset, Size::Word, area & 0xffff_ffff);
            self.set(COMMON, offset + 4, Size::Word, area >> 32);
        }
        self.set(COMMON, 0x1c, Size::Half, 1);
        let rings = if self.features & RING_PACKED != 0 { Rings::Packed } else { Rings::Split };
        self.adopt(number, size, rings, areas);
    }

    /// Keeps a queue whose areas are zero, as drivers leave them to the device.
    fn adopt(&mut self, number: u16, size: u16, rings: Rings, areas: [u64; 3]) {
        let [table, driver, device] = areas;
        let entries = usize::from(size);
        let lengths = [(table, entries * 16), (driver, entries * 2 + 6), (device, entries * 8 + 6)];
        for (area, length) in lengths {
            self.bench.store(area, &vec![0; length]);
        }
        // One of the same number, from before a reset, is no more.
        self.queues.retain(|queue| queue.number != number);
        self.queues.push(Queue::new(number, size, rings, areas));
    }

    /// The driver is ready.
    pub fn start(&mut self) {
        let status = self.status();
        self.set_status(status | DRIVER_OK);
    }

    /// The queue of that number.
    ///
    /// # Panics
    /// It was not set up.
    pub fn queue(&mut self, number: u16) -> &mut Queue {
        let found = self.queues.iter_mut().find(|queue| queue.number == number);
        found.expect("the queue was set up")
    }

    /// Makes a chain available without a notification; its name.
    pub fn add(&mut self, number: u16, parts: &[super::Buffer]) -> u16 {
        let index = self.queues.iter().position(|queue| queue.number == number);
        let queue = &mut self.queues[index.expect("the queue was set up")];
        queue.add(&mut self.bench, parts)
    }

    /// Notifies the device.
    pub fn kick(&mut self, number: u16) {
        if self.legacy() {
            self.write_at(0, 0x10, Size::Half, number.into());
            return;
        }
        let multiplier = self.multiplier;
        self.set(NOTIFY, u64::from(number) * multiplier, Size::Half, number.into());
    }

    /// What the device has given back since the last call.
    pub fn completions(&mut self, number: u16) -> Vec<super::Completion> {
        let index = self.queues.iter().position(|queue| queue.number == number);
        self.queues[index.expect("the queue was set up")].completions(&mut self.bench)
    }
}
