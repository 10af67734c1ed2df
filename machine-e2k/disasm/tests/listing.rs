//! Whole files: labels, addresses, raw syllables, text, and what is no code.

use std::path::PathBuf;
use std::{env, fs};

use elnic_disasm::{
    Detail, ListError, Options, Symbols, disassemble, expanded, list_code, list_elf,
};
use elnic_isa::{Bundle, IsaVersion};
use object::elf;
use object::write::{Object, StandardSection, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, FileFlags, SymbolFlags, SymbolKind, SymbolScope,
};

/// `nop 1`, then `disp %ctpr1, .-8` and `ct %ctpr1`, then something that is no bundle.
const CODE: [u32; 8] =
    [0x0000_0080, 0, 0x0000_4001, 0x4fff_ffff, 0x0000_1001, 0xc000_0420, 0x0000_0800, 0x1234_5678];

fn code() -> Vec<u8> {
    CODE.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn elf(machine: u8) -> Vec<u8> {
    let mut file = Object::new(BinaryFormat::Elf, Architecture::E2K64, Endianness::Little);
    file.flags = FileFlags::Elf {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_flags: elf::FileFlags(u32::from(machine) << 24),
    };
    let text = file.section_id(StandardSection::Text);
    file.append_section_data(text, &code(), 8);
    for (name, value) in [(&b"start"[..], 0), (b"again", 0x10)] {
        file.add_symbol(Symbol {
            name: name.to_vec(),
            value,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
    }
    file.write().unwrap()
}

const LISTING: &str = "\
e2k v4 (elbrus-v4)

Disassembly of section .text:

0000000000000000 <start>:
       0:\t00000080 00000000 
\t\tnop 1
       8:\t00004001 4fffffff 
\t\tdisp %ctpr1, 0x0 <start>

0000000000000010 <again>:
      10:\t00001001 c0000420 
\t\tct %ctpr1
\t\tipd 3
      18:\t00000800 12345678 
\t\t.data ! HS 0x00000800: bit 11 must be 0
";

#[test]
fn an_elf_file_is_listed_with_labels_targets_and_reasons() {
    let mut text = String::new();
    list_elf(&elf(4), &mut text).unwrap();
    assert_eq!(text, LISTING);
}

#[test]
fn files_for_other_machines_are_refused() {
    let mut text = String::new();
    let reason = list_elf(&elf(7), &mut text).unwrap_err().to_string();
    assert_eq!(reason, "e_flags 0x07000000: unknown machine number 7");
    let mut other = elf(4);
    other[18] = 62;
    assert!(matches!(list_elf(&other, &mut text), Err(ListError::Machine { found: 62 })));
    assert!(matches!(list_elf(b"\x7fELF", &mut text), Err(ListError::Elf(_))));
}

#[test]
fn the_target_of_ldisp_is_listed_as_a_prefetch_program() {
    // ldisp %ctpr2, .+8; fapb ct=1, fmt=3 …
    let words: [u32; 6] = [0x0000_4001, 0x9000_0001, 0x8681_14a6, 0x40, 0, 0];
    let code: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    let mut text = String::new();
    list_code(&code, 0x1000, IsaVersion::V4, &Symbols::default(), &mut text).unwrap();
    assert!(text.contains("ldisp %ctpr2, 0x1008\n"), "{text}");
    assert!(
        text.contains(
            "apb ct=1, dcd=0, fmt=3, mrng=8, d=2, incr=1, ind=4, asz=5, abs=6, disp=0x40"
        ),
        "{text}"
    );
    assert!(text.contains("apb dpl=0, fmt=0"), "{text}");
}

#[test]
fn a_piece_that_ends_in_a_bundle_is_listed_to_its_end() {
    let mut text = String::new();
    list_code(&code()[..13], 0, IsaVersion::V4, &Symbols::default(), &mut text).unwrap();
    assert!(
        text.ends_with("\t\t.data ! the bundle is 8 bytes long but only 5 are there\n"),
        "{text}"
    );
}

#[test]
fn the_complete_form_shows_what_the_gnu_form_leaves_out() {
    // aaurrd,2 %aadr0, %dr5
    let bytes =
        [0x1280_4010u32, 0x8540_005f, 0x00c0_0f60, 0].into_iter().flat_map(u32::to_be_bytes);
    let (bundle, _) = Bundle::from_bytes(&bytes.collect::<Vec<_>>(), IsaVersion::V4).unwrap();
    let gnu = Options::new(IsaVersion::V4);
    assert_eq!(disassemble(&bundle, 0, &gnu), ["aaurrd,2"]);
    let complete = Options { detail: Detail::Complete, ..gnu };
    assert_eq!(disassemble(&bundle, 0, &complete), ["aaurrd,2 %aadr0, %dr5"]);
    // loop_mode; set_mark; nop 5; crp ? ~%pred17
    let bytes =
        [0x9136_0100u32, 0x0000_00c2, 0, 0x0000_71a2].into_iter().flat_map(u32::to_be_bytes);
    let (bundle, _) = Bundle::from_bytes(&bytes.collect::<Vec<_>>(), IsaVersion::V4).unwrap();
    let expected = "{\n  loop_mode\n  set_mark\n  nop 5\n  ipd 3\n  crp ? ~%pred17\n}";
    assert_eq!(expanded(&bundle, 0, &gnu), expected);
}

#[test]
fn golden_programs_hold_nothing_but_code() {
    let folder = env::var_os("VECTORS_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    let Ok(entries) = fs::read_dir(folder.join("programs")) else {
        println!("skipped: no golden programs (set VECTORS_DIR)");
        return;
    };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "elf") {
            continue;
        }
        let mut text = String::new();
        list_elf(&fs::read(&path).unwrap(), &mut text).unwrap();
        println!("{}: {} lines", path.display(), text.lines().count());
        assert!(!text.contains(".data !"), "{}:\n{text}", path.display());
    }
}
