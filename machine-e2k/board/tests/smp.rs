//! Several processors: they share memory and interrupts, and two runs are the same run.

mod common;

use common::{fingerprint, machine, machine_with, program, result, run};
use elnic_board::{BuildError, MachineBuilder, MachineConfig, MachineModel};
use elnic_contract::Cycles;

const COUNTS: [u8; 3] = [2, 4, 16];

/// Every processor takes a spin lock 100 times and adds to what it protects; word 0 is the lock, word 1 the count, word 2
/// how many are done, words 8 to 23 count by processor.
const LOCKED: &str = "
    li %dr4, 100
    li %dr7, 1
    li %dr9, 0
    { shld,0 %dr1, 3, %dr10 }
    { addd,0 %dr10, %dr2, %dr10 }
again:
    { ldd,0 [ %dr2 + 0 ], %dr6, mas=7\n nop 4 }
    brn cmpedb, %dr6, 0, again
    { std,2 %dr7, [ %dr2 + 0 ], mas=2\n nop 3 }
    { ibranch again ? %MLOCK }
    load %dr2 + 8, %dr8
    { addd,0 %dr8, 1, %dr8 }
    { std,2 %dr8, [ %dr2 + 8 ] }
    { std,2 %dr9, [ %dr2 + 0 ] }
    load %dr10 + 64, %dr8
    { addd,0 %dr8, 1, %dr8 }
    { std,2 %dr8, [ %dr10 + 64 ] }
    { subd,0 %dr4, 1, %dr4 }
    brn cmpedb, %dr4, 0, again
    { addd,0 %dr2, 16, %dr11 }
    atomic_add %dr11, 1, %dr6";

#[test]
fn a_spin_lock_lets_one_processor_in_at_a_time() {
    let image = program(LOCKED, "");
    for count in COUNTS {
        let mut machine = machine(count, &image);
        run(&mut machine, 500);
        let all = u64::from(count);
        assert_eq!((result(&machine, 1), result(&machine, 2)), (100 * all, all), "{count}");
        for processor in 0..all {
            assert_eq!(result(&machine, 8 + processor), 100, "processor {processor} of {count}");
        }
    }
}

#[test]
fn the_length_of_turns_changes_who_runs_when_and_nothing_that_is_locked() {
    let image = program(LOCKED, "");
    for quantum in [64, 65, 333, 1_000_000] {
        let choose = |config: &mut MachineConfig| config.quantum = Cycles(quantum);
        let mut machine = machine_with(4, &image, choose);
        run(&mut machine, 3000);
        assert_eq!((result(&machine, 1), result(&machine, 2)), (400, 4), "quantum {quantum}");
    }
}

/// Atomic addition without a lock: 200 times by every processor.
const ATOMIC: &str = "
    li %dr4, 200
again:
    atomic_add %dr2, 1, %dr6
    { subd,0 %dr4, 1, %dr4 }
    brn cmpedb, %dr4, 0, again";

#[test]
fn a_locked_access_that_another_interrupts_is_made_again() {
    let image = program(ATOMIC, "");
    for count in COUNTS {
        let choose = |config: &mut MachineConfig| config.quantum = Cycles(67);
        let mut machine = machine_with(count, &image, choose);
        run(&mut machine, 1000);
        assert_eq!(result(&machine, 0), 200 * u64::from(count), "{count}");
    }
}

/// A token goes around: each processor's handler counts and sends it on, 50 times in all. The last word is where it is.
const RING: &str = "
    { shld,0 %dr1, 3, %dr4 }
    { addd,0 %dr4, %dr2, %dr4 }
    load %dr4 + 64, %dr5
    { addd,0 %dr5, 1, %dr5 }
    { std,2 %dr5, [ %dr4 + 64 ] }
    load %dr2, %dr5
    { addd,0 %dr5, 1, %dr5 }
    { std,2 %dr5, [ %dr2 ] }
    br cmplsb, %dr5, 50, 1f
    { ibranch 2f }
1:  load %dr2 + 8, %dr6
    { addd,0 %dr1, 1, %dr1 }
    brn cmpedb, %dr1, %dr6, 1f
    li %dr1, 0
1:  { shld,0 %dr1, 24, %dr1 }
    { stw,2 %r1, [ %dr0 + 0x310 ] }
    li %dr14, 0x4041
    { stw,2 %r14, [ %dr0 + 0x300 ] }
2:";

/// All say that they are there; the first starts the token when `count` are.
fn ring(count: u8) -> Vec<u8> {
    let work = format!(
        "li %dr4, {count}
        {{ std,2 %dr4, [ %dr2 + 8 ] }}
        {{ rws,0 3, %psr\n nop 4 }}
        {{ addd,0 %dr2, 16, %dr11 }}
        atomic_add %dr11, 1, %dr6
        brn cmpedb, %dr1, 0, halt
    1:  load %dr2 + 16, %dr5
        brn cmpedb, %dr5, {count}, 1b
        li %dr14, 0x44041
        {{ stw,2 %r14, [ %dr0 + 0x300 ] }}"
    );
    program(&work, RING)
}

#[test]
fn an_interrupt_goes_from_processor_to_processor() {
    for count in COUNTS {
        let mut machine = machine(count, &ring(count));
        run(&mut machine, 500);
        assert_eq!(result(&machine, 0), 50, "{count}");
        for processor in 0..u64::from(count) {
            let expected = (50 - processor).div_ceil(u64::from(count));
            assert_eq!(result(&machine, 8 + processor), expected, "{processor} of {count}");
        }
    }
}

#[test]
fn a_broadcast_reaches_all_but_the_sender() {
    let handler = "{ shld,0 %dr1, 3, %dr4 }
        { addd,0 %dr4, %dr2, %dr4 }
        { std,2 %dr3, [ %dr4 + 64 ] }
        { addd,0 %dr2, 24, %dr11 }
        atomic_add %dr11, 1, %dr6";
    for count in COUNTS {
        let work = format!(
            "{{ rws,0 3, %psr\n nop 4 }}
            {{ addd,0 %dr2, 16, %dr11 }}
            atomic_add %dr11, 1, %dr6
            brn cmpedb, %dr1, 0, halt
        1:  load %dr2 + 16, %dr5
            brn cmpedb, %dr5, {count}, 1b
            send 0xc4077, 0"
        );
        let mut machine = machine(count, &program(&work, handler));
        run(&mut machine, 200);
        assert_eq!(result(&machine, 3), u64::from(count) - 1);
        assert_eq!(result(&machine, 8), 0, "the sender");
        for processor in 1..u64::from(count) {
            assert_eq!(result(&machine, 8 + processor), 0x77, "{processor} of {count}");
        }
    }
}

#[test]
fn each_processor_has_a_timer_of_its_own_and_waits_alone() {
    // Processor 1 waits for ten ticks of its timer; processor 0 counts until it is told of the last.
    let handler = "load %dr2 + 8, %dr4
        { addd,0 %dr4, 1, %dr4 }
        { std,2 %dr4, [ %dr2 + 8 ] }";
    let work = "
        br cmpedb, %dr1, 1, 2f
    1:  { addd,0 %dr3, 1, %dr3 }
        { std,2 %dr3, [ %dr2 ] }
        load %dr2 + 16, %dr4
        br cmpedb, %dr4, 0, 1b
        { ibranch halt }
    2:  li %dr4, 0xb
        { stw,2 %r4, [ %dr0 + 0x3e0 ] }
        li %dr4, 0x200ef
        { stw,2 %r4, [ %dr0 + 0x320 ] }
        li %dr4, 10000
        { stw,2 %r4, [ %dr0 + 0x380 ] }
        { rws,0 3, %psr\n nop 4 }
    3:  { wait trap=1 }
        { addd,0 %dr3, 1, %dr3 }
        load %dr2 + 8, %dr4
        br cmplsb, %dr4, 10, 3b
        { std,2 %dr3, [ %dr2 + 16 ] }";
    let mut machine = machine(2, &program(work, handler));
    run(&mut machine, 200);
    assert!(result(&machine, 1) >= 10, "ticks");
    assert_eq!(result(&machine, 2), 10, "it woke for ticks alone");
    assert!(result(&machine, 0) > 5000, "the other one went on");
}

#[test]
fn a_store_reaches_code_that_another_processor_has_decoded() {
    // Processor 1 calls what processor 0 changes from `first` to `second`, which have the same length.
    let work = "
        brn cmpedb, %dr1, 0, 2f
    1:  load %dr2, %dr4
        br cmplsb, %dr4, 20, 1b
        { addd,0 0, second, %dr5\n addd,1 0, first, %dr6 }
        load %dr5, %dr7
        { std,2 %dr7, [ %dr6 ] }
        { ibranch halt }
    2:  { addd,0 %dr3, 1, %dr3 }
        { std,2 %dr3, [ %dr2 ] }
        { ibranch first }
        .align 8
    first:
        { addd,0 0, 1, %dr4 }
        { ibranch 3f }
        .align 8
    second:
        { addd,0 0, 2, %dr4 }
        .align 8
    3:  { std,2 %dr4, [ %dr2 + 8 ] }
        br cmpedb, %dr4, 1, 2b";
    let mut machine = machine(2, &program(work, ""));
    run(&mut machine, 200);
    assert_eq!(result(&machine, 1), 2);
    assert!(result(&machine, 0) >= 20);
}

#[test]
fn two_runs_are_the_same_run_however_they_are_cut() {
    for (count, image) in [(4, program(LOCKED, "")), (16, ring(16))] {
        let mut whole = machine(count, &image);
        run(&mut whole, 400);
        let mut again = machine(count, &image);
        run(&mut again, 400);
        assert_eq!(fingerprint(&whole), fingerprint(&again));
        let mut cut = machine(count, &image);
        for micros in (0..=400).step_by(7).chain([400]) {
            run(&mut cut, micros);
        }
        assert_eq!(fingerprint(&whole), fingerprint(&cut), "{count}");
    }
}

#[test]
fn a_processor_runs_once_it_was_started() {
    let mut machine = machine(4, &program("{ ibranch halt }", ""));
    assert_eq!(machine.processors(), 4);
    run(&mut machine, 0);
    let ip = |machine: &elnic_board::Machine| {
        machine.cpu(1).map(|cpu| elnic_cpu::Processor::state(cpu).ip)
    };
    assert_eq!(ip(&machine), Some(common::BASE));
    run(&mut machine, 10);
    assert!(ip(&machine) > Some(common::BASE + 0x1000), "it was started where the vector says");
}

#[test]
fn the_part_limits_the_number_of_processors() {
    for (name, cores) in [("e2s", 4), ("e8c", 8), ("e1c+", 1), ("e8c2", 8)] {
        for processors in [0, cores + 1] {
            let mut config = MachineConfig::new(MachineModel::named(name).unwrap());
            config.processors = processors;
            let refused = MachineBuilder::new().build(config).map(|_| ()).unwrap_err();
            assert!(matches!(refused, BuildError::Processors { .. }), "{name}: {refused}");
            assert!(refused.to_string().contains(&format!("1 to {cores}")), "{refused}");
        }
    }
    let mut config = MachineConfig::new(MachineModel::named("e8c").unwrap());
    config.quantum = Cycles(63);
    let refused = MachineBuilder::new().build(config).map(|_| ()).unwrap_err().to_string();
    assert_eq!(refused, "a quantum of 63 cycles is outside 64 to 1000000");
}

#[test]
fn the_system_clock_counts_100_mhz_and_can_be_set() {
    let work = "
        { rrd,0 %clkr, %dr4\n nop 4 }
        { rrd,0 %sclkr, %dr5\n nop 4 }
        { std,2 %dr4, [ %dr2 ] }
        { std,2 %dr5, [ %dr2 + 8 ] }
        li %dr6, 7 << 32
        { rwd,0 %dr6, %sclkr\n nop 4 }
        { rrd,0 %sclkr, %dr5\n nop 4 }
        { std,2 %dr5, [ %dr2 + 16 ] }";
    let mut machine = machine(1, &program(work, ""));
    run(&mut machine, 10);
    let (cycles, steps) = (result(&machine, 0), result(&machine, 1));
    // 13 cycles of 1.3 GHz are a step.
    assert!(cycles > 13 && steps.abs_diff(cycles / 13) <= 1, "{cycles} cycles, {steps} steps");
    assert_eq!(result(&machine, 2) >> 32, 7);
    assert!(result(&machine, 2) & 0xffff_ffff < 5);
}
