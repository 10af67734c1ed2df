//! `elnic disasm`.

use crate::arguments::DisasmArguments;
use crate::error::Failure;
use crate::image;
use crate::say;

/// Prints an image as text.
pub(crate) fn disassemble(arguments: &DisasmArguments) -> Result<u8, Failure> {
    let bytes = image::read("disasm", &arguments.image)?;
    let mut text = String::new();
    elnic_disasm::list_elf(&bytes, &mut text).map_err(|error| {
        Failure::Tool(format!("disasm: '{}': {error}", arguments.image.display()))
    })?;
    say::print(format_args!("{text}"));
    Ok(0)
}
