//! FreeBSD `em`: EEPROM by EERD, checksum contexts, frames in two buffers, delayed transmit reports, FCS stripped.

use elnic_contract::MacAddr;

use super::{
    CAUSES, LINK_UP, Rings, TIPG_COPPER, clear_statistics, counted, eerd_word, poll, r32, read_phy,
    reg, reset_by_ports, serve, set_station, station_from, w32, write_phy,
};
use crate::Bench;
use crate::drivers::{Counted, NicDriver};

/// IFCS, DEXT; RS and IDE only on the last.
const PART: u64 = 0x22;
const LAST: u64 = PART | 0x01 | 0x08 | 0x80;

/// The driver.
#[derive(Clone, Debug)]
pub struct FreeBsdEm {
    rings: Rings,
    station: MacAddr,
    /// Descriptors that end a packet, in order: only they are reported.
    ends: std::collections::VecDeque<u64>,
}

impl Default for FreeBsdEm {
    fn default() -> Self {
        let rings = Rings::new(0x30_0000, 128);
        Self { rings, station: MacAddr::default(), ends: std::collections::VecDeque::new() }
    }
}

impl FreeBsdEm {
    fn reclaim(&mut self, bench: &Bench) {
        while let Some(end) = self.ends.front() {
            let status = bench.ram.load(self.rings.tx + end * 16 + 12, 1);
            if status[0] & 1 == 0 {
                return;
            }
            self.rings.clean = (end + 1) % self.rings.count;
            self.ends.pop_front();
        }
    }
}

impl NicDriver for FreeBsdEm {
    fn name(&self) -> &'static str {
        "FreeBSD em"
    }

    fn start(&mut self, bench: &mut Bench) {
        reset_by_ports(bench);
        let sum = (0..64).fold(0_u16, |sum, at| sum.wrapping_add(eerd_word(bench, at)));
        assert_eq!(sum, 0xbaba, "the EEPROM adds up");
        self.station = station_from([0, 1, 2].map(|word| eerd_word(bench, word)));
        reset_by_ports(bench);
        set_station(bench, self.station);
        let ctrl = r32(bench, reg::CTRL);
        w32(bench, reg::CTRL, (ctrl | 1 << 6) & !(1 << 11 | 1 << 12));
        write_phy(bench, 4, 0x0de1);
        write_phy(bench, 9, 0x0300);
        write_phy(bench, 0, 0x1340);
        poll(bench, "negotiation", (100, 50_000), |bench| read_phy(bench, 1) & 0x20 != 0);
        for (offset, value) in [
            (reg::FCT, 0x8808),
            (reg::FCAH, 0x0100),
            (reg::FCAL, 0x00c2_8001),
            (reg::FCTTV, 0x0680),
        ] {
            w32(bench, offset, value);
        }
        clear_statistics(bench);
        self.rings = Rings::new(0x30_0000, 128);
        self.rings.program(bench, reg::TDBAL, self.rings.tx);
        w32(bench, reg::TDH, 0);
        w32(bench, reg::TDT, 0);
        w32(bench, reg::TIPG, TIPG_COPPER);
        w32(bench, reg::TIDV, 64);
        w32(bench, reg::TADV, 64);
        // One descriptor at a time is written back, 8 are fetched ahead.
        w32(bench, reg::TXDCTL, 1 << 24 | 1 << 16 | 1 << 8 | 8);
        w32(bench, reg::TCTL, 1 << 1 | 1 << 3 | 0xf << 4 | 0x40 << 12 | 1 << 24);
        for index in 0..self.rings.count {
            self.rings.refill(bench, index);
        }
        w32(bench, reg::RADV, 64);
        w32(bench, reg::RDTR, 0);
        w32(bench, reg::ITR, 488);
        w32(bench, reg::RXDCTL, 1 << 24 | 4 << 16 | 8 << 8 | 32);
        self.rings.program(bench, reg::RDBAL, self.rings.rx);
        w32(bench, reg::RXCSUM, 3 << 8);
        w32(bench, reg::RDH, 0);
        w32(bench, reg::RCTL, 1 << 1 | 1 << 15 | 1 << 26);
        w32(bench, reg::RDT, (self.rings.count - 1) as u32);
        w32(bench, reg::IMS, CAUSES);
        assert_ne!(r32(bench, reg::STATUS) & LINK_UP, 0, "the link is up");
    }

    fn station(&self) -> MacAddr {
        self.station
    }

    fn send(&mut self, bench: &mut Bench, frame: &[u8]) -> bool {
        if self.rings.room() < 4 {
            self.reclaim(bench);
        }
        if self.rings.room() < 4 {
            return false;
        }
        let buffer = self.rings.tx_buffer(self.rings.tail);
        bench.ram.store(buffer, frame);
        // A context that is loaded and not used, as after a packet with other offloads.
        let context = 14_u64 | 24 << 8 | 33 << 16 | 34 << 32 | 50 << 40;
        self.rings.push(bench, context, 0x20 << 24);
        let (head, tail) = (14, frame.len() as u64 - 14);
        self.rings.push(bench, buffer, head | 1 << 20 | PART << 24);
        self.ends.push_back(self.rings.tail);
        self.rings.push(bench, buffer + head, tail | 1 << 20 | LAST << 24);
        w32(bench, reg::TDT, self.rings.tail as u32);
        true
    }

    fn service(&mut self, bench: &mut Bench) -> Vec<Vec<u8>> {
        serve(bench, |bench, _| {
            self.reclaim(bench);
            self.rings.receive(bench, 0)
        })
    }

    fn waits_for_interrupts(&self) -> bool {
        true
    }

    fn counted(&mut self, bench: &mut Bench) -> Option<Counted> {
        Some(counted(bench))
    }

    fn stop(&mut self, bench: &mut Bench) {
        w32(bench, reg::IMC, u32::MAX);
        reset_by_ports(bench);
        self.ends.clear();
    }
}
