//! A driver of virtio-net: split rings of 256 chains, each a header and a frame in one buffer, no event indices.

use elnic_contract::{Nic, Properties, Size};
use elnic_virtio_net::{PROPERTIES, VirtioNet};

use crate::machine::Machine;
use crate::{BUFFER, Driver, RING};

const CHAINS: u64 = 256;
/// Distance between the rings of two queues: descriptors, then the available ring, then the used ring.
const QUEUE: u64 = 0x4000;
const AVAILABLE: u64 = 0x1000;
const USED: u64 = 0x2000;
const HEADER: u64 = 12;

pub(crate) struct Virtio {
    machine: Machine<VirtioNet>,
    /// Index that was offered last.
    index: u64,
}

impl Virtio {
    /// A device with its receive and transmit queues filled.
    fn new(length: u64) -> Self {
        let given = [("timing", "off"), ("disable-legacy", "on")];
        let properties = Properties::parse("virtio-net-pci", PROPERTIES, given).expect("known");
        let device = VirtioNet::new(&properties).expect("possible");
        let mut driver = Self { machine: Machine::new(device, 0), index: 0 };
        let machine = &mut driver.machine;
        machine.write(0x14, Size::Byte, 3);
        // MAC, mergeable buffers; the driver wants every notification and no interrupt.
        machine.write(0x0c, Size::Word, 0x8020);
        machine.write(0x08, Size::Word, 1);
        machine.write(0x0c, Size::Word, 1);
        machine.write(0x14, Size::Byte, 0xb);
        for (queue, length, flags) in [(0, 2048, 2), (1, length + HEADER, 0)] {
            let base = RING + queue * QUEUE;
            for chain in 0..CHAINS {
                machine.store(base + chain * 16, Size::Double, BUFFER - HEADER);
                machine.store(base + chain * 16 + 8, Size::Double, length | flags << 32);
                machine.store(base + AVAILABLE + 4 + chain * 2, Size::Half, chain);
            }
            machine.store(base + AVAILABLE, Size::Half, 1);
            machine.write(0x16, Size::Half, queue);
            machine.write(0x20, Size::Double, base);
            machine.write(0x28, Size::Double, base + AVAILABLE);
            machine.write(0x30, Size::Double, base + USED);
            machine.write(0x1c, Size::Half, 1);
        }
        machine.write(0x14, Size::Byte, 0xf);
        driver
    }

    fn offer(&mut self, queue: u64, index: u64) {
        let index = index & 0xffff;
        self.machine.store(RING + queue * QUEUE + AVAILABLE + 2, Size::Half, index);
        self.machine.write(0x3000 + queue * 4, Size::Half, queue);
    }
}

impl Driver for Virtio {
    type Device = VirtioNet;

    const NAME: &'static str = "virtio-net";
    const BATCHES: [u64; 2] = [1, 64];

    fn machine(&mut self) -> &mut Machine<VirtioNet> {
        &mut self.machine
    }

    fn nic(&self) -> &dyn Nic {
        &self.machine.device
    }

    fn sender(length: u64) -> Self {
        Self::new(length)
    }

    fn receiver() -> Self {
        let mut driver = Self::new(0);
        driver.index = CHAINS - 1;
        driver.offer(0, driver.index);
        driver
    }

    fn send(&mut self, frames: u64) {
        self.index += frames;
        self.offer(1, self.index);
    }

    fn give_back(&mut self, frames: u64) {
        self.index += frames;
        self.offer(0, self.index);
    }
}
