//! Registers: identity, windows, locks, resets (DS register descriptions; PCI configuration space).

mod harness;

use elnic_contract::{Fault, Size, VDuration};
use elnic_pci::{FunctionOptions, PciFunction, Space};
use elnic_rtl8139::{ENTRY, MODEL, QEMU_DIFFERENCES};
use elnic_script::Place;
use elnic_testbench::PciBench;
use harness::{Machine, RECEIVE, TRANSMIT, reg};

fn function(properties: &[(&str, &str)]) -> PciBench {
    let device = ENTRY.make(properties.iter().copied()).unwrap();
    PciBench::new(PciFunction::new(device, FunctionOptions::default()).unwrap())
}

#[test]
fn a_function_is_what_drivers_look_for() {
    for (rev, revision) in [("cplus", 0x20), ("c", 0x10)] {
        let mut bench = function(&[("rev", rev)]);
        assert_eq!(bench.config(0x00, Size::Word), 0x8139_10ec);
        assert_eq!(bench.config(0x08, Size::Word), 0x0200_0000 | revision);
        assert_eq!(bench.config(0x2c, Size::Word), 0x1100_1af4);
        assert_eq!(bench.config(0x3d, Size::Byte), 1);
        assert_eq!(bench.config(0x06, Size::Half) & 0x10, 0, "no capabilities");
        for (slot, mask) in [(0x10, 0xffff_ff01), (0x14, 0xffff_ff00), (0x18, 0), (0x24, 0)] {
            bench.set_config(slot, Size::Word, 0xffff_ffff);
            assert_eq!(bench.config(slot, Size::Word), mask, "{slot:#x}");
        }
    }
}

#[test]
fn power_management_is_there_if_asked_for() {
    let bench = function(&[("pm", "on")]);
    assert_eq!(bench.config(0x34, Size::Byte), 0x50);
    assert_eq!(bench.config(0x50, Size::Half), 0x0001, "power management, and no more");
    assert_eq!(bench.config(0x52, Size::Half), 0xf602, "version 2; D1, D2; PME from D1 to D3cold");
}

#[test]
fn both_base_addresses_show_the_same_registers() {
    let mut bench = function(&[]);
    bench.set_config(0x10, Size::Word, 0xc000);
    bench.set_config(0x14, Size::Word, 0xfebf_0000);
    bench.command(7);
    for offset in 0..0x40_u64 {
        let port = bench.read(Space::Io, 0xc000 + 4 * offset, Size::Word).unwrap().unwrap();
        let memory = bench.read(Space::Memory, 0xfebf_0000 + 4 * offset, Size::Word);
        assert_eq!(memory.unwrap().unwrap(), port, "offset {:#x}", 4 * offset);
    }
    bench.write(Space::Io, 0xc008, Size::Word, 0x1234_5678).unwrap().unwrap();
    assert_eq!(bench.read(Space::Memory, 0xfebf_0008, Size::Word), Some(Ok(0x1234_5678)));
}

#[test]
fn accesses_of_any_width_touch_their_bytes() {
    let mut machine = Machine::off();
    assert_eq!(machine.r32(reg::IDR), 0x1200_5452);
    assert_eq!(machine.r16(reg::IDR + 4), 0x5634);
    assert_eq!(machine.r8(reg::TCR + 3), 0x74, "Windows reads the version so");
    machine.w8(reg::RCR + 1, 0x07);
    assert_eq!(machine.r32(reg::RCR), 0x700);
    machine.w32(reg::IMR, 0xffff_8001);
    assert_eq!((machine.r16(reg::IMR), machine.r16(reg::ISR)), (0x8001, 0));
    let beyond = Place { region: 1, offset: 0x100 };
    assert_eq!(machine.bench.read(beyond, Size::Byte), Err(Fault::NoRegister));
}

#[test]
fn a_transmit_status_is_taken_whole_or_not_at_all() {
    let mut machine = Machine::off();
    machine.start(RECEIVE, TRANSMIT);
    let half = Place { region: 1, offset: reg::TSD };
    assert_eq!(machine.bench.write(half, Size::Half, 60), Err(Fault::WrongSize));
    assert_eq!(machine.tsd(0), 0x2000);
    assert!(machine.frames().is_empty());
}

#[test]
fn the_transmit_configuration_needs_the_transmitter() {
    let mut machine = Machine::off();
    machine.w32(reg::TCR, TRANSMIT);
    assert_eq!(machine.r32(reg::TCR), 0x7480_0000);
    assert_eq!(machine.complaints(), ["write of TCR or TSD while the transmitter is off"]);
    machine.w8(reg::CR, 4);
    machine.w32(reg::TCR, 0xffff_fff0);
    assert_eq!(machine.r32(reg::TCR), 0x778f_07f0, "the version stays");
}

#[test]
fn configuration_needs_the_lock_to_be_open() {
    let mut machine = Machine::off();
    let registers =
        [(reg::CONFIG0, 0x07), (reg::CONFIG1, 0xff), (reg::CONFIG3, 0x71), (reg::CONFIG4, 0xf5)];
    for (register, _) in registers {
        let before = machine.r8(register);
        machine.w8(register, !before);
        assert_eq!(machine.r8(register), before);
    }
    machine.w16(reg::BMCR, 0x2100);
    assert_eq!(machine.r16(reg::BMCR), 0x1000);
    assert_eq!(machine.complaints(), ["write of a locked register"; 5]);
    machine.open(|machine| {
        for (register, bits) in registers {
            machine.w8(register, 0xff);
            assert_eq!(machine.r8(register), bits, "{register:#x}");
        }
        machine.w16(reg::BMCR, 0x2100);
    });
    assert_eq!(machine.r16(reg::BMCR), 0x2100);
    machine.w8(reg::CONFIG5, 0xff);
    assert_eq!(machine.r8(reg::CONFIG5), 0x7f, "this one is never locked");
}

#[test]
fn the_station_address_is_locked_by_the_data_sheet_only() {
    for (compat, written) in [("qemu", 0x4433_2211), ("datasheet", 0x1200_5452)] {
        let mut machine = Machine::new(&[("compat", compat)]);
        machine.w32(reg::IDR, 0x4433_2211);
        assert_eq!(machine.r32(reg::IDR), written, "{compat}");
        machine.open(|machine| machine.w32(reg::IDR, 0x4433_2211));
        assert_eq!(machine.r32(reg::IDR), 0x4433_2211);
        assert_eq!(machine.nic().mac().0, [0x11, 0x22, 0x33, 0x44, 0x34, 0x56]);
    }
}

#[test]
fn a_software_reset_keeps_the_station_address_by_the_data_sheet_only() {
    for (compat, station, advertised) in
        [("datasheet", 0x4433_2211, 0x0061), ("qemu", 0x1200_5452, 0x05e1)]
    {
        let mut machine = Machine::new(&[("timing", "off"), ("compat", compat)]);
        machine.open(|machine| {
            machine.w32(reg::IDR, 0x4433_2211);
            machine.w8(reg::CONFIG1, 0xf0);
            machine.w8(reg::CONFIG4, 0xff);
        });
        machine.w32(reg::MAR, 0x1234_5678);
        machine.w16(reg::ANAR, 0x0061);
        machine.w16(reg::IMR, 0xffff);
        machine.start(RECEIVE, TRANSMIT);
        machine.w8(reg::CR, 0x10);
        assert_eq!(machine.r8(reg::CR), 0x01, "done, everything off, buffer empty");
        assert_eq!((machine.r32(reg::IDR), machine.r16(reg::ANAR)), (station, advertised));
        assert_eq!((machine.r8(reg::CONFIG1), machine.r8(reg::CONFIG4)), (0x0c, 0xf5));
        assert_eq!((machine.r32(reg::MAR), machine.r32(reg::RCR)), (0x1234_5678, RECEIVE));
        assert_eq!((machine.r16(reg::IMR), machine.r32(reg::RBSTART)), (0, 0));
        assert_eq!((machine.r32(reg::TCR), machine.tsd(0)), (0x7480_0000, 0x2000));
    }
}

#[test]
fn the_reset_shows_until_software_writes_the_command_register() {
    let mut machine = Machine::off();
    assert_eq!(machine.r8(reg::CR), 0x11);
    machine.w8(reg::CR, 0);
    assert_eq!(machine.r8(reg::CR), 0x01);
}

#[test]
fn a_reset_takes_time_with_full_timing() {
    let mut machine = Machine::new(&[("timing", "full"), ("compat", "datasheet")]);
    machine.w8(reg::CR, 0x10);
    assert_eq!(machine.r8(reg::CR), 0x11);
    machine.advance(VDuration::from_micros(9));
    assert_eq!(machine.r8(reg::CR), 0x11);
    machine.advance(VDuration::from_micros(1));
    assert_eq!(machine.r8(reg::CR), 0x01);
}

#[test]
fn writing_reset_and_enable_together_leaves_a_reset_chip_that_is_enabled() {
    let mut machine = Machine::off();
    machine.w16(reg::IMR, 0xffff);
    machine.w8(reg::CR, 0x1c);
    assert_eq!((machine.r8(reg::CR), machine.r16(reg::IMR)), (0x0d, 0));
}

#[test]
fn the_plain_chip_has_no_cplus_registers() {
    let mut machine = Machine::new(&[("rev", "c"), ("timing", "off")]);
    assert_eq!((machine.r8(reg::RERID), machine.r32(reg::TCR)), (0x10, 0x7400_0000));
    machine.w16(reg::CPCR, 3);
    machine.w32(reg::RDSAR, 0x1000);
    machine.w8(reg::TPPOLL, 1);
    assert_eq!((machine.r16(reg::CPCR), machine.r32(reg::RDSAR)), (0, 0));
    assert_eq!((machine.r16(reg::ISR), machine.tsd(0)), (0, 0x2000), "TSD stays in its place");
    machine.w8(reg::CR, 0x10);
    assert_eq!(machine.r32(reg::TCR), 0x7400_0000);
}

#[test]
fn the_tally_address_takes_the_place_of_two_transmit_descriptors() {
    for (compat, after_a_zero) in [("qemu", 0x1000), ("datasheet", 0x2000)] {
        let mut machine = Machine::new(&[("compat", compat)]);
        machine.w16(reg::CPCR, 0);
        machine.w32(reg::DTCCR, 0x1000);
        machine.w32(reg::TSD, 0x2000);
        machine.w32(reg::DTCCR, after_a_zero);
        assert_eq!(machine.r32(reg::DTCCR), after_a_zero, "{compat}");
        machine.w16(reg::CPCR, 1);
        machine.w32(reg::DTCCR + 4, 1);
        assert_eq!((machine.r32(reg::DTCCR), machine.r32(reg::DTCCR + 4)), (after_a_zero, 1));
        assert_eq!(machine.r32(reg::TSD + 8), 0x2000, "the other two stay");
        machine.w8(reg::CR, 0x10);
        assert_eq!(machine.r32(reg::TSD), 0x2000);
    }
}

#[test]
fn software_can_interrupt_itself() {
    let mut machine = Machine::off();
    machine.w16(reg::IMR, harness::isr::SWINT);
    machine.w8(reg::TPPOLL, 1);
    assert!(machine.bench.line());
    assert_eq!((machine.r8(reg::TPPOLL), machine.take_isr()), (0, harness::isr::SWINT));
    assert!(!machine.bench.line());
}

#[test]
fn differences_from_qemu_name_registers_there_are() {
    for difference in QEMU_DIFFERENCES {
        let rows = MODEL.registers.iter();
        let mut there =
            rows.filter(|row| (row.offset..row.offset + 16).contains(&difference.offset));
        assert!(there.next().is_some(), "{difference:?}");
        assert!(!difference.reason.is_empty() && !difference.register.is_empty());
    }
    let switched = QEMU_DIFFERENCES.iter().filter(|difference| difference.switched).count();
    assert!(0 < switched && switched < QEMU_DIFFERENCES.len());
}
