//! Breakpoints, single steps and last wishes, as a kernel uses them.

mod common;

use common::guest::Guest;
use elnic_cpu::{IsaVersion, Processor};

/// A handler that notes `%tir.hi`, `%cr0.hi`, `%dibsr` and `%ddbsr` of the last exception in `seen`, counts in `%dg20`, takes all breakpoints
/// away and goes on with the frame as `CHANGE` leaves it.
fn guest(change: &str, main: &str) -> Guest {
    let text = format!(
        ".globl _start
         _start: {{ setwd wsz=16, nfx=1 }}
         rwd table, %oscud.lo
         {{ addd,0 0, 0, %dg20 }}
         {{ disp %ctpr1, main }}
         {{ ct %ctpr1 }}
         .align 0x800
         table: {{ setwd wsz=16, nfx=1 }}
         {{ addd,0 0, seen, %dr0 ; addd,1 %dg20, 1, %dg20 }}
         {{ rrd,0 %tir.hi, %dr1 }}
         {{ rrd,0 %cr0.hi, %dr2 }}
         {{ rrd,0 %dibsr, %dr3 }}
         {{ mmurr,5 %ddbsr, %dr4 }}
         {{ std,2 %dr1, [ %dr0 + 0 ] ; std,5 %dr2, [ %dr0 + 8 ] }}
         {{ std,2 %dr3, [ %dr0 + 16 ] ; std,5 %dr4, [ %dr0 + 24 ] }}
         {{ addd,0 0, 0, %dr5 }}
         rwd 0, %dibcr
         rwd 0, %dibsr
         {{ mmurw,2 %dr5, %ddbcr }}
         {{ mmurw,2 %dr5, %ddbsr }}
         {{ rrd,0 %cr1.lo, %dr6 }}
         {change}
         {{ rwd,0 %dr6, %cr1.lo }}
         {{ rwd,0 0, %tir.lo }}
         {{ nop 3 }}
         {{ done }}
         .align 8
         seen: .dword 0, 0, 0, 0
         cell: .dword 0, 0
         main: {main}"
    );
    Guest::new(IsaVersion::V4, &text)
}

fn count(guest: &Guest) -> u64 {
    guest.cpu.state().registers.low(guest.cpu.state().global_cell(20))
}

const INSTRUCTION_DEBUG: u64 = 1 << 8;
const LAST_WISH: u64 = 1 << 24;
const DATA_DEBUG: u64 = 1 << 28;

#[test]
fn a_breakpoint_comes_before_its_bundle() {
    let mut guest = guest(
        "",
        "{ addd,0 0, there, %dr1 ; addd,1 0, 0, %dr3 }
         { rwd,0 %dr1, %dibar2 }
         rwd 0x30, %dibcr
         { addd,0 0, 1, %dr3 }
         there: { addd,0 %dr3, 1, %dr3 }
         HALT(1)",
    );
    assert_eq!(guest.halt(), 1);
    assert_eq!(
        (guest.word("seen", 0), guest.word("seen", 1)),
        (INSTRUCTION_DEBUG, guest.symbol("there"))
    );
    assert_eq!(guest.word("seen", 2), 1 << 2, "dibsr.b2");
    assert_eq!((count(&guest), guest.register(3)), (1, 2));
}

#[test]
fn a_breakpoint_that_is_no_exception_is_noted() {
    let mut guest = guest(
        "",
        "{ addd,0 0, there, %dr1 }
         { rwd,0 %dr1, %dibar0 }
         rwd 0x1, %dibcr
         there: { nop 1 }
         { rrd,0 %dibsr, %dr4 }
         HALT(2)",
    );
    assert_eq!(guest.halt(), 2);
    assert_eq!((count(&guest), guest.register(4)), (0, 1));
}

#[test]
fn a_step_is_one_bundle_behind_the_return_and_ends_by_itself() {
    // The first exception is a breakpoint; its handler asks for a step.
    let step = "{ cmpedb,0 %dg20, 1, %pred0 }
         { nop 2 }
         { ord,0 %dr6, 1 << 24, %dr6 ? %pred0 }";
    let mut guest = guest(
        step,
        "{ addd,0 0, there, %dr1 ; addd,1 0, 0, %dr3 }
         { rwd,0 %dr1, %dibar0 }
         rwd 3, %dibcr
         there: { addd,0 %dr3, 1, %dr3 }
         behind: { addd,0 %dr3, 1, %dr3 }
         { addd,0 %dr3, 1, %dr3 }
         HALT(3)",
    );
    assert_eq!(guest.halt(), 3);
    assert_eq!(
        (guest.word("seen", 0), guest.word("seen", 1)),
        (INSTRUCTION_DEBUG, guest.symbol("behind"))
    );
    assert_eq!(guest.word("seen", 2), 1 << 7, "dibsr.ss");
    assert_eq!((count(&guest), guest.register(3)), (2, 3));
}

#[test]
fn a_step_over_a_call_stops_at_the_procedure() {
    let step = "{ cmpedb,0 %dg20, 1, %pred0 }
         { nop 2 }
         { ord,0 %dr6, 1 << 24, %dr6 ? %pred0 }";
    let mut guest = guest(
        step,
        "{ addd,0 0, there, %dr1 ; disp %ctpr1, procedure }
         { rwd,0 %dr1, %dibar0 }
         rwd 3, %dibcr
         there: { call %ctpr1, wbs=8 }
         HALT(4)
         procedure: { setwd wsz=8, nfx=1 ; return %ctpr3 }
         { ct %ctpr3 }",
    );
    assert_eq!(guest.halt(), 4);
    assert_eq!((guest.word("seen", 1), count(&guest)), (guest.symbol("procedure"), 2));
}

#[test]
fn a_last_wish_comes_at_the_return_to_its_frame_once() {
    let mut guest = guest(
        "",
        "{ disp %ctpr1, procedure }
         { call %ctpr1, wbs=8 }
         behind: { addd,0 0, 7, %dr3 }
         HALT(5)
         procedure: { setwd wsz=8, nfx=1 }
         { rrd,0 %cr1.lo, %dr1 }
         { ord,0 %dr1, 1 << 60, %dr1 ; return %ctpr3 }
         { rwd,0 %dr1, %cr1.lo }
         { nop 5 }
         { ct %ctpr3 }",
    );
    assert_eq!(guest.halt(), 5);
    assert_eq!((guest.word("seen", 0), guest.word("seen", 1)), (LAST_WISH, guest.symbol("behind")));
    assert_eq!((count(&guest), guest.register(3)), (1, 7));
    assert_eq!(guest.cpu.state().psr & 8, 0, "it is granted");
}

#[test]
fn a_data_breakpoint_comes_behind_the_bundle_that_hit_it() {
    // ddbcr: valid, `rw`, eight bytes, an exception.
    for (rw, access, hits) in [
        (1, "{ std,2 %dr2, [ %dr1 + 0 ] ; addd,0 0, 9, %dr3 }", 1),
        (1, "{ stb,5 %dr2, [ %dr1 + 7 ] ; addd,0 0, 9, %dr3 }", 1),
        (1, "{ std,2 %dr2, [ %dr1 + 8 ] ; addd,0 0, 9, %dr3 }", 0),
        (1, "{ ldd,3 [ %dr1 + 0 ], %dr4 ; addd,0 0, 9, %dr3 }", 0),
        (2, "{ ldd,3 [ %dr1 + 0 ], %dr4 ; addd,0 0, 9, %dr3 }", 1),
        (2, "{ ldd,3,sm [ %dr1 + 0 ], %dr4 ; addd,0 0, 9, %dr3 }", 0),
    ] {
        let control = 1 | rw << 2 | 4 << 4 | 1 << 12;
        let mut guest = guest(
            "",
            &format!(
                "{{ addd,0 0, cell, %dr1 ; addd,1 0, 5, %dr2 ; addd,3 0, {control}, %dr5 }}
                 {{ mmurw,2 %dr1, %ddbar0 }}
                 {{ mmurw,2 %dr5, %ddbcr }}
                 {access}
                 behind: {{ nop 1 }}
                 HALT(6)"
            ),
        );
        assert_eq!(guest.halt(), 6);
        assert_eq!((count(&guest), guest.register(3)), (hits, 9), "{rw} {access}");
        if hits != 0 {
            assert_eq!(guest.word("seen", 0) & 0xfff_ffff_ffff, DATA_DEBUG);
            assert_eq!((guest.word("seen", 1), guest.word("seen", 3)), (guest.symbol("behind"), 1));
        }
    }
}

#[test]
fn what_is_due_is_part_of_the_state() {
    let mut guest = guest(
        "{ cmpedb,0 %dg20, 1, %pred0 }
         { nop 2 }
         { ord,0 %dr6, 1 << 24, %dr6 ? %pred0 }",
        "{ addd,0 0, there, %dr1 }
         { rwd,0 %dr1, %dibar0 }
         rwd 3, %dibcr
         there: { nop 1 }
         behind: { nop 1 }
         HALT(7)",
    );
    for _ in 0..200 {
        let saved = guest.cpu.save();
        guest.cpu.restore(&saved).expect("a possible state");
        if guest.cpu.step(&mut guest.bus) != elnic_cpu::Stop::Budget {
            break;
        }
    }
    assert_eq!((count(&guest), guest.word("seen", 1)), (2, guest.symbol("behind")));
}
