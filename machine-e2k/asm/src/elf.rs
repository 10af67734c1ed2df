//! The executable file.
//!
//! Source: System V ABI, ELF-64; numbers of e2k as in `qemu-e2k-contract.md` §4 and §9: machine 175, `e_flags` bits 31:24
//! the processor, bit 4 for a certain model in place of a version. One segment holds everything, loaded at its physical
//! address.

use object::Endianness;
use object::elf;
use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, SectionIndex, Sym, Writer};
use object::write::{Error, StringId};

use crate::layout::{Image, Kind, SymbolRecord};
use crate::options::Options;
use crate::symbol::{Binding, SymbolType};

/// The code runs on one model only.
const FLAG_MODEL: u32 = 0x10;
/// Pages of the machine.
const PAGE: u64 = 4096;

/// The bytes of the file.
///
/// # Errors
/// If the file would be too large for the host's memory.
pub(crate) fn write(image: &Image, options: &Options) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    build(image, options, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn build(image: &Image, options: &Options, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let mut writer = Writer::new(Endianness::Little, true, bytes);
    writer.reserve_file_header();
    writer.reserve_program_headers(1);
    writer.reserve_null_section_index();
    let outputs: Vec<(SectionIndex, StringId)> = image
        .outputs
        .iter()
        .map(|output| {
            let name = writer.add_section_name(output.name.as_bytes());
            (writer.reserve_section_index(), name)
        })
        .collect();
    let symbols: Vec<(Option<SectionIndex>, StringId)> = image
        .records
        .iter()
        .map(|record| {
            let section = record.output.and_then(|output| outputs.get(output)).map(|known| known.0);
            writer.reserve_symbol_index(section);
            (section, writer.add_string(record.symbol.name.as_bytes()))
        })
        .collect();
    if symbols.is_empty() {
        writer.reserve_null_symbol_index();
    }
    writer.reserve_symtab_section_index();
    writer.reserve_strtab_section_index();
    writer.reserve_shstrtab_section_index();
    // The place in the file agrees with the address modulo the page size.
    let start = image.outputs.first().map_or(options.address, |output| output.address);
    let offset = PAGE + start % PAGE;
    let stored = |output: &&crate::layout::OutputRecord| output.kind != Kind::Zero;
    let end = |output: &crate::layout::OutputRecord| output.address + output.size;
    let file_end = image.outputs.iter().filter(stored).map(end).max().unwrap_or(start);
    let memory_end = image.outputs.iter().map(end).max().unwrap_or(start);
    writer.reserve_until(offset);
    writer.reserve(file_end - start, 1);
    writer.reserve_symtab();
    writer.reserve_strtab()?;
    writer.reserve_shstrtab()?;
    writer.reserve_section_headers();

    writer.write_file_header(&FileHeader {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_type: elf::ET_EXEC,
        e_machine: elf::EM_MCST_ELBRUS,
        e_entry: image.entry,
        e_flags: elf::FileFlags(flags(options)),
    })?;
    writer.write_align_program_headers();
    writer.write_program_header(&ProgramHeader {
        p_type: elf::PT_LOAD,
        p_flags: elf::PF_R | elf::PF_W | elf::PF_X,
        p_offset: offset,
        p_vaddr: start,
        p_paddr: start,
        p_filesz: file_end - start,
        p_memsz: memory_end - start,
        p_align: PAGE,
    });
    for (output, section) in image.outputs.iter().zip(&image.sections) {
        if output.kind != Kind::Zero {
            writer.pad_until(offset + (output.address - start));
            writer.write(&section.bytes);
        }
    }
    writer.pad_until(offset + (file_end - start));
    write_symbols(&mut writer, &image.records, &symbols);
    writer.write_strtab();
    writer.write_shstrtab();
    writer.write_null_section_header();
    for (output, (_, name)) in image.outputs.iter().zip(&outputs) {
        let (kind, flags) = match output.kind {
            Kind::Code => (elf::SHT_PROGBITS, elf::SHF_ALLOC | elf::SHF_EXECINSTR),
            Kind::Constant => (elf::SHT_PROGBITS, elf::SHF_ALLOC),
            Kind::Data => (elf::SHT_PROGBITS, elf::SHF_ALLOC | elf::SHF_WRITE),
            Kind::Zero => (elf::SHT_NOBITS, elf::SHF_ALLOC | elf::SHF_WRITE),
        };
        writer.write_section_header(&SectionHeader {
            sh_name: writer.section_name_offset(Some(*name)),
            sh_type: kind,
            sh_flags: flags,
            sh_addr: output.address,
            sh_offset: offset + (output.address - start).min(file_end - start),
            sh_size: output.size,
            sh_link: 0,
            sh_info: 0,
            sh_addralign: output.align,
            sh_entsize: 0,
        });
    }
    let local = image.records.iter().filter(|record| record.binding == Binding::Local).count();
    writer.write_symtab_section_header(u32::try_from(local + 1).unwrap_or(u32::MAX));
    writer.write_strtab_section_header();
    writer.write_shstrtab_section_header();
    Ok(())
}

fn write_symbols(
    writer: &mut Writer<'_>,
    records: &[SymbolRecord],
    symbols: &[(Option<SectionIndex>, StringId)],
) {
    writer.write_null_symbol();
    for (record, (section, name)) in records.iter().zip(symbols) {
        let bind = match record.binding {
            Binding::Local => elf::STB_LOCAL,
            Binding::Global => elf::STB_GLOBAL,
            Binding::Weak => elf::STB_WEAK,
        };
        let kind = match record.kind {
            SymbolType::None => elf::STT_NOTYPE,
            SymbolType::Function => elf::STT_FUNC,
            SymbolType::Object => elf::STT_OBJECT,
        };
        writer.write_symbol(&Sym {
            section: section.map(|section| section.0),
            st_name: writer.string_offset(Some(*name)),
            st_info: elf::SymbolInfo::new(bind, kind),
            st_other: elf::SymbolOther(0),
            st_shndx: elf::SHN_ABS,
            st_value: record.symbol.value,
            st_size: record.symbol.size,
        });
    }
}

/// `e_flags`: the processor.
fn flags(options: &Options) -> u32 {
    let version = options.cpu.name.starts_with("elbrus-v");
    u32::from(options.cpu.machine) << 24 | if version { 0 } else { FLAG_MODEL }
}
