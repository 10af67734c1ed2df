//! Disassembler for e2k.
//!
//! [`disassemble`] turns a [`Bundle`] into one line an operation, spelled as the GNU disassembler of the e2k toolchain
//! spells it, so that listings can be compared byte by byte. That spelling leaves some things out (the register of
//! `aaurr`, `set_mark`, a prefetch depth of 0, the predicate of a recovery point); [`Detail::Complete`] prints them too.
//! [`expanded`] is for messages: one bundle between braces. [`list_elf`] lists a whole file.
//!
//! Source: golden listings in `../shared/vectors`, ISA notes 10.
#![forbid(unsafe_code)]

mod alu;
mod array;
mod control;
mod listing;
mod logic;
mod symbols;

pub use array::disassemble_prefetch;
pub use listing::{ListError, list_code, list_elf};
pub use symbols::Symbols;

use elnic_isa::{Bundle, IsaVersion};

/// How much is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// What the GNU disassembler prints, with its omissions.
    #[default]
    Gnu,
    /// Everything the bundle says.
    Complete,
}

/// How a bundle is printed.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Some operands exist from a version on (`dbl` of `setwd`, flags of `wait`).
    pub version: IsaVersion,
    /// What is left out.
    pub detail: Detail,
    /// Names for branch targets; the address is always printed.
    pub symbols: Option<&'a Symbols>,
}

impl Options<'_> {
    /// As the GNU disassembler prints, without symbols.
    #[must_use]
    pub fn new(version: IsaVersion) -> Self {
        Self { version, detail: Detail::Gnu, symbols: None }
    }

    fn complete(&self) -> bool {
        self.detail == Detail::Complete
    }
}

/// The operations of `bundle` at `address`, one a line, without indentation.
#[must_use]
pub fn disassemble(bundle: &Bundle, address: u64, options: &Options<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    control::header(&mut lines, bundle, options);
    control::stub(&mut lines, bundle, options);
    for channel in 0..6 {
        alu::operation(&mut lines, bundle, channel, options);
    }
    control::control0(&mut lines, bundle, address, options);
    control::control1(&mut lines, bundle, address, options);
    array::moves(&mut lines, bundle);
    logic::predicate_logic(&mut lines, bundle, options);
    lines
}

/// One bundle over several lines between braces, complete; for fault messages.
///
/// ```
/// use elnic_disasm::{Options, expanded};
/// use elnic_isa::{Bundle, IsaVersion};
///
/// let bytes = [0x01, 0x00, 0x00, 0x04, 0x83, 0x82, 0x81, 0x10];
/// let (bundle, _) = Bundle::from_bytes(&bytes, IsaVersion::V4).unwrap();
/// let text = expanded(&bundle, 0x1000, &Options::new(IsaVersion::V4));
/// assert_eq!(text, "{\n  adds,0 %r1, %r2, %r3\n}");
/// ```
#[must_use]
pub fn expanded(bundle: &Bundle, address: u64, options: &Options<'_>) -> String {
    let options = Options { detail: Detail::Complete, ..*options };
    let body: String =
        disassemble(bundle, address, &options).iter().map(|line| format!("  {line}\n")).collect();
    format!("{{\n{body}}}")
}
