//! `eeprom=FILE`: what a guest programs is there when the machine is switched on again.

use crate::common::{guest, run, scratch};

/// Clocks the `count` bits of a command, highest first, into the EEPROM of the e1000 at 0x80200000.
fn microwire(command: u64, count: u32) -> String {
    format!(
        "
        li %dr1, {command}
        li %dr2, {}
    1:  {{ shrd,0 %dr1, %dr2, %dr3\n subd,1 %dr2, 1, %dr2 }}
        {{ andd,0 %dr3, 1, %dr3 }}
        {{ shld,0 %dr3, 2, %dr3 }}
        {{ ord,0 %dr3, 0x42, %dr3 }}
        {{ ord,0 %dr3, 1, %dr4 }}
        {{ stw,2 %r3, [ %dr0 + 0x10 ] }}
        {{ stw,2 %r4, [ %dr0 + 0x10 ] }}
        brn cmplsb, %dr2, 0, 1b
        li %dr3, 0x40
        {{ stw,2 %r3, [ %dr0 + 0x10 ] }}",
        count - 1
    )
}

#[test]
fn what_a_guest_programs_outlives_the_run() {
    let folder = scratch();
    let place = "
        li %dr0, (PCI_CONFIG | 3 << 15)\n li %dr1, 0x80200000
        { stw,2 %r1, [ %dr0 + 0x10 ], mas=PCI_SPACE }
        li %dr2, 7\n { sth,2 %r2, [ %dr0 + 4 ], mas=PCI_SPACE }
        move %dr1, %dr0
        { ldw,2 [ %dr0 + 0x5400 ], %dr5\n nop 4 }
        print_hex %dr5, 8";
    let enable = microwire(0b1_00_110000, 9);
    let program = microwire((0b101 << 6 | 1) << 16 | 0xbbaa, 25);
    let image = guest(folder.path(), &format!("{place}{enable}{program}"));
    let rom = folder.path().join("nic.rom");
    let options = format!("-device e1000,timing=off,eeprom={}", rom.display());
    assert_eq!(run(&image, &options).console(), "12005452");
    assert_eq!(std::fs::read(&rom).unwrap()[..6], [0x52, 0x54, 0xaa, 0xbb, 0x34, 0x56]);
    assert_eq!(run(&image, &options).console(), "bbaa5452");
    // An address on the command line is for a file that is made anew.
    let given = format!("{options},mac=02:00:00:00:00:09");
    let ran = run(&image, &given);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "bbaa5452"));
    assert!(ran.stderr.contains("its station address is 52:54:aa:bb:34:56"), "{}", ran.stderr);
    std::fs::remove_file(&rom).unwrap();
    assert_eq!(run(&image, &given).console(), "00000002");
}

#[test]
fn a_file_that_cannot_be_an_eeprom_is_refused() {
    let folder = scratch();
    let image = guest(folder.path(), "");
    let rom = folder.path().join("nic.rom");
    std::fs::write(&rom, [0; 64]).unwrap();
    let ran = run(&image, &format!("-device e1000,id=n0,eeprom={}", rom.display()));
    let text = format!(
        "elnic: device 'n0': eeprom '{}' cannot be used: the image has 64 bytes; it takes 128 or 512 bytes\n",
        rom.display()
    );
    assert_eq!((ran.code, ran.stderr), (Some(1), text));
    let ran = run(&image, "-device rtl8139,eeprom=");
    let text = "elnic: property 'eeprom' of 'rtl8139' cannot be '': it takes the path of a file of 128 or 256 bytes\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), text));
}
