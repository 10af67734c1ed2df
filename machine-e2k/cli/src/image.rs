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

/// The firmware that `-bios` names: a file, else one that comes with this program.
pub(crate) fn firmware(name: &Path) -> Result<Vec<u8>, Failure> {
    let built_in = || elnic_firmware::FIRMWARE.iter().find(|(known, _)| name == Path::new(known));
    match (name.exists(), built_in()) {
        (false, Some((_, image))) => Ok(image.to_vec()),
        (false, None) if name.components().count() == 1 => {
            let known: Vec<&str> = elnic_firmware::FIRMWARE.iter().map(|(name, _)| *name).collect();
            let why = format!("there is no such file, and built in is {}", known.join(", "));
            Err(Failure::option("bios", &name.display().to_string(), why))
        }
        (_, _) => read("bios", name),
    }
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
