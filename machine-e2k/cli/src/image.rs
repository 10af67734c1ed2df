//! Files given on the command line.

use std::path::Path;

use crate::error::Failure;

/// All bytes of a file.
pub(crate) fn read(option: &'static str, file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::File {
        option,
        doing: "read",
        file: file.to_path_buf(),
        error,
    })
}

/// A new file.
pub(crate) fn create(option: &'static str, file: &Path) -> Result<std::fs::File, Failure> {
    std::fs::File::create(file).map_err(|error| Failure::File {
        option,
        doing: "create",
        file: file.to_path_buf(),
        error,
    })
}
