//! The golden encodings: every row of `encoding-vN.tsv` must come out byte by byte.
//!
//! The files are found in `$VECTORS_DIR`, else in `../shared/vectors` beside the workspace; without them the tests say
//! that they are skipped.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use elnic_asm::{Files, Options, assemble_from};
use elnic_isa::CpuModel;

fn vectors() -> Option<PathBuf> {
    let folder = std::env::var_os("VECTORS_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

/// One source in memory.
struct Source(HashMap<PathBuf, String>);

impl Files for Source {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let found = self.0.get(path).map(|text| text.clone().into_bytes());
        found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

/// The bytes of one bundle at 0x10000.
fn assemble(cpu: CpuModel, asm: &str) -> Result<Vec<u8>, String> {
    let path = PathBuf::from("row.s");
    let text = format!("{{ {} }}\n", asm.replace(" ; ", "\n"));
    let files = Source(HashMap::from([(path.clone(), text)]));
    let options = Options { address: 0x10000, ..Options::new(cpu) };
    let assembled = assemble_from(&files, &[&path], &options)
        .map_err(|messages| messages.first().map_or_else(String::new, |m| m.message.clone()))?;
    let text = assembled.sections.iter().find(|section| section.name == ".text");
    text.map(|section| section.bytes.clone()).ok_or_else(|| "no .text".to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Passed, failed and unsupported rows of a file.
fn run(file: &str) -> Option<(usize, usize, usize)> {
    let Some(folder) = vectors() else {
        println!("{file}: skipped, no vectors (set VECTORS_DIR)");
        return None;
    };
    let text = std::fs::read_to_string(folder.join(file)).expect("the file is readable");
    let (mut passed, mut failures, mut unsupported) = (0, Vec::new(), 0);
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [id, mcpu, _, asm, bytes, ..] = cells[..] else { panic!("malformed row: {row}") };
        let Some(cpu) = CpuModel::by_name(mcpu) else {
            unsupported += 1;
            continue;
        };
        match assemble(*cpu, asm) {
            Ok(got) if hex(&got) == bytes => passed += 1,
            Ok(got) => {
                failures.push(format!("{id}: {asm}\n  wanted {bytes}\n  got    {}", hex(&got)))
            }
            Err(message) => failures.push(format!("{id}: {asm}\n  {message}")),
        }
    }
    println!("{file}: {passed} passed, {} failed, {unsupported} unsupported", failures.len());
    let shown = std::env::var("VECTORS_SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    for failure in failures.iter().take(shown) {
        println!("{failure}");
    }
    Some((passed, failures.len(), unsupported))
}

fn expect_all(file: &str) {
    if let Some((passed, failed, unsupported)) = run(file) {
        assert!(passed > 0, "{file} has no rows");
        assert_eq!((failed, unsupported), (0, 0), "{file}");
    }
}

#[test]
fn vectors_v2_are_reproduced() {
    expect_all("encoding-v2.tsv");
}

#[test]
fn vectors_v3_are_reproduced() {
    expect_all("encoding-v3.tsv");
}

#[test]
fn vectors_v4_are_reproduced() {
    expect_all("encoding-v4.tsv");
}

#[test]
fn vectors_v5_are_reproduced() {
    expect_all("encoding-v5.tsv");
}

#[test]
fn vectors_v6_are_reproduced() {
    expect_all("encoding-v6.tsv");
}
