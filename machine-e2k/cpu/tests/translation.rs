//! Page tables, protection and the trap cellar, as programs see them (e2k-machine.md §7.5, §8).

mod common;

use common::guest::Guest;
use common::tables::{Flags, Tables, V3, V6};
use common::word_at;
use elnic_cpu::{ExceptionKind, IsaVersion, Processor, Stop};

const ROOT: u64 = 0x40_0000;
const CELLAR: u64 = 0x30_0000;
/// Where the tests map pages, and a frame for them.
const PAGE: u64 = 0x1_2345_6000;
const FRAME: u64 = 0x38_0000;

/// Switches translation on and goes to `main`; `table` handles traps.
const START: &str = "
.globl _start
_start:
    { setwd wsz=16, nfx=1 }
    rwd table, %oscud.lo
    { addd,0 0, 0x400000, %dr1 ; addd,1 0, 0x300000, %dr2 ; addd,3 0, 0x21, %dr3 }
    { nop 2 ; mmurw,2 %dr1, %root_ptb }
    { nop 2 ; mmurw,2 %dr2, %trap_point }
    { nop 2 ; mmurw,2 %dr3, %mmu_cr }
    { disp %ctpr1, main }
    { addd,0 0, PAGE, %dr8 }
    { ct %ctpr1 }
";

/// The first 8 MiB as they are, so that program, stacks and tables stay where they were.
fn space(guest: &mut Guest, flags: Flags) -> Tables {
    let mut tables = Tables::new(ROOT, flags);
    for start in (0..0x80_0000).step_by(0x20_0000) {
        tables.map_large(&mut guest.bus, start, start);
    }
    tables
}

fn guest(isa: IsaVersion, flags: Flags, text: &str) -> (Guest, Tables) {
    let mut guest = Guest::new(isa, &format!("#define PAGE {PAGE:#x}\n{}{text}", start(isa)));
    let tables = space(&mut guest, flags);
    (guest, tables)
}

/// Version 6 has other names, and says which format it uses.
fn start(isa: IsaVersion) -> String {
    if isa < IsaVersion::V6 {
        return START.to_owned();
    }
    START
        .replace("%root_ptb", "%u_pptb")
        .replace("    { addd,0 0, 0x400000", "    rwd 0x20, %core_mode\n    { addd,0 0, 0x400000")
}

/// Notes what it finds in registers that nobody saves and halts.
const STOP_AT_TRAP: &str = "
.align 0x800
table:
    { setwd wsz=8, nfx=1 }
    { rrd,0 %tir.hi, %dg16 }
    { rrd,0 %tir.lo, %dg17 }
    { rrd,0 %cr0.hi, %dg18 }
    { nop 2 ; mmurr,2 %trap_count, %dg19 }
    HALT(99)
";

fn global(guest: &Guest, number: u8) -> u64 {
    guest.cpu.state().registers.low(guest.cpu.state().global_cell(number))
}

/// Address, datum and condition of cellar entry `number`.
fn entry(guest: &Guest, number: u64) -> (u64, u64, u64) {
    let at = |word: u64| word_at(&guest.bus, CELLAR + 24 * number + 8 * word);
    (at(0), at(1), at(2))
}

#[test]
fn both_formats_translate_and_mark_their_pages() {
    for (isa, flags) in [(IsaVersion::V3, V3), (IsaVersion::V5, V3), (IsaVersion::V6, V6)] {
        let text = format!(
            "main: {{ ldd,0 [ %dr8 + 8 ], %dr4 }}
             {{ addd,0 %dr4, 1, %dr4 }}
             {{ std,2 %dr4, [ %dr8 + 16 ] }}
             HALT(1){STOP_AT_TRAP}"
        );
        let (mut guest, mut tables) = guest(isa, flags, &text);
        let place = tables.map(&mut guest.bus, PAGE, FRAME);
        let start = FRAME as usize + 8;
        guest.bus.ram[start..start + 8].copy_from_slice(&41_u64.to_le_bytes());
        assert_eq!(guest.halt(), 1, "{isa:?}");
        assert_eq!(word_at(&guest.bus, FRAME + 16), 42);
        assert_eq!(word_at(&guest.bus, place) >> 5 & 3, 3, "used and written");
    }
}

#[test]
fn an_access_over_the_end_of_a_page_reaches_both_frames() {
    let text = format!(
        "main: {{ addd,0 %dr8, 0xffc, %dr9 }}
         {{ ldd,0 [ %dr9 + 0 ], %dr4 }}
         {{ addd,0 0, 0x1122334455667788, %dr5 }}
         {{ std,2 %dr5, [ %dr9 + 0 ] }}
         HALT(1){STOP_AT_TRAP}"
    );
    let (mut guest, mut tables) = guest(IsaVersion::V4, V3, &text);
    tables.map(&mut guest.bus, PAGE, FRAME + 0x4000);
    tables.map(&mut guest.bus, PAGE + 0x1000, FRAME);
    guest.bus.ram[FRAME as usize] = 0xaa;
    guest.bus.ram[FRAME as usize + 0x4fff] = 0xbb;
    assert_eq!(guest.halt(), 1);
    assert_eq!(guest.register(4), 0xaa_bb00_0000);
    assert_eq!(word_at(&guest.bus, FRAME) & 0xffff_ffff, 0x1122_3344);
    assert_eq!(word_at(&guest.bus, FRAME + 0x4ff8) >> 32, 0x5566_7788);
}

/// What a fault of one access says: bits of the cause, of the condition.
fn fault_of(isa: IsaVersion, flags: Flags, main: &str, pte: Option<u64>) -> (Guest, u64, u64) {
    let text = format!("main: {main}\nHALT(1){STOP_AT_TRAP}");
    let (mut guest, mut tables) = guest(isa, flags, &text);
    if let Some(entry) = pte {
        tables.set(&mut guest.bus, PAGE, entry);
    }
    assert_eq!(guest.halt(), 99, "the handler was entered");
    let (cause, condition) = (global(&guest, 16), entry(&guest, 0).2);
    (guest, cause, condition)
}

#[test]
fn missing_and_forbidden_pages_are_told_apart() {
    let load = "{ ldw,3 [ %dr8 + 4 ], %r4 }";
    let store = "{ stw,5 %r4, [ %dr8 + 4 ] }";
    let page = 1 << 29;
    for (isa, flags) in [(IsaVersion::V4, V3), (IsaVersion::V6, V6)] {
        let (guest, cause, condition) = fault_of(isa, flags, load, None);
        assert_eq!(cause, page | 1 << (44 + 3), "data_page on channel 3");
        assert_eq!(condition >> 35 & 0x1fff, 1 << (43 - 35), "no such address");
        assert_eq!(condition >> 10 & 7, 3, "a word");
        assert_eq!(condition >> 32 & 3, 2, "the third of the channels");
        assert_eq!(condition >> 17 & 1, 0, "no store");
        assert_eq!(entry(&guest, 0).0, PAGE + 4);
        assert_eq!(global(&guest, 19), 3, "three words in the cellar");
        let (_, _, condition) = fault_of(isa, flags, load, Some(flags.valid));
        assert_eq!(condition >> 35 & 0x1fff, 1 << (45 - 35), "there, but elsewhere");
        let (_, _, condition) = fault_of(isa, flags, store, Some((flags.base & !2) | FRAME));
        assert_eq!(condition >> 35 & 0x1fff, 1 << (44 - 35), "not writable");
        assert_eq!(condition >> 17 & 1, 1, "a store");
        let user = "{ rwd,0 0x4, %psr }\n{ nop 4 }\n{ ldw,3 [ %dr8 + 4 ], %r4 }";
        let privileged = flags.base | flags.privileged | FRAME;
        let (_, _, condition) = fault_of(isa, flags, user, Some(privileged));
        assert_eq!(condition >> 35 & 0x1fff, 1 << (42 - 35), "the system's page");
        assert_eq!(condition >> 31 & 1, 0, "and not with psr.pm");
    }
}

#[test]
fn the_rest_of_the_bundle_completes_and_the_program_is_behind_it() {
    let main = "{ addd,0 0, 5, %dr4 ; addd,1 0, 7, %dr6 }
        bad: { ldd,0 [ %dr8 + 0 ], %dr5 ; addd,1 %dr4, %dr6, %dr6 ; ldd,3 [ %dr8 + 8 ], %dr9 }
        behind: { nop 1 }";
    let (mut guest, cause, _) = fault_of(IsaVersion::V4, V3, main, Some(V3.valid));
    assert_eq!(cause, 1 << 29 | 0b1001 << 44);
    assert_eq!(
        (global(&guest, 17), global(&guest, 18)),
        (guest.symbol("bad"), guest.symbol("behind"))
    );
    assert_eq!((entry(&guest, 0).0, entry(&guest, 1).0, global(&guest, 19)), (PAGE, PAGE + 8, 6));
    // Look at the interrupted window.
    let state = guest.cpu.state_mut();
    state.window.base -= 32;
    assert_eq!(state.registers.low(state.window_cell(6)), 12);
    assert_eq!(state.registers.low(state.window_cell(5)), 0, "left for the handler");
}

#[test]
fn a_load_on_channel_0_that_fails_holds_the_store_on_channel_2_back() {
    let text = |load: u8| {
        format!(
            "{{ addd,0 0, 0x5a, %dr4 ; addd,1 0, 0x380000, %dr7 }}
             {{ ldd,{load} [ %dr8 + 0 ], %dr5 ; std,2 %dr4, [ %dr7 + 0 ] }}"
        )
    };
    let (guest, ..) = fault_of(IsaVersion::V4, V3, &text(0), Some(V3.valid));
    assert_eq!(word_at(&guest.bus, FRAME), 0);
    let (address, datum, condition) = entry(&guest, 1);
    assert_eq!((address, datum), (FRAME, 0x5a));
    assert_eq!((condition >> 35 & 0x1fff, condition >> 17 & 1), (0, 1), "a store without fault");
    let (guest, ..) = fault_of(IsaVersion::V4, V3, &text(5), Some(V3.valid));
    assert_eq!(word_at(&guest.bus, FRAME), 0x5a);
}

#[test]
fn a_speculative_load_fails_softly_only_where_no_page_can_be() {
    let text = format!("main: {{ ldd,0,sm [ %dr8 + 0 ], %dr4 }}\nHALT(1){STOP_AT_TRAP}");
    let (mut guest, _) = guest(IsaVersion::V4, V3, &text);
    assert_eq!(guest.halt(), 1);
    assert_eq!(guest.register(4), 0x4afa_fafa_4afa_fafa);
    let (_, cause, condition) =
        fault_of(IsaVersion::V4, V3, "{ ldd,0,sm [ %dr8 + 0 ], %dr4 }", Some(V3.valid));
    assert_eq!((cause >> 29 & 1, condition >> 30 & 1), (1, 1));
}

#[test]
fn code_needs_a_page_that_may_be_executed() {
    let main = "{ movtd,0 %dr8, %ctpr1 }\n{ ct %ctpr1 }";
    let cases = [(V3.valid, 20), (V3.base | V3.no_exec | FRAME, 21)];
    for (pte, exception) in cases {
        let text = format!("main: {main}\n{STOP_AT_TRAP}");
        let (mut guest, mut tables) = guest(IsaVersion::V4, V3, &text);
        tables.set(&mut guest.bus, PAGE, pte);
        assert_eq!(guest.halt(), 99);
        assert_eq!((global(&guest, 16), global(&guest, 17)), (1 << exception, PAGE));
    }
}

#[test]
fn a_bundle_over_the_end_of_a_page_is_read_from_both_frames() {
    // { addd,0 0, 0x123456789abcdef0, %dr5 } in the last eight bytes of one page and the first of the next, then a halt.
    let text = format!(
        "main: {{ addd,0 %dr8, 0xff8, %dr8 }}\n{{ movtd,0 %dr8, %ctpr1 }}\n{{ ct %ctpr1 }}\n{STOP_AT_TRAP}"
    );
    let (mut guest, mut tables) = guest(IsaVersion::V4, V3, &text);
    tables.map(&mut guest.bus, PAGE, FRAME + 0x2000);
    let second = tables.map(&mut guest.bus, PAGE + 0x1000, FRAME);
    let mut put = |place: u64, words: &[u32]| common::put_words(&mut guest.bus, place, words);
    put(FRAME + 0x2ff8, &[0x0400_0011, 0x11c0_dc85]);
    put(FRAME, &[0x1234_5678, 0x9abc_def0, 0x0000_8001, 0x6000_0001]);
    put(FRAME + 0x5000, &[0, 77, 0x0000_8001, 0x6000_0002]);
    assert_eq!(guest.halt(), 1);
    assert_eq!(guest.register(5), 0x1234_5678_9abc_def0);
    // Another frame behind the same one: what was decoded of both is not used.
    let start = second as usize;
    guest.bus.ram[start..start + 8].copy_from_slice(&((FRAME + 0x5000) | V3.base).to_le_bytes());
    let saved = guest.cpu.save();
    guest.cpu.restore(&saved).expect("a possible state");
    guest.cpu.state_mut().ip = PAGE + 0xff8;
    assert_eq!(guest.halt(), 2);
    assert_eq!(guest.register(5), 77);
}

#[test]
fn a_changed_entry_counts_after_a_flush() {
    for flush in [
        "{ addd,0 %dr8, 1, %dr9 }\n{ std,2 %dr0, [ %dr9 + 0 ], mas=0x17 }",
        "{ std,2 %dr0, [ 0 + 1 ], mas=0x27 }",
    ] {
        let text = format!(
            "main: {{ ldd,0 [ %dr8 + 0 ], %dr4 }}
             {{ std,2 %dr11, [ %dr10 + 0 ] }}
             {flush}
             {{ ldd,0 [ %dr8 + 0 ], %dr5 }}
             HALT(1){STOP_AT_TRAP}"
        );
        let (mut guest, mut tables) = guest(IsaVersion::V4, V3, &text);
        let place = tables.map(&mut guest.bus, PAGE, FRAME);
        guest.bus.ram[FRAME as usize] = 1;
        guest.bus.ram[FRAME as usize + 0x1000] = 2;
        let state = guest.cpu.state_mut();
        for (register, value) in [(10, place), (11, (FRAME + 0x1000) | V3.base)] {
            let cell = state.window_cell(register);
            state.registers.set_low(cell, value);
        }
        assert_eq!(guest.halt(), 1);
        assert_eq!((guest.register(4), guest.register(5)), (1, 2));
    }
}

#[test]
fn separate_spaces_have_roots_of_their_own() {
    // The system's half begins at 0x1_0000_0000, so PAGE is in it.
    let text = format!(
        "main:
         {{ addd,0 0, 0x420000, %dr4 ; addd,1 0, 0x100000000, %dr5 }}
         {{ nop 2 ; mmurw,2 %dr4, %os_pptb }}
         {{ nop 2 ; mmurw,2 %dr5, %os_vab }}
         rwd 0x24, %core_mode
         {{ ldd,0 [ %dr8 + 0 ], %dr4 }}
         HALT(1){STOP_AT_TRAP}"
    );
    let (mut guest, mut user) = guest(IsaVersion::V6, V6, &text);
    let mut system = Tables::new(0x42_0000, V6);
    user.map(&mut guest.bus, PAGE, FRAME);
    system.map(&mut guest.bus, PAGE, FRAME + 0x1000);
    guest.bus.ram[FRAME as usize] = 1;
    guest.bus.ram[FRAME as usize + 0x1000] = 2;
    assert_eq!(guest.halt(), 1);
    assert_eq!(guest.register(4), 2);
}

#[test]
fn physical_accesses_pass_translation_by() {
    let text = format!(
        "main: {{ addd,0 0, 0x380000, %dr4 }}
         {{ ldd,0 [ %dr4 + 0 ], %dr5, mas=1 }}
         HALT(1){STOP_AT_TRAP}"
    );
    let (mut guest, mut tables) = guest(IsaVersion::V4, V3, &text);
    tables.map(&mut guest.bus, PAGE, FRAME);
    guest.bus.ram[FRAME as usize] = 9;
    assert_eq!(guest.halt(), 1);
    assert_eq!(guest.register(5), 9);
}

#[test]
fn registers_of_the_unit_are_privileged() {
    let main = "{ rwd,0 0x4, %psr }\n{ nop 4 }\n{ nop 2 ; mmurr,2 %mmu_cr, %dr4 }";
    let (_, cause, _) = fault_of(IsaVersion::V4, V3, main, None);
    assert_eq!(cause, 1 << 1 | 1 << (44 + 2));
}

/// Makes the page present, repeats what the cellar holds by `ldrd`/`strd`, and puts a load's result where the interrupted window lies in the
/// procedure stack (version 5: 16 bytes a register, the value first).
const REPEAT: &str = "
.align 0x800
table:
    { setwd wsz=16, nfx=1 }
    { rrd,0 %wd, %dr10 }
    { rrd,0 %psp.hi, %dr11 }
    { rrd,0 %psp.lo, %dr12 }
    { rrd,0 %cr1.lo, %dr13 }
    { addd,0 0, 0x300000, %dr0 ; addd,1 %dg31, 0, %dr1 ; addd,3 %dg30, 0, %dr2 }
    { std,2 %dr1, [ %dr2 + 0 ] }
    { std,2 %dr0, [ 0 + 1 ], mas=0x27 }
    { nop 2 ; mmurr,2 %trap_count, %dr9 }
entries:
    { ldd,0 [ %dr0 + 0 ], %dr3 ; ldd,3 [ %dr0 + 8 ], %dr4 ; ldd,2 [ %dr0 + 16 ], %dr5 }
    { shrd,0 %dr5, 10, %dr6 ; shrd,1 %dr5, 20, %dr7 }
    { andd,0 %dr6, 7, %dr6 ; andd,1 %dr7, 0x7f, %dr7 ; shrd,3 %dr5, 17, %dr8 }
    { shld,0 %dr6, 40, %dr6 ; shld,1 %dr7, 32, %dr7 ; andd,3 %dr8, 1, %dr8 }
    { ord,0 %dr6, %dr7, %dr6 ; cmpedb,1 %dr8, 0, %pred0 }
    { nop 2 }
    { ibranch load ? %pred0 }
    { strd,2 %dr4, [ %dr3 + %dr6 ] }
    { ibranch next }
load:
    { ldrd,0 [ %dr3 + %dr6 ], %dr7 }
    ! its register in the window before: number minus base, behind the older ones in memory
    { andd,0 %dr5, 0xff, %dr5 ; shrd,1 %dr10, 3, %dr6 ; shrd,3 %dr13, 33, %dr8 }
    { andd,0 %dr6, 0xff, %dr6 ; andd,1 %dr8, 0x7f, %dr8 }
    { addd,0 %dr8, %dr8, %dr8 }
    { addd,0 %dr5, %dr8, %dr5 }
    { subd,0 %dr5, %dr6, %dr5 ; shld,1 %dr8, 4, %dr8 }
    { shld,0 %dr5, 4, %dr5 ; andd,1 %dr12, 0xffffffffffff, %dr14 ; andd,3 %dr11, 0xffffffff, %dr15 }
    { addd,0 %dr14, %dr15, %dr14 }
    { subd,0 %dr14, %dr8, %dr14 }
    { std,2 %dr7, [ %dr14 + %dr5 ] }
next:
    { subd,0 %dr9, 3, %dr9 ; addd,1 %dr0, 24, %dr0 }
    { cmpedb,0 %dr9, 0, %pred0 }
    { nop 2 }
    { ibranch entries ? ~%pred0 }
    { rwd,0 0, %tir.lo }
    { nop 3 }
    { done }
";

#[test]
fn what_the_cellar_holds_can_be_repeated() {
    // The load overwrites its own address, so that the bundle could not be run again.
    let text = format!(
        "main: {{ addd,0 0, 0x77, %dr6 }}
         {{ ldd,0 [ %dr8 + 0 ], %dr8 ; addd,1 %dr6, 1, %dr6 ; std,5 %dr6, [ %dr8 + 8 ] }}
         HALT(1){REPEAT}"
    )
    .replace("ldd,0 [ %dr8 + 0 ], %dr8 ;", "ldd,2 [ %dr8 + 0 ], %dr8 ;");
    let (mut guest, mut tables) = guest(IsaVersion::V5, V3, &text);
    let place = tables.set(&mut guest.bus, PAGE, V3.valid);
    let start = FRAME as usize;
    guest.bus.ram[start..start + 8].copy_from_slice(&0x1234_u64.to_le_bytes());
    let state = guest.cpu.state_mut();
    for (number, value) in [(30, place), (31, FRAME | V3.base)] {
        let cell = state.global_cell(number);
        state.registers.set_low(cell, value);
    }
    assert_eq!(guest.halt(), 1);
    assert_eq!((guest.register(8), guest.register(6)), (0x1234, 0x78));
    assert_eq!(word_at(&guest.bus, FRAME + 8), 0x77);
}

#[test]
fn without_a_trap_table_a_missing_page_ends_the_run() {
    let text = "main: { ldd,0 [ %dr8 + 0 ], %dr4 }\ntable: HALT(1)".to_owned();
    let (mut guest, _) = guest(IsaVersion::V4, V3, &text);
    while guest.cpu.state().ip < guest.symbol("main") {
        assert_eq!(guest.cpu.step(&mut guest.bus), Stop::Budget);
    }
    guest.cpu.state_mut().system[0x27] = 0;
    let exception = guest.fail();
    assert_eq!((exception.kind, exception.channels), (ExceptionKind::DataPage, 1));
    assert!(exception.reason.contains("load at 0x123456000"), "{}", exception.reason);
}
