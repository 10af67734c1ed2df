//! Linux's `ethtool -t`: registers, EEPROM, interrupts, loopback, link (nic-models.md §0, §1.11, §10).
//!
//! The masks and patterns are those of the driver's test; what QEMU's model fails in 27 registers and in the loopback.

use super::{LINK_UP, Rings, TIPG_COPPER, milliseconds, r32, reg, w32, write_phy};
use crate::Bench;

const PATTERNS: [u32; 4] = [0x5a5a_5a5a, 0xa5a5_a5a5, 0, u32::MAX];

/// Register, bits that must hold, bits that are written.
const HOLDING: &[(u64, u32, u32)] = &[
    (reg::FCAL, u32::MAX, u32::MAX),
    (reg::FCAH, 0xffff, u32::MAX),
    (reg::FCT, 0xffff, u32::MAX),
    (reg::VET, 0xffff, u32::MAX),
    (reg::RDTR, 0xffff, 0xffff),
    (reg::RDBAH, u32::MAX, u32::MAX),
    (reg::RDLEN, 0x000f_ff80, 0x000f_ffff),
    (reg::RDH, 0xffff, 0xffff),
    (reg::RDT, 0xffff, 0xffff),
    (reg::FCRTH, 0xfff8, 0xfff8),
    (reg::FCTTV, 0xffff, 0xffff),
    (reg::TIPG, 0x3fff_ffff, 0x3fff_ffff),
    (reg::TDBAH, u32::MAX, u32::MAX),
    (reg::TDLEN, 0x000f_ff80, 0x000f_ffff),
    (reg::RDBAL, 0xffff_fff0, u32::MAX),
    (reg::TXCW, 0xc000_ffff, 0xffff),
    (reg::TDBAL, 0xffff_fff0, u32::MAX),
    (reg::TIDV, 0xffff, 0xffff),
];

/// Register, bits that are looked at, value that is written.
const SET: &[(u64, u32, u32)] = &[
    (reg::RCTL, u32::MAX, 0),
    (reg::RCTL, 0x06df_b3fe, 0x003f_fffb),
    (reg::RCTL, 0x06df_b3fe, u32::MAX),
    (reg::TCTL, u32::MAX, 0),
];

/// Test 1: registers hold what they can hold, and nothing else. Leaves the chip to be reset.
///
/// # Errors
/// The registers that fail, with what they show.
pub fn registers(bench: &mut Bench) -> Result<(), String> {
    let mut failed = Vec::new();
    let before = r32(bench, reg::STATUS);
    w32(bench, reg::STATUS, 0xffff_f833);
    let after = r32(bench, reg::STATUS);
    if (before ^ after) & 0xffff_f833 != 0 {
        failed.push(format!("STATUS changed to {after:#x}"));
    }
    w32(bench, reg::STATUS, before);
    let stations = (0..16).map(|n| (reg::RAH + n * 8, 0x8003_ffff, u32::MAX));
    let hashes = (0..128).map(|n| (reg::MTA + n * 4, u32::MAX, u32::MAX));
    for (offset, mask, write) in HOLDING.iter().copied().chain(stations).chain(hashes) {
        for pattern in PATTERNS {
            w32(bench, offset, pattern & write);
            let (shown, wanted) = (r32(bench, offset), pattern & write & mask);
            if shown != wanted {
                failed.push(format!("{offset:#x} shows {shown:#x}, not {wanted:#x}"));
            }
        }
    }
    for (offset, mask, write) in SET {
        w32(bench, *offset, write & mask);
        let (shown, wanted) = (r32(bench, *offset) & mask, write & mask);
        if shown != wanted {
            failed.push(format!("{offset:#x} shows {shown:#x}, not {wanted:#x}"));
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// Test 2: the EEPROM adds up.
///
/// # Errors
/// Its sum.
pub fn eeprom(bench: &mut Bench) -> Result<(), String> {
    let words = (0..64).map(|word| super::microwire_word(bench, word));
    let sum = words.fold(0_u16, u16::wrapping_add);
    if sum == 0xbaba { Ok(()) } else { Err(format!("the EEPROM adds up to {sum:#06x}")) }
}

/// Test 3: each of the first ten causes raises an interrupt when it may, and none when it may not.
///
/// # Errors
/// The cause, and what it did.
pub fn interrupts(bench: &mut Bench) -> Result<(), String> {
    w32(bench, reg::IMC, u32::MAX);
    r32(bench, reg::ICR);
    milliseconds(bench, 10);
    for bit in (0..10).filter(|bit| *bit != 8) {
        let mask = 1 << bit;
        // (mask, set, may it interrupt)
        for (clear, enable, set, wanted) in [
            (mask, 0, mask, false),
            (0, mask, mask, true),
            (!mask & 0x7fff, 0, !mask & 0x7fff, false),
        ] {
            w32(bench, reg::IMC, clear);
            w32(bench, reg::IMS, enable);
            w32(bench, reg::ICS, set);
            milliseconds(bench, 10);
            let raised = bench.line();
            let causes = r32(bench, reg::ICR);
            if raised != wanted || (wanted && causes & mask == 0) {
                return Err(format!("cause {bit}: line {raised}, ICR {causes:#x}"));
            }
        }
        w32(bench, reg::IMC, mask);
    }
    w32(bench, reg::IMC, u32::MAX);
    Ok(())
}

const FRAME: usize = 1024;
const FRAMES: u64 = 64;

fn loopback_frame() -> Vec<u8> {
    let mut frame = vec![0xff; FRAME];
    frame[FRAME / 2..FRAME - 1].fill(0xaa);
    frame[FRAME / 2 + 10] = 0xbe;
    frame[FRAME / 2 + 12] = 0xaf;
    frame
}

/// Test 4: frames that the PHY sends back come back.
///
/// # Errors
/// Which frame did not.
pub fn loopback(bench: &mut Bench) -> Result<(), String> {
    let mut rings = Rings::new(0x70_0000, 128);
    rings.program(bench, reg::TDBAL, rings.tx);
    w32(bench, reg::TDH, 0);
    w32(bench, reg::TDT, 0);
    w32(bench, reg::TIPG, TIPG_COPPER);
    w32(bench, reg::TCTL, 1 << 1 | 1 << 3 | 0xf << 4 | 0x40 << 12);
    let rctl = r32(bench, reg::RCTL);
    w32(bench, reg::RCTL, rctl & !(1 << 1));
    rings.program(bench, reg::RDBAL, rings.rx);
    w32(bench, reg::RDH, 0);
    w32(bench, reg::RDT, 0);
    for index in 0..rings.count {
        rings.refill(bench, index);
    }
    w32(bench, reg::RCTL, 1 << 1 | 1 << 15);
    write_phy(bench, 16, 0x0808);
    write_phy(bench, 0, 0x9140);
    write_phy(bench, 0, 0x8140);
    write_phy(bench, 0, 0x4140);
    let ctrl = r32(bench, reg::CTRL) & !(3 << 8);
    w32(bench, reg::CTRL, ctrl | 1 << 11 | 1 << 12 | 2 << 8 | 1 | 1 << 7);
    super::microseconds(bench, 500);
    w32(bench, reg::RDT, (rings.count - 1) as u32);
    let frame = loopback_frame();
    for _ in 0..FRAMES {
        let buffer = rings.tx_buffer(rings.tail);
        bench.ram.store(buffer, &frame);
        rings.push(bench, buffer, frame.len() as u64 | 0x0b << 24);
    }
    let start = bench.events().len();
    w32(bench, reg::TDT, rings.tail as u32);
    milliseconds(bench, 200);
    let came = rings.receive(bench, 4);
    let escaped = super::super::conversation::sent_since(bench, start).len();
    write_phy(bench, 0, 0x9140);
    if escaped != 0 {
        return Err(format!("{escaped} frames went onto the cable"));
    }
    if came.len() as u64 != FRAMES {
        return Err(format!("{} of {FRAMES} frames came back", came.len()));
    }
    match came.iter().position(|came| *came != frame) {
        Some(number) => Err(format!("frame {number} came back changed")),
        None => Ok(()),
    }
}

/// Test 5: there is a link, after the time that negotiation may take.
///
/// # Errors
/// There is none.
pub fn link(bench: &mut Bench) -> Result<(), String> {
    milliseconds(bench, 4_000);
    if r32(bench, reg::STATUS) & LINK_UP != 0 { Ok(()) } else { Err("there is no link".to_owned()) }
}
