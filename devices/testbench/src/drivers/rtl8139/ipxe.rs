//! iPXE `realtek`: finds out which chip it is by CPCR, polls ISR, leaves interrupts off.

use super::{
    ENABLE, LOCKED, OPEN, Statistics, descriptor, eeprom, padded, r8, r16, r32, reg, reset, w8,
    w16, w32, wait, write_station,
};
use crate::Bench;

const RING: u64 = 0x10_0000;
const RING_SIZE: u64 = 8 * 1024;
const RX_RING: u64 = 0x12_0000;
const TX_RING: u64 = 0x12_1000;
const RX_BUFFERS: u64 = 0x20_0000;
const TX_BUFFERS: u64 = 0x40_0000;
const RX_COUNT: u64 = 16;
const TX_COUNT: u64 = 16;
const RX_SIZE: u32 = 1536;
const STRIDE: u64 = 0x800;

const OWN: u32 = 1 << 31;
const EOR: u32 = 1 << 30;
const FIRST_AND_LAST: u32 = 3 << 28;
/// RCR: no threshold, bursts without limit, frames run past the end; everything but errors.
const RCR: u32 = 0x0000_e78f;
/// TCR: gap of 96 bit times, bursts without limit.
const TCR: u32 = 0x0300_0700;

/// The driver of either chip.
#[derive(Debug, Default)]
pub struct Ipxe {
    /// What it counted.
    pub statistics: Statistics,
    /// What it received, without FCS.
    pub frames: Vec<Vec<u8>>,
    /// It found the C+.
    pub enhanced: bool,
    /// Where it reads, or how many descriptors it has read.
    read: u64,
    sent: u64,
    done: u64,
}

impl Ipxe {
    /// Probes and opens.
    ///
    /// # Panics
    /// The chip does not do as the driver waits for.
    pub fn open(bench: &mut Bench) -> Self {
        reset(bench, (100, 1000));
        let station = eeprom::station(bench);
        // Only the C+ keeps these bits.
        w16(bench, reg::CPCR, 0x000b);
        let enhanced = r16(bench, reg::CPCR) & 3 == 3;
        let mut driver = Self { enhanced, ..Self::default() };
        reset(bench, (100, 1000));
        w8(bench, reg::CR9346, OPEN);
        write_station(bench, station);
        w8(bench, reg::CR9346, LOCKED);
        wait(bench, "link", (300, 10_000), |bench| r16(bench, reg::BMSR) & 4 != 0);
        if enhanced {
            driver.start_rings(bench);
        } else {
            w32(bench, reg::RBSTART, RING as u32);
        }
        w8(bench, reg::CR, ENABLE);
        w32(bench, reg::MAR, u32::MAX);
        w32(bench, reg::MAR + 4, u32::MAX);
        w32(bench, reg::TCR, TCR);
        w32(bench, reg::RCR, RCR);
        driver.read = 0;
        driver
    }

    fn start_rings(&mut self, bench: &mut Bench) {
        for number in 0..RX_COUNT {
            Self::refill(bench, number);
        }
        for number in 0..TX_COUNT {
            descriptor(bench, TX_RING + 16 * number, 0, 0, 0);
        }
        w16(bench, reg::CPCR, 0x000b);
        for (register, ring) in [(reg::TNPDS, TX_RING), (reg::RDSAR, RX_RING)] {
            w32(bench, register + 4, 0);
            w32(bench, register, ring as u32);
        }
    }

    fn refill(bench: &mut Bench, number: u64) {
        let end = if number + 1 == RX_COUNT { EOR } else { 0 };
        let buffer = RX_BUFFERS + number * STRIDE;
        descriptor(bench, RX_RING + 16 * number, OWN | end | RX_SIZE, 0, buffer);
    }

    /// Sends; `false` if there is no room.
    pub fn send(&mut self, bench: &mut Bench, frame: &[u8]) -> bool {
        let frame = padded(frame);
        let count = if self.enhanced { TX_COUNT } else { 4 };
        if self.sent - self.done == count {
            return false;
        }
        let number = self.sent % count;
        let buffer = TX_BUFFERS + number * STRIDE;
        bench.ram.store(buffer, &frame);
        if self.enhanced {
            let end = if number + 1 == count { EOR } else { 0 };
            let word = OWN | end | FIRST_AND_LAST | frame.len() as u32;
            descriptor(bench, TX_RING + 16 * number, word, 0, buffer);
            w8(bench, reg::TPPOLL, 0x40);
        } else {
            w32(bench, reg::TSAD + 4 * number, buffer as u32);
            w32(bench, reg::TSD + 4 * number, frame.len() as u32);
        }
        self.sent += 1;
        true
    }

    /// Looks at the chip.
    pub fn poll(&mut self, bench: &mut Bench) {
        let causes = r16(bench, reg::ISR);
        if causes == 0 {
            return;
        }
        self.statistics.interrupts += 1;
        w16(bench, reg::ISR, causes);
        if causes & 0x0c != 0 {
            self.reap(bench);
        }
        if causes & 0x53 != 0 {
            if self.enhanced {
                self.receive_from_ring(bench);
            } else {
                self.receive_from_buffer(bench);
            }
        }
    }

    fn reap(&mut self, bench: &mut Bench) {
        while self.done < self.sent {
            let (pending, failed) = if self.enhanced {
                let word = bench.ram.load_le::<4>(TX_RING + 16 * (self.done % TX_COUNT)) as u32;
                (word & OWN != 0, word & 1 << 23 != 0)
            } else {
                let status = r32(bench, reg::TSD + 4 * (self.done % 4));
                (status & 0x2000 == 0, status & 0x8000 == 0)
            };
            if pending {
                return;
            }
            self.done += 1;
            let counter =
                if failed { &mut self.statistics.send_errors } else { &mut self.statistics.sent };
            *counter += 1;
        }
    }

    fn receive_from_buffer(&mut self, bench: &mut Bench) {
        while r8(bench, reg::CR) & 1 == 0 {
            let header = bench.ram.load_le::<4>(RING + self.read);
            let length = header >> 16;
            assert!(length >= 4, "a frame has an FCS");
            self.frames.push(bench.ram.load(RING + self.read + 4, length as usize - 4));
            self.statistics.received += 1;
            self.read = (self.read + 4 + length).next_multiple_of(4) % RING_SIZE;
            w16(bench, reg::CAPR, (self.read as u16).wrapping_sub(16));
            // Gives the chip time to look at CAPR before CR is read again.
            r16(bench, reg::CAPR);
        }
    }

    fn receive_from_ring(&mut self, bench: &mut Bench) {
        loop {
            let number = self.read % RX_COUNT;
            let word = bench.ram.load_le::<4>(RX_RING + 16 * number) as u32;
            if word & OWN != 0 {
                return;
            }
            let length = (word & 0x1fff) as usize - 4;
            self.frames.push(bench.ram.load(RX_BUFFERS + number * STRIDE, length));
            self.statistics.received += 1;
            Self::refill(bench, number);
            self.read += 1;
        }
    }
}
