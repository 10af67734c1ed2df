//! The request for a port, version 3, and the address in the answer.
//!
//! ```text
//! u32 0xfeedface   u32 3   u32 type (0: new port) | port << 8   sockaddr_un of ours   description
//! ```
//!
//! Numbers are in host order: the protocol never leaves the machine.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use byteorder::{ByteOrder, NativeEndian};

/// Bytes of a `sockaddr_un` on Linux: family and path (unix(7)).
pub(crate) const ADDRESS: usize = 110;

const MAGIC: u32 = 0xfeed_face;
const VERSION: u32 = 3;
const NEW_PORT: u32 = 0;
const FAMILY_UNIX: u16 = 1;

/// Asks for `port` (0 for any) with our socket at `path`, which fits an address.
pub(crate) fn new_port(port: u16, path: &Path, description: &str) -> Vec<u8> {
    let mut request = Vec::with_capacity(12 + ADDRESS + description.len());
    for word in [MAGIC, VERSION, NEW_PORT | u32::from(port) << 8] {
        request.extend(word.to_ne_bytes());
    }
    let address = request.len();
    request.extend(FAMILY_UNIX.to_ne_bytes());
    request.extend(path.as_os_str().as_bytes());
    request.resize(address + ADDRESS, 0);
    request.extend(description.as_bytes());
    request
}

/// The path in an address.
pub(crate) fn address(bytes: &[u8; ADDRESS]) -> PathBuf {
    let (family, path) = bytes.split_at(2);
    let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
    // Anything but a unix address is no place to connect to: the empty path says so.
    let is_unix = NativeEndian::read_u16(family) == FAMILY_UNIX;
    OsStr::from_bytes(if is_unix { path } else { &[] }).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_vde_plug_sends() {
        let request = new_port(5, Path::new("/run/x"), "elnic");
        assert_eq!(request.len(), 12 + 110 + 5);
        assert_eq!(NativeEndian::read_u32(&request), 0xfeed_face);
        assert_eq!(NativeEndian::read_u32(&request[4..]), 3);
        assert_eq!(NativeEndian::read_u32(&request[8..]), 5 << 8);
        assert_eq!(NativeEndian::read_u16(&request[12..]), 1);
        assert_eq!(&request[14..21], b"/run/x\0");
        assert_eq!(&request[122..], b"elnic");
    }

    #[test]
    fn an_answer_holds_a_path() {
        let mut answer = [0; ADDRESS];
        answer[..2].copy_from_slice(&1_u16.to_ne_bytes());
        answer[2..8].copy_from_slice(b"/a/001");
        assert_eq!(address(&answer), Path::new("/a/001"));
        answer[..2].copy_from_slice(&2_u16.to_ne_bytes());
        assert_eq!(address(&answer), Path::new(""));
        assert_eq!(address(&[1; ADDRESS]), Path::new(""));
    }
}
