//! The disassembler against golden listings of the GNU disassembler.

use std::path::PathBuf;
use std::{env, fs};

use elnic_disasm::{Options, disassemble, disassemble_prefetch};
use elnic_isa::{ArrayPrefetch, Bundle, CpuModel};

/// Every golden bundle stands here.
const ADDRESS: u64 = 0x10000;

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

/// Runs of spaces mean nothing.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(mcpu: &str, asm: &str, bytes: &[u8]) -> Result<String, String> {
    let version = CpuModel::by_name(mcpu).ok_or_else(|| format!("no cpu {mcpu}"))?.version;
    if asm.starts_with("fapb") {
        let bytes: &[u8; 16] = bytes.try_into().map_err(|_| "not 16 bytes".to_owned())?;
        return Ok(disassemble_prefetch(&ArrayPrefetch::from_bytes(bytes)).join(" ; "));
    }
    let (bundle, _) = Bundle::from_bytes(bytes, version).map_err(|e| e.to_string())?;
    Ok(disassemble(&bundle, ADDRESS, &Options::new(version)).join(" ; "))
}

fn compare(version: u8) {
    let name = format!("encoding-v{version}.tsv");
    let file = vectors().map(|folder| folder.join(&name)).filter(|file| file.is_file());
    let Some(file) = file else {
        println!("skipped: no {name} (set VECTORS_DIR)");
        return;
    };
    let content = fs::read_to_string(file).unwrap();
    let (mut passed, mut unsupported, mut failed) = (0, 0, Vec::new());
    for row in content.lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let (id, mcpu, asm, bytes, expected) =
            (fields[0], fields[1], fields[3], unhex(fields[4]), fields[5]);
        // The GNU disassembler has no text for some operations.
        if expected == "-"
            || expected.contains("unrecognized")
            || expected.contains("ambiguous")
            || expected.contains("(null)")
        {
            unsupported += 1;
            continue;
        }
        let found = text(mcpu, asm, &bytes).unwrap_or_else(|reason| format!("error: {reason}"));
        if squeezed(&found) == squeezed(expected) {
            passed += 1;
        } else {
            failed.push(format!("  {id}: {asm}\n    expected {expected}\n    found    {found}"));
        }
    }
    println!("{name}: {passed} passed, {} failed, {unsupported} unsupported", failed.len());
    failed.iter().take(10).for_each(|failure| println!("{failure}"));
    assert!(
        failed.is_empty(),
        "{} of {} rows of {name} differ",
        failed.len(),
        passed + failed.len()
    );
}

#[test]
fn vectors_v2_print_as_the_gnu_disassembler_does() {
    compare(2);
}

#[test]
fn vectors_v3_print_as_the_gnu_disassembler_does() {
    compare(3);
}

#[test]
fn vectors_v4_print_as_the_gnu_disassembler_does() {
    compare(4);
}

#[test]
fn vectors_v5_print_as_the_gnu_disassembler_does() {
    compare(5);
}

#[test]
fn vectors_v6_print_as_the_gnu_disassembler_does() {
    compare(6);
}
