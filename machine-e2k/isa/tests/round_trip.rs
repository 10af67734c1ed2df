//! Decoding and encoding are inverse: on every golden bundle, and up to unused bits on anything that decodes.

use std::path::PathBuf;
use std::{env, fs};

use elnic_isa::{ArrayPrefetch, Bundle, CpuModel, IsaVersion};
use proptest::prelude::*;

/// The folder of the golden vectors, `None` where there is none.
fn vectors() -> Option<PathBuf> {
    let folder = env::var_os("VECTORS_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Decodes and encodes one row; says what went wrong.
fn round_trip(mcpu: &str, asm: &str, bytes: &[u8]) -> Result<(), String> {
    let version = CpuModel::by_name(mcpu).ok_or_else(|| format!("no cpu {mcpu}"))?.version;
    if asm.starts_with("fapb") {
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| "not 16 bytes".to_owned())?;
        let back = ArrayPrefetch::from_bytes(&bytes).to_bytes();
        return if back == bytes { Ok(()) } else { Err(format!("encodes as {back:02x?}")) };
    }
    let (bundle, length) = Bundle::from_bytes(bytes, version).map_err(|e| e.to_string())?;
    if length != bytes.len() {
        return Err(format!("{length} bytes long"));
    }
    let back = bundle.to_bytes(version).map_err(|e| e.to_string())?;
    if back == bytes { Ok(()) } else { Err(format!("encodes as {back:02x?}\n    {bundle:?}")) }
}

#[test]
fn vectors_survive_decoding_and_encoding() {
    let Some(folder) = vectors() else {
        println!("skipped: no golden vectors (set VECTORS_DIR)");
        return;
    };
    let mut failures = 0;
    for version in 2..=6 {
        let name = format!("encoding-v{version}.tsv");
        let Ok(text) = fs::read_to_string(folder.join(&name)) else { continue };
        let mut failed = Vec::new();
        let rows = text.lines().skip(1);
        let count = rows.clone().count();
        for row in rows {
            let fields: Vec<&str> = row.split('\t').collect();
            let (id, mcpu, asm, bytes) = (fields[0], fields[1], fields[3], unhex(fields[4]));
            if let Err(reason) = round_trip(mcpu, asm, &bytes) {
                failed.push(format!("  {id}: {asm}\n    {reason}"));
            }
        }
        println!("{name}: {} passed, {} failed, 0 unsupported", count - failed.len(), failed.len());
        failed.iter().take(10).for_each(|failure| println!("{failure}"));
        failures += failed.len();
    }
    assert_eq!(failures, 0);
}

fn any_version() -> impl Strategy<Value = IsaVersion> {
    (1u8..=7).prop_map(|number| IsaVersion::from_number(number).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic_and_settle_after_one_round(
        bytes in proptest::collection::vec(any::<u8>(), 0..=80),
        header: u32,
        version in any_version(),
    ) {
        let mut bytes = bytes;
        for (byte, wanted) in bytes.iter_mut().zip(header.to_le_bytes()) {
            *byte = wanted;
        }
        if let Ok((bundle, length)) = Bundle::from_bytes(&bytes, version) {
            prop_assert!(length <= bytes.len());
            let canonical = bundle.to_bytes(version).unwrap();
            let (again, _) = Bundle::from_bytes(&canonical, version).unwrap();
            prop_assert_eq!(again.to_bytes(version).unwrap(), canonical);
        }
    }
}
