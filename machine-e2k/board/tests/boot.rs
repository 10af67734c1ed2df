//! Kernels that expect firmware before them: where they are entered, by whom, with what.

mod common;

use common::{PRELUDE, assemble, machine_with, result, run};
use elnic_board::{DeviceOptions, EntryMode, MachineConfig};
use elnic_contract::Size;

const KERNEL: u64 = 0x20_0000;

/// A system: traps at its first byte, the entry of system call 12 where that goes. Each processor counts in word 0, keeps
/// what it was given by number from word 8 on, and takes a trap that the handler counts in word 1. With `first` the same
/// stands at the first byte.
fn system(at_gate: bool) -> Vec<u8> {
    let entry = "
    { setwd wsz=16, nfx=1 }
    { addd,0 %dr1, 0, %dr12 }
    li %dr2, 0x40000
    li %dr3, 0xfee00020
    { ldw,2 [ %dr3 + 0 ], %dr1\n nop 4 }
    { shrd,0 %dr1, 24, %dr1 }
    { shld,0 %dr1, 5, %dr4 }
    { addd,0 %dr4, %dr2, %dr4 }
    { std,2 %dr12, [ %dr4 + 64 ] }
    { rrd,0 %psp.lo, %dr5\n nop 4 }
    { std,2 %dr5, [ %dr4 + 72 ] }
    { rrd,0 %oscud.lo, %dr5\n nop 4 }
    { std,2 %dr5, [ %dr4 + 80 ] }
    { rrd,0 %oscud.hi, %dr5\n nop 4 }
    { std,2 %dr5, [ %dr4 + 88 ] }
    atomic_add %dr2, 1, %dr6";
    let traps = "
    { setwd wsz=16, nfx=1 }
    li %dr2, 0x40008
    atomic_add %dr2, 1, %dr6
halt:
    { wait trap=1 }
    { ibranch halt }";
    let (first, gate) = if at_gate { (traps, entry) } else { (entry, "") };
    assemble(
        format!(
            "{PRELUDE}
    .text
    .global _start
_start:
    {first}
    {} .align 0x2000
    .skip 0x4000
gate:
    {gate}
    {{ setsft }}
1:  {{ wait trap=1 }}
    {{ ibranch 1b }}
    .align 0x1000
",
            if at_gate { "" } else { "{ wait trap=1 }" }
        ),
        KERNEL,
    )
}

/// The segment of an ELF image with a boot header before it.
fn image_boot(elf: &[u8]) -> Vec<u8> {
    let word = |at: usize| u64::from_le_bytes(elf[at..at + 8].try_into().unwrap()) as usize;
    let header = word(32);
    let (offset, length) = (word(header + 8), word(header + 32));
    let mut image = vec![0; 0x1_0000];
    image[0x100..0x102].copy_from_slice(&0x8086_u16.to_le_bytes());
    image[0x108..0x110].copy_from_slice(&KERNEL.to_le_bytes());
    image[0x10fe..0x1100].copy_from_slice(&0xaa55_u16.to_le_bytes());
    image.extend(&elf[offset..offset + length]);
    image
}

#[test]
fn every_processor_enters_a_system_through_the_gate_with_stacks_of_its_own() {
    let elf = system(true);
    for (image, mode) in [(elf.clone(), EntryMode::Scall12), (image_boot(&elf), EntryMode::Auto)] {
        for count in [1, 4] {
            let choose = |config: &mut MachineConfig| config.entry = mode;
            let mut machine = machine_with(count, &image, choose);
            run(&mut machine, 50);
            let all = u64::from(count);
            assert_eq!((result(&machine, 0), result(&machine, 1)), (all, all), "{mode:?} {count}");
            let given = |number: u64, word: u64| result(&machine, 8 + number * 4 + word);
            for number in 0..all {
                assert_eq!(given(number, 2), KERNEL | 1 << 59 | 1 << 58, "code");
                assert!(given(number, 3) >> 32 >= 0x6000, "its size");
                let mut signature = [0; 2];
                machine.peek(given(number, 0), &mut signature).unwrap();
                assert_eq!(signature, [0x86, 0x80], "the boot block");
                let stacks = given(0, 1) + number * 0x1_8000;
                assert_eq!(given(number, 1), stacks, "stacks of {number}");
            }
        }
    }
}

#[test]
fn a_system_is_entered_at_its_first_byte_if_told_so() {
    let choose = |config: &mut MachineConfig| config.entry = EntryMode::Offset0;
    let mut machine = machine_with(2, &system(false), choose);
    run(&mut machine, 50);
    assert_eq!(result(&machine, 0), 2);
}

#[test]
fn a_system_finds_the_buses_as_firmware_leaves_them() {
    let choose = |config: &mut MachineConfig| {
        config.entry = EntryMode::Scall12;
        for (model, slot) in [("e1000", "3"), ("rtl8139", "4"), ("virtio-net-pci", "5")] {
            config.devices.push(DeviceOptions::new(model, &[("addr", slot), ("timing", "off")]));
        }
    };
    let mut machine = machine_with(1, &system(true), choose);
    for _ in 0..2 {
        let mut word = |address| machine.read_memory(address, Size::Word);
        let config = 0x2_0000_0000;
        assert_eq!(word(config + 0x18), 0x0001_0100, "one bus behind the bridge");
        assert_eq!(word((config | 1 << 20 | 2 << 15 | 1 << 12) + 0x40), 0xfec0_0000);
        assert_eq!(word(0x1_1000_0040), 0xf000_8000);
        let mut windows = Vec::new();
        for (slot, pin) in [(3, 18), (4, 19), (5, 16)] {
            let function = config | slot << 15;
            assert_eq!(word(function + 4) & 7, 7, "slot {slot} decodes and masters");
            assert_eq!(word(function + 0x3c) & 0xff, pin, "slot {slot}");
            for bar in 0..6 {
                let base = word(function + 0x10 + bar * 4);
                let base = base & if base & 1 == 1 { !3 } else { !0xf };
                windows.extend((base != 0).then_some(base));
            }
        }
        assert!(windows.len() >= 6, "{windows:x?}");
        let count = windows.len();
        windows.sort_unstable();
        windows.dedup();
        assert_eq!(windows.len(), count, "no two at the same place");
        let registers = word((config | 3 << 15) + 0x10);
        assert_eq!(word(registers) & 0xffff, 0x0240, "CTRL of the e1000");
        machine.reset().unwrap();
    }
}
