//! Running the program, and guests made on the spot.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program with these arguments and nothing on standard input.
pub(crate) fn elnic<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(arguments: I) -> Ran {
    elnic_with(arguments, &[])
}

/// The same with environment variables set.
pub(crate) fn elnic_with<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(
    arguments: I,
    environment: &[(&str, &str)],
) -> Ran {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_elnic"))
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// Runs a line of arguments separated by blanks.
pub(crate) fn line(arguments: &str) -> Ran {
    elnic(arguments.split_whitespace())
}

/// A folder for one test.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a source file and assembles it with the program itself.
pub(crate) fn assemble(folder: &Path, name: &str, source: &str) -> PathBuf {
    let file = folder.join(format!("{name}.S"));
    let image = folder.join(format!("{name}.elf"));
    std::fs::write(&file, source).unwrap();
    let ran = elnic([Path::new("asm"), &file, Path::new("-o"), &image]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    image
}

/// A guest that prints `text` on channel A and ends with `code` through the exit device in slot 8.
pub(crate) fn printer(folder: &Path, text: &str, code: u8) -> PathBuf {
    let source = format!(
        r#"
    .text
    .global _start
_start:
    {{ setwd wsz=16, nfx=1 }}
    {{ addd,0 0, 0x80001002, %dr0
      addd,1 0, 5, %dr1
      addd,2 0, 0x68, %dr2 }}
    {{ stb,2 %r1, [ %dr0 + 0 ] }}
    {{ stb,2 %r2, [ %dr0 + 0 ] }}
    {{ addd,0 0, text, %dr3 }}
1:  {{ ldb,0 [ %dr3 + 0 ], %dr4
      addd,1 %dr3, 1, %dr3
      nop 4 }}
    {{ cmpedb,0 %dr4, 0, %pred0
      nop 2 }}
    {{ ibranch 2f ? %pred0 }}
    {{ stb,2 %r4, [ %dr0 + 1 ] }}
    {{ ibranch 1b }}
2:  {{ addd,0 0, 0x200040010, %dr5
      addd,1 0, 0x80700000, %dr6 }}
    {{ stw,2 %r6, [ %dr5 + 0 ]
      addd,0 0, 7, %dr7 }}
    {{ addd,0 0, 0x200040004, %dr5 }}
    {{ sth,2 %r7, [ %dr5 + 0 ]
      addd,0 0, {event}, %dr8 }}
    {{ sth,2 %r8, [ %dr6 + 0 ] }}
3:  {{ ibranch 3b }}
    .data
text: .asciz "{text}"
"#,
        event = u32::from(code) << 8 | 1
    );
    assemble(folder, "printer", &source)
}

/// The golden programs, or a message that there are none.
pub(crate) fn programs() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");
    let root =
        std::env::var_os("VECTORS_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let programs = root.join("programs");
    if !programs.is_dir() {
        eprintln!("skipped: no vectors at {}", root.display());
        return None;
    }
    Some(programs)
}
