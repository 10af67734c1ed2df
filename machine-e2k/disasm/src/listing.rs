//! Listings: code with labels, addresses, raw syllables and text; of a piece of memory or of an ELF file.
//!
//! What does not decode is listed as data, eight bytes a line, with the reason. Array prefetch programs are told from
//! bundles by the `ldisp` that points at them. Relocations are not applied: in an object file a target is what the
//! field holds.

use std::collections::BTreeSet;
use std::fmt;

use elnic_isa::{ArrayPrefetch, Bundle, Control0, CpuModel, IsaVersion};
use object::read::elf::{ElfFile, FileHeader};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, elf};

use crate::symbols::names_code;
use crate::{Options, Symbols, disassemble, disassemble_prefetch};

/// `e_machine` of MCST Elbrus, and the number used before it was registered.
const MACHINES: [u16; 2] = [175, 49];

/// Longest array prefetch program (ISA notes 8.9).
const PREFETCH_PROGRAM: u64 = 32;

/// Why a file cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// No ELF file, or a damaged one.
    #[error("not a readable ELF file: {0}")]
    Elf(#[from] object::Error),
    /// Code for another machine.
    #[error("ELF machine {found}, expected 175 (MCST Elbrus)")]
    Machine {
        /// `e_machine`.
        found: u16,
    },
    /// `e_flags` name a processor nobody knows.
    #[error("e_flags {flags:#010x}: unknown machine number {}", flags >> 24)]
    Version {
        /// `e_flags`.
        flags: u32,
    },
    /// The output could not be written.
    #[error("the listing cannot be written")]
    Write(#[from] fmt::Error),
}

/// Lists all code sections of the ELF file `data`.
///
/// # Errors
/// No ELF file for e2k; the output fails.
pub fn list_elf(data: &[u8], out: &mut impl fmt::Write) -> Result<(), ListError> {
    match object::FileKind::parse(data)? {
        object::FileKind::Elf32 => list::<elf::FileHeader32<Endianness>>(data, out),
        _ => list::<elf::FileHeader64<Endianness>>(data, out),
    }
}

fn list<Elf: FileHeader<Endian = Endianness>>(
    data: &[u8],
    out: &mut impl fmt::Write,
) -> Result<(), ListError> {
    let file = ElfFile::<Elf>::parse(data)?;
    let header = file.elf_header();
    let found = header.e_machine(file.endian()).0;
    if !MACHINES.contains(&found) {
        return Err(ListError::Machine { found });
    }
    let flags = header.e_flags(file.endian()).0;
    let model = CpuModel::by_machine((flags >> 24) as u8).ok_or(ListError::Version { flags })?;
    writeln!(out, "e2k {} ({})", model.version, model.name)?;
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if sh_flags.0 & elf::SHF_EXECINSTR.0 == 0 || section.size() == 0 {
            continue;
        }
        // Symbols of an object file count from their section's start.
        let relocatable = file.kind() == object::ObjectKind::Relocatable;
        let mut symbols = Symbols::default();
        for symbol in file.symbols().filter(|symbol| names_code(symbol.kind())) {
            let here = symbol.section_index() == Some(section.index());
            if let Some(name) =
                symbol.name().ok().filter(|name| !name.is_empty() && (here || !relocatable))
            {
                symbols.add(symbol.address(), name);
            }
        }
        writeln!(out, "\nDisassembly of section {}:", section.name()?)?;
        list_code(section.data()?, section.address(), model.version, &symbols, out)?;
    }
    Ok(())
}

/// Lists `code`, which stands at `address`.
///
/// # Errors
/// The output fails.
pub fn list_code(
    code: &[u8],
    address: u64,
    version: IsaVersion,
    symbols: &Symbols,
    out: &mut impl fmt::Write,
) -> fmt::Result {
    let options = Options { symbols: Some(symbols), ..Options::new(version) };
    let prefetches = prefetch_instructions(code, address, version);
    let mut offset = 0;
    while let Some(rest) = code.get(offset..).filter(|rest| !rest.is_empty()) {
        let here = address.wrapping_add(offset as u64);
        if let Some(name) = symbols.at(here) {
            writeln!(out, "\n{here:016x} <{name}>:")?;
        }
        let prefetch = rest.first_chunk().filter(|_| prefetches.contains(&here));
        let (length, lines) = match prefetch {
            Some(bytes) => {
                let lines = disassemble_prefetch(&ArrayPrefetch::from_bytes(bytes));
                (bytes.len(), lines.to_vec())
            }
            None => match Bundle::from_bytes(rest, version) {
                Ok((bundle, length)) => (length, disassemble(&bundle, here, &options)),
                Err(reason) => (rest.len().min(8), vec![format!(".data ! {reason}")]),
            },
        };
        let bytes = rest.get(..length).unwrap_or(rest);
        write_lines(out, here, bytes, &lines)?;
        offset += length;
    }
    Ok(())
}

fn write_lines(
    out: &mut impl fmt::Write,
    address: u64,
    bytes: &[u8],
    lines: &[String],
) -> fmt::Result {
    write!(out, "{address:8x}:\t")?;
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        write!(out, "{:08x} ", u32::from_le_bytes(*word))?;
    }
    for byte in rest {
        write!(out, "{byte:02x} ")?;
    }
    writeln!(out)?;
    for line in lines {
        writeln!(out, "\t\t{line}")?;
    }
    Ok(())
}

/// Addresses of the array prefetch instructions that some `ldisp` of this code reaches.
fn prefetch_instructions(code: &[u8], address: u64, version: IsaVersion) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let mut offset = 0;
    while let Some(rest) = code.get(offset..).filter(|rest| !rest.is_empty()) {
        let Ok((bundle, length)) = Bundle::from_bytes(rest, version) else {
            offset += 8;
            continue;
        };
        if let Some(Control0::Ldisp(distance)) = bundle.control0 {
            let start = distance.target(address.wrapping_add(offset as u64));
            found.extend(
                program(code, start.wrapping_sub(address)).map(|at| address.wrapping_add(at)),
            );
        }
        offset += length;
    }
    found
}

/// Offsets of the instructions of the program at `start`, up to the one with `ct`.
fn program(code: &[u8], start: u64) -> impl Iterator<Item = u64> {
    let mut ended = false;
    (0..PREFETCH_PROGRAM).map_while(move |number| {
        let offset = start.wrapping_add(number * ArrayPrefetch::SIZE as u64);
        let bytes = code.get(usize::try_from(offset).ok()?..)?.first_chunk()?;
        let goes_on = !ended;
        ended |= ArrayPrefetch::from_bytes(bytes).first.flag;
        goes_on.then_some(offset)
    })
}
