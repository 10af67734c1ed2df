//! The register table and what accesses do (SDM 13).

mod harness;

use elnic_contract::{Device, Mode, Reset, Size};
use elnic_e1000::{Chip, MODEL, QEMU_DIFFERENCES};
use harness::{MAC, Machine, reg};

#[test]
fn the_table_has_no_mistake() {
    assert_eq!(elnic_registers::check(&MODEL), vec![]);
    for row in MODEL.registers {
        assert!(!row.source.is_empty() && !row.about.is_empty(), "{}", row.name);
    }
}

#[test]
fn every_register_shows_its_reset_value() {
    let mut machine = Machine::off();
    for row in MODEL.registers.iter().filter(|row| row.region == 0) {
        for element in 0..row.count {
            let offset = u64::from(row.offset) + u64::from(element) * u64::from(row.stride);
            let wanted = match (row.name, element) {
                ("RAL" | "RAL_A", 0) => 0x1200_5452,
                ("RAH" | "RAH_A", 0) => 0x8000_5634,
                // Behind the receive FIFO of 48 KiB; from the EEPROM.
                ("TDFH" | "TDFT" | "TDFHS" | "TDFTS", _) => 0x1800,
                ("WUC", _) => 1,
                _ => row.reset as u32,
            };
            assert_eq!(machine.r32(offset), wanted, "{} {element}", row.name);
        }
    }
}

/// What writes and reads of `row` show, from the modes of its fields alone.
fn plain_bits(row: &elnic_contract::Register) -> u32 {
    row.mask_of(|field| matches!(field.mode, Mode::Rw | Mode::NotModelled) && !field.volatile)
        as u32
}

#[test]
fn every_writable_bit_holds_and_no_other() {
    for row in MODEL.registers.iter().filter(|row| row.region == 0) {
        let holds = plain_bits(row);
        let readable = row.mask_of(|field| !matches!(field.mode, Mode::Reserved | Mode::Wo)) as u32;
        for pattern in [0x5a5a_5a5a, 0xa5a5_a5a5, 0, 0xffff_ffff_u32] {
            // CTRL.RST, EE_RST, EERD.START and the like start what other tests look at.
            let starts = row.mask_of(|field| field.mode == Mode::Sc) as u32;
            let pattern = pattern & !starts;
            for element in [0, row.count - 1] {
                let mut machine = Machine::off();
                let offset = u64::from(row.offset) + u64::from(element) * u64::from(row.stride);
                machine.w32(offset, pattern);
                let shown = machine.r32(offset);
                assert_eq!(shown & holds, pattern & holds, "{} holds {pattern:#x}", row.name);
                assert_eq!(shown & !readable, 0, "{} hides {pattern:#x}", row.name);
            }
        }
    }
}

#[test]
fn values_equal_those_of_qemu_but_for_the_listed_bits() {
    values_equal_those_of_qemu(Machine::off(), |offset| {
        let difference = QEMU_DIFFERENCES.iter().find(|d| u64::from(d.offset) == offset);
        difference.map_or(0, |difference| difference.bits)
    });
}

#[test]
fn with_compat_qemu_there_are_no_differences() {
    for chip in [Chip::I82540em, Chip::I82544gc, Chip::I82545em] {
        let machine = Machine::of(chip, &[("timing", "off"), ("compat", "qemu")]);
        assert!(machine.device.capabilities().is_empty(), "QEMU's has no capability list");
        values_equal_those_of_qemu(machine, |_| 0);
    }
    let mut machine = Machine::new(&[("timing", "off"), ("compat", "qemu")]);
    machine.w32(reg::TDBAL, 0x1234_567f);
    let state = machine.device.save();
    machine.w32(reg::TDBAL, 0);
    machine.device.restore(&state).unwrap();
    assert_eq!(machine.r32(reg::TDBAL), 0x1234_567f, "what is stored is state");
    let mut hostile = state;
    hostile.fields["compat"][0] = 1.into();
    assert!(machine.device.restore(&hostile).is_err(), "STATUS stores nothing");
}

fn values_equal_those_of_qemu(mut machine: Machine, listed: impl Fn(u64) -> u32) {
    let reset = [
        (0x0, 0x0014_0240),
        (0x8, 0x8008_0783),
        (0x10, 0x188),
        (0xe00, 0x602),
        (0x1000, 0x0010_0030),
        (0x5400, 0x1200_5452),
        (0x5404, 0x8000_5634),
        (0x5820, 0x0022_2300),
        (0x5800, 0),
        (0x3410, 0),
    ];
    for (offset, value) in reset {
        let except = !listed(offset);
        assert_eq!(machine.r32(offset) & except, value & except, "{offset:#x}");
    }
    let masks = [
        (0x2800, u32::MAX),
        (0x2804, u32::MAX),
        (0x2808, 0xf_ff80),
        (0x2810, 0xffff),
        (0x2818, 0xffff),
        (0x3800, u32::MAX),
        (0x3804, u32::MAX),
        (0x3808, 0xf_ff80),
        (0x3810, 0xffff),
        (0x3818, 0xffff),
        (0x5408, u32::MAX),
        (0x38, u32::MAX),
    ];
    for (offset, value) in masks {
        let except = !listed(offset);
        machine.w32(offset, u32::MAX);
        assert_eq!(machine.r32(offset) & except, value & except, "{offset:#x}");
        machine.w32(offset, 0);
        assert_eq!(machine.r32(offset), 0, "{offset:#x}");
    }
    for difference in QEMU_DIFFERENCES {
        let row = MODEL.registers.iter().find(|row| row.name == difference.register).unwrap();
        assert_eq!(row.offset, difference.offset);
        assert!(["SDM", "nic-models.md"].iter().any(|source| difference.reason.contains(source)));
    }
}

#[test]
fn narrow_accesses_touch_their_bytes_and_wide_ones_are_two() {
    let mut machine = Machine::off();
    machine.w32(reg::FCAL, 0x4433_2211);
    let byte = machine.access(0, reg::FCAL + 2, Size::Byte);
    assert_eq!(machine.call(|device, cx| device.read(cx, byte)), Ok(0x33));
    machine.call(|device, cx| device.write(cx, byte, 0xee)).unwrap();
    assert_eq!(machine.r32(reg::FCAL), 0x44ee_2211);
    let double = machine.access(0, reg::FCAL, Size::Double);
    machine.call(|device, cx| device.write(cx, double, 0x9999_8877_6655_4433)).unwrap();
    assert_eq!(machine.r32(reg::FCAL), 0x6655_4433);
    assert_eq!(machine.call(|device, cx| device.read(cx, double)), Ok(0x0000_8877_6655_4433));
}

#[test]
fn what_is_not_decoded_reads_zero_and_takes_writes() {
    let mut machine = Machine::off();
    for offset in [0x0c, 0x3840, 0x5008, 0x5b50, 0x8ffc] {
        machine.w32(offset, 0xffff_ffff);
        assert_eq!(machine.r32(offset), 0, "{offset:#x}");
    }
    let beyond = machine.access(0, 0x20000, Size::Word);
    assert!(machine.call(|device, cx| device.read(cx, beyond)).is_err());
    let nowhere = machine.access(2, 0, Size::Word);
    assert!(machine.call(|device, cx| device.read(cx, nowhere)).is_err());
}

#[test]
fn aliases_reach_their_registers() {
    let mut machine = Machine::off();
    machine.w32(0x0004, machine_ctrl_with_vme());
    assert_eq!(machine.r32(reg::CTRL), machine_ctrl_with_vme());
    assert_eq!(machine.r32(0x0040), machine.r32(reg::RAL));
    machine.w32(0x0204, 7);
    assert_eq!(machine.r32(reg::MTA + 4), 7);
    machine.w32(0x07fc, 9);
    assert_eq!(machine.r32(reg::VFTA + 0x1fc), 9);
}

fn machine_ctrl_with_vme() -> u32 {
    0x4014_0240
}

#[test]
fn the_io_window_reaches_every_register() {
    let mut machine = Machine::off();
    machine.io_write(0, reg::VET as u32);
    machine.io_write(4, 0x8100);
    assert_eq!(machine.r32(reg::VET), 0x8100);
    machine.io_write(0, 0x9bf8);
    machine.io_write(4, 0x1234_5678);
    assert_eq!((machine.io_read(0), machine.io_read(4)), (0x9bf8, 0x1234_5678));
    assert_eq!(machine.r32(0x9bf8), 0x1234_5678);
    machine.io_write(0, 0x20000);
    machine.io_write(4, 1);
    assert_eq!(machine.io_read(4), 0, "nothing beyond the registers");
    assert_eq!(machine.io_read(8), 0);
}

#[test]
fn a_reset_through_the_io_window_resets() {
    let mut machine = Machine::off();
    machine.w32(reg::RDBAL, 0x1000);
    machine.w32(reg::RAL, 0);
    machine.w32(reg::IMS, 0x1f);
    machine.io_write(0, reg::CTRL as u32);
    machine.io_write(4, 0x0414_0240);
    assert_eq!(machine.r32(reg::CTRL), 0x0014_0240);
    assert_eq!(machine.r32(reg::RDBAL), 0);
    assert_eq!(machine.r32(reg::IMS), 0);
    assert_eq!(machine.r32(reg::RAL), 0x1200_5452, "from the EEPROM");
}

#[test]
fn a_software_reset_keeps_phy_buffer_allocation_and_wake_up() {
    let mut machine = Machine::off();
    machine.write_phy(16, 0x0068);
    machine.w32(reg::PBA, 0x20);
    machine.w32(0x5808, 2);
    machine.w32(reg::CTRL, 0x0414_0240);
    assert_eq!(machine.read_phy(16), 0x0068);
    assert_eq!(machine.r32(reg::PBA), 0x0020_0020);
    assert_eq!(machine.r32(0x5808), 2);
    machine.reset(Reset::Cold);
    assert_eq!(machine.read_phy(16), 0x0360);
    assert_eq!(machine.r32(reg::PBA), 0x0010_0030);
    assert_eq!(machine.r32(0x5808), 0);
}

#[test]
fn a_cold_reset_equals_a_new_device() {
    for timing in ["off", "wire", "full"] {
        let fresh = Machine::new(&[("timing", timing)]).device.save();
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_transmitter(8);
        machine.start_receiver(8, harness::RECEIVE);
        machine.send(&harness::frame_to(harness::PEER, 60), harness::SEND);
        machine.receive(&harness::frame_to(MAC, 60));
        machine.write_phy(0, 0x1340);
        machine.w32(reg::RDTR, 100);
        machine.receive(&harness::frame_to(MAC, 60));
        machine.reset(Reset::Cold);
        assert_eq!(machine.device.save(), fresh);
        assert_eq!(machine.deadlines, vec![]);
    }
}

#[test]
fn statistics_are_cleared_by_reads_and_pairs_by_their_upper_half() {
    let mut machine = Machine::off();
    machine.start_receiver(8, harness::RECEIVE);
    machine.receive(&harness::frame_to(MAC, 100));
    assert_eq!(machine.r32(reg::GPRC), 1);
    assert_eq!(machine.r32(reg::GPRC), 0);
    assert_eq!(machine.r32(reg::GORCL), 104);
    assert_eq!(machine.r32(reg::GORCL), 104, "the lower half keeps");
    assert_eq!(machine.r32(reg::GORCH), 0);
    assert_eq!(machine.r32(reg::GORCL), 0);
}

#[test]
fn counters_stick_at_their_end() {
    let mut machine = Machine::off();
    machine.start_receiver(8, harness::RECEIVE);
    let mut state = machine.device.save();
    let registers = &mut state.fields["registers"];
    registers["GPRC"] = serde_json::json!([0xffff_ffff_u32]);
    registers["TORL"] = serde_json::json!([0xffff_ffff_u32]);
    registers["TORH"] = serde_json::json!([0]);
    registers["GORCL"] = serde_json::json!([0xffff_fffe_u32]);
    registers["GORCH"] = serde_json::json!([0xffff_ffff_u32]);
    machine.device.restore(&state).unwrap();
    machine.receive(&harness::frame_to(MAC, 60));
    assert_eq!(machine.r32(reg::GPRC), 0xffff_ffff);
    assert_eq!((machine.r32(reg::TORL), machine.r32(reg::TORH)), (63, 1), "a pair carries");
    assert_eq!((machine.r32(reg::GORCL), machine.r32(reg::GORCH)), (u32::MAX, u32::MAX));
}
