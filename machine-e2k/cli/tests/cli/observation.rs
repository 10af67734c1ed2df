//! Looking at a run: `-d`, `-D`, `-trace`, `ELNIC_LOG`, reports of faults.

use crate::common::{elnic, guest, on_stdout, printer, program, run, scratch};

#[test]
fn each_log_item_shows_what_it_says() {
    let folder = scratch();
    // A hole, a frame, an interrupt input: ICS of an e1000 raises it while IMS allows.
    let body = "li %dr0, 0xf0000000\n { ldw,0 [ %dr0 + 0 ], %dr1\n nop 4 }
        li %dr0, (PCI_CONFIG | 3 << 15)\n li %dr1, 0x80200000
        { stw,2 %r1, [ %dr0 + 0x10 ], mas=PCI_SPACE }
        li %dr2, 7\n { sth,2 %r2, [ %dr0 + 4 ], mas=PCI_SPACE }
        li %dr3, 4\n { stw,2 %r3, [ %dr1 + 0xd0 ] }\n { stw,2 %r3, [ %dr1 + 0xc8 ] }";
    let image = guest(folder.path(), body);
    let logged = |item: &str| {
        let file = folder.path().join(item);
        run(&image, &format!("-device e1000 -d {item} -D {}", file.display())).console();
        std::fs::read_to_string(file).unwrap()
    };
    for (item, wanted) in [
        ("guest_errors", "32-bit read of address 0xf0000000: nothing answers there"),
        ("int", "e1000.0: input 18 high"),
        ("in_asm", "setwd wsz = 0x10"),
        ("exec", " exec 0x1000"),
        ("cpu", "ctpr1"),
    ] {
        let log = logged(item);
        assert!(log.contains(wanted), "'{wanted}' is not in the log of {item}\n{log:.2000}");
    }
    let both = logged("guest_errors,int");
    assert!(both.contains("0xf0000000") && both.contains("input 18"), "{both}");
    assert!(!both.contains("setwd"), "{both}");
}

#[test]
fn the_log_goes_to_standard_error_unless_a_file_is_given() {
    let folder = scratch();
    let body = "li %dr0, 0xf0000000\n { ldw,0 [ %dr0 + 0 ], %dr1\n nop 4 }";
    let image = guest(folder.path(), body);
    let ran = run(&image, "-d guest_errors");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
    assert!(ran.stderr.contains("nothing answers"), "{}", ran.stderr);
    assert_eq!(run(&image, "").console(), "", "nothing is logged that is not asked for");
}

#[test]
fn the_same_run_leaves_the_same_trace() {
    let folder = scratch();
    let image = printer(folder.path(), "traced", 7);
    let traced = |name: &str| {
        let file = folder.path().join(name);
        assert_eq!(run(&image, &format!("-trace {}", file.display())).code, Some(7));
        std::fs::read_to_string(file).unwrap()
    };
    let first = traced("first");
    assert!(first.contains("w16 bar0+0x0 <- 0x701"), "{first}");
    assert!(first.contains("console w8 bar1+0x3 <- 0x74"), "{first}");
    assert_eq!(first, traced("second"));
}

#[test]
fn messages_of_the_program_itself_go_to_standard_error_when_asked_for() {
    let folder = scratch();
    let image = printer(folder.path(), "x", 0);
    let arguments = on_stdout(&image);
    let output = program().args(arguments.split(' ')).env("ELNIC_LOG", "info").output().unwrap();
    assert_eq!(output.stdout, b"x");
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(messages.contains("bundles in"), "{messages}");
}

#[test]
fn an_exception_is_reported_with_bundle_and_registers() {
    let folder = scratch();
    let image = guest(folder.path(), "li %dr3, 0x1234\n { udivd,5 %dr3, 0, %dr4 }");
    let ran = run(&image, "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{}", ran.stderr);
    for wanted in ["exc_div", "udivd", "%r3 0000000000001234", "ctpr1", "at 0x1000"] {
        assert!(ran.stderr.contains(wanted), "'{wanted}' is not in\n{}", ran.stderr);
    }
}

/// A procedure that fails in a procedure, each called from the one before; what follows a call is a place of its own.
const NESTED: &str = "li %dr3, 0x1234\n { disp %ctpr1, middle }\n { call %ctpr1, wbs=8 }
    after_middle: { nop 1 }\n ibranch over
    middle: { setwd wsz=12, nfx=1 ; disp %ctpr1, inner }\n { addd,0 0, 0x77, %dr2 }\n { call %ctpr1, wbs=8 }
    after_inner: { nop 1 }
    inner: { setwd wsz=4, nfx=1 }\n { addd,0 0, 0x99, %dr5 }
    culprit: { udivd,5 %dr5, 0, %dr4 ; addd,0 %dr5, 1, %dr6 }
    over:";

#[test]
fn an_exception_is_reported_with_names_and_the_way_to_it() {
    let folder = scratch();
    let image = guest(folder.path(), NESTED);
    let ran = run(&image, "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{}", ran.stderr);
    for wanted in
        ["exc_div", "udivd,5 %dr5, 0x0, %dr4", "addd,0 %dr5, 0x1, %dr6", "%r5 0000000000000099"]
    {
        assert!(ran.stderr.contains(wanted), "'{wanted}' is not in\n{}", ran.stderr);
    }
    let (_, trace) = ran.stderr.split_once("back trace:\n").expect("a back trace");
    let names: Vec<&str> = trace
        .lines()
        .filter_map(|line| Some(line.split_once('<')?.1.trim_end_matches('>')))
        .collect();
    assert_eq!(names, ["culprit", "after_inner", "after_middle"], "{trace}");
}

/// A trap table whose handler goes on behind the bundle.
const HANDLED: &str = "rwd table, %oscud.lo\n { nop 4 }\n li %dr3, 7
    culprit: { udivd,5 %dr3, 0, %dr4 }\n { nop 1 }\n ibranch over
    .align 0x800
    table: { setwd wsz=4, nfx=1 }\n { rrd,0 %cr0.hi, %dr2 }\n { addd,0 %dr2, 8, %dr2 }
    { rwd,0 %dr2, %cr0.hi }\n { rwd,0 0, %tir.lo }\n { nop 4 }\n { done }
    over: rwd 0, %oscud.lo\n { nop 4 }";

#[test]
fn exceptions_that_the_guest_handles_are_shown_where_asked_for() {
    let folder = scratch();
    let image = guest(folder.path(), HANDLED);
    assert_eq!(run(&image, "").console(), "", "nothing is said that is not asked for");
    let short = run(&image, "-d int");
    assert_eq!(short.code, Some(0), "{}", short.stderr);
    let line = short.stderr.lines().find(|line| line.contains("exc_div")).expect("a line");
    assert!(
        line.contains(" cpu: exc_div at ") && line.contains("<culprit>: there is no"),
        "{line}"
    );
    assert!(!short.stderr.contains("back trace"), "{}", short.stderr);
    let long = run(&image, "-d fault").stderr;
    for wanted in ["exc_div", "udivd,5 %dr3", "%r3 0000000000000007", "back trace:", "<culprit>"] {
        assert!(long.contains(wanted), "'{wanted}' is not in\n{long}");
    }
}

#[test]
fn a_processor_that_waits_goes_on_at_the_next_input_point() {
    let folder = scratch();
    let image = guest(folder.path(), "{ wait trap=1 }\n { udivd,5 %dr0, 0, %dr1 }");
    let ran = run(&image, "");
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("guest fault at 0.0001"), "{}", ran.stderr);
}

#[test]
fn a_pace_does_not_change_what_a_guest_does() {
    let folder = scratch();
    let image = printer(folder.path(), "paced", 0);
    for pace in ["fast", "realtime"] {
        let mut arguments: Vec<String> = on_stdout(&image).split(' ').map(str::to_owned).collect();
        arguments.extend(["-pace".to_owned(), pace.to_owned()]);
        assert_eq!(elnic(arguments).console(), "paced");
    }
}
