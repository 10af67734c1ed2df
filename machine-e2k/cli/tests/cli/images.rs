//! What runs and what it is told: `-kernel`, `-bios`, `-append`, `-initrd`.

use crate::common::{
    INPUT_ECHO, elnic, firmware, guest, guest_file, line, on_stdout, printer, run, scratch, start,
};
use std::io::Write;
use std::process::Stdio;

#[test]
fn a_kernel_runs_and_its_exit_code_is_the_program_s() {
    let folder = scratch();
    for code in [0, 1, 42, 255] {
        let ran = run(&printer(folder.path(), "bye", code), "");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(i32::from(code)), "bye"));
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn firmware_runs_from_its_own_memory() {
    let folder = scratch();
    let raw = firmware(folder.path(), "{ rrd,0 %ip, %dr0\n nop 4 }\n print_hex %dr0, 9");
    let ran = line(&format!("-serial stdio -device exit,addr=8 -bios {}", raw.display()));
    let address = ran.console();
    assert!(address.starts_with("1000000"), "{address}");
}

#[test]
fn firmware_reads_the_console() {
    let folder = scratch();
    let raw = firmware(folder.path(), INPUT_ECHO);
    let options = format!("-serial stdio -device exit,addr=8 -bios {}", raw.display());
    let mut program = start(&options, |program| _ = program.stdin(Stdio::piped()));
    program.stdin.take().unwrap().write_all(b"firmware\n").unwrap();
    let output = program.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "firmware\n");
}

#[test]
fn a_command_line_reaches_the_kernel_in_the_boot_block() {
    let folder = scratch();
    let image = guest(folder.path(), "{ addd,0 %dr12, 0x58, %dr16 }\n fcall put_string");
    let mut options: Vec<String> = on_stdout(&image).split(' ').map(str::to_owned).collect();
    options.extend(["-append", "-x console=ttyS0 root=/dev/ram"].map(str::to_owned));
    assert_eq!(elnic(options).console(), "-x console=ttyS0 root=/dev/ram");
}

#[test]
fn the_boot_block_names_mac_address_and_timer() {
    let folder = scratch();
    // mac_addr; then the MP table's timer entry, behind header (32 + 44), processor, bus, controller and input.
    let show = "{ ldd,0 [ %dr12 + 0x50 ], %dr0\n ldd,2 [ %dr12 + 0x30 ], %dr1\n nop 4 }
        { addd,0 %dr1, (32 + 44 + 20 + 8 + 16 + 8), %dr1 }
        { ldd,0 [ %dr1 + 8 ], %dr2\n ldb,2 [ %dr1 + 0 ], %dr3\n nop 4 }
        print_hex %dr0, 12\n print \" \"\n print_hex %dr3, 2\n print \" \"\n print_hex %dr2, 8";
    let image = guest(folder.path(), show);
    let ran = run(&image, "-append x -device e1000,mac=52:54:00:00:00:07");
    assert_eq!(ran.console(), "070000005452 05 80002000");
}

#[test]
fn a_ram_disk_lies_in_memory_where_the_boot_block_says() {
    let folder = scratch();
    // The size, the last four bytes, the address's place within a page.
    let show = "{ ldd,0 [ %dr12 + 0x18 ], %dr0\n ldd,2 [ %dr12 + 0x20 ], %dr1\n nop 4 }
        print_decimal %dr1
        { addd,0 %dr0, %dr1, %dr2 }
        { subd,0 %dr2, 4, %dr2\n andd,1 %dr0, 0xfff, %dr3 }
        { ldw,0 [ %dr2 + 0 ], %dr4\n nop 4 }
        print \" \"
        print_hex %dr4, 8
        print \" \"
        print_hex %dr3, 3";
    let image = guest(folder.path(), show);
    let disk = folder.path().join("disk");
    let mut bytes = vec![0x11; 100_000];
    bytes.extend(0x1234_5678_u32.to_le_bytes());
    std::fs::write(&disk, bytes).unwrap();
    let ran = run(&image, &format!("-initrd {} -m 32", disk.display()));
    assert_eq!(ran.console(), "100004 12345678 000");
}

#[test]
fn a_device_tree_lies_in_memory_where_the_boot_block_says() {
    let folder = scratch();
    let show = "{ ldd,0 [ %dr12 + 0xd68 ], %dr0\n nop 4 }
        { ldw,0 [ %dr0 + 8 ], %dr1\n nop 4 }
        print_hex %dr1, 8";
    let image = guest(folder.path(), show);
    let tree = folder.path().join("tree.dtb");
    std::fs::write(&tree, [0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, 12, 0x78, 0x56, 0x34, 0x12]).unwrap();
    let ran = run(&image, &format!("-dtb {}", tree.display()));
    assert_eq!(ran.console(), "12345678");
}

#[test]
fn without_either_there_is_no_boot_block() {
    let folder = scratch();
    let image = guest_file(folder.path(), "print_hex %dr12, 16");
    assert_eq!(run(image.as_ref(), "").console(), "0000000000000000");
}
