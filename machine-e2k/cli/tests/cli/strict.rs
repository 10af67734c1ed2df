//! `strict=on`: what a driver does wrong is named once, with register, value and the place in the guest's program.

use crate::common::{guest, run, scratch};

/// Places the e1000 at 0x80200000 and leaves the address in `%dr1`.
const PLACE: &str = "
    li %dr0, (PCI_CONFIG | 3 << 15)\n li %dr1, 0x80200000
    { stw,2 %r1, [ %dr0 + 0x10 ], mas=PCI_SPACE }
    li %dr2, 7\n { sth,2 %r2, [ %dr0 + 4 ], mas=PCI_SPACE }";

/// What the program says of the device, and what the guest prints.
fn found(body: &str, timing: &str) -> (Vec<String>, String) {
    let folder = scratch();
    let image = guest(folder.path(), &format!("{PLACE}{body}"));
    let ran = run(&image, &format!("-device e1000,strict=on,timing={timing}"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let strict = |line: &&str| line.contains("e1000.0: strict: ");
    (ran.stderr.lines().filter(strict).map(str::to_owned).collect(), ran.stdout)
}

#[test]
fn a_finding_names_register_value_and_the_bundle_that_did_it_once() {
    let body = "
        li %dr3, 0x1234f
        li %dr4, 3
    1:
    culprit:
        { stw,2 %r3, [ %dr1 + 0x2808 ] }
        { subd,0 %dr4, 1, %dr4 }
        brn cmpedb, %dr4, 0, 1b
    other:
        { ldb,2 [ %dr1 + 0x8 ], %dr5\n nop 4 }
        li %dr6, culprit
        print_hex %dr6, 6
        li %dr6, other
        print_hex %dr6, 6";
    let (lines, printed) = found(body, "off");
    let (culprit, other) = printed.split_at(6);
    let at = |address: &str| format!("PC {:#x}", u64::from_str_radix(address, 16).unwrap());
    let [length, narrow] = &lines[..] else { panic!("two findings, each once: {lines:?}") };
    assert!(length.contains(" strict: ring-length: RDLEN = 0x1234f: "), "{length}");
    assert!(length.ends_with(&format!("({})", at(culprit))), "{length}, not {culprit}");
    assert!(narrow.contains(" strict: narrow-access: "), "{narrow}");
    assert!(narrow.ends_with(&format!("({})", at(other))), "{narrow}, not {other}");
}

#[test]
fn a_finding_that_no_access_raises_says_so() {
    // One descriptor for a frame of 30 bytes without TCTL.PSP; with full timing it is fetched after the doorbell.
    let body = "
        li %dr5, 0x600000
        li %dr6, 0x610000
        { std,2 %dr6, [ %dr5 + 0 ] }
        li %dr6, (0x0b << 24 | 30)
        { std,2 %dr6, [ %dr5 + 8 ] }
        { stw,2 %r5, [ %dr1 + 0x3800 ] }
        li %dr6, 128\n { stw,2 %r6, [ %dr1 + 0x3808 ] }
        li %dr6, 0x602008\n { stw,2 %r6, [ %dr1 + 0x410 ] }
        li %dr6, 2\n { stw,2 %r6, [ %dr1 + 0x400 ] }
        li %dr6, 1\n { stw,2 %r6, [ %dr1 + 0x3818 ] }
    1:  { ldb,2 [ %dr5 + 12 ], %dr6\n nop 4 }
        br cmpedb, %dr6, 0, 1b";
    let (lines, _) = found(body, "full");
    let [short] = &lines[..] else { panic!("one finding: {lines:?}") };
    assert!(short.contains(" strict: short-frame: "), "{short}");
    assert!(short.ends_with("(no PC: raised by a timer)"), "{short}");
}
