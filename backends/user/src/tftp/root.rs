//! What the TFTP server serves, and what keeps a guest inside it.
//!
//! A directory is opened once; names are resolved beneath it by the kernel (`openat2` with `RESOLVE_BENEATH`), so neither
//! `..` nor a link leads outside, whatever changes meanwhile. Where the host lacks that call the resolved path is compared.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::request::Failure;
use crate::{OptionsError, TftpRoot};

/// The largest file converted to netascii, in bytes: the conversion is done in memory.
const LARGEST_TEXT: u64 = 16 << 20;

/// An opened [`TftpRoot`].
#[derive(Debug)]
pub(super) enum Root {
    Directory { directory: OwnedFd, path: PathBuf },
    Memory(BTreeMap<String, Bytes>),
}

/// The bytes of a transfer.
#[derive(Debug)]
pub(super) enum Content {
    Memory(Bytes),
    File { file: File, length: u64 },
}

impl Root {
    pub(super) fn open(root: TftpRoot) -> Result<Self, OptionsError> {
        let path = match root {
            TftpRoot::Memory(files) => return Ok(Self::Memory(files)),
            TftpRoot::Directory(path) => path,
        };
        let open = || {
            let path = path.canonicalize()?;
            let directory = File::open(&path)?;
            if !directory.metadata()?.is_dir() {
                return Err(io::Error::from(io::ErrorKind::NotADirectory));
            }
            Ok(Self::Directory { directory: directory.into(), path })
        };
        open().map_err(|error: io::Error| OptionsError::TftpRoot {
            path: path.display().to_string(),
            reason: error.to_string(),
        })
    }

    /// The file of that name, as the guest wrote it: a path below the root, leading slashes or not.
    pub(super) fn file(&self, name: &[u8], text: bool) -> Result<Content, Failure> {
        let start = name.iter().take_while(|&&byte| byte == b'/').count();
        let name = &name[start..];
        let parts = || name.split(|&byte| byte == b'/');
        if name.is_empty() || name.ends_with(b"/") || parts().any(|part| part == b"..") {
            return Err(Failure::AccessViolation);
        }
        let content = match self {
            Self::Memory(files) => {
                let name = std::str::from_utf8(name).map_err(|_| Failure::FileNotFound)?;
                Content::Memory(files.get(name).ok_or(Failure::FileNotFound)?.clone())
            }
            Self::Directory { directory, path } => {
                let file = open_beneath(directory, path, Path::new(OsStr::from_bytes(name)))?;
                let status = file.metadata().map_err(|_| Failure::FileNotFound)?;
                if !status.is_file() {
                    return Err(Failure::AccessViolation);
                }
                Content::File { file, length: status.len() }
            }
        };
        if text { content.into_netascii() } else { Ok(content) }
    }
}

/// Opens `name` below the directory.
fn open_beneath(directory: &OwnedFd, root: &Path, name: &Path) -> Result<File, Failure> {
    match kernel_open_beneath(directory, name) {
        Err(nix::Error::ENOSYS | nix::Error::EPERM) => checked_open_beneath(root, name),
        Err(nix::Error::EXDEV | nix::Error::EACCES | nix::Error::ELOOP) => {
            Err(Failure::AccessViolation)
        }
        Err(_) => Err(Failure::FileNotFound),
        Ok(file) => Ok(file),
    }
}

#[cfg(target_os = "linux")]
fn kernel_open_beneath(directory: &OwnedFd, name: &Path) -> nix::Result<File> {
    use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
    // Without O_NONBLOCK a FIFO would hang the machine before it is recognised as one.
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(directory, name, how).map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn kernel_open_beneath(_: &OwnedFd, _: &Path) -> nix::Result<File> {
    Err(nix::Error::ENOSYS)
}

fn checked_open_beneath(root: &Path, name: &Path) -> Result<File, Failure> {
    let resolved = root.join(name).canonicalize().map_err(|_| Failure::FileNotFound)?;
    if !resolved.starts_with(root) || !resolved.is_file() {
        return Err(Failure::AccessViolation);
    }
    File::open(resolved).map_err(|_| Failure::AccessViolation)
}

impl Content {
    /// Length in bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// The block `index`, counted from 0, of blocks of `size` bytes; shorter at the end, empty behind it.
    pub(super) fn block(&self, index: u64, size: usize) -> io::Result<Vec<u8>> {
        let start = index.saturating_mul(size as u64);
        let left = self.length().saturating_sub(start);
        let length = usize::try_from(left).map_or(size, |left| left.min(size));
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(start).unwrap_or(bytes.len()).min(bytes.len());
                Ok(bytes[start..start + length].to_vec())
            }
            Self::File { file, .. } => {
                let mut block = vec![0; length];
                file.read_exact_at(&mut block, start)?;
                Ok(block)
            }
        }
    }

    /// As text on the wire: lines end with CR LF, a lone CR is CR NUL (RFC 764).
    fn into_netascii(self) -> Result<Self, Failure> {
        if self.length() > LARGEST_TEXT {
            return Err(Failure::TooLargeForText);
        }
        let length = usize::try_from(self.length()).map_err(|_| Failure::TooLargeForText)?;
        let plain = self.block(0, length).map_err(|_| Failure::AccessViolation)?;
        let mut text = Vec::with_capacity(length);
        for byte in plain {
            match byte {
                b'\n' => text.extend(b"\r\n"),
                b'\r' => text.extend(b"\r\0"),
                _ => text.push(byte),
            }
        }
        Ok(Self::Memory(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn read(root: &Root, name: &str) -> Result<Vec<u8>, Failure> {
        let content = root.file(name.as_bytes(), false)?;
        Ok(content.block(0, 512).unwrap())
    }

    #[test]
    fn no_name_and_no_link_leads_outside() {
        let outer = tempfile::tempdir().unwrap();
        std::fs::write(outer.path().join("secret"), "secret").unwrap();
        let inner = outer.path().join("root");
        std::fs::create_dir_all(inner.join("sub")).unwrap();
        std::fs::write(inner.join("file"), "content").unwrap();
        std::fs::write(inner.join("sub/..file"), "dots").unwrap();
        symlink("../secret", inner.join("relative")).unwrap();
        symlink(outer.path().join("secret"), inner.join("absolute")).unwrap();
        symlink("..", inner.join("up")).unwrap();
        symlink("../file", inner.join("sub/inside")).unwrap();

        let root = Root::open(TftpRoot::Directory(inner.clone())).unwrap();
        for name in ["file", "/file", "//file", "./file", "sub/inside", "sub/./inside"] {
            assert_eq!(read(&root, name), Ok(b"content".to_vec()), "{name}");
        }
        assert_eq!(read(&root, "sub/..file"), Ok(b"dots".to_vec()));
        for name in [
            "../secret",
            "sub/../../secret",
            "relative",
            "absolute",
            "up/secret",
            "",
            "/",
            "sub/",
            "sub",
        ] {
            assert_eq!(read(&root, name), Err(Failure::AccessViolation), "{name}");
        }
        assert_eq!(read(&root, "nothing"), Err(Failure::FileNotFound));

        for name in ["relative", "absolute", "up/secret", "../secret", "sub"] {
            let checked = checked_open_beneath(&inner.canonicalize().unwrap(), Path::new(name));
            assert_eq!(checked.unwrap_err(), Failure::AccessViolation, "{name}");
        }
    }

    #[test]
    fn a_pipe_is_no_file_and_does_not_hang() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let root = Root::open(TftpRoot::Directory(directory.path().to_owned())).unwrap();
        assert_eq!(read(&root, "pipe"), Err(Failure::AccessViolation));
    }

    #[test]
    fn a_root_that_is_no_directory_is_refused_by_name() {
        let error = Root::open(TftpRoot::Directory("/nonexistent/dir".into())).unwrap_err();
        assert!(error.to_string().contains("'tftp=/nonexistent/dir'"), "{error}");
    }

    #[test]
    fn text_has_the_line_ends_of_the_network() {
        let files = BTreeMap::from([("t".to_owned(), Bytes::from_static(b"a\nb\rc\r\n"))]);
        let root = Root::open(TftpRoot::Memory(files)).unwrap();
        let text = root.file(b"t", true).unwrap();
        assert_eq!(text.block(0, 512).unwrap(), b"a\r\nb\r\0c\r\0\r\n");
    }
}
