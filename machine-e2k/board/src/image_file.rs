//! Files behind the nonvolatile memory of devices: read when a device is plugged, written when the guest has changed it.
//!
//! A file is never seen half-written: the new contents go into a file beside it, which then takes its name. A symbolic
//! link stays one, and the file it leads to is replaced. As long as a device has the file it is locked, so that two
//! machines cannot overwrite each other's; the lock is advisory (`flock`), as QEMU's on disk images.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use elnic_contract::ImageError;

/// Why there is no file behind a device's memory.
#[derive(Debug, thiserror::Error)]
pub enum ImageFileError {
    /// It cannot be opened, read or made.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is a folder, a device, a socket.
    #[error("it is not a regular file")]
    NotAFile,
    /// The name is a symbolic link that leads nowhere.
    #[error("it is a symbolic link to a file that does not exist")]
    Dangling,
    /// Another device has it, of this machine or another.
    #[error("another device uses it")]
    InUse,
    /// The device does not take the contents.
    #[error(transparent)]
    Image(#[from] ImageError),
}

/// A file that a user named.
#[derive(Debug)]
pub(crate) enum Found {
    /// There is one, with these contents.
    Image(ImageFile, Vec<u8>),
    /// There is none at this place.
    Nothing(PathBuf),
}

/// A file that holds what a device's memory held last.
#[derive(Debug)]
pub(crate) struct ImageFile {
    /// Without symbolic links.
    path: PathBuf,
    /// Open for its lock.
    file: File,
    /// The device's memory is ahead of the file.
    pub(crate) changed: bool,
    /// The last attempt to write failed, and was told of.
    failed: bool,
}

/// How often a file that is being replaced meanwhile is opened again.
const ATTEMPTS: usize = 3;

impl ImageFile {
    /// Looks for a file; one that is there must have one of these lengths.
    ///
    /// # Errors
    /// It is there and cannot be used.
    pub(crate) fn find(name: &Path, lengths: &'static [usize]) -> Result<Found, ImageFileError> {
        let path = match std::fs::canonicalize(name) {
            Ok(path) => path,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return place_of(name).map(Found::Nothing);
            }
            Err(error) => return Err(error.into()),
        };
        if !std::fs::metadata(&path)?.is_file() {
            return Err(ImageFileError::NotAFile);
        }
        let file = lock(&path)?;
        let found = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        if !lengths.contains(&found) {
            return Err(ImageError::Size { found, allowed: lengths }.into());
        }
        let mut image = vec![0; found];
        (&file).read_exact(&mut image)?;
        Ok(Found::Image(Self { path, file, changed: false, failed: false }, image))
    }

    /// Makes a file that was not there.
    ///
    /// # Errors
    /// It cannot be made; also if it is there by now.
    pub(crate) fn create(path: PathBuf, image: &[u8]) -> Result<Self, ImageFileError> {
        let file = match File::create_new(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(ImageFileError::InUse);
            }
            file => file?,
        };
        try_lock(&file)?;
        (&file).write_all(image)?;
        Ok(Self { path, file, changed: false, failed: false })
    }

    /// Writes what the device's memory holds now. What cannot be written is told once and tried again.
    pub(crate) fn write(&mut self, device: &str, image: &[u8]) {
        match self.replace(image) {
            Ok(()) => (self.changed, self.failed) = (false, false),
            Err(error) if !self.failed => {
                let file = self.path.display();
                tracing::error!("device '{device}': '{file}' cannot be written: {error}");
                self.failed = true;
            }
            Err(_) => {}
        }
    }

    fn replace(&mut self, image: &[u8]) -> Result<(), ImageFileError> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let mut new = tempfile::Builder::new().prefix(".elnic-").tempfile_in(folder)?;
        new.write_all(image)?;
        new.as_file().set_permissions(self.file.metadata()?.permissions())?;
        new.as_file().sync_all()?;
        // Locked before it has the name: nobody gets in between.
        try_lock(new.as_file())?;
        self.file = new.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Where a file of that name would be made.
fn place_of(name: &Path) -> Result<PathBuf, ImageFileError> {
    if name.is_symlink() {
        return Err(ImageFileError::Dangling);
    }
    let file = name.file_name().ok_or(ImageFileError::NotAFile)?;
    let folder = match name.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    Ok(std::fs::canonicalize(folder)?.join(file))
}

fn try_lock(file: &File) -> Result<(), ImageFileError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => ImageFileError::InUse,
        TryLockError::Error(error) => error.into(),
    })
}

/// Opens and locks the file that has the name now.
fn lock(path: &Path) -> Result<File, ImageFileError> {
    for _ in 0..ATTEMPTS {
        // Writing is not done through it, but a file that may not be written is refused at once.
        let file = File::options().read(true).write(true).open(path)?;
        try_lock(&file)?;
        let (ours, named) = (file.metadata()?, std::fs::metadata(path)?);
        if (ours.dev(), ours.ino()) == (named.dev(), named.ino()) {
            return Ok(file);
        }
    }
    Err(ImageFileError::InUse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    const LENGTHS: &[usize] = &[4, 8];

    fn existing(path: &Path) -> (ImageFile, Vec<u8>) {
        match ImageFile::find(path, LENGTHS).unwrap() {
            Found::Image(file, image) => (file, image),
            Found::Nothing(place) => panic!("nothing at {}", place.display()),
        }
    }

    fn refusal(path: &Path) -> String {
        ImageFile::find(path, LENGTHS).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_made_read_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rom.bin");
        let Found::Nothing(place) = ImageFile::find(&path, LENGTHS).unwrap() else {
            panic!("there is none yet");
        };
        drop(ImageFile::create(place, &[1, 2, 3, 4]).unwrap());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let (mut file, image) = existing(&path);
        assert_eq!(image, [1, 2, 3, 4]);
        file.changed = true;
        file.write("e1000.0", &[5, 6, 7, 8]);
        assert!(!file.changed);
        assert_eq!(std::fs::read(&path).unwrap(), [5, 6, 7, 8]);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn a_link_stays_one_and_the_file_behind_it_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (behind, link) = (folder.path().join("behind"), folder.path().join("link"));
        std::fs::create_dir(&behind).unwrap();
        std::fs::write(behind.join("rom"), [1, 2, 3, 4]).unwrap();
        symlink("behind/rom", &link).unwrap();
        let (mut file, _) = existing(&link);
        file.write("e1000.0", &[5, 6, 7, 8]);
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(behind.join("rom")).unwrap(), [5, 6, 7, 8]);
        drop(file);
        std::fs::remove_file(behind.join("rom")).unwrap();
        assert!(refusal(&link).contains("symbolic link"), "{}", refusal(&link));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rom.bin");
        for length in [0, 3, 5, 9] {
            std::fs::write(&path, vec![0; length]).unwrap();
            let text = format!("the image has {length} bytes; it takes 4 or 8 bytes");
            assert_eq!(refusal(&path), text);
            assert_eq!(std::fs::read(&path).unwrap().len(), length, "and left alone");
        }
        assert_eq!(refusal(folder.path()), "it is not a regular file");
        assert!(refusal(&folder.path().join("no/such/folder")).contains("No such file"));
    }

    #[test]
    fn one_file_serves_one_device() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rom.bin");
        std::fs::write(&path, [0; 4]).unwrap();
        let (mut file, _) = existing(&path);
        assert_eq!(refusal(&path), "another device uses it");
        file.write("e1000.0", &[1; 4]);
        assert_eq!(refusal(&path), "another device uses it", "the new one is locked too");
        assert!(ImageFile::create(path.clone(), &[0; 4]).is_err());
        drop(file);
        assert_eq!(existing(&path).1, [1; 4]);
    }

    #[test]
    fn a_write_that_fails_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let path = inner.join("rom.bin");
        std::fs::write(&path, [0; 4]).unwrap();
        let (mut file, _) = existing(&path);
        file.changed = true;
        std::fs::rename(&inner, folder.path().join("away")).unwrap();
        file.write("e1000.0", &[1; 4]);
        assert!(file.changed);
        std::fs::rename(folder.path().join("away"), &inner).unwrap();
        file.write("e1000.0", &[1; 4]);
        assert!(!file.changed);
        assert_eq!(std::fs::read(&path).unwrap(), [1; 4]);
    }
}
