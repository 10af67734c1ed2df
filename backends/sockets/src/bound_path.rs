//! A path with a socket of ours: cleared before if a stale socket stands there, removed at the end if it still is ours.
//!
//! QEMU removes whatever it finds at the path. Here a file with something in it stays; an empty one is what `mkstemp` leaves
//! to keep a name for a socket, and gives way.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A path with our socket, removed at the end if it still is ours.
#[derive(Debug)]
pub struct BoundPath {
    path: PathBuf,
    inode: (u64, u64),
}

/// Why a path cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// Something that is no socket and not empty stands at the path.
    #[error("can't bind unix={0} to socket: the path exists and is no socket")]
    Taken(String),
    /// The operating system refused.
    #[error("can't bind unix={path} to socket: {error}")]
    Os {
        /// The path.
        path: String,
        /// Why.
        error: io::Error,
    },
}

impl BoundPath {
    /// Clears `path` of a socket or an empty file, has `bind` bind a new one there and remembers it.
    ///
    /// # Errors
    /// Something else stands there, or the system refuses.
    pub fn bind<S>(
        path: &Path,
        bind: impl FnOnce(&Path) -> io::Result<S>,
    ) -> Result<(S, Self), PathError> {
        let os = |error| PathError::Os { path: path.display().to_string(), error };
        match fs::symlink_metadata(path) {
            Ok(found) if gives_way(&found) => {
                fs::remove_file(path).map_err(os)?;
            }
            Ok(_) => return Err(PathError::Taken(path.display().to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(os(error)),
        }
        let socket = bind(path).map_err(os)?;
        let inode = Self::inode(path).map_err(os)?;
        Ok((socket, Self { path: path.to_owned(), inode }))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn inode(path: &Path) -> io::Result<(u64, u64)> {
        let found = fs::symlink_metadata(path)?;
        Ok((found.dev(), found.ino()))
    }
}

/// Whether a new socket may take the place of what stands at a path.
pub fn gives_way(found: &fs::Metadata) -> bool {
    found.file_type().is_socket() || (found.is_file() && found.len() == 0)
}

impl Drop for BoundPath {
    fn drop(&mut self) {
        if Self::inode(&self.path).is_ok_and(|inode| inode == self.inode) {
            // Somebody may remove it in between; it is gone then either way.
            let _ = fs::remove_file(&self.path);
        }
    }
}
