//! Assembles the images with the workspace's own assembler.

use std::error::Error;
use std::path::Path;

/// A program: folder and name of its source. All are for version 4 of the instruction set, the assembler's default.
struct Image {
    name: &'static str,
    /// What it is: an ELF image, or the bytes of one linked for this address.
    flat: Option<u64>,
}

const IMAGES: &[Image] = &[
    Image { name: "netprobe", flat: None },
    Image { name: "minikernel", flat: None },
    Image { name: "netboot", flat: Some(0x70_0000) },
];

/// What lies in memory from the lowest address on, without what begins as zeros.
fn bytes(program: &elnic_asm::Assembled) -> Vec<u8> {
    let full = || program.sections.iter().filter(|section| !section.name.starts_with(".bss"));
    let base = full().map(|section| section.address).min().unwrap_or(0);
    let mut image = Vec::new();
    for section in full().filter(|section| !section.bytes.is_empty()) {
        let start = usize::try_from(section.address - base).unwrap_or(0);
        image.resize(image.len().max(start + section.bytes.len()), 0);
        image[start..start + section.bytes.len()].copy_from_slice(&section.bytes);
    }
    image
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::var("CARGO_MANIFEST_DIR")?;
    let root = Path::new(&root);
    let out = std::env::var("OUT_DIR")?;
    for Image { name, flat } in IMAGES {
        let usual = elnic_asm::Options::default();
        let options = elnic_asm::Options {
            include_dirs: vec![root.join("include"), root.join("lib"), root.join(name)],
            address: flat.unwrap_or(usual.address),
            ..usual
        };
        let source = root.join(name).join(format!("{name}.S"));
        let assembled = elnic_asm::assemble(&[&source], &options).map_err(|messages| {
            let lines: Vec<String> = messages.iter().map(ToString::to_string).collect();
            lines.join("\n")
        })?;
        for dependency in &assembled.dependencies {
            println!("cargo::rerun-if-changed={}", dependency.display());
        }
        let (suffix, image) = match flat {
            Some(_) => ("bin", bytes(&assembled)),
            None => ("elf", assembled.elf),
        };
        std::fs::write(Path::new(&out).join(format!("{name}.{suffix}")), image)?;
    }
    Ok(())
}
