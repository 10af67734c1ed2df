//! The EEPROM: auto-load, its pins, programming, its image (DS 9346CR; nic-models.md §2.8).

mod harness;

use elnic_contract::{MacAddr, Reset};
use elnic_script::Event;
use harness::{Machine, reg};

#[test]
fn loading_the_eeprom_resets_and_ends_by_itself() {
    for (timing, wait) in [("off", 0), ("full", 2000)] {
        let mut machine = Machine::new(&[("timing", timing), ("compat", "datasheet")]);
        machine.open(|machine| machine.w32(reg::IDR, 0));
        machine.w16(reg::IMR, 0xffff);
        machine.w8(reg::CR9346, 0x40);
        if wait > 0 {
            assert_eq!(machine.r8(reg::CR9346), 0x40);
            machine.advance_us(wait);
        }
        assert_eq!(machine.r8(reg::CR9346), 0);
        assert_eq!((machine.r32(reg::IDR), machine.r16(reg::IMR)), (0x1200_5452, 0));
    }
}

/// Clocks bits out to the EEPROM's pins, then words in.
fn microwire(machine: &mut Machine, bits: u32, count: u32, words: u32) -> Vec<u16> {
    let clock = |machine: &mut Machine, data: u8| {
        machine.w8(reg::CR9346, 0x88 | data << 1);
        machine.w8(reg::CR9346, 0x8c | data << 1);
        u16::from(machine.r8(reg::CR9346) & 1)
    };
    for n in (0..count).rev() {
        clock(machine, (bits >> n & 1) as u8);
    }
    let word = |machine: &mut Machine| (0..16).fold(0, |word, _| word << 1 | clock(machine, 0));
    let read = (0..words).map(|_| word(machine)).collect();
    machine.w8(reg::CR9346, 0x80);
    read
}

#[test]
fn the_eeprom_is_read_and_written_through_its_pins() {
    let mut machine = Machine::off();
    let words = microwire(&mut machine, 0b110 << 6, 9, 10);
    assert_eq!(words[..3], [0x8129, 0x10ec, 0x8139]);
    assert_eq!(words[7..10], [0x5452, 0x1200, 0x5634]);
    microwire(&mut machine, 0b1_00_110000, 9, 0);
    microwire(&mut machine, (0b101 << 6 | 9) << 16 | 0xbbaa, 25, 0);
    assert_eq!(machine.r16(reg::IDR + 4), 0x5634, "not before it is loaded");
    machine.w8(reg::CR9346, 0x40);
    assert_eq!(machine.r16(reg::IDR + 4), 0xbbaa);
    machine.bench.reset(Reset::Warm);
    let changes = machine.bench.events().iter();
    assert_eq!(changes.filter(|(_, event)| *event == Event::ImageChanged).count(), 1);
    for reset in [Reset::Warm, Reset::Function, Reset::Cold] {
        machine.bench.reset(reset);
        assert_eq!(machine.r16(reg::IDR + 4), 0xbbaa, "{reset:?} does not erase it");
    }
}

#[test]
fn an_image_goes_from_one_controller_into_the_next() {
    let mut first = Machine::off();
    microwire(&mut first, 0b1_00_110000, 9, 0);
    microwire(&mut first, (0b101 << 6 | 9) << 16 | 0xbbaa, 25, 0);
    let image = first.bench.device().image().unwrap();
    assert_eq!((image.len(), &image[..4]), (128, &[0x29, 0x81, 0xec, 0x10][..]));
    let mut next = Machine::new(&[("timing", "off"), ("mac", "02:00:00:00:00:09")]);
    next.bench.insert_image(&image).unwrap();
    let station = MacAddr([0x52, 0x54, 0, 0x12, 0xaa, 0xbb]);
    assert_eq!(next.nic().mac(), station, "as if made with it");
    next.bench.reset(Reset::Cold);
    assert_eq!(next.nic().mac(), station);
    for length in [0, 127, 512] {
        let before = next.bench.saved();
        let error = next.bench.insert_image(&vec![0; length]).unwrap_err().to_string();
        let text = format!("the image has {length} bytes; it takes 128 or 256 bytes");
        assert_eq!((error, next.bench.saved()), (text, before));
    }
}

#[test]
fn a_93c56_is_taken_and_its_size_shown() {
    let mut machine = Machine::off();
    let mut image = machine.bench.device().image().unwrap();
    image.resize(256, 0xff);
    image[200..202].copy_from_slice(&[0x34, 0x12]);
    machine.bench.insert_image(&image).unwrap();
    machine.bench.reset(Reset::Cold);
    assert_eq!(machine.r32(reg::RCR) & 0x40, 0x40);
    machine.w8(reg::CR, 0x10);
    assert_eq!(machine.r32(reg::RCR) & 0x40, 0x40, "a reset does not change the chip");
    assert_eq!(microwire(&mut machine, 0b110 << 8, 11, 1), [0x8129], "how drivers tell");
    assert_eq!(microwire(&mut machine, 0b110 << 8 | 100, 11, 1), [0x1234]);
}

#[test]
fn programming_takes_its_time_with_full_timing() {
    let mut machine = Machine::new(&[("timing", "full")]);
    microwire(&mut machine, 0b1_00_110000, 9, 0);
    microwire(&mut machine, (0b101 << 6 | 40) << 16 | 0xbbaa, 25, 0);
    let ready = |machine: &mut Machine| {
        machine.w8(reg::CR9346, 0x88);
        machine.r8(reg::CR9346) & 1
    };
    assert_eq!(ready(&mut machine), 0);
    machine.advance_us(1999);
    assert_eq!(ready(&mut machine), 0);
    machine.advance_us(1);
    assert_eq!(ready(&mut machine), 1);
    machine.w8(reg::CR9346, 0x80);
    assert_eq!(microwire(&mut machine, 0b110 << 6 | 40, 9, 1), [0xbbaa]);
}

#[test]
fn leaving_the_programming_mode_deselects_the_chip() {
    let mut machine = Machine::off();
    microwire(&mut machine, 0b1_00_110000, 9, 0);
    for n in (0..25).rev() {
        let data = (((0b101_u32 << 6 | 40) << 16 | 0xbbaa) >> n & 1) as u8;
        machine.w8(reg::CR9346, 0x88 | data << 1);
        machine.w8(reg::CR9346, 0x8c | data << 1);
    }
    machine.w8(reg::CR9346, 0x0c);
    assert_eq!(microwire(&mut machine, 0b110 << 6 | 40, 9, 1), [0xbbaa]);
}

#[test]
fn an_eeprom_without_signature_is_not_loaded() {
    let mut machine = Machine::off();
    microwire(&mut machine, 0b1_00_110000, 9, 0);
    microwire(&mut machine, 0b1_00_100000, 9, 0);
    machine.bench.reset(Reset::Warm);
    assert_eq!((machine.r32(reg::IDR), machine.r8(reg::CONFIG1)), (0, 0x0c));
}
