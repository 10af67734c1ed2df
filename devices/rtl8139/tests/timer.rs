//! TCTR and TIMERINT (DS TCTR, TimerInt), with the expectations of QEMU's own test of them.

mod harness;

use elnic_contract::VDuration;
use harness::{Machine, isr, reg};

/// One count: a clock of 33⅓ MHz.
const COUNT: u64 = 30;

fn nanoseconds(machine: &mut Machine, span: u64) {
    machine.advance(VDuration::from_nanos(span));
}

#[test]
fn the_counter_counts_pci_clocks_and_wraps() {
    let mut machine = Machine::off();
    machine.w32(reg::TCTR, 0x1234);
    assert_eq!(machine.r32(reg::TCTR), 0, "any write starts it at 0");
    nanoseconds(&mut machine, 1_000_000_000);
    assert_eq!(machine.r32(reg::TCTR), 33_333_333);
    nanoseconds(&mut machine, COUNT << 32);
    assert_eq!(machine.r32(reg::TCTR), 33_333_333);
}

#[test]
fn no_value_no_interrupt() {
    let mut machine = Machine::off();
    machine.w32(reg::TIMERINT, 0);
    machine.w32(reg::TCTR, 0);
    nanoseconds(&mut machine, 1_000_000_000);
    assert_eq!(machine.r16(reg::ISR), 0);
}

#[test]
fn the_interrupt_comes_at_the_value_and_once_a_period() {
    let mut machine = Machine::off();
    machine.w16(reg::IMR, isr::TIMEOUT);
    machine.w32(reg::TIMERINT, 1);
    machine.w32(reg::TCTR, 0);
    nanoseconds(&mut machine, COUNT - 1);
    assert_eq!(machine.r16(reg::ISR), 0);
    nanoseconds(&mut machine, 1);
    assert!(machine.bench.line());
    assert_eq!(machine.take_isr(), isr::TIMEOUT);
    nanoseconds(&mut machine, (COUNT << 32) - 1);
    assert_eq!(machine.r16(reg::ISR), 0, "not twice in one period");
    nanoseconds(&mut machine, 1);
    assert_eq!(machine.take_isr(), isr::TIMEOUT);
}

#[test]
fn a_value_that_has_passed_waits_for_the_next_period() {
    let mut machine = Machine::off();
    machine.w32(reg::TCTR, 0);
    nanoseconds(&mut machine, 1000 * COUNT);
    machine.w32(reg::TIMERINT, 999);
    nanoseconds(&mut machine, (COUNT << 32) - 2 * COUNT);
    assert_eq!(machine.r16(reg::ISR), 0);
    nanoseconds(&mut machine, COUNT);
    assert_eq!(machine.take_isr(), isr::TIMEOUT);
    machine.w32(reg::TIMERINT, 0x1000);
    machine.w32(reg::TIMERINT, 0);
    nanoseconds(&mut machine, COUNT << 33);
    assert_eq!(machine.r16(reg::ISR), 0, "0 switches it off");
}

#[test]
fn restarting_the_counter_moves_the_interrupt() {
    let mut machine = Machine::off();
    machine.w32(reg::TIMERINT, 100);
    machine.w32(reg::TCTR, 0);
    nanoseconds(&mut machine, 90 * COUNT);
    machine.w32(reg::TCTR, 0);
    nanoseconds(&mut machine, 90 * COUNT);
    assert_eq!(machine.r16(reg::ISR), 0);
    nanoseconds(&mut machine, 10 * COUNT);
    assert_eq!(machine.take_isr(), isr::TIMEOUT);
}
