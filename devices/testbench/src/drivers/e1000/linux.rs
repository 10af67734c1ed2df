//! Linux `e1000`: reset by the I/O window, EEPROM bit by bit, negotiation restarted, interrupts, delay timers, moderation.

use elnic_contract::MacAddr;

use super::{
    CAUSES, LINK_UP, Rings, TIPG_COPPER, clear_statistics, counted, microwire_word, milliseconds,
    poll, r32, read_phy, reg, reset_by_ports, serve, set_station, station_from, w32, write_phy,
};
use crate::Bench;
use crate::drivers::{Counted, NicDriver};

const LSC: u32 = 4;
/// EOP, IFCS, RS, IDE.
const COMMAND: u64 = 0x8b;

/// The driver.
#[derive(Clone, Debug)]
pub struct LinuxE1000 {
    rings: Rings,
    station: MacAddr,
    /// Interrupts it has handled.
    pub interrupts: u64,
    /// Changes of the link it was told of.
    pub link_changes: u64,
}

impl Default for LinuxE1000 {
    fn default() -> Self {
        let rings = Rings::new(0x10_0000, 64);
        Self { rings, station: MacAddr::default(), interrupts: 0, link_changes: 0 }
    }
}

impl LinuxE1000 {
    fn probe(&mut self, bench: &mut Bench) {
        reset_by_ports(bench);
        let sum = (0..64).fold(0_u16, |sum, at| sum.wrapping_add(microwire_word(bench, at)));
        assert_eq!(sum, 0xbaba, "The EEPROM Checksum Is Not Valid");
        self.station = station_from([0, 1, 2].map(|word| microwire_word(bench, word)));
        reset_by_ports(bench);
    }

    /// Everything up to the rings.
    fn init_hardware(&self, bench: &mut Bench) {
        for entry in 0..128 {
            w32(bench, reg::VFTA + entry * 4, 0);
        }
        set_station(bench, self.station);
        for entry in 1..16 {
            w32(bench, reg::RAL + entry * 8, 0);
            w32(bench, reg::RAH + entry * 8, 0);
        }
        for entry in 0..128 {
            w32(bench, reg::MTA + entry * 4, 0);
        }
        w32(bench, reg::PBA, 0x30);
        self.set_up_link(bench);
        w32(bench, reg::TXDCTL, 0x0101_0000);
        clear_statistics(bench);
    }

    fn set_up_link(&self, bench: &mut Bench) {
        let ctrl = r32(bench, reg::CTRL) & !(1 << 11 | 1 << 12);
        w32(bench, reg::CTRL, ctrl | 1 << 6);
        let identity = u32::from(read_phy(bench, 2)) << 16 | u32::from(read_phy(bench, 3));
        assert_eq!(identity & 0xffff_ff0f, 0x0141_0c00 | identity & 0xf, "a known PHY");
        let specific = read_phy(bench, 16);
        write_phy(bench, 16, specific | 0x0800 | 0x0060);
        let extended = read_phy(bench, 20);
        write_phy(bench, 20, extended | 0x0070);
        let control = read_phy(bench, 0);
        write_phy(bench, 0, control | 0x8000);
        write_phy(bench, 4, 0x0de1);
        write_phy(bench, 9, 0x0200);
        let control = read_phy(bench, 0);
        write_phy(bench, 0, control | 0x1200);
        for (offset, value) in [
            (reg::FCT, 0x8808),
            (reg::FCAH, 0x0100),
            (reg::FCAL, 0x00c2_8001),
            (reg::FCTTV, 0xffff),
            (reg::FCRTL, 0x8000_9e00),
            (reg::FCRTH, 0xa600),
        ] {
            w32(bench, offset, value);
        }
    }

    fn configure(&mut self, bench: &mut Bench) {
        self.rings = Rings::new(0x10_0000, 64);
        w32(bench, reg::VET, 0x8100);
        w32(bench, reg::RCTL, 1 << 15);
        self.rings.program(bench, reg::TDBAL, self.rings.tx);
        w32(bench, reg::TDT, 0);
        w32(bench, reg::TDH, 0);
        w32(bench, reg::TIPG, TIPG_COPPER);
        w32(bench, reg::TIDV, 8);
        w32(bench, reg::TADV, 32);
        let tctl = 1 << 3 | 0xf << 4 | 0x40 << 12 | 1 << 24;
        w32(bench, reg::TCTL, tctl | 1 << 1);
        // Broadcast, half of the ring as threshold, 2048 bytes.
        let rctl = 1 << 1 | 1 << 15;
        w32(bench, reg::RCTL, rctl & !(1 << 1));
        w32(bench, reg::RDTR, 0);
        w32(bench, reg::RADV, 8);
        w32(bench, reg::ITR, 1_000_000_000 / (8_000 * 256));
        self.rings.program(bench, reg::RDBAL, self.rings.rx);
        w32(bench, reg::RDT, 0);
        w32(bench, reg::RDH, 0);
        w32(bench, reg::RXCSUM, 1 << 9);
        w32(bench, reg::RCTL, rctl);
        for index in 0..self.rings.count {
            self.rings.refill(bench, index);
        }
        w32(bench, reg::RDT, (self.rings.count - 1) as u32);
    }
}

impl NicDriver for LinuxE1000 {
    fn name(&self) -> &'static str {
        "Linux e1000"
    }

    fn start(&mut self, bench: &mut Bench) {
        self.probe(bench);
        self.init_hardware(bench);
        self.configure(bench);
        w32(bench, reg::IMS, CAUSES);
        r32(bench, reg::STATUS);
        w32(bench, reg::ICS, LSC);
        poll(bench, "link", (45, 100_000), |bench| r32(bench, reg::STATUS) & LINK_UP != 0);
        self.service(bench);
        assert!(self.link_changes > 0, "it was told of the link");
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
        // Extended data descriptors throughout.
        let second = frame.len() as u64 | 1 << 20 | (COMMAND | 0x20) << 24;
        self.rings.push(bench, buffer, second);
        w32(bench, reg::TDT, self.rings.tail as u32);
        true
    }

    fn service(&mut self, bench: &mut Bench) -> Vec<Vec<u8>> {
        serve(bench, |bench, causes| {
            self.interrupts += 1;
            if causes & LSC != 0 {
                self.link_changes += 1;
                read_phy(bench, 1);
                read_phy(bench, 1);
            }
            self.rings.reclaim(bench);
            self.rings.receive(bench, 4)
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
        let rctl = r32(bench, reg::RCTL);
        w32(bench, reg::RCTL, rctl & !(1 << 1));
        let tctl = r32(bench, reg::TCTL);
        w32(bench, reg::TCTL, tctl & !(1 << 1));
        r32(bench, reg::STATUS);
        milliseconds(bench, 10);
        reset_by_ports(bench);
    }
}
