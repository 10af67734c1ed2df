//! Drivers of the Intel 8254x: Linux `e1000`, FreeBSD `em`, iPXE `intel`, and Linux's `ethtool -t` (nic-models.md §8.4).

pub mod ethtool;
mod freebsd;
mod ipxe;
mod linux;

use elnic_contract::{MacAddr, Size, VDuration};
use elnic_script::Place;

use crate::Bench;
use crate::drivers::Counted;

pub use freebsd::FreeBsdEm;
pub use ipxe::IpxeIntel;
pub use linux::LinuxE1000;

pub(crate) mod reg {
    pub(crate) const CTRL: u64 = 0x0000;
    pub(crate) const STATUS: u64 = 0x0008;
    pub(crate) const EECD: u64 = 0x0010;
    pub(crate) const EERD: u64 = 0x0014;
    pub(crate) const CTRL_EXT: u64 = 0x0018;
    pub(crate) const MDIC: u64 = 0x0020;
    pub(crate) const FCAL: u64 = 0x0028;
    pub(crate) const FCAH: u64 = 0x002c;
    pub(crate) const FCT: u64 = 0x0030;
    pub(crate) const VET: u64 = 0x0038;
    pub(crate) const ICR: u64 = 0x00c0;
    pub(crate) const ITR: u64 = 0x00c4;
    pub(crate) const ICS: u64 = 0x00c8;
    pub(crate) const IMS: u64 = 0x00d0;
    pub(crate) const IMC: u64 = 0x00d8;
    pub(crate) const RCTL: u64 = 0x0100;
    pub(crate) const FCTTV: u64 = 0x0170;
    pub(crate) const TXCW: u64 = 0x0178;
    pub(crate) const TCTL: u64 = 0x0400;
    pub(crate) const TIPG: u64 = 0x0410;
    pub(crate) const PBA: u64 = 0x1000;
    pub(crate) const FCRTL: u64 = 0x2160;
    pub(crate) const FCRTH: u64 = 0x2168;
    pub(crate) const RDBAL: u64 = 0x2800;
    pub(crate) const RDBAH: u64 = 0x2804;
    pub(crate) const RDLEN: u64 = 0x2808;
    pub(crate) const RDH: u64 = 0x2810;
    pub(crate) const RDT: u64 = 0x2818;
    pub(crate) const RDTR: u64 = 0x2820;
    pub(crate) const RXDCTL: u64 = 0x2828;
    pub(crate) const RADV: u64 = 0x282c;
    pub(crate) const TDBAL: u64 = 0x3800;
    pub(crate) const TDBAH: u64 = 0x3804;
    pub(crate) const TDLEN: u64 = 0x3808;
    pub(crate) const TDH: u64 = 0x3810;
    pub(crate) const TDT: u64 = 0x3818;
    pub(crate) const TIDV: u64 = 0x3820;
    pub(crate) const TXDCTL: u64 = 0x3828;
    pub(crate) const TADV: u64 = 0x382c;
    pub(crate) const STATISTICS: std::ops::Range<u64> = 0x4000..0x4100;
    pub(crate) const CRCERRS: u64 = 0x4000;
    pub(crate) const RXERRC: u64 = 0x400c;
    pub(crate) const MPC: u64 = 0x4010;
    pub(crate) const RLEC: u64 = 0x4040;
    pub(crate) const GPRC: u64 = 0x4074;
    pub(crate) const BPRC: u64 = 0x4078;
    pub(crate) const GPTC: u64 = 0x4080;
    pub(crate) const GORCL: u64 = 0x4088;
    pub(crate) const GORCH: u64 = 0x408c;
    pub(crate) const RNBC: u64 = 0x40a0;
    pub(crate) const RXCSUM: u64 = 0x5000;
    pub(crate) const MTA: u64 = 0x5200;
    pub(crate) const RAL: u64 = 0x5400;
    pub(crate) const RAH: u64 = 0x5404;
    pub(crate) const VFTA: u64 = 0x5600;
    pub(crate) const MANC: u64 = 0x5820;
}

/// CTRL.RST.
const RST: u32 = 1 << 26;
/// The part that does not load its EEPROM by itself after a reset.
const ID_82544GC: u16 = 0x100c;
/// STATUS.LU.
const LINK_UP: u32 = 1 << 1;
/// TIPG for copper.
const TIPG_COPPER: u32 = 8 | 8 << 10 | 6 << 20;
/// Descriptor status: done, end of packet.
const DONE: u8 = 1;
const END_OF_PACKET: u8 = 2;

fn place(offset: u64) -> Place {
    Place { region: 0, offset }
}

fn r32(bench: &mut Bench, offset: u64) -> u32 {
    bench.read(place(offset), Size::Word).expect("the chip decodes its window") as u32
}

fn w32(bench: &mut Bench, offset: u64, value: u32) {
    bench.write(place(offset), Size::Word, value.into()).expect("the chip decodes its window");
}

/// Writes a register through the I/O window, as drivers reset the chips that choke on a posted write to CTRL.
fn w32_io(bench: &mut Bench, offset: u64, value: u32) {
    for (at, value) in [(0, offset), (4, value.into())] {
        let place = Place { region: 1, offset: at };
        bench.write(place, Size::Word, value).expect("the I/O window is decoded");
    }
}

/// The reset that the drivers of Intel's own make share: by the I/O window, for a posted write to CTRL is never acknowledged.
fn reset_by_ports(bench: &mut Bench) {
    w32(bench, reg::IMC, u32::MAX);
    w32(bench, reg::RCTL, 0);
    w32(bench, reg::TCTL, 1 << 3);
    r32(bench, reg::STATUS);
    milliseconds(bench, 10);
    let ctrl = r32(bench, reg::CTRL);
    w32_io(bench, reg::CTRL, ctrl | RST);
    if bench.device().describe().pci.is_some_and(|pci| pci.device == ID_82544GC) {
        // Older parts do not load the EEPROM by themselves.
        microseconds(bench, 10);
        let extended = r32(bench, reg::CTRL_EXT);
        w32(bench, reg::CTRL_EXT, extended | 1 << 13);
        milliseconds(bench, 2);
    } else {
        milliseconds(bench, 5);
    }
    assert_eq!(r32(bench, reg::CTRL) & RST, 0, "the reset is over");
    let manc = r32(bench, reg::MANC);
    w32(bench, reg::MANC, manc & !(1 << 13));
    w32(bench, reg::IMC, u32::MAX);
    r32(bench, reg::ICR);
}

fn milliseconds(bench: &mut Bench, count: u64) {
    bench.advance(VDuration::from_millis(count));
}

fn microseconds(bench: &mut Bench, count: u64) {
    bench.advance(VDuration::from_micros(count));
}

/// Asks until `done`, at most `times` times, `pause` µs apart.
///
/// # Panics
/// Never done.
fn poll(
    bench: &mut Bench,
    what: &str,
    (times, pause): (u32, u64),
    mut done: impl FnMut(&mut Bench) -> bool,
) {
    for _ in 0..times {
        if done(bench) {
            return;
        }
        microseconds(bench, pause);
    }
    panic!("{what}: not within {times} times {pause} µs");
}

fn mdic(bench: &mut Bench, command: u32) -> u16 {
    w32(bench, reg::MDIC, command | 1 << 21);
    poll(bench, "MDIC ready", (640, 50), |bench| r32(bench, reg::MDIC) >> 28 & 1 != 0);
    let answer = r32(bench, reg::MDIC);
    assert_eq!(answer >> 30 & 1, 0, "the PHY answers");
    answer as u16
}

fn read_phy(bench: &mut Bench, register: u32) -> u16 {
    mdic(bench, 2 << 26 | register << 16)
}

fn write_phy(bench: &mut Bench, register: u32, value: u16) {
    mdic(bench, 1 << 26 | register << 16 | u32::from(value));
}

/// A word of the EEPROM, bit by bit: ask for it, start bit and opcode, six bits of address, sixteen of data.
fn microwire_word(bench: &mut Bench, address: u16) -> u16 {
    const SK: u32 = 1;
    const CS: u32 = 2;
    const DI: u32 = 4;
    const DO: u32 = 8;
    const REQ: u32 = 0x40;
    const GNT: u32 = 0x80;
    let base = r32(bench, reg::EECD) & !(SK | CS | DI) | REQ;
    w32(bench, reg::EECD, base);
    poll(bench, "EECD.GNT", (1000, 5), |bench| r32(bench, reg::EECD) & GNT != 0);
    let bit = |bench: &mut Bench, level: u32| {
        for clock in [0, SK, 0] {
            w32(bench, reg::EECD, base | CS | level | clock);
            microseconds(bench, 50);
        }
        r32(bench, reg::EECD) & DO != 0
    };
    for n in (0..9).rev() {
        let command = 0b110 << 6 | address;
        bit(bench, if command >> n & 1 != 0 { DI } else { 0 });
    }
    let word = (0..16).fold(0, |word, _| word << 1 | u16::from(bit(bench, 0)));
    w32(bench, reg::EECD, base);
    w32(bench, reg::EECD, base & !REQ);
    word
}

/// A word of the EEPROM by EERD.
fn eerd_word(bench: &mut Bench, address: u32) -> u16 {
    w32(bench, reg::EERD, address << 8 | 1);
    poll(bench, "EERD.DONE", (100, 10), |bench| r32(bench, reg::EERD) & 0x10 != 0);
    (r32(bench, reg::EERD) >> 16) as u16
}

fn station_from(words: [u16; 3]) -> MacAddr {
    let [[a, b], [c, d], [e, f]] = words.map(u16::to_le_bytes);
    MacAddr([a, b, c, d, e, f])
}

fn set_station(bench: &mut Bench, station: MacAddr) {
    let [a, b, c, d, e, f] = station.0;
    w32(bench, reg::RAL, u32::from_le_bytes([a, b, c, d]));
    w32(bench, reg::RAH, u32::from_le_bytes([e, f, 0, 0x80]));
}

/// Both rings as a driver keeps them: where they are, and how far it has come.
#[derive(Clone, Debug)]
struct Rings {
    tx: u64,
    rx: u64,
    count: u64,
    buffers: u64,
    /// Next transmit descriptor to fill, and next to take back.
    tail: u64,
    clean: u64,
    /// Next receive descriptor to look at.
    next: u64,
}

/// Bytes of each buffer.
const BUFFER: u64 = 2048;

impl Rings {
    const fn new(base: u64, count: u64) -> Self {
        let (tx, rx, buffers) = (base, base + 0x2000, base + 0x4000);
        Self { tx, rx, count, buffers, tail: 0, clean: 0, next: 0 }
    }

    fn tx_buffer(&self, index: u64) -> u64 {
        self.buffers + index * BUFFER
    }

    fn rx_buffer(&self, index: u64) -> u64 {
        self.buffers + (self.count + index) * BUFFER
    }

    /// Descriptors and their number, as the base and length registers take them.
    fn program(&self, bench: &mut Bench, base: u64, ring: u64) {
        w32(bench, base + 4, (ring >> 32) as u32);
        w32(bench, base, ring as u32);
        w32(bench, base + 8, (self.count * 16) as u32);
    }

    fn room(&self) -> u64 {
        (self.clean + self.count - self.tail - 1) % self.count
    }

    /// Puts a descriptor at the tail; the caller rings the doorbell.
    fn push(&mut self, bench: &mut Bench, address: u64, second: u64) {
        let at = self.tx + self.tail * 16;
        bench.ram.store(at, &address.to_le_bytes());
        bench.ram.store(at + 8, &second.to_le_bytes());
        self.tail = (self.tail + 1) % self.count;
    }

    /// Takes back what is done, as far as it was to be reported.
    fn reclaim(&mut self, bench: &Bench) {
        while self.clean != self.tail {
            let status = bench.ram.load(self.tx + self.clean * 16 + 12, 1);
            if status[0] & DONE == 0 {
                return;
            }
            self.clean = (self.clean + 1) % self.count;
        }
    }

    /// Gives a receive descriptor its buffer.
    fn refill(&self, bench: &mut Bench, index: u64) {
        bench.ram.store(self.rx + index * 16, &self.rx_buffer(index).to_le_bytes());
        bench.ram.store(self.rx + index * 16 + 8, &[0; 8]);
    }

    /// Takes the frames that are there; `trailer` bytes at their end are FCS.
    fn receive(&mut self, bench: &mut Bench, trailer: usize) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        loop {
            let at = self.rx + self.next * 16;
            let second = bench.ram.load(at + 8, 8);
            if second[4] & DONE == 0 {
                return frames;
            }
            assert!(second[4] & END_OF_PACKET != 0, "one buffer holds a frame");
            assert_eq!(second[5], 0, "no receive error");
            let length = usize::from(u16::from_le_bytes([second[0], second[1]]));
            let mut bytes = bench.ram.load(self.rx_buffer(self.next), length);
            let data = length - trailer;
            if trailer != 0 {
                let fcs = elnic_wire::fcs::bytes(&bytes[..data]);
                assert_eq!(bytes[data..], fcs, "the FCS is the frame's");
            }
            bytes.truncate(data);
            frames.push(bytes);
            self.refill(bench, self.next);
            w32(bench, reg::RDT, self.next as u32);
            self.next = (self.next + 1) % self.count;
        }
    }
}

/// RXT0, RXDMT0, RXSEQ, TXDW, LSC: what interrupt-driven drivers ask for.
const CAUSES: u32 = 0x9d;

/// An interrupt handler's round: causes read, all masked, work done, unmasked; as long as the line asks for it.
fn serve(bench: &mut Bench, mut work: impl FnMut(&mut Bench, u32) -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for _ in 0..32 {
        // ITR is 125 µs: what is due has been signalled after it.
        microseconds(bench, 130);
        if !bench.line() {
            break;
        }
        let causes = r32(bench, reg::ICR);
        assert_ne!(causes, 0, "an interrupt has a cause");
        w32(bench, reg::IMC, u32::MAX);
        frames.extend(work(bench, causes));
        w32(bench, reg::IMS, CAUSES);
    }
    frames
}

/// Reads every counter there is, which clears it.
fn clear_statistics(bench: &mut Bench) {
    let counters = bench.device().describe().registers.iter();
    let offsets = counters.map(|row| u64::from(row.offset));
    let offsets: Vec<u64> = offsets.filter(|at| reg::STATISTICS.contains(at)).collect();
    for offset in offsets {
        r32(bench, offset);
    }
}

/// The statistics as drivers add them up.
fn counted(bench: &mut Bench) -> Counted {
    let octets = u64::from(r32(bench, reg::GORCL)) | u64::from(r32(bench, reg::GORCH)) << 32;
    let errors = [reg::CRCERRS, reg::RXERRC, reg::MPC, reg::RLEC, reg::RNBC];
    Counted {
        sent: r32(bench, reg::GPTC).into(),
        received: r32(bench, reg::GPRC).into(),
        received_broadcast: r32(bench, reg::BPRC).into(),
        received_octets: Some(octets),
        errors: errors.into_iter().map(|register| u64::from(r32(bench, register))).sum(),
    }
}
