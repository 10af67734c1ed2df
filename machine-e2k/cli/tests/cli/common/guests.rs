//! Guests of a few lines, on the macros and procedures of the firmware folder.

use std::path::{Path, PathBuf};

use super::elnic;

/// The firmware's sources.
fn firmware_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../firmware").join(name)
}

/// Writes a source file and assembles it with the program itself.
pub(crate) fn assemble(folder: &Path, name: &str, source: &str, options: &[&str]) -> PathBuf {
    let file = folder.join(format!("{name}.S"));
    let image = folder.join(format!("{name}.elf"));
    std::fs::write(&file, source).unwrap();
    let (include, library) = (firmware_folder("include"), firmware_folder("lib"));
    let mut arguments: Vec<&Path> = vec!["asm".as_ref(), &file, "-o".as_ref(), &image];
    arguments.extend(["-I".as_ref(), include.as_path(), "-I".as_ref(), library.as_path()]);
    arguments.extend(options.iter().map(Path::new));
    let ran = elnic(arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    image
}

/// The source of a guest that does `body` and leaves with 0. `%dr12` is what `%dr1` was at entry; `%dr0` to `%dr11` are the
/// body's, with the macros of `platform.inc` and the procedures of the firmware's library.
fn source(body: &str) -> String {
    format!(
        r#"
#include "platform.inc"
    .text
    .global _start
_start:
    {{ setwd wsz=16, nfx=1
      setbn rsz=7, rbs=8, rcur=0
      setbp psz=0 }}
    move %dr1, %dr12
    fcall console_init
{body}
    li %dr16, 0
    fcall leave
#include "console.S"
#include "pci.S"
"#
    )
}

/// A guest that does `body`; see [`source`].
pub(crate) fn guest(folder: &Path, body: &str) -> PathBuf {
    assemble(folder, "guest", &source(body), &[])
}

/// The same as a file name on a command line.
pub(crate) fn guest_file(folder: &Path, body: &str) -> String {
    guest(folder, body).display().to_string()
}

/// A guest that prints `text` and leaves with `code`.
pub(crate) fn printer(folder: &Path, text: &str, code: u8) -> PathBuf {
    guest(folder, &format!("print \"{text}\"\n li %dr16, {code}\n fcall leave"))
}

/// Prints every character it receives, until a line ends.
pub(crate) const INPUT_ECHO: &str = "
    { addd,0 0, ESCC_A, %dr0
      addd,1 0, 3, %dr1
      addd,2 0, 0xc1, %dr2 }
    { stb,2 %r1, [ %dr0 + 0 ] }
    { stb,2 %r2, [ %dr0 + 0 ] }
1:  { ldb,2 [ %dr0 + 0 ], %dr3
      nop 4 }
    { andd,0 %dr3, 1, %dr3 }
    br cmpedb, %dr3, 0, 1b
    { ldb,2 [ %dr0 + 1 ], %dr3
      nop 4 }
    move %dr3, %dr16
    fcall put_character
    brn cmpedb, %dr3, 10, 1b
";

/// A raw image for firmware RAM that does `body`: the one segment of an ELF image linked there.
pub(crate) fn firmware(folder: &Path, body: &str) -> PathBuf {
    let elf = assemble(folder, "firmware", &source(body), &["-T", "0x100000000"]);
    let raw = folder.join("firmware.bin");
    std::fs::write(&raw, raw_image(&std::fs::read(elf).unwrap())).unwrap();
    raw
}

/// What an ELF image has in memory, from its lowest address on.
fn raw_image(elf: &[u8]) -> Vec<u8> {
    let word = |at: usize| u64::from_le_bytes(elf[at..at + 8].try_into().unwrap());
    let half = |at: usize| usize::from(u16::from_le_bytes(elf[at..at + 2].try_into().unwrap()));
    let headers = (0..half(56)).map(|index| word(32) as usize + index * half(54));
    let segments: Vec<(u64, &[u8])> = headers
        .map(|at| {
            let start = word(at + 8) as usize;
            (word(at + 24), &elf[start..start + word(at + 32) as usize])
        })
        .collect();
    let base = segments.iter().map(|(address, _)| *address).min().unwrap();
    let mut image = Vec::new();
    for (address, bytes) in segments {
        let at = (address - base) as usize;
        image.resize(image.len().max(at + bytes.len()), 0);
        image[at..at + bytes.len()].copy_from_slice(bytes);
    }
    image
}
