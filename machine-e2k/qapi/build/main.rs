//! Makes Rust types, the trait of all commands and the tables of checks from `schema/*.qapi`.
//!
//! The schema is ours, so a mistake in it is a mistake of the build: it stops with file and line.

mod emit;
mod parse;
mod tables;

use std::path::{Path, PathBuf};

use parse::{Definition, Schema};

/// In the order in which clients see commands and types.
const FILES: &[&str] = &["sockets", "control", "net", "machine", "char"];

fn main() {
    let schema = read();
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names the folder"));
    let write = |name: &str, text: String| {
        std::fs::write(out.join(name), text).expect("the folder can be written");
    };
    write("types.rs", emit::types(&schema));
    write("commands.rs", emit::commands(&schema));
    write("events.rs", emit::events(&schema));
    write("tables.rs", tables::tables(&schema));
}

fn read() -> Schema {
    let mut definitions: Vec<Definition> = Vec::new();
    for name in FILES {
        let file = Path::new("schema").join(format!("{name}.qapi"));
        println!("cargo::rerun-if-changed={}", file.display());
        let text = std::fs::read_to_string(&file).expect("the schema can be read");
        match parse::definitions(&text) {
            Ok(more) => definitions.extend(more),
            Err(error) => panic!("{}:{error}", file.display()),
        }
    }
    Schema::new(definitions).unwrap_or_else(|error| panic!("schema: {error}"))
}
