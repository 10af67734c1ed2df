//! The functions of our models, against the golden listing of a real enumeration run.

use std::path::PathBuf;

use elnic_catalogue::MODELS;
use elnic_contract::Size;
use elnic_pci::{FunctionOptions, PciFunction};
use elnic_testbench::PciBench;

/// The listing, if the vectors are there.
fn listing() -> Option<String> {
    let vectors = std::env::var_os("VECTORS_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let path = vectors.join("programs/pcienum.expect");
    let text = std::fs::read_to_string(&path);
    if text.is_err() {
        println!("skipped: {} cannot be read", path.display());
    }
    text.ok()
}

/// A function as the enumeration program prints it, without its place.
fn printed(bench: &mut PciBench) -> Vec<String> {
    let read = |bench: &PciBench, offset, size| bench.config(offset, size);
    let half = |bench: &PciBench, offset| read(bench, offset, Size::Half);
    let byte = |bench: &PciBench, offset| read(bench, offset, Size::Byte);
    let mut first = format!(
        "id {:04x}:{:04x} class {:06x} rev {:02x} hdr {:02x}",
        half(bench, 0),
        half(bench, 2),
        read(bench, 8, Size::Word) >> 8,
        byte(bench, 8),
        byte(bench, 0x0e)
    );
    if half(bench, 0) == 0x1fff {
        // The program never writes to the chip set.
        return vec![first];
    }
    first += &format!(
        " sub {:04x}:{:04x} pin {:02x} cmd {:04x}",
        half(bench, 0x2c),
        half(bench, 0x2e),
        byte(bench, 0x3d),
        half(bench, 4)
    );
    let mut bars = "  bars".to_owned();
    for offset in (0x10..0x28).step_by(4) {
        let before = read(bench, offset, Size::Word);
        bench.set_config(offset, Size::Word, 0xffff_ffff);
        bars += &format!(" {:08x}", read(bench, offset, Size::Word));
        bench.set_config(offset, Size::Word, before);
    }
    let mut lines = vec![first, bars];
    if half(bench, 6) & 0x10 != 0 {
        let mut caps = "  caps".to_owned();
        let mut at = byte(bench, 0x34) & !3;
        while at != 0 {
            let word = read(bench, u8::try_from(at).unwrap(), Size::Word);
            caps += &format!(" {at:02x}={:02x}", word & 0xff);
            at = word >> 8 & 0xfc;
        }
        lines.push(caps);
    }
    lines
}

#[test]
fn functions_enumerate_as_in_the_golden_listing() {
    let Some(listing) = listing() else { return };
    let lines: Vec<&str> = listing.lines().collect();
    let mut compared = 0;
    for entry in MODELS {
        let Some(pci) = entry.model.pci else { continue };
        let id = format!(" id {:04x}:{:04x} ", pci.vendor, pci.device);
        let Some(start) = lines.iter().position(|line| line.contains(&id)) else { continue };
        let multifunction = lines[start].contains("hdr 80");
        let options = FunctionOptions { multifunction, ..FunctionOptions::default() };
        // The listing is QEMU's; where a data sheet says otherwise, the model knows.
        let knows_qemu = entry.properties.iter().any(|property| property.name == "compat");
        let device = entry.make(knows_qemu.then_some(("compat", "qemu"))).unwrap();
        let function = PciFunction::new(device, options).unwrap();
        let ours = printed(&mut PciBench::new(function));
        let (_place, first) = lines[start].split_once(' ').unwrap();
        let golden: Vec<&str> = std::iter::once(first)
            .chain(lines[start + 1..].iter().copied().take_while(|line| line.starts_with("  ")))
            .collect();
        assert_eq!(ours, golden, "{}", entry.model.name);
        compared += 1;
    }
    assert!(compared >= 2, "the exit device and the console are in the listing");
}
