//! Directives, macros, symbols and the layout, seen from outside.

mod common;

use common::assemble;
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection, ObjectSegment, ObjectSymbol};

/// The bytes of section `name` of a program whose text is `source`.
fn section(source: &str, name: &str) -> Vec<u8> {
    let assembled = assemble(&[("a.S", source)]).unwrap_or_else(|messages| {
        let texts: Vec<String> = messages.iter().map(ToString::to_string).collect();
        panic!("{}", texts.join("\n"))
    });
    let found = assembled.sections.into_iter().find(|section| section.name == name);
    found.unwrap_or_else(|| panic!("no section {name}")).bytes
}

fn data(source: &str) -> Vec<u8> {
    section(&format!("\t.data\n{source}"), ".data")
}

/// The 32-bit words of `.text`.
fn text(source: &str) -> Vec<u32> {
    let bytes = section(source, ".text");
    bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().expect("four bytes"))).collect()
}

#[test]
fn numbers_have_the_sizes_of_e2k() {
    assert_eq!(data(".byte 1, -1"), [1, 255]);
    assert_eq!(data(".half 0x1234\n.word 5\n.dword -2").len(), 14);
    assert_eq!(data(".word 'a', 1f - 0f\n0: .short 7\n1:"), [97, 0, 0, 0, 2, 0, 0, 0, 7, 0]);
    assert_eq!(data(".float 1.5\n.double -2"), [0, 0, 0xc0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0]);
}

#[test]
fn strings_and_gaps() {
    assert_eq!(data(".ascii \"a\\n\"\n.asciz \"b\", \"\""), b"a\nb\0\0");
    assert_eq!(data(".byte 1\n.align 4\n.byte 2\n.balign 4, 9"), [1, 0, 0, 0, 2, 9, 9, 9]);
    assert_eq!(
        data(".fill 2, 2, 0x1234\n.skip 1, 7\n.org 7\n.byte 1"),
        [52, 18, 52, 18, 7, 0, 0, 1]
    );
}

#[test]
fn macros_take_defaults_names_and_rests() {
    let source = ".macro m a, b=5, c:vararg\n.byte \\a, \\b, \\c\n.endm\nm 1, , 2, 3\nm a=4, c=6";
    assert_eq!(data(source), [1, 5, 2, 3, 4, 5, 6]);
    assert_eq!(data(".macro m\n.byte \\@\n.exitm\n.byte 9\n.endm\nm ; m ; .byte 8"), [0, 1, 8]);
    assert_eq!(data(".macro s t\n.ascii \"<\\t>\"\n.endm\ns \" a;} \""), b"< a;} >");
}

#[test]
fn repetitions_and_conditionals() {
    assert_eq!(data(".rept 2\n.irp x, 1, 2\n.byte \\x\n.endr\n.endr"), [1, 2, 1, 2]);
    assert_eq!(data(".irpc c, 90\n.byte \\c\n.endr"), [9, 0]);
    let source = ".set a, 3\n.if a == 4\n.byte 1\n.elseif a > 2\n.byte 2\n.else\n.byte 3\n.endif\n\
                  .ifdef b\n.byte 4\n.endif\n.ifc x, x\n.byte 5\n.endif\n.ifb\n.byte 6\n.endif";
    assert_eq!(data(source), [2, 5, 6]);
}

#[test]
fn symbols_can_change_and_look_ahead() {
    assert_eq!(
        data("x = 1\n.byte x\nx = x + 1\n.byte x\n.set y, end - start\nstart: .byte y\nend:"),
        [1, 2, 1]
    );
    assert_eq!(data("1: .byte 1f - 1b\n1: .byte 1b - 1f\n1:"), [1, 255]);
}

#[test]
fn sections_follow_the_linker_script() {
    let source = ".section .text.start\n.global _start\n_start: nop\n.text\nnop\n\
                  .pushsection .rodata\n.byte 1\n.popsection\nnop\n\
                  .data\n.dword _start, object\n.bss\nobject: .skip 8";
    let assembled = assemble(&[("a.S", source)]).expect("assembles");
    let places: Vec<(&str, u64)> =
        assembled.sections.iter().map(|section| (&*section.name, section.address)).collect();
    let expected =
        [(".text", 0x10_0000), (".rodata", 0x10_0018), (".data", 0x10_0040), (".bss", 0x10_0050)];
    assert_eq!(places, expected);
    assert_eq!(assembled.entry, 0x10_0000);
    let end = assembled.sections.last().map(|last| last.address + last.bytes.len() as u64);
    assert_eq!(end, Some(0x10_2000));
}

#[test]
fn the_file_is_an_executable_with_one_segment_and_symbols() {
    let source = ".global _start\n.type _start, #function\n_start: nop\n.size _start, . - _start\n\
                  local: nop\n.data\n.byte 1\n.comm block, 24, 8";
    let assembled = assemble(&[("a.S", source)]).expect("assembles");
    let file: ElfFile64<Endianness> = ElfFile64::parse(&*assembled.elf).expect("an ELF file");
    assert_eq!(file.elf_header().e_machine.get(Endianness::Little).0, 175);
    assert_eq!(file.elf_header().e_flags.get(Endianness::Little).0, 4 << 24);
    let segments: Vec<(u64, u64)> = file.segments().map(|s| (s.address(), s.size())).collect();
    assert_eq!(segments, [(0x10_0000, 0x2000)]);
    let start = file.symbols().find(|symbol| symbol.name() == Ok("_start")).expect("_start");
    assert!(start.is_global());
    assert_eq!((start.address(), start.size()), (0x10_0000, 8));
    let block = file.symbols().find(|symbol| symbol.name() == Ok("block")).expect("block");
    assert_eq!(block.size(), 24);
    let bss = file.section_by_name(".bss").expect(".bss");
    assert!(bss.address() <= block.address());
}

#[test]
fn instructions_outside_braces_get_their_delay() {
    assert_eq!(text("cmpedb %dr1, %dr2, %pred0"), [0x0400_0101, 0x2181_8240]);
    assert_eq!(text("{ cmpedb %dr1, %dr2, %pred0 }"), [0x0400_0001, 0x2181_8240]);
    assert_eq!(
        text(".ignore strict_delay\ncmpedb %dr1, %dr2, %pred0\n.accept strict_delay"),
        [0x0400_0001, 0x2181_8240]
    );
    assert_eq!(text("rwd %dr0, %psr"), [0x0410_8292, 0x3dc0_8000, 0x3000_0002, 0x01c0_0000]);
}

#[test]
fn stores_can_be_written_address_first() {
    let usual = text("std %dr1, [ %dr2 + 8 ]");
    assert_eq!(text(".ignore ld_st_style\nstd [ %dr2 + 8 ], %dr1"), usual);
}

#[test]
fn addresses_become_literals_and_displacements() {
    assert_eq!(
        text("nop\naddd 0, target, %dr1\ntarget: ibranch target"),
        [0, 0, 0x0400_0011, 0x11c0_dc81, 0, 0x10_0018, 0x5012, 0xc000_0020, 0, 0]
    );
}

#[test]
fn several_sources_are_one_program() {
    use std::path::Path;
    let files = common::Memory(
        [("a.S", "_start: ibranch other"), ("b.S", "other: nop")]
            .map(|(name, text)| (name.into(), text.as_bytes().to_vec()))
            .into(),
    );
    let paths = [Path::new("a.S"), Path::new("b.S")];
    let options = elnic_asm::Options::default();
    let assembled = elnic_asm::assemble_from(&files, &paths, &options).expect("assembles");
    assert_eq!(assembled.dependencies, paths);
    assert_eq!(assembled.sections[0].bytes.len(), 24);
}
