//! `elnic disasm`.

use crate::arguments::DisasmArguments;
use crate::error::Failure;
use crate::image;

/// Prints an image as text.
pub(crate) fn disassemble(arguments: &DisasmArguments) -> Result<u8, Failure> {
    let bytes = image::read("disasm", &arguments.image)?;
    let mut text = String::new();
    elnic_disasm::list_elf(&bytes, &mut text).map_err(|error| {
        Failure::Tool(format!("disasm: '{}': {error}", arguments.image.display()))
    })?;
    print!("{text}");
    Ok(0)
}
