//! A standard driver in a few lines: queues in RAM, chains in, used entries out.

#![allow(dead_code, clippy::allow_attributes, reason = "each test uses its share")]

use elnic_contract::{Frame, Size, Verdict};
use elnic_script::{Event, Place};
use elnic_testbench::Bench;
use elnic_virtio_net::ENTRY;

pub(crate) const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
pub(crate) const ALL: u64 = 0x101_30bf_8024;
pub(crate) const VERSION_1: u64 = 1 << 32;
pub(crate) const MRG_RXBUF: u64 = 1 << 15;
pub(crate) const CTRL_VQ: u64 = 1 << 17;
pub(crate) const CTRL_VLAN: u64 = 1 << 19;
pub(crate) const INDIRECT: u64 = 1 << 28;

pub(crate) const RX: u64 = 0;
pub(crate) const TX: u64 = 1;
pub(crate) const CTRL: u64 = 2;
const SIZES: [u64; 3] = [256, 256, 64];

/// Flags of descriptors.
pub(crate) const NEXT: u16 = 1;
pub(crate) const WRITE: u16 = 2;
pub(crate) const TABLE: u16 = 4;

pub(crate) fn table(queue: u64) -> u64 {
    0x10_0000 + queue * 0x1_0000
}
fn avail(queue: u64) -> u64 {
    table(queue) + 0x4000
}
fn used(queue: u64) -> u64 {
    table(queue) + 0x8000
}

pub(crate) struct Driver {
    pub(crate) bench: Bench,
    made: [u16; 3],
}

impl Driver {
    pub(crate) fn new(features: u64) -> Self {
        Self::with(features, &[])
    }

    pub(crate) fn with(features: u64, properties: &[(&str, &str)]) -> Self {
        let mut driver = Self { bench: Bench::with(&ENTRY, properties), made: [0; 3] };
        driver.negotiate(features);
        assert_eq!(driver.status() & 8, 8, "FEATURES_OK");
        driver.start();
        driver
    }

    pub(crate) fn negotiate(&mut self, features: u64) {
        self.w(0x14, Size::Byte, 0);
        self.w(0x14, Size::Byte, 3);
        for word in 0..2 {
            self.w(0x08, Size::Word, word);
            self.w(0x0c, Size::Word, features >> (32 * word) & 0xffff_ffff);
        }
        self.w(0x14, Size::Byte, 0xb);
    }

    pub(crate) fn start(&mut self) {
        for queue in [RX, TX, CTRL] {
            self.made[queue as usize] = 0;
            self.bench.ram.store(avail(queue), &[0; 0x400]);
            self.bench.ram.store(used(queue), &[0; 0x900]);
            self.w(0x16, Size::Half, queue);
            self.w(0x20, Size::Double, table(queue));
            self.w(0x28, Size::Double, avail(queue));
            self.w(0x30, Size::Double, used(queue));
            self.w(0x1c, Size::Half, 1);
        }
        self.w(0x14, Size::Byte, 0xf);
    }

    pub(crate) fn w(&mut self, offset: u64, size: Size, value: u64) {
        self.bench.write(Place { region: 1, offset }, size, value).unwrap();
    }

    pub(crate) fn r(&mut self, offset: u64, size: Size) -> u64 {
        self.bench.read(Place { region: 1, offset }, size).unwrap()
    }

    pub(crate) fn status(&mut self) -> u64 {
        self.r(0x14, Size::Byte)
    }

    pub(crate) fn descriptor(&mut self, at: u64, address: u64, length: u32, flags: u16, next: u16) {
        let bytes = [
            &address.to_le_bytes()[..],
            &length.to_le_bytes(),
            &flags.to_le_bytes(),
            &next.to_le_bytes(),
        ];
        self.bench.ram.store(at, &bytes.concat());
    }

    /// Makes the chain at `head` available without a notification.
    pub(crate) fn offer(&mut self, queue: u64, head: u16) {
        let made = &mut self.made[queue as usize];
        let slot = u64::from(*made) % SIZES[queue as usize];
        *made = made.wrapping_add(1);
        let index = *made;
        self.bench.ram.store(avail(queue) + 4 + slot * 2, &head.to_le_bytes());
        self.bench.ram.store(avail(queue) + 2, &index.to_le_bytes());
    }

    pub(crate) fn kick(&mut self, queue: u64) {
        self.w(0x3000 + queue * 4, Size::Half, queue);
    }

    /// Lays out a chain from descriptor `head` on, its parts given as (address, length, flags without NEXT).
    pub(crate) fn chain(&mut self, queue: u64, head: u16, parts: &[(u64, u32, u16)]) {
        for (number, (address, length, flags)) in (0_u16..).zip(parts) {
            let last = usize::from(number) + 1 == parts.len();
            let flags = flags | if last { 0 } else { NEXT };
            let at = table(queue) + u64::from(head + number) * 16;
            self.descriptor(at, *address, *length, flags, head + number + 1);
        }
        self.offer(queue, head);
    }

    /// Used entries so far.
    pub(crate) fn used(&self, queue: u64) -> u64 {
        self.bench.ram.load_le::<2>(used(queue) + 2)
    }

    /// A used entry: head and length.
    pub(crate) fn entry(&self, queue: u64, index: u64) -> (u64, u64) {
        let at = used(queue) + 4 + index * 8;
        (self.bench.ram.load_le::<4>(at), self.bench.ram.load_le::<4>(at + 4))
    }

    /// Sends a command cut into single bytes; the answer.
    pub(crate) fn command(&mut self, bytes: &[u8]) -> u8 {
        self.bench.ram.store(0x40_0000, bytes);
        self.bench.ram.store(0x41_0000, &[0xee]);
        // As few descriptors as fit the queue.
        let piece = bytes.len().div_ceil(30).max(1);
        let mut parts: Vec<_> = (0..bytes.len())
            .step_by(piece)
            .map(|at| (0x40_0000 + at as u64, piece.min(bytes.len() - at) as u32, 0))
            .collect();
        parts.push((0x41_0000, 1, WRITE));
        self.chain(CTRL, 0, &parts);
        self.kick(CTRL);
        self.bench.ram.load(0x41_0000, 1)[0]
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Verdict {
        let frame = Frame::new(bytes.to_vec(), self.bench.now()).unwrap();
        self.bench.force_frame(&frame).unwrap()
    }

    pub(crate) fn sent(&self) -> Vec<Vec<u8>> {
        let sent = self.bench.events().iter().filter_map(|(_, event)| match event {
            Event::Sent(bytes) => Some(bytes.clone()),
            _ => None,
        });
        sent.collect()
    }
}

pub(crate) fn frame_to(mac: [u8; 6], length: usize) -> Vec<u8> {
    let mut frame = [&mac[..], &[2, 0, 0, 0, 0, 1, 8, 0]].concat();
    frame.resize(length, 0x5a);
    frame
}
