//! Drivers of the rtl8139: four transmit registers and a ring buffer, or the rings of C+ mode.

use elnic_contract::{Nic, Properties, Size};
use elnic_rtl8139::{PROPERTIES, Rtl8139};

use crate::machine::Machine;
use crate::{BUFFER, Driver, RING};

const RX_BUFFER: u64 = 0x4_0000;
const RX_RING: u64 = RING + 0x1000;
const DESCRIPTORS: u64 = 64;
const OWN: u64 = 1 << 31;
const EOR: u64 = 1 << 30;

mod reg {
    pub(super) const TSD: u64 = 0x10;
    pub(super) const TSAD: u64 = 0x20;
    pub(super) const TNPDS: u64 = 0x20;
    pub(super) const RBSTART: u64 = 0x30;
    pub(super) const CR: u64 = 0x37;
    pub(super) const CAPR: u64 = 0x38;
    pub(super) const CBR: u64 = 0x3a;
    pub(super) const ISR: u64 = 0x3e;
    pub(super) const TCR: u64 = 0x40;
    pub(super) const RCR: u64 = 0x44;
    pub(super) const TPPOLL: u64 = 0xd9;
    pub(super) const CPCR: u64 = 0xe0;
    pub(super) const RDSAR: u64 = 0xe4;
}

/// A driver; `CPLUS`: of C+ mode.
pub(crate) struct Realtek<const CPLUS: bool> {
    machine: Machine<Rtl8139>,
    length: u64,
    /// Which descriptor is next.
    next: u64,
}

impl<const CPLUS: bool> Realtek<CPLUS> {
    /// A controller with both directions on.
    fn new(length: u64) -> Self {
        let properties = Properties::parse("rtl8139", PROPERTIES, [("timing", "off")]);
        let device = Rtl8139::new(&properties.expect("known properties"));
        let mut driver = Self { machine: Machine::new(device, 1), length, next: 0 };
        let machine = &mut driver.machine;
        if CPLUS {
            machine.write(reg::CPCR, Size::Half, 3);
        }
        machine.write(reg::RBSTART, Size::Word, RX_BUFFER);
        machine.write(reg::CR, Size::Byte, 0x0c);
        machine.write(reg::TCR, Size::Word, 0x0300_0700);
        machine.write(reg::RCR, Size::Word, 0xff8e);
        if CPLUS {
            for (register, ring) in [(reg::TNPDS, RING), (reg::RDSAR, RX_RING)] {
                machine.write(register, Size::Word, ring);
                machine.write(register + 4, Size::Word, 0);
            }
            (0..DESCRIPTORS).for_each(|index| driver.give_buffer(index));
        } else {
            (0..4).for_each(|n| driver.machine.write(reg::TSAD + 4 * n, Size::Word, BUFFER));
        }
        driver
    }

    fn descriptor(&mut self, at: u64, word: u64, buffer: u64) {
        self.machine.store(at + 8, Size::Double, buffer);
        self.machine.store(at, Size::Double, word);
    }

    fn give_buffer(&mut self, index: u64) {
        let end = if index + 1 == DESCRIPTORS { EOR } else { 0 };
        self.descriptor(RX_RING + 16 * index, OWN | end | 0x800, RX_BUFFER);
    }

    fn acknowledge(&mut self) {
        let causes = self.machine.read(reg::ISR, Size::Half);
        self.machine.write(reg::ISR, Size::Half, causes);
    }
}

impl<const CPLUS: bool> Driver for Realtek<CPLUS> {
    type Device = Rtl8139;

    const NAME: &'static str = if CPLUS { "rtl8139 C+" } else { "rtl8139 C" };
    const BATCHES: [u64; 2] = if CPLUS { [1, 32] } else { [1, 4] };

    fn machine(&mut self) -> &mut Machine<Rtl8139> {
        &mut self.machine
    }

    fn nic(&self) -> &dyn Nic {
        &self.machine.device
    }

    fn sender(length: u64) -> Self {
        Self::new(length)
    }

    fn receiver() -> Self {
        Self::new(0)
    }

    fn send(&mut self, frames: u64) {
        for _ in 0..frames {
            if CPLUS {
                let end = if self.next + 1 == DESCRIPTORS { EOR } else { 0 };
                let word = OWN | end | 3 << 28 | self.length;
                self.descriptor(RING + 16 * self.next, word, BUFFER);
                self.next = (self.next + 1) % DESCRIPTORS;
            } else {
                self.machine.write(reg::TSD + 4 * self.next, Size::Word, self.length);
                self.next = (self.next + 1) % 4;
            }
        }
        if CPLUS {
            self.machine.write(reg::TPPOLL, Size::Byte, 0x40);
        }
        self.acknowledge();
    }

    fn give_back(&mut self, frames: u64) {
        if CPLUS {
            for _ in 0..frames {
                self.give_buffer(self.next);
                self.next = (self.next + 1) % DESCRIPTORS;
            }
        } else {
            let place = self.machine.read(reg::CBR, Size::Half);
            self.machine.write(reg::CAPR, Size::Half, place.wrapping_sub(16) & 0xffff);
        }
        self.acknowledge();
    }
}
