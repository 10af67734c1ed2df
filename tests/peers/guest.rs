//! A guest without a processor: a virtio driver by hand that reaches its device as a program would, over the bus.

use std::time::{Duration, Instant};

use elnic_board::{DeviceOptions, Machine, MachineBuilder, MachineConfig, MachineModel};
use elnic_contract::Size;
use elnic_netdev::{Chardev, Chardevs, Request, StreamOptions};
use elnic_nettest::PATIENCE;

/// Configuration space of the slot the device stands in, and where its registers are put.
const SLOT: u64 = 5;
const CONFIG: u64 = 0x2_0000_0000 | SLOT << 15;
const BAR: u64 = 0x9000_0000;
const ISR: u64 = BAR + 0x1000;
const DEVICE: u64 = BAR + 0x2000;
const NOTIFY: u64 = BAR + 0x3000;
/// Descriptors of a ring, and bytes of a buffer.
const ENTRIES: u16 = 256;
const BUFFER: u64 = 2048;
/// Bytes of the header before each frame, with VERSION_1.
const HEADER: usize = 12;

pub(crate) const VERSION_1: u64 = 1 << 32;
pub(crate) const MRG_RXBUF: u64 = 1 << 15;
pub(crate) const STATUS: u64 = 1 << 16;
pub(crate) const CTRL_VQ: u64 = 1 << 17;
pub(crate) const MQ: u64 = 1 << 22;

/// Where the buffers of a queue lie.
pub(crate) fn buffers(queue: u16) -> std::ops::Range<u64> {
    let bytes = u64::from(ENTRIES) * BUFFER;
    let start = 0x100_0000 + u64::from(queue) * bytes;
    start..start + bytes
}

/// The page in which a queue's used ring starts.
pub(crate) fn used_ring(queue: u16) -> u64 {
    Guest::area(queue) + 0x2000
}

/// A machine with a virtio-net and its driver.
pub(crate) struct Guest {
    pub(crate) machine: Machine,
    pairs: u16,
    /// By queue: entries made available, and used ones seen.
    rings: Vec<(u16, u16)>,
}

/// Makes a machine whose virtio-net is connected to the netdev of that text; the chardev `c0` that it names
/// connects as `chardev` says.
pub(crate) fn machine(
    chardev: StreamOptions,
    netdev: &str,
    properties: &[(&str, &str)],
) -> Machine {
    let mut builder = MachineBuilder::new();
    let mut chardevs = Chardevs::default();
    chardevs.add(&Chardev { id: "c0".into(), options: chardev }).unwrap();
    match elnic_netdev::parse(netdev) {
        Ok(Request::Make(made)) => {
            elnic_netdev::add_using(builder.net(), &made, &mut chardevs).unwrap();
        }
        other => panic!("{netdev}: {other:?}"),
    }
    let mut config = MachineConfig::new(MachineModel::named("e8c").unwrap());
    let slot = format!("{SLOT:#x}");
    let fixed = [("netdev", "n0"), ("addr", &*slot), ("disable-legacy", "on")];
    let all: Vec<_> = fixed.iter().chain(properties).copied().collect();
    config.devices = vec![DeviceOptions::new("virtio-net-pci", &all)];
    builder.build(config).unwrap_or_else(|error| panic!("{netdev}: {error}"))
}

impl Guest {
    /// Brings the device up with these features and so many pairs of queues.
    pub(crate) fn new(machine: Machine, features: u64, pairs: u16) -> Self {
        let mut guest = Self { machine, pairs, rings: Vec::new() };
        guest.machine.write_memory(CONFIG + 0x20, Size::Double, BAR);
        guest.machine.write_memory(CONFIG + 4, Size::Half, 6);
        guest.start(features);
        guest
    }

    fn write(&mut self, register: u64, size: Size, value: u64) {
        self.machine.write_memory(BAR + register, size, value);
    }

    fn read(&mut self, register: u64, size: Size) -> u64 {
        self.machine.read_memory(BAR + register, size)
    }

    /// What the device offers.
    pub(crate) fn offered(&mut self) -> u64 {
        self.write(0, Size::Word, 0);
        let low = self.read(4, Size::Word);
        self.write(0, Size::Word, 1);
        low | self.read(4, Size::Word) << 32
    }

    /// Resets the device and brings it up again.
    pub(crate) fn start(&mut self, features: u64) {
        self.write(0x14, Size::Byte, 0);
        self.write(0x14, Size::Byte, 3);
        for half in 0..2 {
            self.write(8, Size::Word, half);
            self.write(0xc, Size::Word, features >> (32 * half) & 0xffff_ffff);
        }
        self.write(0x14, Size::Byte, 0xb);
        assert_eq!(self.read(0x14, Size::Byte), 0xb, "the features are agreed");
        let queues = 2 * self.pairs + u16::from(features & CTRL_VQ != 0);
        self.rings = vec![(0, 0); usize::from(queues)];
        for queue in 0..queues {
            let area = Self::area(queue);
            self.machine.write_bytes(area, &[0; 0x4000]);
            self.write(0x16, Size::Half, queue.into());
            let entries = self.read(0x18, Size::Half).min(ENTRIES.into());
            self.write(0x18, Size::Half, entries);
            for (register, offset) in [(0x20, 0), (0x28, 0x1000), (0x30, 0x2000)] {
                self.write(register, Size::Double, area + offset);
            }
            self.write(0x1c, Size::Half, 1);
        }
        self.write(0x14, Size::Byte, 0xf);
        for pair in 0..self.pairs {
            for _ in 0..ENTRIES / 2 {
                self.offer(2 * pair, &[], true);
            }
            self.notify(2 * pair);
        }
    }

    fn area(queue: u16) -> u64 {
        0x10_0000 + u64::from(queue) * 0x1_0000
    }

    /// Makes a buffer available.
    fn offer(&mut self, queue: u16, bytes: &[u8], writable: bool) {
        let area = Self::area(queue);
        let next = self.rings[usize::from(queue)].0;
        let entry = next % ENTRIES;
        let buffer = buffers(queue).start + u64::from(entry) * BUFFER;
        let length = if writable { BUFFER } else { bytes.len() as u64 };
        self.machine.write_bytes(buffer, bytes);
        let descriptor = area + u64::from(entry) * 16;
        self.machine.write_memory(descriptor, Size::Double, buffer);
        self.machine.write_memory(descriptor + 8, Size::Word, length);
        self.machine.write_memory(descriptor + 12, Size::Word, if writable { 2 } else { 0 });
        let place = area + 0x1004 + u64::from(entry) * 2;
        self.machine.write_memory(place, Size::Half, entry.into());
        let next = next.wrapping_add(1);
        self.machine.write_memory(area + 0x1002, Size::Half, next.into());
        self.rings[usize::from(queue)].0 = next;
    }

    fn notify(&mut self, queue: u16) {
        self.machine.write_memory(NOTIFY + u64::from(queue) * 4, Size::Half, queue.into());
    }

    /// Sends frames on the pair's queue.
    pub(crate) fn send(&mut self, pair: u16, frames: impl IntoIterator<Item = Vec<u8>>) {
        for frame in frames {
            let bytes = [vec![0; HEADER], frame].concat();
            self.offer(2 * pair + 1, &bytes, false);
        }
        self.notify(2 * pair + 1);
    }

    /// Entries of a queue that were used since this was last asked, with their lengths.
    fn used(&mut self, queue: u16) -> Vec<(u16, usize)> {
        let area = Self::area(queue) + 0x2000;
        let index = self.machine.read_memory(area + 2, Size::Half) as u16;
        let mut used = Vec::new();
        while self.rings[usize::from(queue)].1 != index {
            let seen = &mut self.rings[usize::from(queue)].1;
            let at = area + 4 + u64::from(*seen % ENTRIES) * 8;
            *seen = seen.wrapping_add(1);
            let entry = self.machine.read_memory(at, Size::Word) as u16;
            used.push((entry, self.machine.read_memory(at + 4, Size::Word) as usize));
        }
        used
    }

    /// Transmitted buffers that came back.
    pub(crate) fn sent(&mut self, pair: u16) -> usize {
        self.used(2 * pair + 1).len()
    }

    /// Frames that have come on the pair's queue; their buffers are made available again.
    pub(crate) fn received(&mut self, pair: u16) -> Vec<Vec<u8>> {
        self.machine.settle();
        let queue = 2 * pair;
        let mut frames = Vec::new();
        for (entry, length) in self.used(queue) {
            let area = Self::area(queue) + u64::from(entry) * 16;
            let buffer = self.machine.read_memory(area, Size::Double);
            let mut bytes = vec![0; length];
            self.machine.read_bytes(buffer, &mut bytes);
            frames.push(bytes.split_off(HEADER.min(length)));
            self.offer(queue, &[], true);
        }
        if !frames.is_empty() {
            self.notify(queue);
        }
        frames
    }

    /// Waits for `count` frames on the pair's queue.
    pub(crate) fn await_frames(&mut self, pair: u16, count: usize) -> Vec<Vec<u8>> {
        let until = Instant::now() + PATIENCE;
        let mut frames = Vec::new();
        while frames.len() < count {
            assert!(Instant::now() < until, "{} of {count} frames come", frames.len());
            frames.extend(self.received(pair));
            std::thread::sleep(Duration::from_millis(1));
        }
        frames
    }

    /// Waits for the link to be up or down, as the configuration shows it.
    pub(crate) fn await_link(&mut self, up: bool) {
        crate::support::wait_for("the link", || {
            self.machine.settle();
            (self.machine.read_memory(DEVICE + 6, Size::Half) & 1 == 1) == up
        });
    }

    /// Interrupt status, which reading clears.
    pub(crate) fn interrupts(&mut self) -> u64 {
        self.machine.read_memory(ISR, Size::Byte)
    }

    /// Gives a command of the control queue; whether it was carried out.
    pub(crate) fn command(&mut self, class: u8, command: u8, data: &[u8]) -> bool {
        let queue = 2 * self.pairs;
        let area = Self::area(queue);
        let buffer = 0x80_0000;
        self.machine.write_bytes(buffer, &[&[class, command], data].concat());
        self.machine.write_bytes(buffer + 0x800, &[0xff]);
        let parts = [(buffer, 2 + data.len() as u64, 1), (buffer + 0x800, 1, 2)];
        for ((at, length, flags), entry) in parts.into_iter().zip(0_u64..) {
            let descriptor = area + entry * 16;
            self.machine.write_memory(descriptor, Size::Double, at);
            self.machine.write_memory(descriptor + 8, Size::Word, length);
            self.machine.write_memory(descriptor + 12, Size::Word, flags | (entry + 1) << 16);
        }
        let next = self.rings[usize::from(queue)].0;
        // Sixty-four descriptors are all QEMU gives this queue.
        self.machine.write_memory(area + 0x1004 + u64::from(next % 64) * 2, Size::Half, 0);
        self.rings[usize::from(queue)].0 = next + 1;
        self.machine.write_memory(area + 0x1002, Size::Half, u64::from(next) + 1);
        self.notify(queue);
        self.machine.read_memory(buffer + 0x800, Size::Byte) == 0
    }
}
