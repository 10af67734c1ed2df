//! Interrupts from their causes through the controllers to a handler in the guest.

use crate::common::{guest, run, scratch};

/// A trap table whose handler acknowledges, does `served` and returns; then `body` with interrupts on.
///
/// `%dg20` counts, `%dg21` is the last vector. The local controller is on.
fn interrupted(served: &str, body: &str) -> String {
    format!(
        "
    rwd table, %oscud.lo
    rwd 0x100000 << 32, %oscud.hi
    {{ addd,0 0, 0, %dg20\n addd,1 0, 0, %dg21 }}
    li %dr0, 0xfee00000
    li %dr1, 0x1ff
    {{ stw,2 %r1, [ %dr0 + 0xf0 ] }}
    {{ ibranch main }}
    .align 0x800
table:
    {{ setwd wsz=8, nfx=1 }}
    {{ addd,0 0, 0xfee00000, %dr0 }}
    {{ ldw,2 [ %dr0 + 0xff0 ], %dr1\n nop 4 }}
    {{ addd,0 %dr1, 0, %dg21\n addd,1 %dg20, 1, %dg20 }}
    {served}
    {{ stw,2 %r1, [ %dr0 + 0xb0 ] }}
    {{ rwd,0 0, %tir.lo }}
    {{ nop 3 }}
    {{ done }}
    .align 8
main:
    rwd 3, %psr
    {body}
    rwd 1, %psr
    print_hex %dg21, 2
    print \" \"
    print_decimal %dg20"
    )
}

#[test]
fn the_timer_wakes_a_processor_that_waits() {
    let folder = scratch();
    let body = "li %dr2, 0xb
        { stw,2 %r2, [ %dr0 + 0x3e0 ] }
        li %dr2, 0x200ef
        { stw,2 %r2, [ %dr0 + 0x320 ] }
        li %dr2, 20000
        { stw,2 %r2, [ %dr0 + 0x380 ] }
    1:  { wait trap=1 }
        brn cmpedb, %dg20, 5, 1b";
    let image = guest(folder.path(), &interrupted("", body));
    let log = folder.path().join("log");
    let ran = run(&image, &format!("-d int -D {}", log.display()));
    assert_eq!(ran.console(), "ef 5");
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(log.matches("cpu0: vector 0xef is pending").count(), 5, "{log}");
}

#[test]
fn a_pin_of_a_device_reaches_the_handler_through_the_io_controller() {
    let folder = scratch();
    // ICR of the e1000 takes the cause away; pin INTA of slot 3 is input 18.
    let served = "{ addd,0 0, 0x80200000, %dr2 }\n { ldw,2 [ %dr2 + 0xc0 ], %dr3\n nop 4 }";
    let body = "li %dr0, 0xfec00000
        li %dr1, 0x35
        li %dr2, 0
        { stw,2 %r1, [ %dr0 + 0 ] }\n { stw,2 %r2, [ %dr0 + 0x10 ] }
        li %dr1, 0x34
        { stw,2 %r1, [ %dr0 + 0 ] }
        li %dr1, 0xa062
        { stw,2 %r1, [ %dr0 + 0x10 ] }
        li %dr0, (PCI_CONFIG | 3 << 15)\n li %dr1, 0x80200000
        { stw,2 %r1, [ %dr0 + 0x10 ], mas=PCI_SPACE }
        li %dr2, 7\n { sth,2 %r2, [ %dr0 + 4 ], mas=PCI_SPACE }
        li %dr3, 4\n { stw,2 %r3, [ %dr1 + 0xd0 ] }
        { stw,2 %r3, [ %dr1 + 0xc8 ] }
    1:  br cmpedb, %dg20, 0, 1b
        { stw,2 %r3, [ %dr1 + 0xc8 ] }
    1:  brn cmpedb, %dg20, 2, 1b";
    let image = guest(folder.path(), &interrupted(served, body));
    assert_eq!(run(&image, "-device e1000,timing=off").console(), "62 2");
}

#[test]
fn the_system_timer_interrupts_through_its_input() {
    let folder = scratch();
    // Input 2, an edge, vector 0x42; a period of 2000 counts is 200 us.
    let body = "li %dr0, 0xfec00000
        li %dr1, 0x15\n li %dr2, 0
        { stw,2 %r1, [ %dr0 + 0 ] }\n { stw,2 %r2, [ %dr0 + 0x10 ] }
        li %dr1, 0x14\n li %dr2, 0x42
        { stw,2 %r1, [ %dr0 + 0 ] }\n { stw,2 %r2, [ %dr0 + 0x10 ] }
        li %dr0, 0x80002000\n li %dr1, (2000 << 9)\n li %dr2, 7
        { stw,2 %r1, [ %dr0 + 0 ] }\n { stw,2 %r2, [ %dr0 + 0xc ] }
    1:  { wait trap=1 }
        brn cmpedb, %dg20, 4, 1b";
    let image = guest(folder.path(), &interrupted("", body));
    assert_eq!(run(&image, "").console(), "42 4");
}

#[test]
fn a_processor_interrupts_itself() {
    let folder = scratch();
    let body = "li %dr1, 0x41\n { stw,2 %r1, [ %dr0 + 0x3f0 ] }
    1:  br cmpedb, %dg20, 0, 1b";
    let image = guest(folder.path(), &interrupted("", body));
    assert_eq!(run(&image, "").console(), "41 1");
}
