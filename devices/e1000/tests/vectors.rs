//! The golden text of the guest program `e1000regs`, as far as it needs no processor.
//!
//! The text was printed by QEMU; bits in which the model differs on purpose are taken out by `QEMU_DIFFERENCES`.

mod harness;

use std::path::PathBuf;

use elnic_e1000::QEMU_DIFFERENCES;
use harness::{Machine, reg};

/// The lines of the golden text, or `None` where the vectors are not at hand.
fn expected() -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");
    let folder =
        std::env::var_os("VECTORS_DIR").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let text = std::fs::read_to_string(folder.join("programs/e1000regs.expect")).ok();
    if text.is_none() {
        println!("skipped: no golden vectors in {}; set VECTORS_DIR", folder.display());
    }
    text
}

fn same_bits(offset: u64) -> u32 {
    let listed = QEMU_DIFFERENCES.iter().find(|difference| u64::from(difference.offset) == offset);
    !listed.map_or(0, |difference| difference.bits)
}

fn hex(text: &str) -> u32 {
    u32::from_str_radix(text, 16).unwrap()
}

#[test]
fn the_values_are_those_of_the_golden_text_but_for_the_listed_bits() {
    let Some(text) = expected() else { return };
    compare(&text, Machine::wire(), same_bits);
}

#[test]
fn with_compat_qemu_the_values_are_those_of_the_golden_text() {
    let Some(text) = expected() else { return };
    compare(&text, Machine::new(&[("compat", "qemu")]), |_| u32::MAX);
}

fn compare(text: &str, mut machine: Machine, same_bits: impl Fn(u64) -> u32) {
    let mut checked = 0;
    for line in text.lines() {
        let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
        match what {
            "reset" if rest.contains('=') => {
                for (offset, value) in rest.split(' ').filter_map(|item| item.split_once('=')) {
                    let offset = u64::from(hex(offset));
                    let same = same_bits(offset);
                    assert_eq!(machine.r32(offset) & same, hex(value) & same, "{offset:#x}");
                    checked += 1;
                }
            }
            "masks" => {
                for (offset, values) in rest.split(' ').filter_map(|item| item.split_once('=')) {
                    let offset = u64::from(hex(offset));
                    let (ones, zeros) = values.split_once('/').unwrap();
                    let same = same_bits(offset);
                    machine.w32(offset, u32::MAX);
                    assert_eq!(machine.r32(offset) & same, hex(ones) & same, "{offset:#x}");
                    machine.w32(offset, 0);
                    assert_eq!(machine.r32(offset), hex(zeros), "{offset:#x}");
                    checked += 1;
                }
            }
            "phy" => {
                for (register, value) in rest.split(' ').filter_map(|item| item.split_once('=')) {
                    assert_eq!(u32::from(machine.read_phy(hex(register))), hex(value));
                    checked += 1;
                }
            }
            "icr" => {
                machine.r32(reg::ICR);
                machine.w32(reg::ICS, 0x10);
                machine.w32(reg::ICS, 0x85);
                let mut seen = vec![machine.r32(reg::ICR), machine.r32(reg::ICR)];
                machine.w32(reg::ICS, 0xff);
                machine.w32(reg::ICR, 0x0f);
                seen.push(machine.r32(reg::ICR));
                assert_eq!(seen, rest.split(' ').map(hex).collect::<Vec<_>>());
                checked += 3;
            }
            "reset" => {
                machine.w32(reg::RDBAL, 0x1234_5670);
                let ctrl = machine.r32(reg::CTRL);
                machine.w32(reg::CTRL, ctrl | 1 << 26);
                let seen = [reg::CTRL, reg::RCTL, reg::TCTL].map(|offset| machine.r32(offset));
                assert_eq!(seen.to_vec(), rest.split(' ').map(hex).collect::<Vec<_>>());
                checked += 3;
            }
            _ => {}
        }
    }
    assert!(checked > 50, "the golden text has changed its form");
}
