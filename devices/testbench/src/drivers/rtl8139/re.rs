//! FreeBSD `re` on the C+: packets in pieces, a timer instead of transmit interrupts, a check of itself by loopback.

use elnic_contract::VDuration;

use super::{
    ENABLE, LOCKED, OPEN, Statistics, descriptor, eeprom, padded, r16, r32, reg, reset, w8, w16,
    w32, wait, write_station,
};
use crate::Bench;

const RX_RING: u64 = 0x10_0000;
const TX_RING: u64 = 0x10_1000;
const RX_BUFFERS: u64 = 0x20_0000;
const TX_BUFFERS: u64 = 0x40_0000;
const COUNT: u64 = 64;
const RX_SIZE: u32 = 2048;
const TX_STRIDE: u64 = 0x1000;
/// Bytes of a piece of a packet.
const PIECE: usize = 256;

const OWN: u32 = 1 << 31;
const EOR: u32 = 1 << 30;
const FIRST: u32 = 1 << 29;
const LAST: u32 = 1 << 28;
/// CPCR: both rings, multiple reads and writes, checksums.
const CPCR: u16 = 0x002b;
/// RCR: no threshold, bursts without limit; own station, groups, broadcast.
const RCR: u32 = 0x0000_e70e;
const ALL_STATIONS: u32 = 1;
/// TCR: gap of 96 bit times, bursts without limit.
const TCR: u32 = 0x0300_0700;
const LOOPBACK: u32 = 0x0006_0000;
/// IMR: frames received, errors, link, timer; not TOK.
const CAUSES: u16 = 0xc07b;
/// PCI clocks from a transmission to the look at its descriptors.
const MODERATION: u32 = 0x400;

/// The driver of the RTL8139C+.
#[derive(Debug, Default)]
pub struct FreebsdRe {
    /// What it counted.
    pub statistics: Statistics,
    /// What it received, without FCS.
    pub frames: Vec<Vec<u8>>,
    /// Interrupts of the timer.
    pub ticks: u64,
    received: u64,
    /// Descriptors given.
    given: u64,
    /// Descriptors taken back.
    taken: u64,
}

impl FreebsdRe {
    /// Attaches and starts.
    ///
    /// # Panics
    /// The chip does not do as the driver waits for.
    pub fn open(bench: &mut Bench) -> Self {
        let mut driver = Self::default();
        driver.start(bench, 0, 0);
        driver
    }

    fn start(&mut self, bench: &mut Bench, more_tcr: u32, more_rcr: u32) {
        reset(bench, (1000, 10));
        let station = eeprom::station(bench);
        (self.received, self.given, self.taken) = (0, 0, 0);
        for number in 0..COUNT {
            Self::refill(bench, number);
            descriptor(bench, TX_RING + 16 * number, 0, 0, 0);
        }
        w16(bench, reg::CPCR, CPCR);
        w8(bench, reg::CR9346, OPEN);
        write_station(bench, station);
        w8(bench, reg::CR9346, LOCKED);
        for (register, ring) in [(reg::RDSAR, RX_RING), (reg::TNPDS, TX_RING)] {
            w32(bench, register + 4, 0);
            w32(bench, register, ring as u32);
        }
        w8(bench, reg::CR, ENABLE);
        w8(bench, reg::MTPS, 16);
        w32(bench, reg::TCR, TCR | more_tcr);
        w32(bench, reg::RCR, RCR | more_rcr);
        w32(bench, reg::MAR, 0);
        w32(bench, reg::MAR + 4, 0);
        w16(bench, reg::ISR, 0xffff);
        w16(bench, reg::IMR, CAUSES);
        w32(bench, reg::MPC, 0);
        w32(bench, reg::TIMERINT, MODERATION);
    }

    fn refill(bench: &mut Bench, number: u64) {
        let end = if number + 1 == COUNT { EOR } else { 0 };
        let buffer = RX_BUFFERS + number * u64::from(RX_SIZE);
        // Sizes of receive buffers are multiples of 8 below 8 KiB.
        descriptor(bench, RX_RING + 16 * number, OWN | end | RX_SIZE, 0, buffer);
    }

    /// Sends in pieces; `false` if the ring has no room for them all.
    pub fn send(&mut self, bench: &mut Bench, frame: &[u8]) -> bool {
        let frame = padded(frame);
        let pieces = frame.len().div_ceil(PIECE) as u64;
        if self.given - self.taken + pieces > COUNT {
            return false;
        }
        // The first descriptor is given last, so that the chip meets a whole packet.
        for (index, piece) in frame.chunks(PIECE).enumerate().rev() {
            let index = index as u64;
            let number = (self.given + index) % COUNT;
            let buffer = TX_BUFFERS + number * TX_STRIDE;
            bench.ram.store(buffer, piece);
            let mut word = OWN | piece.len() as u32;
            word |= if number + 1 == COUNT { EOR } else { 0 };
            word |= if index == 0 { FIRST } else { 0 };
            word |= if index + 1 == pieces { LAST } else { 0 };
            descriptor(bench, TX_RING + 16 * number, word, 0, buffer);
        }
        self.given += pieces;
        w8(bench, reg::TPPOLL, 0x40);
        // Counting anew puts the look at the descriptors off.
        w32(bench, reg::TCTR, 1);
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
            if causes & 0x4000 != 0 {
                self.ticks += 1;
            }
            self.reap(bench);
        }
    }

    fn receive(&mut self, bench: &mut Bench) {
        loop {
            let number = self.received % COUNT;
            let word = bench.ram.load_le::<4>(RX_RING + 16 * number) as u32;
            if word & OWN != 0 {
                return;
            }
            let length = (word & 0x1fff) as usize - 4;
            self.frames.push(bench.ram.load(RX_BUFFERS + number * u64::from(RX_SIZE), length));
            self.statistics.received += 1;
            Self::refill(bench, number);
            self.received += 1;
        }
    }

    fn reap(&mut self, bench: &mut Bench) {
        while self.taken < self.given {
            let word = bench.ram.load_le::<4>(TX_RING + 16 * (self.taken % COUNT)) as u32;
            if word & OWN != 0 {
                return;
            }
            self.taken += 1;
            if word & LAST != 0 && word & 1 << 23 == 0 {
                self.statistics.sent += 1;
            } else if word & LAST != 0 {
                self.statistics.send_errors += 1;
            }
        }
    }

    /// Sends a frame to itself and looks at what comes back; then starts as usual.
    ///
    /// # Panics
    /// Nothing comes back, or something else.
    pub fn check_itself(&mut self, bench: &mut Bench, frame: &[u8]) {
        self.start(bench, LOOPBACK, ALL_STATIONS);
        w16(bench, reg::IMR, 0);
        self.send(bench, frame);
        wait(bench, "looped frame", (100, 50), |bench| r16(bench, reg::ISR) & 1 != 0);
        bench.advance(VDuration::from_micros(1));
        self.receive(bench);
        assert_eq!(self.frames.pop().as_deref(), Some(&padded(frame)[..]), "what was sent");
        assert!(self.frames.is_empty() && r32(bench, reg::MPC) == 0, "and nothing else");
        self.start(bench, 0, 0);
        *self = Self {
            received: self.received,
            given: self.given,
            taken: self.taken,
            ..Self::default()
        };
    }
}
