//! Drivers of the RTL8139: [`Linux8139too`], [`Linux8139cp`], [`FreebsdRe`] and [`Ipxe`].

mod cp;
mod eeprom;
mod ipxe;
mod re;
mod too;

use elnic_contract::{Size, VDuration};
use elnic_script::Place;

use crate::Bench;

pub use cp::{Asked, Got, Linux8139cp};
pub use ipxe::Ipxe;
pub use re::FreebsdRe;
pub use too::Linux8139too;

/// The window in memory space.
const WINDOW: u8 = 1;
/// Shortest frame without FCS; who sends less pads.
const SHORTEST: usize = 60;

/// Offsets of registers.
mod reg {
    pub(super) const IDR: u64 = 0x00;
    pub(super) const MAR: u64 = 0x08;
    pub(super) const TSD: u64 = 0x10;
    pub(super) const DTCCR: u64 = 0x10;
    pub(super) const TSAD: u64 = 0x20;
    pub(super) const TNPDS: u64 = 0x20;
    pub(super) const THPDS: u64 = 0x28;
    pub(super) const RBSTART: u64 = 0x30;
    pub(super) const CR: u64 = 0x37;
    pub(super) const CAPR: u64 = 0x38;
    pub(super) const IMR: u64 = 0x3c;
    pub(super) const ISR: u64 = 0x3e;
    pub(super) const TCR: u64 = 0x40;
    pub(super) const RCR: u64 = 0x44;
    pub(super) const TCTR: u64 = 0x48;
    pub(super) const MPC: u64 = 0x4c;
    pub(super) const CR9346: u64 = 0x50;
    pub(super) const CONFIG1: u64 = 0x52;
    pub(super) const CONFIG3: u64 = 0x59;
    pub(super) const TIMERINT: u64 = 0x54;
    pub(super) const MULINT: u64 = 0x5c;
    pub(super) const BMSR: u64 = 0x64;
    pub(super) const TPPOLL: u64 = 0xd9;
    pub(super) const CPCR: u64 = 0xe0;
    pub(super) const RDSAR: u64 = 0xe4;
    pub(super) const MTPS: u64 = 0xec;
}

/// CR: receiver and transmitter enabled.
const ENABLE: u8 = 0x0c;
/// 9346CR: open and locked.
const OPEN: u8 = 0xc0;
const LOCKED: u8 = 0x00;

/// What every driver counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames received.
    pub received: u64,
    /// Frames that came with an error.
    pub receive_errors: u64,
    /// Frames known to have left.
    pub sent: u64,
    /// Frames known not to have left.
    pub send_errors: u64,
    /// Calls of the interrupt handler that found something.
    pub interrupts: u64,
}

fn place(offset: u64) -> Place {
    Place { region: WINDOW, offset }
}

fn r8(bench: &mut Bench, offset: u64) -> u8 {
    bench.read(place(offset), Size::Byte).expect("the chip decodes its window") as u8
}

fn r16(bench: &mut Bench, offset: u64) -> u16 {
    bench.read(place(offset), Size::Half).expect("the chip decodes its window") as u16
}

fn r32(bench: &mut Bench, offset: u64) -> u32 {
    bench.read(place(offset), Size::Word).expect("the chip decodes its window") as u32
}

fn w8(bench: &mut Bench, offset: u64, value: u8) {
    bench.write(place(offset), Size::Byte, value.into()).expect("the chip decodes its window");
}

fn w16(bench: &mut Bench, offset: u64, value: u16) {
    bench.write(place(offset), Size::Half, value.into()).expect("the chip decodes its window");
}

fn w32(bench: &mut Bench, offset: u64, value: u32) {
    bench.write(place(offset), Size::Word, value.into()).expect("the chip decodes its window");
}

/// Looks for `done` up to `times` times, `microseconds` apart.
///
/// # Panics
/// It never comes.
fn wait(
    bench: &mut Bench,
    what: &str,
    (times, microseconds): (u32, u64),
    mut done: impl FnMut(&mut Bench) -> bool,
) {
    for _ in 0..times {
        if done(bench) {
            return;
        }
        bench.advance(VDuration::from_micros(microseconds));
    }
    panic!("{what}: gave up after {times} times {microseconds} µs");
}

/// CR.RST, and the wait for its end.
fn reset(bench: &mut Bench, patience: (u32, u64)) {
    w8(bench, reg::CR, 0x10);
    wait(bench, "reset", patience, |bench| r8(bench, reg::CR) & 0x10 == 0);
}

/// The station address, written by doublewords while it is open.
fn write_station(bench: &mut Bench, station: [u8; 6]) {
    let [a, b, c, d, e, f] = station;
    w32(bench, reg::IDR, u32::from_le_bytes([a, b, c, d]));
    w32(bench, reg::IDR + 4, u32::from_le_bytes([e, f, 0, 0]));
}

fn padded(frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame.resize(frame.len().max(SHORTEST), 0);
    frame
}

/// A descriptor of C+ mode as it stands in memory.
fn descriptor(bench: &mut Bench, at: u64, word: u32, vlan: u32, buffer: u64) {
    // The word with OWN goes last, as drivers order it.
    bench.ram.store(at + 8, &buffer.to_le_bytes());
    bench.ram.store(at + 4, &vlan.to_le_bytes());
    bench.ram.store(at, &word.to_le_bytes());
}
