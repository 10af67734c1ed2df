//! What a program sees of stacks, exceptions, tags, timing and changing code.
//!
//! Bundles are written as words, as MCST gas makes them (e2k-isa.md appendix C, qemu-e2k-contract.md §9); the text stands beside each.

mod common;

use common::{TestBus, put_words, word_at};
use elnic_cpu::state::State;
use elnic_cpu::state::registers::TAG_DIAGNOSTIC;
use elnic_cpu::{
    Config, Cycles, ExceptionKind, Interpreter, IsaVersion, Processor, Stop, Tags, Timing,
};

const CODE: u64 = 0x1000;

/// nop (an empty bundle).
const NOP: [u32; 2] = [0, 0];
/// udivd,5 %dr2, %dr3, %dr5
const DIVIDE: [u32; 2] = [0x8000_0001, 0x4182_8385];
/// addd,0 %dr5, 1, %dr6
const USE: [u32; 2] = [0x0400_0001, 0x1185_c186];

fn machine(config: Config, words: &[u32]) -> (Interpreter, TestBus) {
    let mut bus = TestBus::new(0x2_0000);
    put_words(&mut bus, CODE, words);
    let mut cpu = Interpreter::new(config, CODE);
    let state = cpu.state_mut();
    state.window.size = 32;
    state.procedure_stack.base = 0x8000;
    state.chain_stack.base = 0xc000;
    (cpu, bus)
}

fn set(state: &mut State, register: u16, value: u64) {
    let cell = state.window_cell(register);
    state.registers.set_low(cell, value);
    state.registers.set_tag(cell, 0);
}

fn get(cpu: &Interpreter, register: u16) -> u64 {
    cpu.state().registers.low(cpu.state().window_cell(register))
}

fn steps(cpu: &mut Interpreter, bus: &mut TestBus, count: usize) {
    for _ in 0..count {
        assert_eq!(cpu.step(bus), Stop::Budget);
    }
}

fn exception(stop: Stop) -> (ExceptionKind, String) {
    match stop {
        Stop::Exception(exception) => (exception.kind, exception.to_string()),
        other => panic!("no exception but {other:?}"),
    }
}

#[test]
fn a_division_by_zero_changes_nothing_and_says_where() {
    let (mut cpu, mut bus) = machine(Config::default(), &DIVIDE);
    set(cpu.state_mut(), 5, 77);
    let (kind, text) = exception(cpu.step(&mut bus));
    assert_eq!(kind, ExceptionKind::Division);
    assert_eq!(
        text,
        "exc_div at 0x1000: there is no quotient, or it does not fit in { udivd,5 } [0100008085838241]"
    );
    assert_eq!((cpu.state().ip, get(&cpu, 5)), (CODE, 77));
}

#[test]
fn bytes_that_are_no_bundle_are_an_illegal_opcode() {
    let (mut cpu, mut bus) = machine(Config::default(), &[0x0000_0800, 0]);
    let (kind, text) = exception(cpu.step(&mut bus));
    assert_eq!(kind, ExceptionKind::IllegalOpcode);
    assert!(text.contains("bit 11 must be 0"), "{text}");
}

#[test]
fn code_that_is_not_there_is_an_illegal_address() {
    let (mut cpu, mut bus) = machine(Config::default(), &NOP);
    cpu.state_mut().ip = 0x100_0000;
    assert_eq!(exception(cpu.step(&mut bus)).0, ExceptionKind::IllegalInstructionAddress);
}

#[test]
fn a_register_outside_the_window_is_named() {
    let (mut cpu, mut bus) = machine(Config::default(), &USE);
    cpu.state_mut().window.size = 4;
    cpu.state_mut().window.previous = 4;
    let (kind, text) = exception(cpu.step(&mut bus));
    assert_eq!(kind, ExceptionKind::WindowBounds);
    assert!(text.contains("%r5 is outside the window of 4 registers"), "{text}");
}

#[test]
fn a_transfer_through_an_unprepared_register_is_refused() {
    // ct %ctpr1
    let (mut cpu, mut bus) = machine(Config::default(), &[0x0000_1001, 0xc000_0420]);
    let (kind, _) = exception(cpu.step(&mut bus));
    assert_eq!(kind, ExceptionKind::DiagnosticInstructionAddress);
}

#[test]
fn a_state_register_is_not_written_without_privilege() {
    // rwd,0 %dr0, %psr
    let words = [0x0410_0011, 0x3dc0_8000, 0x01c0_0000, 0];
    let (mut cpu, mut bus) = machine(Config::default(), &words);
    cpu.state_mut().psr = 0;
    assert_eq!(exception(cpu.step(&mut bus)).0, ExceptionKind::PrivilegedAction);
}

/// { call %ctpr1, wbs=8 } ; at the target { flushr ; flushc }
fn call_and_flush(isa: IsaVersion) -> (Interpreter, TestBus) {
    let words = [0x0000_9012, 0xc000_0420, 0x5000_0008, 0, 0x0000_8001, 0x7000_0003];
    let (mut cpu, mut bus) = machine(Config { isa, ..Config::default() }, &words);
    let state = cpu.state_mut();
    let target = CODE + 16;
    state.ctpr[0] = elnic_cpu::state::control::Ctpr::prepared(
        elnic_cpu::state::control::CtprTag::Disp,
        0,
        0,
        target,
    );
    state.predicates.set(3, true, false);
    for register in 0..16 {
        set(state, register, 0x100 + u64::from(register));
        let cell = state.window_cell(register);
        state.registers.set_high(cell, 0x200 + u64::from(register));
    }
    steps(&mut cpu, &mut bus, 2);
    (cpu, bus)
}

#[test]
fn flushed_registers_lie_in_memory_as_the_version_has_them() {
    let (cpu, bus) = call_and_flush(IsaVersion::V4);
    assert_eq!(cpu.state().procedure_stack.ind, 16 * 16);
    let pair = [0, 8, 16, 24].map(|offset| word_at(&bus, 0x8000 + offset));
    assert_eq!(pair, [0x100, 0x101, 0x200, 0x201]);
    let (_, bus) = call_and_flush(IsaVersion::V5);
    let pair = [0, 8, 16, 24].map(|offset| word_at(&bus, 0x8000 + offset));
    assert_eq!(pair, [0x100, 0x200, 0x101, 0x201]);
}

#[test]
fn a_call_leaves_its_frame_in_the_chain_registers_and_the_older_one_in_memory() {
    let (cpu, _) = call_and_flush(IsaVersion::V4);
    let state = cpu.state();
    assert_eq!(state.chain_stack.ind, 32);
    assert_eq!((state.frame.ip, state.frame.wbs), (CODE + 16, 8));
    assert_eq!(state.frame.to_words()[0], 0x40, "predicate 3");
    assert_eq!((state.window.size, state.window.previous), (16, 16));
    assert_eq!(state.registers.low(state.window_cell(0)), 0, "%r16 of the caller");
}

#[test]
fn stacks_that_are_full_stop_the_call() {
    let words = [0x0000_9012, 0xc000_0420, 0x5000_0008, 0];
    let (mut cpu, mut bus) = machine(Config::default(), &words);
    let state = cpu.state_mut();
    state.ctpr[0].bits = 3 << 54 | CODE;
    state.procedure_stack.size = 0xff;
    assert_eq!(exception(cpu.step(&mut bus)).0, ExceptionKind::ProcedureStackBounds);
    cpu.state_mut().procedure_stack.size = 0x1000;
    cpu.state_mut().chain_stack.size = 31;
    assert_eq!(exception(cpu.step(&mut bus)).0, ExceptionKind::ChainStackBounds);
}

#[test]
fn code_that_changes_is_decoded_again() {
    // stw,2 %r2, [ %dr1 + 4 ] ; addd,0 %dr5, 1, %dr6 ; ibranch -8
    let store = [0x1000_0001, 0x2681_c482];
    let branch = [0x0000_5012, 0xc000_0020, 0x0fff_ffff, 0];
    let words: Vec<u32> = [&store[..], &USE, &branch].concat();
    let (mut cpu, mut bus) = machine(Config::default(), &words);
    // The addition first, so that it is decoded when the store comes.
    cpu.state_mut().ip = CODE + 8;
    set(cpu.state_mut(), 1, CODE + 8);
    // addd,0 %dr5, 2, %dr6
    set(cpu.state_mut(), 2, 0x1185_c286);
    steps(&mut cpu, &mut bus, 2);
    assert_eq!((get(&cpu, 6), cpu.state().ip), (1, CODE + 8));
    cpu.state_mut().ip = CODE;
    steps(&mut cpu, &mut bus, 2);
    assert_eq!(get(&cpu, 6), 2);
    // Written by somebody else: the bus tells, after the next access to memory.
    put_words(&mut bus, CODE + 8, &[0x0400_0001, 0x1185_c386]);
    bus.written.push(CODE);
    cpu.state_mut().ip = CODE;
    set(cpu.state_mut(), 1, 0x1_0000);
    steps(&mut cpu, &mut bus, 2);
    assert_eq!(get(&cpu, 6), 3);
}

#[test]
fn a_conditional_store_needs_its_load() {
    // ldd,0 [ %dr1 + 0 ], %dr2, mas=7 ; std,2 %dr3, [ %dr1 + 0 ], mas=2
    let load = [0x0400_8012, 0x6781_c082, 0x60e0_0000, 0];
    let store = [0x1000_8012, 0x2781_c083, 0x6000_8000, 0];
    let (mut cpu, mut bus) = machine(Config::default(), &[load, store, store].concat());
    set(cpu.state_mut(), 1, 0x1_0000);
    set(cpu.state_mut(), 3, 5);
    steps(&mut cpu, &mut bus, 2);
    assert_eq!((word_at(&bus, 0x1_0000), cpu.state().mlock), (5, false));
    set(cpu.state_mut(), 3, 6);
    steps(&mut cpu, &mut bus, 1);
    assert_eq!((word_at(&bus, 0x1_0000), cpu.state().mlock), (5, true));
}

#[test]
fn a_failing_speculative_load_yields_the_diagnostic_pattern() {
    // ldd,0,sm [ %dr1 + 0 ], %dr5
    let words = [&[0x0400_0001, 0xe781_c085][..], &USE].concat();
    let (mut cpu, mut bus) = machine(Config::default(), &words);
    bus.strict = true;
    set(cpu.state_mut(), 1, 0x100_0000);
    steps(&mut cpu, &mut bus, 2);
    assert_eq!(get(&cpu, 5), 0x4afa_fafa_4afa_fafa);

    let (mut cpu, mut bus) = machine(Config { tags: Tags::On, ..Config::default() }, &words);
    bus.strict = true;
    set(cpu.state_mut(), 1, 0x100_0000);
    steps(&mut cpu, &mut bus, 1);
    let state = cpu.state();
    assert_eq!(state.registers.tag(state.window_cell(5)), TAG_DIAGNOSTIC);
    assert_eq!(exception(cpu.step(&mut bus)).0, ExceptionKind::DiagnosticOperand);
}

#[test]
fn a_failing_load_is_an_exception_of_its_channel() {
    // ldd,0 [ %dr1 + 0 ], %dr5
    let (mut cpu, mut bus) = machine(Config::default(), &[0x0400_0001, 0x6781_c085]);
    bus.strict = true;
    set(cpu.state_mut(), 1, 0x100_0000);
    let Stop::Exception(exception) = cpu.step(&mut bus) else { panic!("no exception") };
    assert_eq!(exception.kind, ExceptionKind::MemoryErrorOutside);
    assert_eq!(exception.channels, 1);
    assert!(exception.reason.contains("load at 0x1000000"), "{}", exception.reason);
}

#[test]
fn single_results_clear_the_upper_half_only_in_a_dbl_window() {
    // adds,0 %r1, %r2, %r3
    let (mut cpu, mut bus) = machine(Config::default(), &[0x0400_0001, 0x1081_8283]);
    for (dbl, expected) in [(false, 0xffff_ffff_0000_0003), (true, 3)] {
        let state = cpu.state_mut();
        state.ip = CODE;
        state.window.dbl = dbl;
        set(state, 1, 1);
        set(state, 2, 2);
        set(state, 3, u64::MAX);
        steps(&mut cpu, &mut bus, 1);
        assert_eq!(get(&cpu, 3), expected);
    }
}

#[test]
fn idle_cycles_and_interlocks_count() {
    // nop 3 ; ldd,0 [ %dr1 + 0 ], %dr5 ; addd,0 %dr5, 1, %dr6
    let words = [&[0x0000_0180, 0][..], &[0x0400_0001, 0x6781_c085], &USE].concat();
    for (timing, expected) in
        [(Timing::ISSUE, 4 + 1 + 1), (Timing::documented(IsaVersion::V4), 4 + 3 + 1)]
    {
        let (mut cpu, mut bus) = machine(Config { timing, ..Config::default() }, &words);
        steps(&mut cpu, &mut bus, 3);
        assert_eq!(cpu.cycles(), Cycles(expected));
    }
}

#[test]
fn a_run_ends_with_its_budget() {
    // ibranch .
    let (mut cpu, mut bus) = machine(Config::default(), &[0x0000_5012, 0xc000_0020, 0, 0]);
    assert_eq!(cpu.run(&mut bus, Cycles(0)), Stop::Budget);
    assert_eq!(cpu.cycles(), Cycles(0));
    assert_eq!(cpu.run(&mut bus, Cycles(1000)), Stop::Budget);
    assert_eq!((cpu.cycles(), cpu.bundles()), (Cycles(1000), 1000));
}

#[test]
fn waiting_for_a_trap_is_idling() {
    // wait trap=1
    let (mut cpu, mut bus) = machine(Config::default(), &[0x0000_8001, 0x3000_0040]);
    assert_eq!(cpu.run(&mut bus, Cycles(100)), Stop::Idle);
    assert_eq!(cpu.state().ip, CODE + 8);
}

#[test]
fn the_simulator_convention_halts_if_asked_to() {
    let words = [0x0000_8001, 0x6000_0001];
    let (mut cpu, mut bus) = machine(Config { simulator_halt: true, ..Config::default() }, &words);
    assert_eq!(cpu.run(&mut bus, Cycles(100)), Stop::Halted { code: 1 });
    let (mut cpu, mut bus) = machine(Config::default(), &words);
    assert_eq!(cpu.run(&mut bus, Cycles(1)), Stop::Budget);
}

#[test]
fn the_data_stack_grows_down_and_ends() {
    // getsp,0 -32, %dr3
    let words = [0x0410_0011, 0x58ec_d483, 0x01c0_0000, 0xffe0_0000];
    let (mut cpu, mut bus) = machine(Config::default(), &words);
    steps(&mut cpu, &mut bus, 1);
    assert_eq!(get(&cpu, 3), 0xb000 - 32);
    assert_eq!(cpu.state().data_stack.size(), 0x4000 - 32);
    cpu.state_mut().ip = CODE;
    cpu.state_mut().data_stack.set(0x7010, 16);
    assert_eq!(exception(cpu.step(&mut bus)).0, ExceptionKind::UserStackBounds);
}
