//! Linux `8139too`: ring buffer of 32 KiB that frames run past, four transmit buffers written once, interrupts.

use super::{
    ENABLE, LOCKED, OPEN, Statistics, eeprom, padded, r8, r16, r32, reg, reset, w8, w16, w32,
    write_station,
};
use crate::Bench;

const RING: u64 = 0x10_0000;
const RING_SIZE: u64 = 32 * 1024;
const BUFFERS: u64 = 0x20_0000;
const BUFFER_SIZE: u64 = 1536;
/// RCR: no threshold, 32 KiB, bursts without limit, frames run past the end.
const RCR: u32 = 0x0000_f780;
const OWN_BROADCAST: u32 = 0x0a;
const GROUPS: u32 = 0x04;
/// TCR: gap of 96 bit times, bursts of 1024 bytes, 8 further retries.
const TCR: u32 = 0x0300_0680;
/// IMR: all but the timer's own.
const CAUSES: u16 = 0xc07f;
/// TSD: the line starts at 256 bytes.
const THRESHOLD: u32 = 0x0008_0000;
/// TSD: what means that the chip is done: TOK, TUN or TABT.
const DONE: u32 = 0x4000_c000;
/// Length of a frame that still arrives.
const ARRIVING: u64 = 0xfff0;

/// The driver of the RTL8139C.
#[derive(Debug, Default)]
pub struct Linux8139too {
    /// What it counted.
    pub statistics: Statistics,
    /// What it received, without FCS.
    pub frames: Vec<Vec<u8>>,
    /// Times that it started the receiver anew.
    pub restarts: u64,
    /// The station address it found.
    pub station: [u8; 6],
    read: u64,
    sent: u64,
    done: u64,
}

impl Linux8139too {
    /// Probes and opens.
    ///
    /// # Panics
    /// The chip is not what the driver drives, or does not do as it waits for.
    pub fn open(bench: &mut Bench) -> Self {
        let revision = bench.device().describe().pci.map_or(0, |identity| identity.revision);
        assert!(revision < 0x20, "an enhanced chip is for 8139cp");
        reset(bench, (1000, 10));
        let version = r32(bench, reg::TCR) & 0x7cc0_0000;
        assert_eq!(version, 0x7400_0000, "RTL8139C");
        let station = eeprom::station(bench);
        let mut driver = Self { station, ..Self::default() };
        driver.start(bench);
        driver
    }

    fn start(&mut self, bench: &mut Bench) {
        reset(bench, (1000, 10));
        w8(bench, reg::CR9346, OPEN);
        write_station(bench, self.station);
        self.read = 0;
        w32(bench, reg::RBSTART, RING as u32);
        w8(bench, reg::CR, ENABLE);
        w32(bench, reg::RCR, RCR);
        w32(bench, reg::TCR, TCR);
        let configuration = r8(bench, reg::CONFIG1);
        w8(bench, reg::CONFIG1, configuration | 0x20);
        w8(bench, reg::CR9346, LOCKED);
        for number in 0..4 {
            w32(bench, reg::TSAD + 4 * number, (BUFFERS + number * BUFFER_SIZE) as u32);
        }
        w32(bench, reg::MPC, 0);
        self.listen(bench, 0);
        let early = r16(bench, reg::MULINT) & 0xf000;
        w16(bench, reg::MULINT, early);
        w16(bench, reg::IMR, CAUSES);
    }

    /// Listens to groups by these hashes; none at all if there are none. The receiver runs on.
    pub fn listen(&mut self, bench: &mut Bench, hashes: u64) {
        let groups = if hashes == 0 { 0 } else { GROUPS };
        w32(bench, reg::RCR, RCR | OWN_BROADCAST | groups);
        w32(bench, reg::MAR, hashes as u32);
        w32(bench, reg::MAR + 4, (hashes >> 32) as u32);
    }

    /// Sends; `false` if all four buffers are taken.
    pub fn send(&mut self, bench: &mut Bench, frame: &[u8]) -> bool {
        if self.sent - self.done == 4 {
            return false;
        }
        let (number, frame) = (self.sent % 4, padded(frame));
        bench.ram.store(BUFFERS + number * BUFFER_SIZE, &frame);
        w32(bench, reg::TSD + 4 * number, THRESHOLD | frame.len() as u32);
        self.sent += 1;
        true
    }

    /// The interrupt handler, if the line asks for it.
    pub fn interrupt(&mut self, bench: &mut Bench) {
        while bench.line() {
            let causes = r16(bench, reg::ISR);
            self.statistics.interrupts += 1;
            // What concerns reception is acknowledged when the frames have been taken.
            w16(bench, reg::ISR, causes & !0x51);
            if causes & 0x51 != 0 {
                self.receive(bench);
                w16(bench, reg::ISR, causes & 0x51);
            }
            if causes & 0x0c != 0 {
                self.reap(bench);
                if causes & 8 != 0 {
                    w32(bench, reg::TCR, TCR | 1);
                }
            }
        }
    }

    fn receive(&mut self, bench: &mut Bench) {
        while r8(bench, reg::CR) & 1 == 0 {
            let at = self.read % RING_SIZE;
            let header = bench.ram.load_le::<4>(RING + at);
            let (status, length) = (header & 0xffff, header >> 16);
            if length == ARRIVING {
                return;
            }
            if status & 1 == 0 || !(8..=1796).contains(&length) {
                self.statistics.receive_errors += 1;
                self.restart(bench);
                return;
            }
            self.frames.push(bench.ram.load(RING + at + 4, length as usize - 4));
            self.statistics.received += 1;
            self.read = (self.read + length + 4).next_multiple_of(4);
            w16(bench, reg::CAPR, (self.read as u16).wrapping_sub(16));
        }
    }

    /// The receiver is switched off and on, which puts both pointers back.
    fn restart(&mut self, bench: &mut Bench) {
        self.restarts += 1;
        w8(bench, reg::CR, 0x04);
        w8(bench, reg::CR, ENABLE);
        w32(bench, reg::RCR, RCR | OWN_BROADCAST);
        self.read = 0;
    }

    fn reap(&mut self, bench: &mut Bench) {
        while self.done < self.sent {
            let status = r32(bench, reg::TSD + 4 * (self.done % 4));
            if status & DONE == 0 {
                return;
            }
            let failed = status & 0x6000_0000 != 0;
            let counter =
                if failed { &mut self.statistics.send_errors } else { &mut self.statistics.sent };
            *counter += 1;
            if status & 0x4000_0000 != 0 {
                // CLRABT sends it again.
                return;
            }
            self.done += 1;
        }
    }
}
