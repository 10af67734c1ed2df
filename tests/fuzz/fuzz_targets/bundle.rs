//! Any bytes as a bundle: decoding, printing and encoding back never panic, and settle after one round.
#![no_main]

use elnic_disasm::{Detail, Options, disassemble, expanded};
use elnic_isa::{Bundle, IsaVersion};
use libfuzzer_sys::fuzz_target;

const VERSIONS: [IsaVersion; 5] =
    [IsaVersion::V2, IsaVersion::V3, IsaVersion::V4, IsaVersion::V5, IsaVersion::V6];

fuzz_target!(|data: &[u8]| {
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
});
