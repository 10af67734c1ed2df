//! iPXE `intel`: reset by CTRL, address from RA, no interrupts, small rings, both promiscuous modes.

use elnic_contract::MacAddr;

use super::{LINK_UP, RST, Rings, milliseconds, poll, r32, reg, w32};
use crate::Bench;
use crate::drivers::{Counted, NicDriver};

const SLU: u32 = 1 << 6;
const ASDE: u32 = 1 << 5;
const PHY_RST: u32 = 1 << 31;
/// EOP, IFCS, RS.
const COMMAND: u64 = 0x0b;

/// The driver.
#[derive(Clone, Debug)]
pub struct IpxeIntel {
    rings: Rings,
    station: MacAddr,
}

impl Default for IpxeIntel {
    fn default() -> Self {
        Self { rings: Rings::new(0x50_0000, 16), station: MacAddr::default() }
    }
}

impl IpxeIntel {
    fn reset(bench: &mut Bench) {
        // Read and written back: a chip of this family wants its buffer allocation confirmed before a reset.
        let pba = r32(bench, reg::PBA);
        w32(bench, reg::PBA, pba);
        let ctrl = r32(bench, reg::CTRL);
        w32(bench, reg::CTRL, ctrl | RST);
        milliseconds(bench, 20);
        let ctrl = (r32(bench, reg::CTRL) | SLU | ASDE) & !(1 << 3 | 1 << 11 | 1 << 12);
        w32(bench, reg::CTRL, ctrl);
        milliseconds(bench, 20);
        if r32(bench, reg::STATUS) & LINK_UP != 0 {
            return;
        }
        w32(bench, reg::CTRL, ctrl | RST | PHY_RST);
        milliseconds(bench, 20);
        w32(bench, reg::CTRL, ctrl);
        milliseconds(bench, 20);
    }
}

impl NicDriver for IpxeIntel {
    fn name(&self) -> &'static str {
        "iPXE intel"
    }

    fn start(&mut self, bench: &mut Bench) {
        Self::reset(bench);
        let (low, high) = (r32(bench, reg::RAL), r32(bench, reg::RAH));
        assert_ne!(high >> 31, 0, "the address comes from the EEPROM");
        let ([a, b, c, d], [e, f, ..]) = (low.to_le_bytes(), high.to_le_bytes());
        self.station = MacAddr([a, b, c, d, e, f]);
        self.rings = Rings::new(0x50_0000, 16);
        for (base, ring) in [(reg::TDBAL, self.rings.tx), (reg::RDBAL, self.rings.rx)] {
            w32(bench, base, 0);
            self.rings.program(bench, base, ring);
            w32(bench, base + 0x10, 0);
            w32(bench, base + 0x18, 0);
        }
        for control in [reg::TXDCTL, reg::RXDCTL] {
            let value = r32(bench, control);
            w32(bench, control, value | 1 << 25);
        }
        w32(bench, reg::TCTL, 1 << 1 | 1 << 3 | 0xf << 4 | 0x40 << 12);
        w32(bench, reg::RCTL, 1 << 1 | 1 << 3 | 1 << 4 | 1 << 15 | 1 << 26);
        for index in 0..self.rings.count {
            self.rings.refill(bench, index);
        }
        w32(bench, reg::RDT, (self.rings.count - 1) as u32);
        poll(bench, "link", (100, 100_000), |bench| r32(bench, reg::STATUS) & LINK_UP != 0);
    }

    fn station(&self) -> MacAddr {
        self.station
    }

    fn send(&mut self, bench: &mut Bench, frame: &[u8]) -> bool {
        if self.rings.room() == 0 {
            return false;
        }
        let buffer = self.rings.tx_buffer(self.rings.tail);
        bench.ram.store(buffer, frame);
        self.rings.push(bench, buffer, frame.len() as u64 | COMMAND << 24);
        w32(bench, reg::TDT, self.rings.tail as u32);
        true
    }

    fn service(&mut self, bench: &mut Bench) -> Vec<Vec<u8>> {
        r32(bench, reg::ICR);
        self.rings.reclaim(bench);
        self.rings.receive(bench, 0)
    }

    fn waits_for_interrupts(&self) -> bool {
        false
    }

    fn counted(&mut self, _bench: &mut Bench) -> Option<Counted> {
        None
    }

    fn stop(&mut self, bench: &mut Bench) {
        w32(bench, reg::RCTL, 0);
        w32(bench, reg::TCTL, 0);
        Self::reset(bench);
    }
}
