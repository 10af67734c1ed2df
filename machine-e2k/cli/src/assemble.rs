//! `elnic asm`.

use crate::arguments::AsmArguments;
use crate::error::Failure;

/// Assembles sources into an image.
pub(crate) fn assemble(arguments: &AsmArguments) -> Result<u8, Failure> {
    let _ = arguments;
    Err(Failure::Tool("asm".to_owned()))
}
