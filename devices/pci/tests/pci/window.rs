//! The window in configuration space onto a function's regions.

use crate::support::{FETCHED, LINE, bench, function};
use elnic_contract::{AccessWindow, Capability, CapabilityKind, Size};
use elnic_pci::SpecError;
use elnic_testbench::PciBench;

const AT: u8 = 0x84;
const DATA: u8 = AT + 16;

fn window() -> Capability {
    Capability { offset: AT, kind: CapabilityKind::Window(AccessWindow { structure: 5 }) }
}

fn aim(bench: &mut PciBench, bar: u64, offset: u64, length: u64) {
    bench.set_config(AT + 4, Size::Byte, bar);
    bench.set_config(AT + 8, Size::Word, offset);
    bench.set_config(AT + 12, Size::Word, length);
}

fn read(bench: &mut PciBench) -> u64 {
    bench.enter(|function, cx| function.guest_config_read(cx, DATA, Size::Word))
}

#[test]
fn the_capability_says_what_it_is_and_how_long() {
    let bench = bench(&[window()]);
    assert_eq!(bench.config(AT, Size::Word), 0x0514_0009);
}

#[test]
fn a_region_is_reached_though_nothing_is_decoded() {
    let mut bench = bench(&[window()]);
    bench.command(0);
    aim(&mut bench, 0, LINE, 4);
    bench.set_config(DATA, Size::Word, 1);
    assert!(bench.function.device().lines().0 != 0, "the write went through");
    assert_eq!(read(&mut bench), 1);
    aim(&mut bench, 2, 0x1c, 1);
    assert_eq!(read(&mut bench), 0x3c, "region 2 answers with its number and offset");
    aim(&mut bench, 1, 0x8, 2);
    assert_eq!(read(&mut bench), 0x18, "and so does the one in I/O space");
}

#[test]
fn only_as_many_bytes_as_the_window_says_are_written() {
    let mut bench = bench(&[window()]);
    aim(&mut bench, 0, LINE, 1);
    bench.set_config(DATA, Size::Word, 0xffff_ff00);
    assert_eq!(bench.function.device().lines().0, 0);
}

#[test]
fn a_window_onto_nothing_reads_zero_and_is_remarked_upon() {
    let mut bench = bench(&[window()]);
    for (bar, offset, length) in
        [(5, 0, 4), (0, 0, 3), (0, 0, 0), (1, 62, 4), (0, 2, 4), (0, u64::from(u32::MAX), 4)]
    {
        aim(&mut bench, bar, offset, length);
        bench.notes.take();
        assert_eq!(read(&mut bench), 0, "{bar} {offset:#x} {length}");
        assert!(!bench.notes.take().is_empty());
    }
}

#[test]
fn a_look_at_configuration_space_shows_a_peek_and_reads_nothing() {
    let mut bench = bench(&[window()]);
    aim(&mut bench, 0, FETCHED, 4);
    let state = bench.function.save();
    assert_eq!(bench.config(DATA, Size::Word), 0);
    assert_eq!(bench.function.save(), state);
}

#[test]
fn where_the_window_is_set_to_is_saved() {
    let mut bench = bench(&[window()]);
    aim(&mut bench, 2, 0x10, 2);
    let mut other = function(&[window()]).unwrap();
    other.restore(&bench.function.save()).unwrap();
    bench.function = other;
    assert_eq!(read(&mut bench), 0x30);
}

#[test]
fn a_function_has_one_window() {
    let second = Capability { offset: 0x40, ..window() };
    assert!(matches!(
        function(&[window(), second]),
        Err(SpecError::CapabilityTwice { offset: 0x40 })
    ));
}
