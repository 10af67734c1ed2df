//! Sources in memory.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use elnic_asm::{Assembled, Diagnostic, Files, Options, assemble_from};

/// Files by name.
pub(crate) struct Memory(pub(crate) HashMap<PathBuf, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let found = self.0.get(path).cloned();
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }
}

/// Assembles the first of `files`.
///
/// # Errors
/// The messages of the assembler.
pub(crate) fn assemble(files: &[(&str, &str)]) -> Result<Assembled, Vec<Diagnostic>> {
    let memory =
        files.iter().map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec())).collect();
    assemble_from(&Memory(memory), &[Path::new(files[0].0)], &Options::default())
}
