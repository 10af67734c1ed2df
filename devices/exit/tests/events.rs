//! What a guest says by the exit device, and what the machine hears.

use elnic_contract::{Effect, GuestEvent, LogEntry, Size};
use elnic_exit::{ENTRY, Exit};
use elnic_pci::{FunctionOptions, PciFunction, Space};
use elnic_testbench::{Bench, PciBench};

fn run(script: &str) -> Bench {
    let mut bench = Bench::with(&ENTRY, &[]);
    bench.run(script);
    bench
}

#[test]
fn the_byte_one_ends_with_code_zero() {
    run("w8 bar0+EVENT 1\nexpect guest panicked 0\nexpect no guest");
}

#[test]
fn the_second_byte_is_the_exit_code_before_or_with_the_event() {
    run("w8 bar0+EVENT+1 5\nexpect no guest\nw8 bar0+EVENT 1\nexpect guest panicked 5");
    run("w16 bar0+EVENT 0x0701\nexpect guest panicked 7\nexpect no guest");
    run("w32 bar0+EVENT 0xffff0301\nexpect guest panicked 3");
}

#[test]
fn the_other_events_are_told_apart_and_the_gravest_wins() {
    run(
        "w8 bar0+EVENT 2\nexpect guest crash-loaded\nw16 bar0+EVENT 0x0904\nexpect guest shutdown 9",
    );
    run("w8 bar0+EVENT 7\nexpect guest panicked 0\nexpect no guest");
}

#[test]
fn what_is_no_event_is_remarked_and_ignored() {
    let bench = run("w8 bar0+EVENT 0xf8\nexpect no guest");
    let remark = LogEntry::Guest { what: "unknown pvpanic event", value: 0xf8 };
    assert!(bench.notes.entries().contains(&remark), "{:?}", bench.notes);
    run("w8 bar0+EVENT 0\nexpect no guest");
}

#[test]
fn reads_show_the_supported_events_whatever_was_written() {
    run("r8 bar0+EVENT -> 3\nw8 bar0+EVENT 0\nr8 bar0+EVENT -> 3\nr16 bar0+EVENT -> 3");
    run("w16 bar0+EVENT 0x4200\nr16 bar0+EVENT -> 0x4203\nreset warm\nr16 bar0+EVENT -> 3");
    let mut bench = Bench::with(&ENTRY, &[("events", "7")]);
    bench.run("r8 bar0+EVENT -> 7\nreset cold\nr8 bar0+EVENT -> 7");
}

#[test]
fn a_state_of_a_device_with_other_events_is_refused() {
    let other = Bench::with(&ENTRY, &[("events", "1")]).saved();
    let mut device = ENTRY.make([]).unwrap();
    let refused = device.restore(&other).unwrap_err().to_string();
    assert!(refused.contains("show events 0x1; this device has 0x3"), "{refused}");
}

#[test]
fn on_the_bus_it_decodes_two_bytes() {
    let function = PciFunction::new(Box::new(Exit::new(3)), FunctionOptions::default()).unwrap();
    let mut bench = PciBench::new(function);
    bench.set_config(0x10, Size::Word, 0xffff_ffff);
    assert_eq!(bench.config(0x10, Size::Word), 0xffff_fffe);
    let [bar] = bench.assign(0x10_0000, 0)[..] else { panic!("one base address register") };
    assert_eq!((bar.base, bar.size), (0x10_0000, 16), "drivers cannot see fewer than 16");
    bench.command(2);
    assert_eq!(bench.write(Space::Memory, 0x10_0002, Size::Byte, 1), None);
    assert_eq!(bench.write(Space::Memory, 0x10_0000, Size::Byte, 1), Some(Ok(())));
    assert_eq!(bench.effects, [Effect::Guest(GuestEvent::Panicked { code: 0 })]);
}
