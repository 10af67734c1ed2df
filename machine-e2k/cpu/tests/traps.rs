//! Traps as a program's handler sees them: causes, frames, where it goes on (e2k-machine.md §7).

mod common;

use common::guest::Guest;
use elnic_cpu::{Config, Cycles, ExceptionKind, IsaVersion, Pin, Processor, Stop, Tags};

/// Sets the trap table up. The handler notes the first two entries of `%tir`, `%cr0.hi`, `%cr1.lo`, `%psr` and `%wd` in `seen`, counts in
/// `%g20`, lets the interrupted program go on `SKIP` bytes further, and returns.
const HANDLER: &str = "
#ifndef SKIP
#define SKIP 0
#endif
.text
.globl _start
_start:
    { setwd wsz=16, nfx=1 }
    rwd table, %oscud.lo
    rwd 0x10000 << 32, %oscud.hi
    { disp %ctpr1, main }
    { ct %ctpr1 }
.align 0x800
table:
    { setwd wsz=8, nfx=1 }
    { addd,0 0, seen, %dr0 }
    { rrd,0 %tir.hi, %dr1 }
    { rrd,0 %tir.lo, %dr2 }
    { rrd,0 %tir.hi, %dr3 }
    { rrd,0 %cr0.hi, %dr4 }
    { rrd,0 %cr1.lo, %dr5 }
    { rrd,0 %psr, %dr6 }
    { rrd,0 %wd, %dr7 }
    { std,2 %dr1, [ %dr0 + 0 ] ; std,5 %dr2, [ %dr0 + 8 ] }
    { std,2 %dr3, [ %dr0 + 16 ] ; std,5 %dr4, [ %dr0 + 24 ] }
    { std,2 %dr5, [ %dr0 + 32 ] ; std,5 %dr6, [ %dr0 + 40 ] }
    { std,2 %dr7, [ %dr0 + 48 ] ; addd,0 %dg20, 1, %dg20 }
    { addd,0 %dr4, SKIP, %dr4 }
    { rwd,0 %dr4, %cr0.hi }
    { rwd,0 0, %tir.lo }
    { nop 3 }
    { done }
.align 8
seen:
    .dword 0, 0, 0, 0, 0, 0, 0
";

fn guest(isa: IsaVersion, skip: u64, main: &str) -> Guest {
    Guest::new(isa, &format!("#define SKIP {skip}\n{HANDLER}\nmain:\n{main}\n"))
}

#[test]
fn a_division_by_zero_reaches_the_handler_and_the_program_goes_on() {
    let mut guest = guest(
        IsaVersion::V4,
        8,
        "{ addd,0 0, 7, %dr3 ; addd,1 0, 0, %dr2 }
         bad: { udivd,5 %dr3, %dr2, %dr4 }
         { addd,0 %dr3, 1, %dr5 }
         HALT(1)",
    );
    assert_eq!(guest.halt(), 1);
    let bad = guest.symbol("bad");
    assert_eq!(guest.word("seen", 0), 1 << 34 | 1 << 49, "one entry: exc_div on channel 5");
    assert_eq!(guest.word("seen", 1), bad);
    assert_eq!(guest.word("seen", 2), 0, "no entry below");
    assert_eq!(guest.word("seen", 3), bad);
    let cr1 = guest.word("seen", 4);
    assert_eq!((cr1 >> 33 & 0x7f, cr1 >> 57), (16, 1), "wbs is the whole window; psr of before");
    assert_eq!(guest.word("seen", 5), 1, "the handler runs with psr.pm alone");
    assert_eq!(guest.word("seen", 6) >> 16 & 0xffff_ffff_ffff, 8 * 16, "wd of setwd");
    assert_eq!((guest.register(3), guest.register(5)), (7, 8));
    assert_eq!(guest.cpu.state().window.size, 32);
}

#[test]
fn the_state_is_that_before_the_bundle_at_fault() {
    // The addition beside the division must not have happened, or it happens twice.
    let mut guest = guest(
        IsaVersion::V4,
        0,
        "{ addd,0 0, 0, %dr2 ; addd,1 0, 100, %dr3 ; addd,2 0, 0, %dg20 }
         { cmpedb,0 %dg20, 0, %pred0 }
         again: { cmpedb,0 %dg20, 0, %pred0 ; addd,1 %dg20, 0, %dr2 }
         { addd,0 %dr3, 1, %dr3 ; udivd,5 %dr3, %dr2, %dr4 }
         HALT(2)",
    );
    // The divisor is the count of traps: the handler's own return does not change %dr2, so the program must run the bundle again.
    guest.cpu.run(&mut guest.bus, Cycles(60));
    let cell = guest.cpu.state().window_cell(3);
    assert_eq!(guest.cpu.state().registers.low(cell) & !0xff, 0);
    let before = guest.word("seen", 1);
    assert_eq!(guest.word("seen", 3), before);
    // Repair the divisor from outside while in the program.
    while guest.cpu.state().window.size != 32 {
        guest.cpu.step(&mut guest.bus);
    }
    let cell = guest.cpu.state().window_cell(2);
    guest.cpu.state_mut().registers.set_low(cell, 1);
    assert_eq!(guest.halt(), 2);
    assert_eq!((guest.register(3), guest.register(4)), (101, 100));
}

#[test]
fn without_a_table_a_fault_ends_the_run_as_before() {
    let mut guest = Guest::new(
        IsaVersion::V4,
        ".globl _start\n_start: { setwd wsz=16, nfx=1 }\n{ udivd,5 %dr3, %dr2, %dr4 }",
    );
    assert_eq!(guest.fail().kind, ExceptionKind::Division);
}

#[test]
fn a_handler_that_fails_at_once_ends_the_run() {
    let mut guest = Guest::new(
        IsaVersion::V4,
        ".globl _start
         _start: { setwd wsz=16, nfx=1 }
         rwd table, %oscud.lo
         { udivd,5 %dr3, %dr2, %dr4 }
         .align 0x800
         table: { addd,0 %dr5, 1, %dr5 }",
    );
    let exception = guest.fail();
    assert_eq!(exception.kind, ExceptionKind::WindowBounds, "the new window is empty");
    assert_eq!(exception.address, guest.symbol("table"));
}

#[test]
fn illegal_code_and_software_traps_are_delivered() {
    let mut guest = guest(IsaVersion::V4, 8, "bad: .word 0x800, 0\nsoft: { setsft }\nHALT(3)");
    guest.cpu.run(&mut guest.bus, Cycles(30));
    assert_eq!(guest.word("seen", 0), 1, "illegal_opcode is exception 0");
    assert_eq!(guest.halt(), 3);
    assert_eq!((guest.word("seen", 0), guest.word("seen", 1)), (1 << 26, guest.symbol("soft")));
}

#[test]
fn an_interrupt_comes_between_bundles_when_psr_and_upsr_allow_it() {
    let program = "rwd 0x77, %psr
         rws 0x1, %upsr
         { addd,0 0, 1, %dr3 }
         closed: { addd,0 %dr3, 1, %dr3 }
         rws 0x21, %upsr
         open: { addd,0 %dr3, 1, %dr3 }
         HALT(4)";
    let mut guest = guest(IsaVersion::V4, 0, program);
    guest.cpu.set_pin(Pin::Interrupt, true);
    while guest.cpu.state().registers.low(guest.cpu.state().global_cell(20)) == 0 {
        assert_eq!(guest.cpu.step(&mut guest.bus), Stop::Budget);
        if guest.cpu.state().window.size == 0 {
            guest.cpu.set_pin(Pin::Interrupt, false);
        }
    }
    assert_eq!(guest.halt(), 4);
    assert_eq!(guest.word("seen", 0), 1 << 32);
    assert_eq!(guest.word("seen", 1), guest.word("seen", 3));
    assert!(guest.word("seen", 3) > guest.symbol("closed"));
    assert!(guest.word("seen", 3) <= guest.symbol("open"));
    assert_eq!(guest.word("seen", 4) >> 57, 0x77, "the psr of before");
    assert_eq!((guest.register(3), guest.cpu.state().psr), (3, 0x77));
}

#[test]
fn waiting_ends_with_an_interrupt_and_continues_behind_it() {
    let mut guest = guest(
        IsaVersion::V4,
        0,
        "rwd 0x77, %psr\nrws 0x21, %upsr\n{ wait trap=1 }\nafter: { nop 1 }\nHALT(5)",
    );
    assert_eq!(guest.run(), Stop::Idle);
    assert_eq!(guest.cpu.state().ip, guest.symbol("after"));
    guest.cpu.set_pin(Pin::Interrupt, true);
    assert_eq!(guest.cpu.step(&mut guest.bus), Stop::Budget);
    assert_eq!(guest.cpu.state().ip, guest.symbol("table"));
    guest.cpu.set_pin(Pin::Interrupt, false);
    assert_eq!(guest.halt(), 5);
    assert_eq!(guest.word("seen", 3), guest.symbol("after"));
}

#[test]
fn a_masked_interrupt_ends_the_wait_but_is_not_delivered() {
    let mut guest = guest(IsaVersion::V4, 0, "{ wait trap=1 }\nHALT(6)");
    guest.cpu.set_pin(Pin::Interrupt, true);
    assert_eq!(guest.halt(), 6);
}

#[test]
fn non_maskable_interrupts_have_gates_of_their_own() {
    let mut guest = guest(IsaVersion::V4, 0, "rwd 0x21, %psr\nspin: { ibranch spin }");
    guest.cpu.run(&mut guest.bus, Cycles(40));
    guest.cpu.set_pin(Pin::Interrupt, true);
    guest.cpu.run(&mut guest.bus, Cycles(40));
    assert_eq!(guest.word("seen", 0), 0, "psr.ie is clear");
    guest.cpu.set_pin(Pin::NonMaskable, true);
    guest.cpu.run(&mut guest.bus, Cycles(14));
    assert_eq!(guest.word("seen", 0), 1 << 33);
}

#[test]
fn a_system_call_is_a_call_with_privilege_to_its_own_entry() {
    let mut guest = guest(
        IsaVersion::V4,
        0,
        "rwd 0x6, %psr
         rrd %psr, %dr9
         { sdisp %ctpr1, 3 ; addd,0 0, 11, %db[0] }
         { setbn rsz=3, rbs=8, rcur=0 }
         { addd,0 0, 11, %db[0] }
         { call %ctpr1, wbs=8 }
         { addd,0 %db[0], 0, %dr4 }
         { rrd,0 %psr, %dr5 }
         HALT(7)
         .align 0x800
         .skip 0x800 - 8
         .align 0x800
         ",
    );
    // Entry 3 lies 0x1800 behind the table.
    let entry = guest.symbol("table") + 0x1800;
    // { setwd wsz=8, nfx=1 ; return %ctpr3 ; addd,0 %dr0, 1, %dr0 } ; { rrd,0 %psr, %dr1 } ; { ct %ctpr3 }
    let handler = Guest::new(
        IsaVersion::V4,
        ".globl _start\n_start: { setwd wsz=8, nfx=1 ; return %ctpr3 }\n{ addd,0 %dr0, 1, %dr0 }\n{ rrd,0 %psr, %dg21 }\n{ ct %ctpr3 }",
    );
    let code = handler.symbol("_start") as usize;
    let bytes = handler.bus.ram[code..code + 128].to_vec();
    guest.bus.ram[entry as usize..entry as usize + 128].copy_from_slice(&bytes);
    assert_eq!(guest.halt(), 7);
    assert_eq!((guest.register(4), guest.register(5), guest.register(9)), (12, 6, 6));
    let global = guest.cpu.state().global_cell(21);
    assert_eq!(guest.cpu.state().registers.low(global), 5, "pm, and sge as it was");
}

#[test]
fn done_without_privilege_is_a_trap_itself() {
    let mut guest = guest(IsaVersion::V4, 16, "rwd 0x6, %psr\nbad: { done }\nHALT(8)");
    assert_eq!(guest.halt(), 8);
    assert_eq!((guest.word("seen", 0), guest.word("seen", 1)), (1 << 1, guest.symbol("bad")));
}

#[test]
fn nested_traps_each_return_to_their_own_place() {
    // The handler itself divides by zero until %g21 is used up.
    let mut guest = Guest::new(
        IsaVersion::V4,
        ".globl _start
         _start: { setwd wsz=16, nfx=1 }
         rwd table, %oscud.lo
         { addd,0 0, 5, %dg21 ; addd,1 0, 0, %dg22 ; addd,2 0, 42, %dr3 }
         { udivd,5 %dg21, %dg22, %dr4 }
         { addd,0 %dr3, 1, %dr3 }
         HALT(9)
         .align 0x800
         table:
         { setwd wsz=8, nfx=1 }
         { subd,0 %dg21, 1, %dg21 }
         { rrd,0 %cr0.hi, %dr2 }
         { cmpedb,0 %dg21, 0, %pred0 ; addd,1 %dr2, 8, %dr2 }
         { ibranch over ? %pred0 }
         { udivd,5 %dg21, %dg22, %dr4 }
         over:
         { rwd,0 %dr2, %cr0.hi }
         { rwd,0 0, %tir.lo }
         { done }",
    );
    assert_eq!(guest.halt(), 9);
    assert_eq!(guest.register(3), 43);
    assert!(guest.cpu.state().frames.is_empty());
}

#[test]
fn diagnostic_values_trap_with_tags_on() {
    let config = Config { tags: Tags::On, ..Config::default() };
    let text = format!(
        "#define SKIP 8\n{HANDLER}\nmain:
         {{ addd,0 0, 0, %dr2 ; addd,1 0, 0, %dg20 }}
         {{ udivd,5,sm %dr2, %dr2, %dr4 }}
         bad: {{ addd,0 %dr4, 1, %dr5 }}
         HALT(10)"
    );
    let mut guest = Guest::with(config, &text);
    assert_eq!(guest.halt(), 10);
    assert_eq!(guest.word("seen", 0), 1 << 15 | 1 << 44);
    assert_eq!(guest.word("seen", 1), guest.symbol("bad"));
}

#[test]
fn a_saved_state_keeps_what_the_handler_has_not_read_yet() {
    let mut guest = guest(
        IsaVersion::V4,
        8,
        "{ addd,0 0, 0, %dr2 }\nbad: { udivd,5 %dr2, %dr2, %dr4 }\nHALT(11)",
    );
    while guest.cpu.state().window.size != 0 {
        guest.cpu.step(&mut guest.bus);
    }
    let saved = guest.cpu.save();
    guest.cpu.restore(&saved).expect("a possible state");
    assert_eq!(guest.halt(), 11);
    assert_eq!(guest.word("seen", 1), guest.symbol("bad"));
}

#[test]
fn what_a_program_has_prepared_outlives_a_trap() {
    let mut guest = guest(
        IsaVersion::V4,
        8,
        "{ addd,0 0, 0, %dr2 ; disp %ctpr1, target }
         bad: { udivd,5 %dr2, %dr2, %dr4 }
         { ct %ctpr1 }
         HALT(1)
         target: HALT(12)",
    );
    assert_eq!(guest.halt(), 12);
    assert_eq!(guest.word("seen", 1), guest.symbol("bad"));
}

#[test]
fn the_back_trace_leads_through_the_processor_and_the_chain_stack() {
    let mut guest = Guest::new(
        IsaVersion::V4,
        ".globl _start
         _start: { setwd wsz=16, nfx=1 ; disp %ctpr1, middle }
         { call %ctpr1, wbs=8 }
         outer: HALT(1)
         middle: { setwd wsz=8, nfx=1 ; disp %ctpr1, inner }
         { flushc }
         { call %ctpr1, wbs=8 }
         behind: HALT(2)
         inner: { setwd wsz=8, nfx=1 }
         { setsft }",
    );
    let exception = guest.fail();
    assert_eq!(exception.kind, ExceptionKind::SoftwareTrap);
    let trace = guest.cpu.back_trace(&mut guest.bus, 16);
    assert_eq!(trace, [guest.symbol("behind"), guest.symbol("outer")]);
    assert_eq!(guest.cpu.back_trace(&mut guest.bus, 1), [guest.symbol("behind")]);
}
