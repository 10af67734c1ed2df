//! Debian's QEMU, where it is installed.

use std::path::{Path, PathBuf};

/// The program, or a word that there is none. In CI there is one.
pub(crate) fn qemu() -> Option<&'static Path> {
    let program = Path::new("/usr/bin/qemu-system-x86_64");
    if !program.exists() {
        assert!(std::env::var_os("CI").is_none(), "in CI there is a QEMU");
        eprintln!("SKIPPED: {} is not there; .ci/setup installs it", program.display());
        return None;
    }
    Some(program)
}

/// A ROM for its `-bios` that keeps the processor still: no firmware touches the devices.
pub(crate) fn still_rom(folder: &Path) -> PathBuf {
    let mut code = vec![0xff; 64 << 10];
    // At the reset vector: cli, hlt, and back.
    code[0xfff0..0xfff4].copy_from_slice(&[0xfa, 0xf4, 0xeb, 0xfd]);
    let rom = folder.join("rom");
    std::fs::write(&rom, code).unwrap();
    rom
}
