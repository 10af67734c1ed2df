//! Descriptors this process was started with, named by number.
//!
//! Names given with `getfd` belong to the monitor, which puts the number in their place.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::socket::{
    AddressFamily, SockType, SockaddrLike, SockaddrStorage, getsockname, getsockopt, sockopt,
};

/// The text names no open descriptor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("file descriptor '{0}' is not the number of an open descriptor")]
pub struct DescriptorError(pub String);

/// A descriptor of our own for what stands behind the descriptor of that number. The one passed in stays open: it may be
/// named twice.
///
/// # Errors
/// The text is no number, or nothing is open under it.
pub fn descriptor(number: &str) -> Result<OwnedFd, DescriptorError> {
    let bad = || DescriptorError(number.to_owned());
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let fd: RawFd = if digits { number.parse().ok() } else { None }.ok_or_else(bad)?;
    duplicate(fd).map_err(|_| bad())
}

/// Duplicates a descriptor given as a number from 0.
///
/// # Errors
/// It is not open, or there are no descriptors left.
pub fn duplicate(fd: RawFd) -> nix::Result<OwnedFd> {
    if fd < 0 {
        return Err(nix::errno::Errno::EBADF);
    }
    #[expect(
        unsafe_code,
        reason = "a descriptor named by number on the command line is borrowed to duplicate it"
    )]
    // SAFETY: the borrow ends with the call below, which fails with EBADF if `fd` is not open. Nothing is read, written
    // or closed through it. -1, which must not be borrowed, was refused above.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    let new = fcntl(borrowed.as_fd(), FcntlArg::F_DUPFD_CLOEXEC(3))?;
    #[expect(unsafe_code, reason = "the kernel returns the new descriptor as a number")]
    // SAFETY: `new` was made by the call above and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(new) })
}

/// Whether a descriptor is a stream or a datagram socket; `None` if it is no socket.
pub fn socket_type(socket: &impl AsFd) -> Option<SockType> {
    getsockopt(&socket.as_fd(), sockopt::SockType).ok()
}

/// `unix` or `inet`; `None` for a socket of another family, or no socket.
pub fn socket_family(socket: &impl AsFd) -> Option<&'static str> {
    let address: SockaddrStorage = getsockname(socket.as_fd().as_raw_fd()).ok()?;
    match address.family() {
        Some(AddressFamily::Unix) => Some("unix"),
        Some(AddressFamily::Inet | AddressFamily::Inet6) => Some("inet"),
        _ => None,
    }
}
