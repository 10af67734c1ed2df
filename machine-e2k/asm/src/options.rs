//! What the caller says: processor, search folders, macros, address; and where files come from.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use elnic_isa::CpuModel;

/// How to assemble.
#[derive(Clone, Debug)]
pub struct Options {
    /// The processor (`-mcpu=`): decides which instructions there are and the flags of the ELF file.
    pub cpu: CpuModel,
    /// Folders searched for `#include`, `.include` and `.incbin` behind the including file's own (`-I`).
    pub include_dirs: Vec<PathBuf>,
    /// Preprocessor macros with their values (`-D`).
    pub defines: Vec<(String, String)>,
    /// Link address of the first section, a multiple of 8 (`-T`).
    pub address: u64,
}

impl Options {
    /// The address images are linked at unless something else is asked for: 1 MiB.
    pub const DEFAULT_ADDRESS: u64 = 0x10_0000;

    /// Options for a processor, everything else as it is by default.
    #[must_use]
    pub fn new(cpu: CpuModel) -> Self {
        Self { cpu, include_dirs: Vec::new(), defines: Vec::new(), address: Self::DEFAULT_ADDRESS }
    }

    /// Number of the instruction set's version.
    pub(crate) fn isa_number(&self) -> u8 {
        self.cpu.version as u8
    }
}

impl Default for Options {
    /// Version 4 (`elbrus-v4`), linked at [`Self::DEFAULT_ADDRESS`].
    fn default() -> Self {
        let v4 = CpuModel::ALL.into_iter().find(|model| model.name == "elbrus-v4");
        Self::new(v4.unwrap_or(CpuModel::ALL[0]))
    }
}

/// Where sources come from.
pub trait Files {
    /// The content of a file.
    ///
    /// # Errors
    /// As [`std::fs::read`].
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// The files of the host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

/// Notes which files were read.
pub(crate) struct Recorder<'a> {
    files: &'a dyn Files,
    read: RefCell<Vec<PathBuf>>,
}

impl<'a> Recorder<'a> {
    /// Reads through `files`.
    pub(crate) fn new(files: &'a dyn Files) -> Self {
        Self { files, read: RefCell::default() }
    }

    /// The files that were read, each once, in order.
    pub(crate) fn finish(self) -> Vec<PathBuf> {
        self.read.into_inner()
    }
}

impl Files for Recorder<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.files.read(path)?;
        let mut read = self.read.borrow_mut();
        if !read.iter().any(|known| known == path) {
            read.push(path.to_path_buf());
        }
        Ok(bytes)
    }
}
