//! Linux `8139cp`: descriptor rings of 64, checksums, VLAN, large send, tally counters, interrupts.

use super::{
    ENABLE, LOCKED, OPEN, Statistics, descriptor, eeprom, padded, r8, r16, r32, reg, reset, w8,
    w16, w32, wait, write_station,
};
use crate::Bench;

const RX_RING: u64 = 0x10_0000;
const TX_RING: u64 = 0x10_1000;
const TALLY: u64 = 0x10_2000;
const RX_BUFFERS: u64 = 0x20_0000;
const TX_BUFFERS: u64 = 0x40_0000;
const COUNT: u64 = 64;
const RX_SIZE: u32 = 1536;
/// Room for a packet that is to be cut.
const TX_STRIDE: u64 = 0x1_0000;

const OWN: u32 = 1 << 31;
const EOR: u32 = 1 << 30;
const FIRST_AND_LAST: u32 = 3 << 28;
const LARGE_SEND: u32 = 1 << 27;
/// Checksums of IP and TCP.
const TCP_SUMS: u32 = 1 << 18 | 1 << 16;
/// RES of a receive descriptor.
const RECEIVE_ERROR: u32 = 1 << 20;
/// TES of a transmit descriptor.
const SEND_ERROR: u32 = 1 << 23;
/// CPCR: both rings, multiple reads and writes, checksums, tags.
const CPCR: u16 = 0x006b;
/// RCR: no threshold, bursts of 512 bytes; own station, groups and broadcast.
const RCR: u32 = 0x0000_e50e;
/// TCR: gap of 96 bit times, bursts of 1024 bytes.
const TCR: u32 = 0x0300_0600;
/// IMR.
const CAUSES: u16 = 0x80ff;

/// What the driver asks the hardware to do to a packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Checksums of IP and TCP.
    pub checksums: bool,
    /// Cut into segments of so many bytes of payload.
    pub segment: Option<u16>,
    /// Insert this tag.
    pub tag: Option<u16>,
}

/// A frame as the driver got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// Without FCS.
    pub bytes: Vec<u8>,
    /// The tag that was taken out.
    pub tag: Option<u16>,
    /// The hardware has found its TCP or UDP checksum right.
    pub checked: bool,
}

/// The driver of the RTL8139C+.
#[derive(Debug, Default)]
pub struct Linux8139cp {
    /// What it counted.
    pub statistics: Statistics,
    /// What it received.
    pub frames: Vec<Got>,
    /// Changes of the link it was told of.
    pub link_changes: u64,
    received: u64,
    sent: u64,
    done: u64,
}

impl Linux8139cp {
    /// Probes and opens.
    ///
    /// # Panics
    /// The chip is not what the driver drives, or does not do as it waits for.
    pub fn open(bench: &mut Bench) -> Self {
        let revision = bench.device().describe().pci.map_or(0, |identity| identity.revision);
        assert!(revision >= 0x20, "a plain chip is for 8139too");
        reset(bench, (1000, 10));
        let station = eeprom::station(bench);
        let driver = Self::default();
        for number in 0..COUNT {
            driver.refill(bench, number);
            descriptor(bench, TX_RING + 16 * number, 0, 0, 0);
        }
        reset(bench, (1000, 10));
        w8(bench, reg::CR9346, OPEN);
        write_station(bench, station);
        // Turning C+ mode on clears the ring addresses of the chip, so they come after.
        w16(bench, reg::CPCR, CPCR);
        w32(bench, reg::THPDS, 0);
        w32(bench, reg::THPDS + 4, 0);
        w32(bench, reg::RDSAR, RX_RING as u32);
        w32(bench, reg::RDSAR + 4, 0);
        w32(bench, reg::TNPDS, TX_RING as u32);
        w32(bench, reg::TNPDS + 4, 0);
        w8(bench, reg::CR, ENABLE);
        w8(bench, reg::MTPS, 0x06);
        w32(bench, reg::MAR, u32::MAX);
        w32(bench, reg::MAR + 4, u32::MAX);
        w32(bench, reg::RCR, RCR);
        w32(bench, reg::TCR, TCR);
        let configuration = r8(bench, reg::CONFIG1);
        w8(bench, reg::CONFIG1, configuration | 0x21);
        w8(bench, reg::CONFIG3, 0x40);
        w16(bench, reg::MULINT, 0);
        w8(bench, reg::CR9346, LOCKED);
        w16(bench, reg::IMR, CAUSES);
        driver
    }

    fn refill(&self, bench: &mut Bench, number: u64) {
        let end = if number + 1 == COUNT { EOR } else { 0 };
        let buffer = RX_BUFFERS + number * u64::from(RX_SIZE);
        descriptor(bench, RX_RING + 16 * number, OWN | end | RX_SIZE, 0, buffer);
    }

    /// Sends; `false` if the ring is full.
    pub fn send(&mut self, bench: &mut Bench, packet: &[u8], asked: Asked) -> bool {
        if self.sent - self.done == COUNT {
            return false;
        }
        let (number, packet) = (self.sent % COUNT, padded(packet));
        let buffer = TX_BUFFERS + number * TX_STRIDE;
        bench.ram.store(buffer, &packet);
        let end = if number + 1 == COUNT { EOR } else { 0 };
        let mut word = OWN | end | FIRST_AND_LAST | packet.len() as u32;
        if let Some(size) = asked.segment {
            word |= LARGE_SEND | u32::from(size) << 16;
        } else if asked.checksums {
            word |= TCP_SUMS;
        }
        let vlan = asked.tag.map_or(0, |tag| 1 << 17 | u32::from(tag.swap_bytes()));
        descriptor(bench, TX_RING + 16 * number, word, vlan, buffer);
        self.sent += 1;
        w8(bench, reg::TPPOLL, 0x40);
        true
    }

    /// The interrupt handler, if the line asks for it.
    pub fn interrupt(&mut self, bench: &mut Bench) {
        while bench.line() {
            let causes = r16(bench, reg::ISR);
            w16(bench, reg::ISR, causes);
            self.statistics.interrupts += 1;
            if causes & 0x13 != 0 {
                self.receive(bench);
            }
            if causes & 0x8c != 0 {
                self.reap(bench);
            }
            if causes & 0x20 != 0 {
                self.link_changes += 1;
            }
        }
    }

    fn receive(&mut self, bench: &mut Bench) {
        loop {
            let number = self.received % COUNT;
            let at = RX_RING + 16 * number;
            let word = bench.ram.load_le::<4>(at) as u32;
            if word & OWN != 0 {
                return;
            }
            assert_eq!(word & FIRST_AND_LAST, FIRST_AND_LAST, "a frame fits a buffer");
            if word & RECEIVE_ERROR == 0 {
                let vlan = bench.ram.load_le::<4>(at + 4) as u32;
                let length = (word & 0x1fff) as usize - 4;
                let bytes = bench.ram.load(RX_BUFFERS + number * u64::from(RX_SIZE), length);
                let tag = (vlan & 1 << 16 != 0).then(|| (vlan as u16).swap_bytes());
                let checked = match word >> 16 & 3 {
                    1 => word & 1 << 13 == 0,
                    2 => word & 1 << 14 == 0,
                    _ => false,
                };
                self.frames.push(Got { bytes, tag, checked });
                self.statistics.received += 1;
            } else {
                self.statistics.receive_errors += 1;
            }
            self.refill(bench, number);
            self.received += 1;
        }
    }

    fn reap(&mut self, bench: &mut Bench) {
        while self.done < self.sent {
            let word = bench.ram.load_le::<4>(TX_RING + 16 * (self.done % COUNT)) as u32;
            if word & OWN != 0 {
                return;
            }
            if word & SEND_ERROR == 0 {
                self.statistics.sent += 1;
            } else {
                self.statistics.send_errors += 1;
            }
            self.done += 1;
        }
    }

    /// The hardware's counters, as `ethtool -S` shows them: sent, received, sent in error, received in error, missed.
    pub fn tally(&mut self, bench: &mut Bench) -> [u64; 5] {
        w32(bench, reg::DTCCR + 4, 0);
        w32(bench, reg::DTCCR, TALLY as u32 | 8);
        wait(bench, "dump", (1000, 10), |bench| r32(bench, reg::DTCCR) & 8 == 0);
        let ram = &bench.ram;
        [
            ram.load_le::<8>(TALLY),
            ram.load_le::<8>(TALLY + 8),
            ram.load_le::<8>(TALLY + 16),
            ram.load_le::<4>(TALLY + 24),
            ram.load_le::<2>(TALLY + 28),
        ]
    }
}
