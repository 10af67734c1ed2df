//! The golden programs, run through the command line: as they were linked, and assembled by this project's assembler.
//!
//! What is expected is what qemu-system-e2k printed. Where the datasheet says otherwise, the difference stands in a list
//! here, with its reason, and is applied word by word.

use std::path::Path;

use crate::common::{elnic, programs, scratch};

/// A word of the expected output that is another here.
struct Difference {
    program: &'static str,
    qemu: &'static str,
    ours: &'static str,
    reason: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        program: "e1000regs",
        qemu: " 00008=80080783",
        ours: " 00008=00000383",
        reason: "bits 10, 19 and 31 of STATUS belong to other chips (SDM 13.4.2)",
    },
    Difference {
        program: "e1000regs",
        qemu: " 00010=00000188",
        ours: " 00010=00000108",
        reason: "EECD.GNT follows REQ (SDM 13.4.3)",
    },
    Difference {
        program: "e1000regs",
        qemu: " 02800=ffffffff/",
        ours: " 02800=fffffff0/",
        reason: "the receive ring is 16-byte aligned (SDM 13.4.25)",
    },
    Difference {
        program: "e1000regs",
        qemu: " 03800=ffffffff/",
        ours: " 03800=fffffff0/",
        reason: "the transmit ring is 16-byte aligned (SDM 13.4.36)",
    },
    Difference {
        program: "e1000regs",
        qemu: " 00038=ffffffff/",
        ours: " 00038=0000ffff/",
        reason: "VET has 16 bits (SDM 13.4.11)",
    },
    Difference {
        program: "pcienum",
        qemu: "  bars fffe0000 ffffffc1 00000000 00000000 00000000 00000000\n",
        ours: "  bars fffe0000 ffffffc1 00000000 00000000 00000000 00000000\n  caps dc=01\n",
        reason: "the e1000 has power management (nic-models.md §1.1)",
    },
];

/// What a program is expected to print here.
fn expected(programs: &Path, program: &str) -> String {
    let file = programs.join(format!("{program}.expect"));
    let mut text = std::fs::read_to_string(file).unwrap();
    for difference in DIFFERENCES.iter().filter(|difference| difference.program == program) {
        let Difference { qemu, ours, reason, .. } = difference;
        assert_eq!(text.matches(qemu).count(), 1, "{program}: {qemu} ({reason})");
        text = text.replace(qemu, ours);
    }
    text
}

/// The options a program needs.
fn options(programs: &Path, program: &str) -> Vec<String> {
    let file = programs.join(format!("{program}.opts"));
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// As the processor comes, and with tags kept: a good program asks for no value it never made.
fn check(programs: &Path, program: &str, image: &Path) {
    for cpu in ["e8c", "e8c,tags=on"] {
        check_on(cpu, programs, program, image);
    }
}

fn check_on(cpu: &str, programs: &Path, program: &str, image: &Path) {
    let fixed = "-M e2k -nodefaults -display none -monitor none -m 128 -device pvpanic-pci,addr=8";
    let arguments = fixed.split(' ').map(str::to_owned).chain(options(programs, program));
    let rest = ["-cpu", cpu, "-serial", "stdio", "-kernel"].map(str::to_owned);
    let image = image.display().to_string();
    let ran = elnic(arguments.chain(rest).chain([image]));
    assert_eq!(ran.stdout, expected(programs, program), "{program} on {cpu}\n{}", ran.stderr);
    assert_eq!(ran.code, Some(0), "{program} on {cpu}: {}", ran.stderr);
}

/// Runs a program twice: the image as it is, and one assembled from the source.
fn both(program: &str) {
    let Some(programs) = programs() else { return };
    check(&programs, program, &programs.join(format!("{program}.elf")));
    let folder = scratch();
    let image = folder.path().join("own.elf");
    let source = programs.join(format!("{program}.S"));
    let arguments: [&Path; 5] =
        ["asm".as_ref(), &source, "-o".as_ref(), &image, "-mcpu=elbrus-8c".as_ref()];
    let ran = elnic(arguments);
    assert_eq!(ran.code, Some(0), "{program}: {}", ran.stderr);
    check(&programs, program, &image);
}

#[test]
fn vectors_fib() {
    both("fib");
}

#[test]
fn vectors_crc32() {
    both("crc32");
}

#[test]
fn vectors_pipeline() {
    both("pipeline");
}

#[test]
fn vectors_e1000regs() {
    both("e1000regs");
}

#[test]
fn vectors_e1000ring() {
    both("e1000ring");
}

#[test]
fn vectors_pcienum() {
    both("pcienum");
}

/// Every image of the folder that says what it prints, known here or not.
#[test]
fn vectors_every_program() {
    let Some(programs) = programs() else { return };
    let mut names: Vec<String> = std::fs::read_dir(&programs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "expect"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{} has no programs", programs.display());
    let failed: Vec<&String> = names
        .iter()
        .filter(|name| {
            let image = programs.join(format!("{name}.elf"));
            std::panic::catch_unwind(|| check(&programs, name, &image)).is_err()
        })
        .collect();
    let passed = names.len() - failed.len();
    println!("programs: {passed} passed, {} failed, 0 unsupported", failed.len());
    assert!(failed.is_empty(), "{failed:?}");
}
