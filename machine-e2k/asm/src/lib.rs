//! Assembler for e2k in the syntax of the GNU assembler's MCST port.
//!
//! Why: guest programs are part of this house, and building them must need nothing but it. One call takes sources to an
//! executable ELF image:
//!
//! ```text
//! file ─ cpp ─► lines ─ input (macros, repetitions) ─► statements ─┬─ directive ─► sections, symbols
//!                                                                  └─ instruction ─► bundles
//! sections, symbols, bundles ─ layout ─► addresses ─► bytes ─ elf ─► image
//! ```
//!
//! Sources: ISA notes §1-10, the conventions of `qemu-e2k-contract.md` §9, the encoding vectors; encoding itself is
//! crate `elnic-isa`. Differences from gas stand in `docs/guide/assembler.md`.
//! Left out: relocatable objects, debugging information, position-independent code, protected mode's sections.
#![forbid(unsafe_code)]

mod assembler;
mod cpp;
mod diagnostic;
mod directive;
mod elf;
mod expression;
mod input;
mod instruction;
mod layout;
mod options;
mod scan;
mod section;
mod source;
mod string;
mod symbol;

pub use diagnostic::{Diagnostic, Note, Severity};
pub use options::{Disk, Files, Options};

use std::path::{Path, PathBuf};

use assembler::Assembler;
use diagnostic::Reporter;
use source::SourceMap;

/// A symbol of the finished image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// Its address, or its value if it has no section.
    pub value: u64,
    /// Its size in bytes as `.size` said, 0 if nothing did.
    pub size: u64,
    /// Whether it was declared `.global` or `.weak`.
    pub global: bool,
    /// Name of the section it stands in; `None`: a plain value.
    pub section: Option<String>,
}

/// A section of the finished image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name in the image.
    pub name: String,
    /// Address of its first byte.
    pub address: u64,
    /// Its bytes; those of `.bss` are zeros.
    pub bytes: Vec<u8>,
}

/// What assembling produced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// An executable ELF file.
    pub elf: Vec<u8>,
    /// Address of `_start`.
    pub entry: u64,
    /// The sections, by address.
    pub sections: Vec<Section>,
    /// The symbols, local ones first.
    pub symbols: Vec<Symbol>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// Every file that was read, for a build's list of dependencies.
    pub dependencies: Vec<PathBuf>,
}

/// Assembles `sources`, one after the other as one program, into an executable image.
///
/// # Errors
/// All messages, errors and warnings, in the order of the sources.
pub fn assemble<P: AsRef<Path>>(
    sources: &[P],
    options: &Options,
) -> Result<Assembled, Vec<Diagnostic>> {
    let paths: Vec<&Path> = sources.iter().map(AsRef::as_ref).collect();
    assemble_from(&Disk, &paths, options)
}

/// As [`assemble`], reading files through `files`.
///
/// # Errors
/// All messages, errors and warnings, in the order of the sources.
pub fn assemble_from(
    files: &dyn Files,
    sources: &[&Path],
    options: &Options,
) -> Result<Assembled, Vec<Diagnostic>> {
    let files = options::Recorder::new(files);
    let mut map = SourceMap::default();
    let mut reporter = Reporter::default();
    let mut lines = Vec::new();
    for path in sources {
        match files.read(path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let mut more =
                    cpp::preprocess(path, &text, options, &files, &mut map, &mut reporter);
                lines.append(&mut more);
            }
            Err(error) => {
                let message = format!("cannot read the file: {error}");
                reporter.push(Diagnostic::about_file(&path.display().to_string(), message));
            }
        }
    }
    // Without all of its text a program is not worth reading: the first errors would drown in later ones.
    if reporter.failed() {
        return Err(reporter.finish());
    }
    let mut assembler = Assembler::new(options, &files, &mut map, &mut reporter);
    assembler.run(lines);
    let program = assembler.finish();
    let image = layout::lay_out(program, options, &map, &mut reporter);
    let elf = image.as_ref().map(|image| elf::write(image, options)).transpose();
    if let Err(message) = &elf {
        reporter.push(Diagnostic::about_file("output", message.clone()));
    }
    let failed = reporter.failed();
    let messages = reporter.finish();
    match (image, elf) {
        (Some(image), Ok(Some(elf))) if !failed => Ok(Assembled {
            elf,
            entry: image.entry,
            sections: image.sections,
            symbols: image.symbols,
            warnings: messages,
            dependencies: files.finish(),
        }),
        _ => Err(messages),
    }
}
