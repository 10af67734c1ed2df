//! Sockets of every family as descriptors: made, and read together with the descriptors that clients pass.

use std::io::{self, IoSliceMut};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, Shutdown, UnixAddr, recvmsg, shutdown};

use super::{Address, Socket};

/// Descriptors taken with one message at most.
const MOST_DESCRIPTORS: usize = 16;

/// A descriptor that nobody in this program owns yet.
#[expect(unsafe_code, reason = "a number is all the kernel, or the command line, gives")]
fn owned(number: RawFd) -> OwnedFd {
    // SAFETY: the number was just handed over by the kernel with a message, or is one that the user has opened for this
    // program and names once; nothing else here closes it.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// The descriptor of that number, if there is one.
fn inherited(number: &str) -> io::Result<OwnedFd> {
    let number: RawFd = number.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    // What cannot be looked up is not open.
    std::fs::metadata(format!("/proc/self/fd/{number}"))?;
    Ok(owned(number))
}

fn no_delay(stream: TcpStream, socket: &Socket) -> io::Result<OwnedFd> {
    stream.set_nodelay(socket.no_delay)?;
    Ok(stream.into())
}

fn resolve(host: &str, port: &str) -> io::Result<Vec<std::net::SocketAddr>> {
    let port: u16 = port.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    let host = if host.is_empty() { "0.0.0.0" } else { host };
    Ok((host, port).to_socket_addrs()?.collect())
}

/// Connects.
pub(super) fn connect(socket: &Socket) -> io::Result<OwnedFd> {
    match &socket.address {
        Address::Unix { path, is_abstract: false } => Ok(UnixStream::connect(path)?.into()),
        Address::Unix { path, is_abstract: true } => {
            let name = SocketAddr::from_abstract_name(path.as_os_str().as_bytes())?;
            Ok(UnixStream::connect_addr(&name)?.into())
        }
        Address::Inet { host, port } => {
            no_delay(TcpStream::connect(&resolve(host, port)?[..])?, socket)
        }
        Address::Descriptor(number) => inherited(number),
    }
}

/// A socket that is listened at.
#[derive(Debug)]
pub(super) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// Whether a socket stands there, as an earlier run leaves it: QEMU takes its place.
fn is_socket(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

/// Listens.
pub(super) fn listen(socket: &Socket) -> io::Result<Listener> {
    match &socket.address {
        Address::Unix { path, is_abstract: false } => {
            if is_socket(path) {
                std::fs::remove_file(path)?;
            }
            Ok(Listener::Unix(UnixListener::bind(path)?))
        }
        Address::Unix { path, is_abstract: true } => {
            let name = SocketAddr::from_abstract_name(path.as_os_str().as_bytes())?;
            Ok(Listener::Unix(UnixListener::bind_addr(&name)?))
        }
        Address::Inet { host, port } => {
            Ok(Listener::Tcp(TcpListener::bind(&resolve(host, port)?[..])?))
        }
        Address::Descriptor(number) => Ok(Listener::Unix(inherited(number)?.into())),
    }
}

impl Listener {
    pub(super) fn accept(&self, socket: &Socket) -> io::Result<OwnedFd> {
        match self {
            Self::Unix(listener) => Ok(listener.accept()?.0.into()),
            Self::Tcp(listener) => no_delay(listener.accept()?.0, socket),
        }
    }

    pub(super) fn duplicate(&self) -> io::Result<OwnedFd> {
        match self {
            Self::Unix(listener) => listener.as_fd().try_clone_to_owned(),
            Self::Tcp(listener) => listener.as_fd().try_clone_to_owned(),
        }
    }
}

/// Breaks a connection, or ends the waiting for one.
pub(super) fn cut(socket: &OwnedFd) {
    // One that is broken already needs no more.
    let _ = shutdown(socket.as_raw_fd(), Shutdown::Both);
}

/// Reads what has come, with the descriptors that came with it.
pub(super) fn receive(socket: &OwnedFd, bytes: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = nix::cmsg_space!([RawFd; MOST_DESCRIPTORS]);
    let mut parts = [IoSliceMut::new(bytes)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    let mut descriptors = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = control {
            descriptors.extend(numbers.into_iter().map(owned));
        }
    }
    Ok((message.bytes, descriptors))
}
