//! What the author of a wrong source gets to read.

mod common;

use common::assemble;

/// The messages about `source`, as printed.
fn messages(source: &str) -> String {
    let texts: Vec<String> = match assemble(&[("a.S", source), ("b.inc", "\t.error \"no\"\n")]) {
        Ok(assembled) => assembled.warnings.iter().map(ToString::to_string).collect(),
        Err(messages) => messages.iter().map(ToString::to_string).collect(),
    };
    texts.join("\n")
}

#[test]
fn the_way_through_macros_and_files_is_told() {
    let source = "#include \"b.inc\"\n.macro m r\n\taddx \\r, 5, %dr2\n.endm\n_start:\n\tm %dr1\n";
    let expected = "\
b.inc:1:2: error: no
    \t.error \"no\"
    \t^
a.S:1: note: included from here
a.S:3:2: error: unknown instruction 'addx'
    \taddx %dr1, 5, %dr2
    \t^
    help: did you mean 'addd'?
a.S:6: note: in expansion of macro 'm'";
    assert_eq!(messages(source), expected);
}

#[test]
fn a_missing_file_is_the_only_error() {
    let text = messages("#include \"macros.inc\"\n_start: fcall x\n");
    assert!(text.starts_with("a.S:1:1: error: cannot include 'macros.inc'"), "{text}");
    assert_eq!(text.matches("error:").count(), 1, "{text}");
}

#[test]
fn the_nearest_name_is_suggested() {
    for (source, hint) in [
        ("_start: .algin 8", "'.align'"),
        ("_start: ibranch _strat", "'_start'"),
        ("_start: rrd %pcr, %dr1", "'psr'"),
        ("_start: wait ldc=1", "'ld_c'"),
        ("_start: addd %dr1, %b3, %dr2", "%b[N]"),
        ("_start: .section .x, \"aq\"", "a, w, x"),
        ("_start: .purgem foo", "no macro 'foo'"),
    ] {
        assert!(messages(source).contains(hint), "{source}: {}", messages(source));
    }
}

#[test]
fn ranges_and_places_are_named() {
    for (source, part) in [
        ("addd,0 %dr64, 1, %dr2", "64 is outside 0..=63"),
        ("ldd,1 [ %dr1 ], %dr2", "its channels are 0 2 3 5"),
        ("setwd wsz=200", "200 is outside 0..=127"),
        ("qpaddd %dr1, %dr2, %dr3", "exists from v5 on, not in v4"),
        ("{ ldd %dr1, %dr2, %dr3, mas=1 ; wait ld_c=1 }", "CS1 is taken by wait"),
        ("{ ct %ctpr1 ; ct %ctpr2 }", "one control transfer"),
        ("{ addd,0 %dr1, 1, %dr1 ; addd,0 %dr1, 1, %dr1 }", "no channels are left"),
        ("{ pass %pred0, @p0 ; andp @p0, @p1, @p4 }", "@p1 is used but has no value"),
        ("addd 32, %dr1, %dr2", "the first source is a register or a number 0..31"),
        ("adds %r1, 0x1ffffffff, %r2", "does not fit 32 bits"),
        ("ibranch label + 4\nlabel: nop", "is no multiple of 8"),
        (".byte 1\nnop", "must stand at a multiple of 8"),
        ("{ nop", "not closed"),
        ("nop }", "'}' without '{'"),
        (".if 1", "no .endif"),
        (".rept 2", "no .endr"),
        (".bss\n.byte 1", "zeros only"),
        ("a: nop\na: nop", "defined already at a.S:1"),
        (".word 1b", "no label '1:' stands above"),
    ] {
        assert!(messages(source).contains(part), "{source}: {}", messages(source));
    }
}

#[test]
fn what_means_something_else_in_c_is_warned_about() {
    assert!(messages("_start: .word 1 | 2 + 4").contains("means something else in C"));
    assert_eq!(messages("_start: .word (1 | 2) + 4"), "");
    assert!(messages("_start: .byte 300").contains("cut off"));
    assert!(messages("nop").contains("no symbol '_start'"));
}

#[test]
fn the_number_of_errors_is_bounded() {
    let count = messages(&"foo\n".repeat(1000)).lines().filter(|l| l.contains("error")).count();
    assert_eq!(count, 40);
}
