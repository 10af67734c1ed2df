//! Which machine: `-M`, `-cpu`, `-m`, `-smp`, and the two ways to write an option.

use crate::common::{firmware, guest_file, line, on_stdout, printer, run, scratch};

/// Prints `%idr`: model in the low byte.
const SHOW_IDR: &str = "{ rrd,0 %idr, %dr0\n nop 4 }\n print_hex %dr0, 5";

#[test]
fn every_machine_runs_with_the_processor_it_is_named_after() {
    let folder = scratch();
    let image = guest_file(folder.path(), SHOW_IDR);
    let idr = |options: &str| run(image.as_ref(), options).console();
    assert_eq!(idr("-M e8c"), "3a207");
    assert_eq!(idr("-M e2s"), "3a203");
    assert_eq!(idr("-M e8c2"), "3a209");
    assert_eq!(idr("-M e16c"), "3a20b");
    assert_eq!(idr("-M e2c3"), "3a20c");
    assert_eq!(idr("-machine e2k"), "3a207", "as qemu-system-e2k calls it");
    assert_eq!(idr("-machine type=e8c"), "3a207");
    assert_eq!(idr(""), "3a207", "the default");
}

#[test]
fn a_legacy_board_has_its_functions_elsewhere() {
    let folder = scratch();
    // The host bridge in the legacy configuration space, then in that of the others.
    let show = "li %dr0, 0xff10008000\n { ldw,2 [ %dr0 + 0 ], %dr1, mas=PCI_SPACE\n nop 4 }
        print_hex %dr1, 8\n print \" \"
        li %dr0, 0x200008000\n { ldw,2 [ %dr0 + 0 ], %dr1, mas=PCI_SPACE\n nop 4 }
        print_hex %dr1, 8\n print \"\\n\"
        { ibranch 1f }
    1:  li %dr2, 0xff10000000 | 8 << 15
        li %dr1, 0x80700000
        { stw,2 %r1, [ %dr2 + 0x10 ], mas=PCI_SPACE }
        li %dr3, 2\n { sth,2 %r3, [ %dr2 + 4 ], mas=PCI_SPACE }
        li %dr3, 0x501\n { sth,2 %r3, [ %dr1 + 0 ] }";
    let image = guest_file(folder.path(), show);
    let ran = run(image.as_ref(), "-M e1c+");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(5), "80171fff ffffffff\n"), "{}", ran.stderr);
}

#[test]
fn a_machine_runs_with_another_processor() {
    let folder = scratch();
    let image = guest_file(folder.path(), SHOW_IDR);
    let idr = |options: &str| run(image.as_ref(), options).console();
    assert_eq!(idr("-cpu e8c2"), "3a209");
    assert_eq!(idr("-cpu e16c"), "3a20b");
    assert_eq!(idr("-cpu e2s,tags=off"), "3a203");
}

#[test]
fn properties_of_the_processor_change_what_a_program_may_do() {
    let folder = scratch();
    let misaligned = "li %dr0, 0x200000\n { ldw,0 [ %dr0 + 1 ], %dr1\n nop 4 }\n print \"done\"";
    let image = guest_file(folder.path(), misaligned);
    assert_eq!(run(image.as_ref(), "-cpu e8c,alignment=perform").console(), "done");
    let ran = run(image.as_ref(), "-cpu e8c,alignment=trap");
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("exc_mem_not_aligned") || ran.stderr.contains("aligned"));

    let diagnostic =
        "{ ldd,0,sm [ 0 - 8 ], %dr0\n nop 4 }\n { addd,0 %dr0, 1, %dr1 }\n print \"done\"";
    let image = guest_file(folder.path(), diagnostic);
    assert_eq!(run(image.as_ref(), "-cpu e8c,tags=off").console(), "done");

    let timed = "cycles %dr0\n { ldd,0 [ 0x1000 ], %dr1 }\n { addd,0 %dr1, 1, %dr2 }\n cycles %dr3
        { subd,0 %dr3, %dr0, %dr0 }\n print_decimal %dr0";
    let image = guest_file(folder.path(), timed);
    let cycles = |options| run(image.as_ref(), options).console().parse::<u32>().unwrap();
    assert!(
        cycles("-cpu e8c,interlocks=on") > cycles("-cpu e8c"),
        "a bundle waits for its operand"
    );
}

#[test]
fn ram_ends_where_the_option_says() {
    let folder = scratch();
    // 24 MiB and a bit: RAM or a hole, where stores are lost and loads are ones.
    let probe = "li %dr0, 0x1800100\n li %dr1, 0x5a\n { stw,2 %r1, [ %dr0 + 0 ] }
        { ldw,0 [ %dr0 + 0 ], %dr2\n nop 4 }\n print_hex %dr2, 8";
    let image = guest_file(folder.path(), probe);
    let found = |options: &str| run(image.as_ref(), options).console();
    for (options, value) in [
        ("-m 24", "ffffffff"),
        ("-m 25", "0000005a"),
        ("-m 24M", "ffffffff"),
        ("-m size=25600K", "0000005a"),
        ("", "0000005a"),
    ] {
        assert_eq!(found(options), value, "{options}");
    }
    let high = "li %dr0, 0x400000100\n li %dr1, 0x5a\n { stw,2 %r1, [ %dr0 + 0 ] }
        { ldw,0 [ %dr0 + 0 ], %dr2\n nop 4 }\n print_hex %dr2, 8";
    let image = guest_file(folder.path(), high);
    let found = |options: &str| run(image.as_ref(), options).console();
    assert_eq!(found("-m 2G"), "ffffffff");
    assert_eq!(found("-m 2049"), "0000005a", "what does not fit below 2 GiB lies above");
}

#[test]
fn as_many_processors_run_as_are_asked_for() {
    let folder = scratch();
    assert_eq!(run(&printer(folder.path(), "one", 0), "-smp 1").console(), "one");
    // Firmware is started on all of them: each counts, and the first tells when all have.
    let body = "li %dr0, 0xfee00020
        { ldw,2 [ %dr0 + 0 ], %dr1\n nop 4 }
        li %dr2, 0x8000
    1:  { ldd,0 [ %dr2 + 0 ], %dr3, mas=7\n nop 4 }
        { addd,0 %dr3, 1, %dr3 }
        { std,2 %dr3, [ %dr2 + 0 ], mas=2\n nop 3 }
        { ibranch 1b ? %MLOCK }
    2:  brn cmpedb, %dr1, 0, 2b
        { ldd,0 [ %dr2 + 0 ], %dr3\n nop 4 }
        brn cmpedb, %dr3, 4, 2b
        print_decimal %dr3";
    let image = firmware(folder.path(), body);
    let options =
        format!("-nodefaults -serial stdio -device exit,addr=8 -bios {}", image.display());
    assert_eq!(line(&format!("{options} -smp 4")).console(), "4");
    assert_eq!(line(&format!("{options} -smp cores=4 -M e2s,quantum=100")).console(), "4");
}

#[test]
fn options_have_one_dash_or_two_and_a_value_beside_or_behind_an_equals_sign() {
    let folder = scratch();
    let image = printer(folder.path(), "dashes", 0);
    let one = on_stdout(&image)
        + " -M e8c -cpu e8c -m 64 -smp 1 -append x -netdev user,id=n0,restrict=on -object \
           filter-buffer,id=f0,netdev=n0,interval=1000 -nic none -pace fast -display none -monitor none";
    let two = one
        .replace(" -", " --")
        .replacen('-', "--", 1)
        .replace(" --M ", " -M ")
        .replace(" --m ", " -m ");
    let equals = two.replace("--cpu e8c", "--cpu=e8c").replace("--smp 1", "-smp=1");
    for options in [&one, &two, &equals] {
        assert_eq!(line(options).console(), "dashes", "{options}");
    }
}
