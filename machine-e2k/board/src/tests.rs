//! The address space and the wiring, looked at from the processor's place.

use elnic_contract::{Gpa, Size, VTime};
use elnic_cpu::{Attention, Bus, Mas};

use crate::config::{DeviceOptions, MachineConfig};
use crate::{Machine, MachineBuilder, MachineModel, Outcome};

const PLAIN: Mas = Mas(0);
const IO: Mas = Mas(6);
const CONFIG: u64 = 0x2_0000_0000;
const PORTS: u64 = 0x1_0100_0000;
const E1000: (&str, &[(&str, &str)]) = ("e1000", &[("timing", "off")]);

/// A machine without a program that has these devices.
fn machine(devices: &[(&str, &[(&str, &str)])]) -> Machine {
    let mut config = MachineConfig::new(MachineModel::named("e8c").unwrap());
    let options = devices.iter().map(|(model, given)| DeviceOptions::new(model, given));
    config.devices = options.collect();
    MachineBuilder::new().build(config).unwrap()
}

fn load(machine: &mut Machine, address: u64, size: Size) -> u64 {
    machine.world.load(address, size, PLAIN).unwrap()
}

fn store(machine: &mut Machine, address: u64, size: Size, value: u64) {
    machine.world.store(address, size, PLAIN, value).unwrap();
}

/// Puts an address into BAR0 of a function and switches everything on.
fn place(machine: &mut Machine, config: u64, base: u64) {
    store(machine, config + 0x10, Size::Word, base);
    store(machine, config + 4, Size::Half, 7);
}

#[test]
fn soldered_functions_stand_where_they_do_on_qemu() {
    let machine = &mut machine(&[]);
    let function = |device: u64, function: u64| CONFIG | device << 15 | function << 12;
    assert_eq!(load(machine, function(0, 0), Size::Word), 0x8000_1fff);
    assert_eq!(load(machine, function(0, 0) + 8, Size::Word), 0x0604_0010);
    assert_eq!(load(machine, function(0, 0) + 0xe, Size::Byte), 0x81);
    assert_eq!(load(machine, function(1, 0), Size::Word), 0x8017_1fff);
    assert_eq!(load(machine, function(2, 2), Size::Word), 0x8019_1fff);
    assert_eq!(load(machine, function(2, 2) + 0xe, Size::Byte), 0x80);
    for absent in [function(2, 0), function(3, 0), function(31, 7), CONFIG | 1 << 20] {
        assert_eq!(load(machine, absent, Size::Word), 0xffff_ffff);
    }
    assert_eq!(load(machine, function(1, 0) + 0x100, Size::Word), 0xffff_ffff);
    assert_eq!(load(machine, function(1, 0), Size::Double), 0x0000_0000_8017_1fff);
}

#[test]
fn configuration_space_is_reached_by_ports_too_but_only_as_ports() {
    let machine = &mut machine(&[E1000]);
    machine.world.store(PORTS + 0xcf8, Size::Word, IO, 0x8000_1800).unwrap();
    assert_eq!(machine.world.load(PORTS + 0xcfc, Size::Word, IO), Ok(0x100e_8086));
    assert_eq!(machine.world.load(PORTS + 0xcfe, Size::Half, IO), Ok(0x100e));
    assert_eq!(machine.world.load(PORTS + 0xcfc, Size::Word, PLAIN), Ok(0xffff_ffff));
    assert_eq!(machine.world.load(PORTS + 0x300, Size::Byte, IO), Ok(0xff));
}

#[test]
fn every_memory_access_specifier_that_software_uses_reaches_registers() {
    let machine = &mut machine(&[]);
    for mas in [0, 6, 0x60, 0x66] {
        assert_eq!(machine.world.load(0x1_1000_0010, Size::Word, Mas(mas)), Ok(0xb), "{mas:#x}");
        assert_eq!(machine.world.load(0xfee0_0010, Size::Word, Mas(mas)), Ok(0xfee0_0900));
        assert_eq!(machine.world.load(CONFIG, Size::Half, Mas(mas)), Ok(0x1fff));
    }
}

#[test]
fn holes_read_as_ones_and_accesses_over_the_end_of_ram_are_cut() {
    let machine = &mut machine(&[]);
    let end = 128 << 20;
    assert_eq!(load(machine, end, Size::Double), u64::MAX);
    store(machine, end - 2, Size::Word, 0xaabb_ccdd);
    assert_eq!(load(machine, end - 2, Size::Half), 0xccdd);
    assert_eq!(load(machine, end - 2, Size::Word), 0xffff_ccdd);
    assert_eq!(load(machine, u64::MAX, Size::Half) & 0xff, 0xff);
}

#[test]
fn a_window_in_configuration_space_reaches_the_registers_behind_it() {
    let machine = &mut machine(&[("virtio-net-pci", &[])]);
    let config = CONFIG | 3 << 15;
    store(machine, config + 0x20, Size::Word, 0x8020_0000);
    store(machine, config + 4, Size::Half, 7);
    // The capability with the window: vendor-specific, type 5 (virtio 1.2 §4.1.4.9).
    let mut capability = load(machine, config + 0x34, Size::Byte);
    while load(machine, config + capability, Size::Word) & 0xff00_00ff != 0x0500_0009 {
        capability = load(machine, config + capability + 1, Size::Byte);
        assert_ne!(capability, 0, "there is a window");
    }
    let window = config + capability;
    // num_queues of the common configuration, which is the first structure of base address register 4.
    store(machine, window + 4, Size::Byte, 4);
    store(machine, window + 8, Size::Word, 0x12);
    store(machine, window + 12, Size::Word, 2);
    assert_eq!(load(machine, 0x8020_0012, Size::Half), 3);
    assert_eq!(load(machine, window + 16, Size::Half), 3);
    // device_status, written through the window.
    store(machine, window + 8, Size::Word, 0x14);
    store(machine, window + 12, Size::Word, 1);
    store(machine, window + 16, Size::Byte, 1);
    assert_eq!(load(machine, 0x8020_0014, Size::Byte), 1);
}

#[test]
fn a_device_answers_where_its_base_address_register_says() {
    let machine = &mut machine(&[E1000]);
    let config = CONFIG | 3 << 15;
    assert_eq!(load(machine, 0x8020_0000, Size::Word), 0xffff_ffff);
    place(machine, config, 0x8020_0000);
    assert_eq!(load(machine, 0x8020_0000, Size::Word), 0x0014_0240);
    // Moved away, and back off.
    store(machine, config + 0x10, Size::Word, 0x9000_0000);
    assert_eq!(load(machine, 0x8020_0000, Size::Word), 0xffff_ffff);
    assert_eq!(load(machine, 0x9000_0000, Size::Word), 0x0014_0240);
    store(machine, config + 4, Size::Half, 0);
    assert_eq!(load(machine, 0x9000_0000, Size::Word), 0xffff_ffff);
    // Over RAM it does not answer: RAM does.
    place(machine, config, 0x0020_0000);
    assert_eq!(load(machine, 0x0020_0000, Size::Word), 0);
}

#[test]
fn the_console_keeps_its_place_whatever_lies_over_it() {
    let machine = &mut machine(&[E1000]);
    place(machine, CONFIG | 3 << 15, 0x8000_0000);
    assert_eq!(load(machine, 0x8000_1002, Size::Byte) & 4, 4, "transmitter empty");
    assert_eq!(load(machine, 0x8000_0000, Size::Word), 0x0014_0240);
}

#[test]
fn ports_of_a_device_are_reached_in_the_port_window() {
    let machine = &mut machine(&[E1000]);
    let config = CONFIG | 3 << 15;
    store(machine, config + 0x14, Size::Word, 0xd000);
    store(machine, config + 4, Size::Half, 7);
    // IOADDR selects STATUS, IODATA shows it.
    machine.world.store(PORTS + 0xd000, Size::Word, IO, 8).unwrap();
    let status = machine.world.load(PORTS + 0xd004, Size::Word, IO).unwrap();
    assert_eq!(status & 2, 2, "link up: {status:#x}");
}

#[test]
fn a_device_behind_the_bridge_needs_bus_number_and_window() {
    let behind: (&str, &[(&str, &str)]) =
        ("e1000", &[("timing", "off"), ("bus", "iohub-pcibridge"), ("addr", "6")]);
    let machine = &mut machine(&[behind]);
    let (bridge, config) = (CONFIG, CONFIG | 1 << 20 | 6 << 15);
    assert_eq!(load(machine, config, Size::Word), 0xffff_ffff);
    store(machine, bridge + 0x18, Size::Word, 0x0001_0100);
    assert_eq!(load(machine, config, Size::Word), 0x100e_8086);
    place(machine, config, 0x9010_0000);
    assert_eq!(load(machine, 0x9010_0000, Size::Word), 0xffff_ffff, "no window yet");
    store(machine, bridge + 0x20, Size::Word, 0x9010_9010);
    store(machine, bridge + 4, Size::Half, 7);
    assert_eq!(load(machine, 0x9010_0000, Size::Word), 0x0014_0240);
}

#[test]
fn an_interrupt_reaches_the_input_its_slot_is_wired_to() {
    let machine = &mut machine(&[E1000]);
    let registers = 0x8020_0000;
    place(machine, CONFIG | 3 << 15, registers);
    store(machine, registers + 0xd0, Size::Word, 4);
    store(machine, registers + 0xc8, Size::Word, 4);
    assert_eq!(machine.interrupts().collect::<Vec<_>>(), [(18, true, 1)]);
    assert_eq!(load(machine, registers + 0xc0, Size::Word) & 4, 4);
    assert_eq!(machine.interrupts().collect::<Vec<_>>(), [(18, false, 1)]);
}

#[test]
fn slots_are_chosen_around_those_that_are_asked_for() {
    let mut names = Vec::new();
    let at_three: (&str, &[(&str, &str)]) = ("pvpanic-pci", &[("addr", "3")]);
    let machine = &mut machine(&[E1000, at_three, E1000]);
    for slot in 3..6 {
        names.push(load(machine, CONFIG | slot << 15, Size::Word));
    }
    assert_eq!(names, [0x0011_1b36, 0x100e_8086, 0x100e_8086]);
    // The second interface has the second address of the range.
    place(machine, CONFIG | 5 << 15, 0x8020_0000);
    assert_eq!(load(machine, 0x8020_5404, Size::Word), 0x8000_5734);
}

#[test]
fn a_write_by_somebody_else_to_code_is_brought_to_attention() {
    let machine = &mut machine(&[]);
    machine.world.watch_code(0x10_0000);
    assert!(machine.world.attention().is_none());
    store(machine, 0x10_0010, Size::Word, 1);
    assert!(machine.world.attention().is_none(), "the processor's own");
    machine.world.ram.copy_in(0x10_0ffc, &[1; 8]).unwrap();
    assert!(machine.world.attention().has(Attention::CODE));
    assert_eq!(machine.world.take_written_code(), Some(0x10_0000));
    assert!(machine.world.attention().is_none());
}

#[test]
fn why_an_interface_takes_no_frames_can_be_seen() {
    let machine = &mut machine(&[E1000]);
    place(machine, CONFIG | 3 << 15, 0x8020_0000);
    let held: Vec<_> = machine.held().map(|(name, why)| (name.to_owned(), why.as_str())).collect();
    assert_eq!(held, [("e1000.0".to_owned(), "receiver off")]);
}

#[test]
fn a_machine_without_a_program_does_not_run() {
    assert_eq!(machine(&[]).run(VTime::MAX), Outcome::NoProgram);
}

#[test]
fn a_pin_and_a_message_reach_the_processor_s_input() {
    let machine = &mut machine(&[E1000]);
    let (lapic, ioapic, vector) = (0xfee0_0000, 0xfec0_0000, 0xfee0_0ff0);
    store(machine, lapic + 0xf0, Size::Word, 0x1ff);
    machine.world.deliver_message(Gpa(0xfee0_0000), 0x55);
    assert!(machine.world.inputs.interrupt);
    assert_eq!(load(machine, vector, Size::Word), 0x55);
    assert!(!machine.world.inputs.interrupt, "acknowledged");
    store(machine, lapic + 0xb0, Size::Word, 0);

    // Input 18 is INTA of slot 3: level, active low, vector 0x62, to processor 0.
    for (register, value) in [(0x35, 0), (0x34, 0xa062)] {
        store(machine, ioapic, Size::Word, register);
        store(machine, ioapic + 0x10, Size::Word, value);
    }
    let registers = 0x8020_0000;
    place(machine, CONFIG | 3 << 15, registers);
    store(machine, registers + 0xd0, Size::Word, 4);
    store(machine, registers + 0xc8, Size::Word, 4);
    assert_eq!(load(machine, vector, Size::Word), 0x62);
    store(machine, lapic + 0xb0, Size::Word, 0);
    assert!(machine.world.inputs.interrupt, "nobody has taken the cause away");
    load(machine, registers + 0xc0, Size::Word);
    assert_eq!(load(machine, vector, Size::Word), 0x62);
    store(machine, lapic + 0xb0, Size::Word, 0);
    assert!(!machine.world.inputs.interrupt);
}

#[test]
fn the_console_has_an_input_of_its_own() {
    let machine = &mut machine(&[]);
    let (control, data) = (0x8000_1002, 0x8000_1003);
    // Master interrupt enable, transmitter on, transmit interrupt on; then a character.
    for (register, value) in [(9, 0x08), (5, 0x68), (1, 0x02)] {
        store(machine, control, Size::Byte, register);
        store(machine, control, Size::Byte, value);
    }
    store(machine, data, Size::Byte, b'x'.into());
    machine.world.take_input();
    assert_eq!(machine.interrupts().map(|(input, ..)| input).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_message_to_nobody_is_the_guest_s_mistake() {
    let machine = &mut machine(&[]);
    machine.world.deliver_message(Gpa(0x1000), 0x55);
    assert!(!machine.world.inputs.interrupt);
}

/// Clocks bits into the EEPROM of the e1000 at 0x80200000.
fn microwire(machine: &mut Machine, bits: u64, count: u32) {
    for n in (0..count).rev() {
        let data = (bits >> n & 1) << 2;
        store(machine, 0x8020_0010, Size::Word, 0x42 | data);
        store(machine, 0x8020_0010, Size::Word, 0x43 | data);
    }
}

/// A machine whose e1000, and rtl8139, keep their EEPROMs in files.
fn with_files(folder: &std::path::Path, more: &str) -> Result<Machine, String> {
    let file = |name: &str| folder.join(name).display().to_string();
    let (e1000, rtl8139) = (file("e1000.rom"), file("rtl8139.rom"));
    let mut config = MachineConfig::new(MachineModel::named("e8c").unwrap());
    let options = [("timing", "off"), ("eeprom", e1000.as_str())];
    config.devices = vec![
        DeviceOptions::new("e1000", &options),
        DeviceOptions::new("rtl8139", &[("timing", "off"), ("eeprom", rtl8139.as_str())]),
    ];
    if !more.is_empty() {
        config.devices.push(DeviceOptions::new(more, &options));
    }
    MachineBuilder::new().build(config).map_err(|error| error.to_string())
}

#[test]
fn an_eeprom_outlives_its_machine() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let machine = &mut with_files(folder.path(), "").unwrap();
    assert_eq!(read("e1000.rom")[..6], [0x52, 0x54, 0, 0x12, 0x34, 0x56], "made at the start");
    assert_eq!(read("rtl8139.rom")[14..20], [0x52, 0x54, 0, 0x12, 0x34, 0x57]);
    place(machine, CONFIG | 3 << 15, 0x8020_0000);
    microwire(machine, 0b1_00_110000, 9);
    store(machine, 0x8020_0010, Size::Word, 0x40);
    microwire(machine, (0b101 << 6 | 2) << 16 | 0xbbaa, 25);
    store(machine, 0x8020_0010, Size::Word, 0x40);
    assert_eq!(read("e1000.rom")[4..6], [0x34, 0x56], "the file follows between two slices");
    machine.world.hand_on();
    assert_eq!(read("e1000.rom")[4..6], [0xaa, 0xbb]);
    let refused = with_files(folder.path(), "").map(|_| ()).unwrap_err();
    assert!(refused.ends_with("e1000.rom' cannot be used: another device uses it"), "{refused}");
    microwire(machine, (0b101 << 6 | 1) << 16 | 0xddcc, 25);
    store(machine, 0x8020_0010, Size::Word, 0x40);
    *machine = super::tests::machine(&[]);
    assert_eq!(read("e1000.rom")[2..6], [0xcc, 0xdd, 0xaa, 0xbb], "and at the end");

    let machine = &mut with_files(folder.path(), "").unwrap();
    let ports: Vec<_> = machine.net().ports().collect();
    let stations = ports.iter().filter_map(|port| machine.station(*port));
    let stations: Vec<String> = stations.map(|station| station.to_string()).collect();
    assert_eq!(stations, ["52:54:cc:dd:aa:bb", "52:54:00:12:34:57"]);
    place(machine, CONFIG | 3 << 15, 0x8020_0000);
    assert_eq!(load(machine, 0x8020_5400, Size::Word), 0xddcc_5452);
}

#[test]
fn a_file_that_is_no_eeprom_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rtl8139.rom"), [0; 100]).unwrap();
    let refused = with_files(folder.path(), "").map(|_| ()).unwrap_err();
    let text = "cannot be used: the image has 100 bytes; it takes 128 or 256 bytes";
    assert!(refused.starts_with("device 'rtl8139.0': eeprom '"), "{refused}");
    assert!(refused.ends_with(text), "{refused}");
    assert!(!folder.path().join("e1000.rom").exists());
    std::fs::remove_file(folder.path().join("rtl8139.rom")).unwrap();
    let refused = with_files(folder.path(), "e1000-82545em").map(|_| ()).unwrap_err();
    assert!(refused.contains("another device uses it"), "one file for two: {refused}");
}

#[test]
fn an_unplugged_device_leaves_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rom").display().to_string();
    let options = DeviceOptions::new("e1000", &[("id", "n"), ("eeprom", &file), ("timing", "off")]);
    let machine = &mut machine(&[]);
    machine.plug(&options).unwrap();
    place(machine, CONFIG | 3 << 15, 0x8020_0000);
    microwire(machine, 0b1_00_110000, 9);
    store(machine, 0x8020_0010, Size::Word, 0x40);
    microwire(machine, (0b101 << 6 | 2) << 16 | 0xbbaa, 25);
    store(machine, 0x8020_0010, Size::Word, 0x40);
    machine.unplug("n").unwrap();
    assert_eq!(std::fs::read(&file).unwrap()[4..6], [0xaa, 0xbb]);
    machine.plug(&options).unwrap();
}
