//! Runs of small guests: console, exit codes, faults, logs, traces, serial lines.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Ran, assemble, elnic, elnic_with, line, printer, scratch};

fn run(image: &Path, options: &str) -> Ran {
    let kernel = format!("-nodefaults -device exit,addr=8 -kernel {}", image.display());
    line(&format!("{kernel} {options}"))
}

#[test]
fn the_guest_s_exit_code_is_the_program_s() {
    let folder = scratch();
    for code in [0, 1, 42, 255] {
        let ran = run(&printer(folder.path(), "bye", code), "-serial stdio");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(i32::from(code)), "bye"));
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn without_nodefaults_the_console_is_on_standard_output() {
    let folder = scratch();
    let image = printer(folder.path(), "hello", 0).display().to_string();
    let ran = elnic(["-device", "exit,addr=8", "-kernel", &image]);
    assert_eq!(ran.stdout, "hello");
    assert_eq!(run(Path::new(&image), "").stdout, "", "-nodefaults");
}

#[test]
fn a_serial_line_can_lead_into_a_file() {
    let folder = scratch();
    let image = printer(folder.path(), "to a file", 0);
    let file = folder.path().join("console");
    let ran = run(&image, &format!("-serial file:{}", file.display()));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "to a file");
}

#[test]
fn a_serial_line_can_lead_to_a_socket() {
    let folder = scratch();
    let image = printer(folder.path(), "to a socket", 0);
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let peer = std::thread::spawn(move || {
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        text
    });
    let ran = run(&image, &format!("-serial unix:{}", path.display()));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(peer.join().unwrap(), "to a socket");
}

/// Prints every character it receives on channel A, until a line ends; then it exits.
const ECHO: &str = r"
    .text
    .global _start
_start:
    { setwd wsz=16, nfx=1 }
    { addd,0 0, 0x80001002, %dr0
      addd,1 0, 5, %dr1
      addd,2 0, 0x68, %dr2
      addd,3 0, 3, %dr3
      addd,4 0, 0xc1, %dr4 }
    { stb,2 %r1, [ %dr0 + 0 ] }
    { stb,2 %r2, [ %dr0 + 0 ] }
    { stb,2 %r3, [ %dr0 + 0 ] }
    { stb,2 %r4, [ %dr0 + 0 ] }
1:  { ldb,0 [ %dr0 + 0 ], %dr5
      nop 4 }
    { andd,0 %dr5, 1, %dr5 }
    { cmpedb,0 %dr5, 0, %pred0
      nop 2 }
    { ibranch 1b ? %pred0 }
    { ldb,0 [ %dr0 + 1 ], %dr5
      nop 4 }
    { stb,2 %r5, [ %dr0 + 1 ] }
    { cmpedb,0 %dr5, 10, %pred0
      nop 2 }
    { ibranch 1b ? ~%pred0 }
    { addd,0 0, 0x200040010, %dr5
      addd,1 0, 0x80700000, %dr6 }
    { stw,2 %r6, [ %dr5 + 0 ]
      addd,0 0, 7, %dr7 }
    { addd,0 0, 0x200040004, %dr5 }
    { sth,2 %r7, [ %dr5 + 0 ]
      addd,0 0, 1, %dr8 }
    { stb,2 %r8, [ %dr6 + 0 ] }
3:  { ibranch 3b }
";

#[test]
fn characters_of_standard_input_reach_the_guest() {
    let folder = scratch();
    let image = assemble(folder.path(), "echo", ECHO);
    let mut program = Command::new(env!("CARGO_BIN_EXE_elnic"))
        .args(["-nodefaults", "-device", "exit,addr=8", "-serial", "stdio", "-kernel"])
        .arg(image)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    program.stdin.take().unwrap().write_all(b"echo this\n").unwrap();
    let output = program.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "echo this\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn an_exception_is_reported_with_bundle_and_registers() {
    let folder = scratch();
    let source = r"
    .text
    .global _start
_start:
    { setwd wsz=16, nfx=1 }
    { addd,0 0, 0x1234, %dr3 }
    { udivd,5 %dr3, 0, %dr4 }
    ";
    let image = assemble(folder.path(), "fault", source);
    let ran = run(&image, "-serial stdio");
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    for wanted in ["exc_div", "udivd", "%r3 0000000000001234", "ctpr1", "at 0x1000"] {
        assert!(ran.stderr.contains(wanted), "'{wanted}' is not in\n{}", ran.stderr);
    }
}

#[test]
fn a_processor_that_waits_goes_on_at_the_next_input_point() {
    let folder = scratch();
    let source = r"
    .text
    .global _start
_start:
    { setwd wsz=16, nfx=1 }
    { wait trap=1 }
    { udivd,5 %dr0, 0, %dr1 }
    ";
    let image = assemble(folder.path(), "wait", source);
    let ran = run(&image, "-serial null");
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("guest fault at 0.0001000"), "{}", ran.stderr);
}

#[test]
fn what_the_guest_does_wrong_is_logged_when_asked_for() {
    let folder = scratch();
    let source = r"
    .text
    .global _start
_start:
    { setwd wsz=16, nfx=1 }
    { addd,0 0, 0xf0000000, %dr3 }
    { ldw,0 [ %dr3 + 0 ], %dr4
      nop 4 }
    { udivd,5 %dr3, 0, %dr4 }
    ";
    let image = assemble(folder.path(), "hole", source);
    let log = folder.path().join("log");
    let ran = run(&image, &format!("-d guest_errors,in_asm,exec -D {}", log.display()));
    assert_eq!(ran.code, Some(3));
    let log = std::fs::read_to_string(log).unwrap();
    let wanted =
        ["32-bit read of address 0xf0000000: nothing answers there", "exec 0x100010", "setwd"];
    for wanted in wanted {
        assert!(log.contains(wanted), "'{wanted}' is not in\n{log}");
    }
    let quiet = run(&image, "");
    assert!(!quiet.stderr.contains("nothing answers"), "{}", quiet.stderr);
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
    assert!(
        first.contains("exit.0 w16 bar0+0x0 <- 0x701") || first.contains("w16 bar0+0x0 <- 0x701")
    );
    assert!(first.contains("console w8 bar1+0x3 <- 0x74"), "{first}");
    assert_eq!(first, traced("second"));
}

#[test]
fn messages_of_the_program_itself_go_to_standard_error_when_asked_for() {
    let folder = scratch();
    let image = printer(folder.path(), "x", 0).display().to_string();
    let ran = elnic_with(["-device", "exit,addr=8", "-kernel", &image], &[("ELNIC_LOG", "info")]);
    assert_eq!(ran.stdout, "x");
    assert!(ran.stderr.contains("bundles in"), "{}", ran.stderr);
}

/// Prints the command line that the boot block in `%r1` has.
const APPEND: &str = r"
    .text
    .global _start
_start:
    { setwd wsz=16, nfx=1 }
    { addd,0 0, 0x80001002, %dr2
      addd,1 0, 5, %dr3
      addd,2 0, 0x68, %dr4 }
    { stb,2 %r3, [ %dr2 + 0 ] }
    { stb,2 %r4, [ %dr2 + 0 ]
      addd,0 %dr1, 0x58, %dr5 }
1:  { ldb,0 [ %dr5 + 0 ], %dr6
      addd,1 %dr5, 1, %dr5
      nop 4 }
    { cmpedb,0 %dr6, 0, %pred0
      nop 2 }
    { ibranch 2f ? %pred0 }
    { stb,2 %r6, [ %dr2 + 1 ] }
    { ibranch 1b }
2:  { addd,0 0, 0x200040010, %dr5
      addd,1 0, 0x80700000, %dr6 }
    { stw,2 %r6, [ %dr5 + 0 ]
      addd,0 0, 7, %dr7 }
    { addd,0 0, 0x200040004, %dr5 }
    { sth,2 %r7, [ %dr5 + 0 ]
      addd,0 0, 1, %dr8 }
    { stb,2 %r8, [ %dr6 + 0 ] }
3:  { ibranch 3b }
";

#[test]
fn a_command_line_reaches_the_kernel_in_the_boot_block() {
    let folder = scratch();
    let image = assemble(folder.path(), "append", APPEND).display().to_string();
    let ran = elnic(["-device", "exit,addr=8", "-append", "-x console=ttyS0", "-kernel", &image]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "-x console=ttyS0"), "{}", ran.stderr);
}

#[test]
fn firmware_runs_from_its_own_memory() {
    let folder = scratch();
    // Linked at the firmware's address, its segment is the raw image.
    let source = folder.path().join("firmware.S");
    std::fs::write(&source, ECHO).unwrap();
    let elf = folder.path().join("firmware.elf");
    let arguments: [&Path; 6] =
        ["asm".as_ref(), &source, "-o".as_ref(), &elf, "-T".as_ref(), "0x100000000".as_ref()];
    let ran = elnic(arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let elf = std::fs::read(elf).unwrap();
    let word = |at: usize| u64::from_le_bytes(elf[at..at + 8].try_into().unwrap()) as usize;
    let header = word(32);
    let raw = folder.path().join("firmware.bin");
    std::fs::write(&raw, &elf[word(header + 8)..word(header + 8) + word(header + 32)]).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_elnic"))
        .args(["-nodefaults", "-device", "exit,addr=8", "-serial", "stdio", "-m", "1", "-bios"])
        .arg(raw)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    program.stdin.take().unwrap().write_all(b"firmware\n").unwrap();
    let output = program.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "firmware\n");
}

#[test]
fn a_listing_shows_what_was_assembled() {
    let folder = scratch();
    let image = printer(folder.path(), "x", 0);
    let ran = elnic([Path::new("disasm"), &image]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("setwd wsz = 0x10") && ran.stdout.contains("stb,2"));
}

#[test]
fn the_demonstration_holds_its_conversation_and_keeps_it() {
    let folder = scratch();
    let talk = |name: &str| {
        let file = folder.path().join(name);
        let ran = elnic([Path::new("demo"), Path::new("--pcap"), &file]);
        assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
        (ran.stdout, std::fs::read(file).unwrap())
    };
    let (console, pcap) = talk("first.pcap");
    for wanted in
        ["link up", "dhcp 10.0.2.15", "arp 10.0.2.2", "ping 10.0.2.2 seq 4", "bytes 10000"]
    {
        assert!(console.contains(wanted), "'{wanted}' is not in\n{console}");
    }
    assert_eq!(pcap.get(..4), Some(&0xa1b2_c3d4_u32.to_le_bytes()[..]));
    assert!(pcap.len() > 10_000, "{} bytes of pcap", pcap.len());
    assert_eq!((console, pcap), talk("second.pcap"), "two runs are the same");
}

#[test]
fn one_option_makes_netdev_and_interface() {
    let folder = scratch();
    let image = printer(folder.path(), "x", 0);
    let ran = run(&image, "-nic user,restrict=on,mac=52:54:00:00:00:01 -nic none");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}
