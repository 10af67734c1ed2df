//! The golden programs: their sources must come out as the linked images beside them.
//!
//! Found as in `vectors.rs`.

use std::path::{Path, PathBuf};

use elnic_asm::{Options, assemble};
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection};

fn programs() -> Option<PathBuf> {
    let folder = std::env::var_os("VECTORS_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let folder = folder.join("programs");
    folder.is_dir().then_some(folder)
}

#[test]
fn vectors_programs_equal_the_linked_images() {
    let Some(folder) = programs() else {
        println!("skipped, no vectors (set VECTORS_DIR)");
        return;
    };
    let mut names: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder is readable")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "elf"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for elf in names {
        let source = elf.with_extension("S");
        let assembled = assemble(&[&source], &Options::default()).unwrap_or_else(|messages| {
            let texts: Vec<String> = messages.iter().map(ToString::to_string).collect();
            panic!("{}:\n{}", source.display(), texts.join("\n"))
        });
        let golden = std::fs::read(&elf).expect("the image is readable");
        let golden: ElfFile64<Endianness> = ElfFile64::parse(&*golden).expect("an ELF file");
        assert_eq!(assembled.entry, golden.entry());
        for section in golden.sections().filter(|section| section.address() != 0) {
            let name = section.name().expect("a name");
            let ours = assembled.sections.iter().find(|ours| ours.name == name);
            let ours = ours.unwrap_or_else(|| panic!("{}: no {name}", source.display()));
            let wanted = section.data().expect("bytes");
            assert_eq!(ours.address, section.address(), "{} {name}", source.display());
            assert_eq!(ours.bytes.len(), wanted.len(), "{} {name}", source.display());
            let differs = ours.bytes.iter().zip(wanted).position(|(a, b)| a != b);
            assert_eq!(differs, None, "{} {name}", source.display());
        }
        println!("{}: identical", source.display());
    }
}
