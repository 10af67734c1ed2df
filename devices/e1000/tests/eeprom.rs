//! The EEPROM: its pins, EERD, programming, its image (SDM 5.6; nic-models.md §1.3).

mod harness;

use elnic_contract::{Device, MacAddr, Nic, Reset, VDuration};
use elnic_e1000::Chip;
use harness::{MAC, Machine, reg};

#[test]
fn eerd_reads_words_and_adds_up() {
    for (timing, wait) in [("off", 0), ("full", 27)] {
        let mut machine = Machine::new(&[("timing", timing)]);
        let mut sum = 0_u32;
        for word in 0..64 {
            machine.w32(reg::EERD, word << 8 | 1);
            if wait > 0 {
                assert_eq!(machine.r32(reg::EERD) & 0x10, 0);
                machine.advance(VDuration::from_micros(wait));
            }
            let value = machine.r32(reg::EERD);
            assert_eq!(value & 0x11, 0x10);
            sum += value >> 16;
        }
        assert_eq!(sum & 0xffff, 0xbaba);
    }
}

#[test]
fn the_eeprom_can_be_read_and_written_over_its_pins() {
    let mut machine = Machine::off();
    assert_eq!(machine.r32(reg::EECD), 0x108, "present, output idle");
    machine.w32(reg::EECD, 0x40);
    assert_eq!(machine.r32(reg::EECD), 0x1c8, "asked for and granted");
    let word = microwire_read(&mut machine, 1);
    assert_eq!(word, 0x1200);
    microwire(&mut machine, 0b1_00_110000, 9);
    deselect(&mut machine);
    microwire(&mut machine, 0b1_01_000001, 9);
    microwire(&mut machine, 0x2211, 16);
    deselect(&mut machine);
    assert_eq!(microwire_read(&mut machine, 1), 0x2211);
    machine.w32(reg::CTRL_EXT, 1 << 13);
    assert_eq!(machine.r32(reg::RAL), 0x2211_5452, "EE_RST loads the address again");
    assert_eq!(machine.r32(reg::CTRL_EXT), 0, "and clears itself");
    assert_eq!(machine.image_changes, 1);
    for reset in [Reset::Warm, Reset::Function, Reset::Cold] {
        machine.reset(reset);
        assert_eq!(microwire_read(&mut machine, 1), 0x2211, "{reset:?} does not erase it");
        assert_eq!(machine.device.mac(), MacAddr([0x52, 0x54, 0x11, 0x22, 0x34, 0x56]));
    }
}

/// Programs `value` into word `address` of a 93C46.
fn program(machine: &mut Machine, address: u32, value: u32) {
    microwire(machine, 0b1_00_110000, 9);
    deselect(machine);
    microwire(machine, 0b101 << 6 | address, 9);
    microwire(machine, value, 16);
    deselect(machine);
}

#[test]
fn an_image_goes_from_one_controller_into_the_next() {
    for chip in [Chip::I82540em, Chip::I82544gc, Chip::I82545em] {
        let mut first = Machine::of(chip, &[("timing", "off")]);
        program(&mut first, 0, 0x0002);
        let image = first.device.image().unwrap();
        assert_eq!((image.len(), &image[..4]), (128, &[2, 0, 0x00, 0x12][..]));
        let mut next = Machine::of(chip, &[("timing", "off"), ("mac", "02:00:00:00:00:09")]);
        next.device.insert_image(&image).unwrap();
        let station = MacAddr([2, 0, 0, 0x12, 0x34, 0x56]);
        assert_eq!(next.device.mac(), station, "as if made with it");
        let made = next.device.save();
        next.reset(Reset::Cold);
        assert_eq!((next.device.mac(), next.device.save()), (station, made));
    }
}

#[test]
fn a_93c66_is_taken_and_its_size_shown() {
    let mut machine = Machine::off();
    let mut image = machine.device.image().unwrap();
    image.resize(512, 0xff);
    image[400..402].copy_from_slice(&[0x34, 0x12]);
    machine.device.insert_image(&image).unwrap();
    machine.reset(Reset::Cold);
    assert_eq!(machine.r32(reg::EECD), 0x308, "present, 256 words");
    machine.w32(reg::EERD, 200 << 8 | 1);
    assert_eq!(machine.r32(reg::EERD) >> 16, 0x1234);
    // Two more bits of address over the pins.
    microwire(&mut machine, 0b110 << 8 | 200, 11);
    let word = (0..16).fold(0, |word, _| {
        microwire(&mut machine, 0, 1);
        word << 1 | (machine.r32(reg::EECD) >> 3 & 1)
    });
    assert_eq!(word, 0x1234);
}

#[test]
fn an_image_of_another_length_is_refused() {
    for length in [0, 127, 129, 256, 511, 1024] {
        let mut machine = Machine::off();
        let before = machine.device.save();
        let error = machine.device.insert_image(&vec![0; length]).unwrap_err();
        let text = format!("the image has {length} bytes; it takes 128 or 512 bytes");
        assert_eq!((error.to_string(), machine.device.save()), (text, before));
    }
}

#[test]
fn an_eeprom_without_its_signature_is_not_loaded() {
    let mut machine = Machine::off();
    program(&mut machine, 0x0a, 0xffff);
    machine.reset(Reset::Cold);
    assert_eq!(machine.r32(reg::EECD) & 0x100, 0, "not present, as far as software can tell");
    assert_eq!((machine.r32(reg::RAL), machine.r32(reg::RAH)), (0, 0), "no address, not valid");
    assert_eq!(machine.r32(reg::WUC) & 1, 0, "no wake-up before a driver asks for it");
    assert_eq!(machine.device.mac(), MAC, "what it was made with, for want of another");
    // Its pins work, so that it can be programmed again.
    program(&mut machine, 0x0a, 0x6403);
    machine.reset(Reset::Cold);
    assert_eq!(machine.r32(reg::RAL), 0x1200_5452);
}

#[test]
fn programming_takes_its_time_with_full_timing() {
    let mut machine = Machine::new(&[("timing", "full")]);
    program(&mut machine, 5, 0x1234);
    machine.w32(reg::EECD, 2);
    assert_eq!(machine.r32(reg::EECD) & 8, 0, "busy");
    machine.w32(reg::CTRL, 1 << 26);
    machine.advance(VDuration::from_micros(1999));
    machine.w32(reg::EECD, 2);
    assert_eq!(machine.r32(reg::EECD) & 8, 0, "a reset of the controller does not hurry it");
    machine.advance(VDuration::from_micros(1));
    assert_eq!(machine.r32(reg::EECD) & 8, 8, "ready");
    deselect(&mut machine);
    assert_eq!(microwire_read(&mut machine, 5), 0x1234);
}

fn deselect(machine: &mut Machine) {
    machine.w32(reg::EECD, 0);
}

fn microwire(machine: &mut Machine, bits: u32, count: u32) {
    for n in (0..count).rev() {
        let data = (bits >> n & 1) << 2;
        machine.w32(reg::EECD, 2 | data);
        machine.w32(reg::EECD, 3 | data);
    }
}

fn microwire_read(machine: &mut Machine, address: u32) -> u16 {
    microwire(machine, 0b1_10 << 6 | address, 9);
    let mut word = 0;
    for _ in 0..16 {
        machine.w32(reg::EECD, 3 & !1);
        machine.w32(reg::EECD, 3);
        word = word << 1 | (machine.r32(reg::EECD) >> 3 & 1) as u16;
    }
    deselect(machine);
    word
}
