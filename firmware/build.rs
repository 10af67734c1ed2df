//! Assembles the images with the workspace's own assembler.

use std::error::Error;
use std::path::Path;

/// Folder and name of each source; all are for version 4 of the instruction set, the assembler's default.
const IMAGES: &[&str] = &["netprobe", "minikernel"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::var("CARGO_MANIFEST_DIR")?;
    let root = Path::new(&root);
    let out = std::env::var("OUT_DIR")?;
    for name in IMAGES {
        let options = elnic_asm::Options {
            include_dirs: vec![root.join("include"), root.join("lib"), root.join(name)],
            ..elnic_asm::Options::default()
        };
        let source = root.join(name).join(format!("{name}.S"));
        let assembled = elnic_asm::assemble(&[&source], &options).map_err(|messages| {
            let lines: Vec<String> = messages.iter().map(ToString::to_string).collect();
            lines.join("\n")
        })?;
        for dependency in &assembled.dependencies {
            println!("cargo::rerun-if-changed={}", dependency.display());
        }
        std::fs::write(Path::new(&out).join(format!("{name}.elf")), assembled.elf)?;
    }
    Ok(())
}
