//! A driver of the e1000: legacy descriptors, 256 in a ring.

use elnic_contract::{Nic, Properties, Size};
use elnic_e1000::{E1000, PROPERTIES};

use crate::machine::Machine;
use crate::{BUFFER, Driver, RING};

const DESCRIPTORS: u64 = 256;

pub(crate) mod reg {
    pub(crate) const STATUS: u64 = 0x0008;
    pub(crate) const ICR: u64 = 0x00c0;
    pub(crate) const IMS: u64 = 0x00d0;
    pub(super) const RCTL: u64 = 0x0100;
    pub(super) const TCTL: u64 = 0x0400;
    pub(super) const RDBAL: u64 = 0x2800;
    pub(super) const RDT: u64 = 0x2818;
    pub(super) const TDBAL: u64 = 0x3800;
    pub(super) const TDT: u64 = 0x3818;
    pub(crate) const VFTA_LAST: u64 = 0x57fc;
}

pub(crate) struct Intel {
    machine: Machine<E1000>,
    tail: u64,
}

impl Intel {
    pub(crate) fn new() -> Self {
        let properties = Properties::parse("e1000", PROPERTIES, [("timing", "off")]);
        let device = E1000::new(&properties.expect("known properties"));
        Self { machine: Machine::new(device, 0), tail: 0 }
    }

    pub(crate) fn w32(&mut self, offset: u64, value: u64) {
        self.machine.write(offset, Size::Word, value);
    }

    pub(crate) fn r32(&mut self, offset: u64) -> u64 {
        self.machine.read(offset, Size::Word)
    }

    fn ring(&mut self, base: u64, length: u64, command: u64) {
        for index in 0..DESCRIPTORS {
            let at = RING + index * 16;
            self.machine.store(at, Size::Double, BUFFER);
            self.machine.store(at + 8, Size::Double, length | command << 24);
        }
        self.w32(base, RING);
        self.w32(base + 8, DESCRIPTORS * 16);
    }
}

impl Driver for Intel {
    type Device = E1000;

    const NAME: &'static str = "e1000";
    const BATCHES: [u64; 2] = [1, 64];

    fn machine(&mut self) -> &mut Machine<E1000> {
        &mut self.machine
    }

    fn nic(&self) -> &dyn Nic {
        &self.machine.device
    }

    /// EOP, IFCS, RS.
    fn sender(length: u64) -> Self {
        let mut driver = Self::new();
        driver.ring(reg::TDBAL, length, 0x0b);
        driver.w32(reg::TCTL, 0xa);
        driver
    }

    fn receiver() -> Self {
        let mut driver = Self::new();
        driver.ring(reg::RDBAL, 0, 0);
        driver.w32(reg::RDT, DESCRIPTORS - 1);
        driver.w32(reg::RCTL, 0x0400_8002);
        driver
    }

    fn send(&mut self, frames: u64) {
        self.tail = (self.tail + frames) % DESCRIPTORS;
        self.w32(reg::TDT, self.tail);
    }

    fn give_back(&mut self, frames: u64) {
        self.tail = (self.tail + frames) % DESCRIPTORS;
        self.w32(reg::RDT, (self.tail + DESCRIPTORS - 1) % DESCRIPTORS);
    }
}
