//! Bundles, listings and the assembler.

use std::path::Path;

use elnic_disasm::{Detail, Options, disassemble, expanded};
use elnic_isa::{Bundle, IsaVersion};

const VERSIONS: [IsaVersion; 5] =
    [IsaVersion::V2, IsaVersion::V3, IsaVersion::V4, IsaVersion::V5, IsaVersion::V6];

/// Any bytes as a bundle: decoding, printing and encoding back settle after one round.
pub fn bundle(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let version = VERSIONS[usize::from(*choice) % VERSIONS.len()];
    let Ok((bundle, length)) = Bundle::from_bytes(bytes, version) else { return };
    assert!(length <= bytes.len());
    let options = Options { version, detail: Detail::Gnu, symbols: None };
    let _ = disassemble(&bundle, 0x10000, &options);
    let _ = expanded(&bundle, 0x10000, &options);
    if let Ok(encoded) = bundle.to_bytes(version) {
        let (again, _) = Bundle::from_bytes(&encoded, version).expect("what we encode decodes");
        assert_eq!(again.to_bytes(version).as_deref(), Ok(&encoded[..]));
    }
}

/// Any bytes as an ELF file to be listed.
pub fn listing(data: &[u8]) {
    let mut text = String::new();
    let _ = elnic_disasm::list_elf(data, &mut text);
}

/// One source that is everywhere, so that it may include itself.
struct Source<'a>(&'a [u8]);

impl elnic_asm::Files for Source<'_> {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let known = path.extension().is_some_and(|extension| extension == "S");
        if known { Ok(self.0.to_vec()) } else { Err(std::io::ErrorKind::NotFound.into()) }
    }
}

/// Any text as a source: an image that can be listed comes of it, or messages.
pub fn assembler(data: &[u8]) {
    let options = elnic_asm::Options::default();
    match elnic_asm::assemble_from(&Source(data), &[Path::new("fuzz.S")], &options) {
        Ok(assembled) => {
            let mut text = String::new();
            elnic_disasm::list_elf(&assembled.elf, &mut text).expect("our image can be listed");
        }
        Err(messages) => assert!(!messages.is_empty(), "a failure says why"),
    }
}
