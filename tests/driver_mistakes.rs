//! Ten things drivers got away with on an emulator and not on the chip (nic-models.md §6.1, §6.3), each said once by
//! `strict=on`, with register and value. Where the guest was is the machine's to add: `machine-e2k/cli/tests/cli/strict.rs`.

use elnic_contract::{Frame, LogEntry, Size};
use elnic_pci::{FunctionOptions, PciFunction, Space};
use elnic_script::Place;
use elnic_testbench::{Bench, PciBench};

/// What was found: rule, register, value.
type Finding = (&'static str, &'static str, u64);

const RAM: u64 = 0x10_0000;

/// A controller whose driver makes a mistake.
struct Driver {
    bench: Bench,
    region: u8,
}

impl Driver {
    fn e1000(properties: &[(&str, &str)]) -> Self {
        Self::new("e1000", 0, properties)
    }

    fn rtl8139(properties: &[(&str, &str)]) -> Self {
        Self::new("rtl8139", 1, properties)
    }

    fn new(model: &str, region: u8, properties: &[(&str, &str)]) -> Self {
        let entry = elnic_catalogue::find(model).unwrap();
        let properties = [&[("strict", "on"), ("timing", "off")], properties].concat();
        Self { bench: Bench::with(entry, &properties), region }
    }

    fn write(&mut self, offset: u64, size: Size, value: u64) {
        let place = Place { region: self.region, offset };
        // A chip that refuses an access refuses it silently.
        let _ = self.bench.write(place, size, value);
    }

    fn w8(&mut self, offset: u64, value: u64) {
        self.write(offset, Size::Byte, value);
    }

    fn w16(&mut self, offset: u64, value: u64) {
        self.write(offset, Size::Half, value);
    }

    fn w32(&mut self, offset: u64, value: u64) {
        self.write(offset, Size::Word, value);
    }

    /// A transmit ring of eight legacy descriptors, the first for a frame of `length` bytes; the doorbell is not rung.
    fn e1000_ring(&mut self, tctl: u64, length: u64) {
        self.bench.ram.store(RAM, &(RAM + 0x1000).to_le_bytes());
        self.bench.ram.store(RAM + 8, &(0x0b00_0000 | length).to_le_bytes());
        self.w32(0x3800, RAM);
        self.w32(0x3808, 128);
        self.w32(0x410, 0x0060_2008);
        self.w32(0x400, tctl);
    }

    /// Transmitter and receiver on, as drivers should.
    fn rtl8139_on(&mut self) {
        self.w32(0x30, RAM);
        self.w8(0x37, 0x0c);
        self.w32(0x40, 0x0300_0600);
        self.w32(0x44, 0xe70e);
    }

    fn receive(&mut self, length: usize) {
        let mut bytes = vec![0; length];
        bytes[..6].fill(0xff);
        self.bench.frame(Frame::new(bytes, self.bench.now()).unwrap());
    }

    /// What was found so far.
    fn findings(&mut self) -> Vec<Finding> {
        let notes = self.bench.notes.take().into_iter();
        notes.filter_map(finding).collect()
    }
}

fn finding(entry: LogEntry) -> Option<Finding> {
    match entry {
        LogEntry::Strict { rule, register, value } => Some((rule.name, register, value)),
        _ => None,
    }
}

/// Makes a mistake twice: it is found, and found once.
#[track_caller]
fn found_once(driver: &mut Driver, wanted: Finding, mistake: impl Fn(&mut Driver)) {
    mistake(driver);
    mistake(driver);
    let findings = driver.findings();
    let same = findings.iter().filter(|(rule, ..)| *rule == wanted.0).collect::<Vec<_>>();
    assert_eq!(same, [&wanted], "{findings:x?}");
}

#[test]
fn frames_are_not_padded() {
    // SerenityOS#515, moros#325.
    let mut driver = Driver::rtl8139(&[]);
    driver.rtl8139_on();
    found_once(&mut driver, ("short-frame", "TSD.SIZE", 42), |driver| {
        driver.w32(0x10, 42);
        driver.w32(0x14, 42);
    });
    let mut driver = Driver::e1000(&[]);
    driver.e1000_ring(2, 42);
    found_once(&mut driver, ("short-frame", "TCTL", 42), |driver| {
        driver.w32(0x3810, 0);
        driver.w32(0x3818, 0);
        driver.w32(0x3818, 1);
    });
}

#[test]
fn a_receive_overflow_is_cleared_before_there_is_room() {
    // SerenityOS#10198, moros#483.
    let mut driver = Driver::rtl8139(&[("rx-drop", "on")]);
    driver.rtl8139_on();
    found_once(&mut driver, ("overflow-first", "ISR", 0xffff), |driver| {
        for _ in 0..8 {
            driver.receive(1514);
        }
        driver.w16(0x3e, 0xffff);
    });
}

#[test]
fn bursts_are_left_at_sixteen_bytes() {
    // SerenityOS#515, moros#483.
    let mut driver = Driver::rtl8139(&[]);
    driver.rtl8139_on();
    driver.w32(0x40, 0x0300_0000);
    found_once(&mut driver, ("burst-unset", "TCR", 0x7780_0000), |driver| driver.w32(0x10, 60));
    let mut driver = Driver::rtl8139(&[]);
    driver.rtl8139_on();
    driver.w32(0x44, 0xe00e);
    found_once(&mut driver, ("burst-unset", "RCR", 0xe00e), |driver| driver.receive(60));
}

#[test]
fn a_ring_has_a_length_of_sixteen() {
    // Zephyr#11706, #74072.
    let mut driver = Driver::e1000(&[]);
    found_once(&mut driver, ("ring-length", "RDLEN", 16), |driver| driver.w32(0x2808, 16));
}

#[test]
fn eerd_is_read_in_the_layout_of_another_part() {
    // ReactOS#1292, #1420.
    let mut driver = Driver::e1000(&[]);
    found_once(&mut driver, ("eerd-layout", "EERD", 9), |driver| driver.w32(0x14, 2 << 2 | 1));
}

#[test]
fn frames_are_handed_over_before_the_transmitter_is_on() {
    // HAOS#4120, #4491.
    let mut driver = Driver::e1000(&[]);
    driver.e1000_ring(0, 60);
    found_once(&mut driver, ("tail-before-enable", "TDT", 1), |driver| driver.w32(0x3818, 1));
    let mut driver = Driver::rtl8139(&[]);
    found_once(&mut driver, ("transmitter-off", "TSD", 60), |driver| driver.w32(0x10, 60));
}

#[test]
fn the_bus_is_not_given_to_the_controller() {
    // torokernel#22.
    for (model, descriptor) in [("e1000", "TDT"), ("rtl8139", "TSD")] {
        let entry = elnic_catalogue::find(model).unwrap();
        let device = entry.make([("strict", "on"), ("timing", "off")]).unwrap();
        let mut bench =
            PciBench::new(PciFunction::new(device, FunctionOptions::default()).unwrap());
        let base = if model == "e1000" { 0x10 } else { 0x14 };
        bench.set_config(base, Size::Word, 0x8020_0000);
        // Memory, but not bus mastering.
        bench.set_config(4, Size::Half, 2);
        let writes: &[(u64, Size, u64)] = if model == "e1000" {
            &[
                (0x3800, Size::Word, RAM),
                (0x3808, Size::Word, 128),
                (0x410, Size::Word, 0x0060_2008),
                (0x400, Size::Word, 0xa),
                (0x3818, Size::Word, 1),
            ]
        } else {
            &[
                (0x37, Size::Byte, 4),
                (0x40, Size::Word, 0x0300_0600),
                (0x20, Size::Word, RAM),
                (0x10, Size::Word, 60),
            ]
        };
        for (offset, size, value) in writes {
            bench.write(Space::Memory, 0x8020_0000 + offset, *size, *value);
        }
        let found = bench.notes.take().into_iter().filter_map(finding);
        let found: Vec<_> = found.map(|(rule, register, _)| (rule, register)).collect();
        assert_eq!(found, [("no-bus-master", descriptor)]);
    }
}

#[test]
fn configuration_is_written_while_it_is_locked() {
    // SerenityOS#515.
    let mut driver = Driver::rtl8139(&[]);
    found_once(&mut driver, ("locked", "CONFIG1", 0xff), |driver| driver.w8(0x52, 0xff));
    let mut driver = Driver::rtl8139(&[]);
    found_once(&mut driver, ("locked", "IDR", 0x1234), |driver| driver.w32(0, 0x1234));
}

#[test]
fn registers_are_accessed_in_parts() {
    // nic-models.md §6.3.
    let mut driver = Driver::e1000(&[]);
    found_once(&mut driver, ("narrow-access", "RDT", 7), |driver| driver.w16(0x2818, 7));
    let mut driver = Driver::rtl8139(&[]);
    found_once(&mut driver, ("narrow-transmit-status", "TSD", 60), |driver| driver.w16(0x10, 60));
}

#[test]
fn the_read_pointer_runs_ahead_and_rings_lie_askew() {
    // nic-models.md §6.3: CAPR misuse, unaligned rings, reserved bits.
    let mut driver = Driver::rtl8139(&[]);
    driver.rtl8139_on();
    found_once(&mut driver, ("read-past-write", "CAPR", 100), |driver| driver.w16(0x38, 100));
    let mut driver = Driver::e1000(&[]);
    found_once(&mut driver, ("ring-unaligned", "TDBAL", 8), |driver| driver.w32(0x3800, 8));
    found_once(&mut driver, ("reserved-bits", "TCTL", 1), |driver| driver.w32(0x400, 1));
}
